"""What can be set right of what a preflight found: planned here, carried out by `fix_runner`. Pure.

Every fix says what it would do, what was there before, and the PowerShell line that does the
same, so that a site which must run it itself can.
"""

import contextlib
from collections.abc import Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from siptui.domain.device import Device
from siptui.domain.errors import UsageError
from siptui.domain.public_address import Network, parse_public, shown
from siptui.gateway.tenant_model import (
    CallingPolicy,
    DirectoryUser,
    IPPhonePolicy,
    NumberType,
    TeamsUser,
)
from siptui.preflight import licences, remedies
from siptui.preflight.change_log import CHECKS, Change, Kind
from siptui.preflight.facts import Facts, Missing
from siptui.preflight.finding import AccountFindings, Check, Finding, Lacking, Report, Result
from siptui.preflight.fix_kinds import ACCOUNT_FIXES, COMMON_AREA, AddTrustedIP, fix_kind
from siptui.preflight.listed_addresses import Unusable, addresses_of
from siptui.preflight.numbers import wanted_number
from siptui.preflight.policies import by_name, fitting_calling, fitting_ip_phone, policy_key
from siptui.preflight.public_ip import covers, uncovered

#: The word for an assignment that is not there: what taking it away leaves.
NONE = ""


class Fix(Struct, frozen=True):
    """One change that sets something right.

    `title` is a sentence of what it does. `needs_name` says why the operator has to type the
    account's name before it may be made (else empty). `needs` is the name of a policy that has
    to be made first. `lead_time_hours` is how long it may take to work.
    """

    change: Change
    title: str
    powershell: str
    lead_time_hours: int | None = None
    needs_name: str = ""
    needs: str = ""

    @property
    def check(self) -> Check:
        """What it sets right."""
        return CHECKS[self.change.kind]


def fix_of(change: Change, *, needs: str = "") -> Fix:
    """The fix that makes `change`, in the words of its kind."""
    kind = fix_kind(change.kind)
    return Fix(
        change, kind.title(change), kind.powershell(change), kind.lead_time_hours, needs=needs
    )


class Left(Struct, frozen=True):
    """A failure that nothing here sets right, and why. `line` 0: one of the tenant. Where only
    something is `lacking`, the operator may name it: `address` perhaps."""

    line: int
    user_name: str
    check: Check
    why: str
    lacking: Lacking | None = None
    address: str = ""


class FixPlan(Struct, frozen=True):
    """What would be done, tenant before accounts, and what is left to people."""

    fixes: tuple[Fix, ...]
    left: tuple[Left, ...]


class Wishes(Struct, frozen=True):
    """What the operator chose. Empty names: the policy that fits best, made if there is none."""

    public_ips: Sequence[Network] = ()
    number_type: NumberType = NumberType.DIRECT_ROUTING
    calling_policy: str = ""
    ip_phone_policy: str = ""
    only: frozenset[Check] = frozenset()  # empty: everything


def plan_fixes(
    report: Report, facts: Facts, rows: Iterable[Device], wishes: Wishes | None = None
) -> FixPlan:
    """The fixes for what fails of the tenant and of `rows` (marked ones, or all).

    Raises `UsageError` for a policy in `wishes` that is not there or would set nothing right.
    """
    wishes = wishes or Wishes()
    _refuse_unfit(facts, wishes)
    plan = _Plan(report, facts, wishes)
    plan.tenant()
    for device in rows:
        found = report.by_key.get(device.key)
        if found is not None:
            plan.account(device, found)
    return plan.done()


def _refuse_unfit(facts: Facts, wishes: Wishes) -> None:
    """A policy that the operator names must be there and allow what it is to allow."""
    calling, phone = facts.tenant.calling_policies, facts.tenant.ip_phone_policies
    if (name := wishes.calling_policy) and not isinstance(calling, Missing):
        found = by_name(calling).get(policy_key(name))
        if found is None or not found.allow_sip_devices:
            raise _unfit(name, found is not None, "calling policy", "allow SIP devices")
    if (name := wishes.ip_phone_policy) and not isinstance(phone, Missing):
        of_phones = by_name(phone).get(policy_key(name))
        if of_phones is None or not of_phones.common_area:
            there = of_phones is not None
            raise _unfit(name, there, "IP-phone policy", "sign in as a common area phone")


def _unfit(name: str, there: bool, kind: str, what: str) -> UsageError:
    why = f"it does not {what}" if there else f"the tenant has no {kind} of this name"
    return UsageError(
        f"“{name}” cannot be assigned: {why}. Nothing was changed.",
        remedy="Name another, or leave the option out: one that fits is chosen, or made.",
    )


class _Plan:
    """A plan in the making. Each account once, however many devices it has."""

    def __init__(self, report: Report, facts: Facts, wishes: Wishes) -> None:
        self._report = report
        self._facts = facts
        self._wishes = wishes
        self._creating: dict[Kind, Fix] = {}
        self._fixes: list[Fix] = []
        self._left: list[Left] = []
        self._planned: set[tuple[Check, str]] = set()
        self._numbers: dict[str, str] = {}

    def done(self) -> FixPlan:
        return FixPlan((*self._creating.values(), *self._fixes), tuple(self._left))

    def _wanted(self, check: Check) -> bool:
        return not self._wishes.only or check in self._wishes.only

    def tenant(self) -> None:
        for finding in self._report.tenant:
            if finding.result is not Result.FAIL or not self._wanted(finding.check):
                continue
            match finding.check:
                case Check.BULK_SIGN_IN:
                    self._enable()
                case Check.TRUSTED_IP:
                    self._trust()
                case Check.CALLING_POLICY:
                    self._calling_policy()
                case Check.IP_PHONE_POLICY:
                    self._ip_phone_policy()
                case _:
                    self._left.append(Left(0, "", finding.check, finding.remedy or finding.detail))

    def account(self, device: Device, found: AccountFindings) -> None:
        for finding in found.failures:
            check = finding.check
            if not self._wanted(check) or (check, device.user_name.key) in self._planned:
                continue
            if check is Check.TRUSTED_IP:  # of the device: one for both of its addresses
                if (check, str(device.hardware_id)) not in self._planned:
                    self._planned.add((check, str(device.hardware_id)))
                    self._left_unless_trusted(device, finding)
                continue
            if check is not Check.DEVICE:
                self._planned.add((check, device.user_name.key))
            user = self._facts.teams_user(device.user_name.key)
            if not isinstance(user, TeamsUser):
                why = finding.remedy or finding.detail
            elif check is Check.CALLING_POLICY:
                why = self._grant_calling(device, user)
            elif check is Check.IP_PHONE_POLICY:
                why = self._grant_ip_phone(device, user, found)
            elif check is Check.PHONE_NUMBER:
                why = self._assign(device)
            else:
                why = finding.remedy or finding.detail
            if why:
                self._left.append(Left(device.line, str(device.user_name), check, why))

    # -- the tenant ---------------------------------------------------------------------------

    def _enable(self) -> None:
        word = self._facts.tenant.bulk_sign_in
        change = Change(
            kind=Kind.ENABLE_BULK_SIGN_IN,
            target="Global",
            value="Enabled",
            before=word if isinstance(word, str) else "",
        )
        self._fixes.append(fix_of(change))

    def _trust(self) -> None:
        trusted = self._facts.tenant.trusted_ips
        lacking = (
            () if isinstance(trusted, Missing) else uncovered(trusted, self._wishes.public_ips)
        )
        if not lacking:
            why = "The phones' public address is not known."
            self._left.append(Left(0, "", Check.TRUSTED_IP, why, Lacking.PUBLIC_ADDRESS))
        for network in lacking:
            self._fixes.append(fix_of(AddTrustedIP.change(network)))

    def _left_unless_trusted(self, device: Device, finding: Finding) -> None:
        """A phone's own address is trusted only where the operator names it as theirs."""
        trusted = self._facts.tenant.trusted_ips
        if isinstance(trusted, Missing):
            return
        listed, seen = addresses_of(device), self._facts.devices
        wanted = () if isinstance(listed, Unusable) else listed
        found = None if isinstance(seen, Missing) else seen.get(str(device.hardware_id))
        with contextlib.suppress(UsageError):  # one that no service can have seen
            wanted += (parse_public(found.public_ip),) if found and found.public_ip else ()
        lacking = [
            one
            for one in uncovered(trusted, dict.fromkeys(wanted))
            if not covers(self._wishes.public_ips, one)
        ]
        if not lacking:
            return  # they will be, by the fix of the tenant
        left = Left(device.line, str(device.user_name), Check.TRUSTED_IP, finding.remedy)
        names = " --public-ip ".join(map(shown, lacking))  # an option each, where it is one
        self._left.append(replace(left, lacking=Lacking.PUBLIC_ADDRESS, address=names))

    def _calling_policy(self) -> tuple[str, str]:
        """The calling policy to assign, and its name again if it has to be made first."""
        policies = self._facts.tenant.calling_policies
        known: tuple[CallingPolicy, ...] = () if isinstance(policies, Missing) else policies
        if wish := self._wishes.calling_policy:
            return wish, ""
        if fit := fitting_calling(known):
            return fit.name, ""
        name = _free_name(remedies.CALLING_POLICY_NAME, (policy.name for policy in known))
        change = Change(kind=Kind.CREATE_CALLING_POLICY, target=name)
        self._creating.setdefault(change.kind, fix_of(change))
        return name, name

    def _ip_phone_policy(self) -> tuple[str, str]:
        """The IP-phone policy to assign, and its name again if it has to be made first."""
        policies = self._facts.tenant.ip_phone_policies
        known: tuple[IPPhonePolicy, ...] = () if isinstance(policies, Missing) else policies
        if wish := self._wishes.ip_phone_policy:
            return wish, ""
        if fit := fitting_ip_phone(known):
            return fit.name, ""
        name = _free_name(remedies.IP_PHONE_POLICY_NAME, (policy.name for policy in known))
        change = Change(kind=Kind.CREATE_IP_PHONE_POLICY, target=name, value=COMMON_AREA)
        self._creating.setdefault(change.kind, fix_of(change))
        return name, name

    # -- accounts -----------------------------------------------------------------------------

    def _grant(self, kind: Kind, device: Device, user: TeamsUser, policy: tuple[str, str]) -> Fix:
        """The assignment of `policy`, a name and the name again if it has to be made first."""
        change = Change(
            kind=kind,
            target=str(device.user_name),
            value=policy[0],
            before=ACCOUNT_FIXES[kind].before(user) or NONE,
        )
        return fix_of(change, needs=policy[1])

    def _grant_calling(self, device: Device, user: TeamsUser) -> str:
        policy = self._calling_policy()
        self._fixes.append(self._grant(Kind.GRANT_CALLING_POLICY, device, user, policy))
        return ""

    def _grant_ip_phone(self, device: Device, user: TeamsUser, found: AccountFindings) -> str:
        fix = self._grant(Kind.GRANT_IP_PHONE_POLICY, device, user, self._ip_phone_policy())
        self._fixes.append(replace(fix, needs_name=looks_personal(user, found, self._facts)))
        return ""

    def _assign(self, device: Device) -> str:
        wanted = wanted_number(device, self._wishes.number_type)
        if isinstance(wanted, str):
            return wanted
        number, kind = wanted.number, wanted.kind
        if (other := self._numbers.get(number)) is not None:
            return f"{number} is given to {other} in the same list."
        who = str(device.user_name)
        self._numbers[number] = who
        change = Change(kind=Kind.ASSIGN_NUMBER, target=who, value=number, number_type=kind)
        self._fixes.append(fix_of(change))
        return ""


def _free_name(name: str, taken: Iterable[str]) -> str:
    """`name`, or with a number behind it where a policy of that name exists already."""
    known = {policy_key(one) for one in taken}
    tries = (name, *(f"{name}{number}" for number in range(2, 100)))
    return next(one for one in tries if policy_key(one) not in known)


def looks_personal(user: TeamsUser, found: AccountFindings, facts: Facts) -> str:
    """Why an account may be a person's own, or nothing where nothing speaks for it.

    The common area policy is what tells shared accounts from personal ones, so it must not be
    given to one that only got onto the list by mistake. Licences are taken from the directory:
    the admin API tells those of Teams alone.
    """
    if _warns(found, Check.ADMINISTRATOR):
        return "it holds a directory role"
    if (mfa := found.of(Check.MFA)) is not None and mfa.result is Result.FAIL:
        return "it uses MFA, as people do"
    entra = facts.directory.get(user.user_name.casefold())
    plans = entra.plans if isinstance(entra, DirectoryUser) else None
    if plans is None:
        return "the directory does not tell its licences, so nothing shows that it is shared"
    if not licences.only_shared(plans):
        return "it has other licences than a shared device's, as people do"
    return ""


def _warns(found: AccountFindings, check: Check) -> bool:
    finding = found.of(check)
    return finding is not None and (finding.warning or finding.result is Result.FAIL)
