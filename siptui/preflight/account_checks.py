"""What holds for one account. Pure: facts in, findings out.

A check fails only where what was read leaves no doubt. What was not read is `unknown`, and an
account that does not exist has one finding: that it does not.
"""

from collections.abc import Mapping

from msgspec import Struct

from siptui.gateway.tenant_model import (
    GLOBAL,
    UNREADABLE,
    CallingPolicy,
    DirectoryUser,
    IPPhonePolicy,
    TeamsUser,
)
from siptui.preflight import access_checks, licences, remedies, roles
from siptui.preflight.facts import NOT_ASKED, Facts, Missing
from siptui.preflight.finding import Check, Finding, Result
from siptui.preflight.policies import (
    Unresolved,
    by_name,
    effective,
    fitting_calling,
    fitting_ip_phone,
    policy_key,
    redirects,
    usual_name,
    where_from,
)


class Tables(Struct, frozen=True):
    """What is the same for every account, prepared once."""

    calling: Mapping[str, CallingPolicy] | Missing
    ip_phone: Mapping[str, IPPhonePolicy] | Missing
    fit_calling: str
    fit_ip_phone: str
    administrators: frozenset[str] | Missing

    @classmethod
    def of(cls, facts: Facts) -> "Tables":
        """From what was read of the tenant."""
        calling, phone = facts.tenant.calling_policies, facts.tenant.ip_phone_policies
        holders = facts.tenant.administrators
        known_calling = () if isinstance(calling, Missing) else calling
        known_phone = () if isinstance(phone, Missing) else phone
        best_calling, best_phone = fitting_calling(known_calling), fitting_ip_phone(known_phone)
        return cls(
            calling if isinstance(calling, Missing) else by_name(calling),
            phone if isinstance(phone, Missing) else by_name(phone),
            best_calling.name if best_calling else "",
            best_phone.name if best_phone else "",
            holders
            if isinstance(holders, Missing)
            else frozenset(holder.casefold() for holder in holders),
        )


class _Account(Struct, frozen=True):
    """One account from every side. `key` is its name without case."""

    name: str
    key: str
    teams: TeamsUser | Missing | None
    entra: DirectoryUser | Missing | None
    facts: Facts
    tables: Tables

    @property
    def known(self) -> TeamsUser | None:
        return self.teams if isinstance(self.teams, TeamsUser) else None

    @property
    def directory(self) -> DirectoryUser | None:
        return self.entra if isinstance(self.entra, DirectoryUser) else None

    def finding(
        self, check: Check, result: Result, detail: str, *, warning: bool = False, policy: str = ""
    ) -> Finding:
        """A finding of this account, with its remedy where it fails or deserves a look."""
        what = (
            remedies.remedy(check, self.name, policy=policy)
            if result is Result.FAIL or warning
            else remedies.Remedy("")
        )
        return Finding(
            check,
            result,
            detail,
            remedy=what.text,
            powershell=what.powershell,
            lead_time_hours=what.lead_time_hours,
            warning=warning,
        )

    def unread(self, check: Check, *whys: object) -> Finding:
        """No source told: the reason of each of `whys` that could not be read, and what to ask
        for."""
        reasons = [why for why in whys if isinstance(why, Missing) and why is not NOT_ASKED]
        to_do = list(dict.fromkeys(why.remedy for why in reasons if why.remedy))
        needs = list(dict.fromkeys(w.needs for w in reasons if w.needs and not w.remedy))
        reason = " ".join(dict.fromkeys(why.reason for why in reasons)) or (
            "The service did not tell."
        )
        if needs:
            to_do.insert(0, f"Ask for {', or '.join(needs)}.")
        remedy = " ".join(to_do)
        return Finding(check, Result.UNKNOWN, f"Could not check: {reason}", remedy=remedy)


def account_findings(
    user_name: str, facts: Facts, tables: Tables
) -> tuple[tuple[Finding, ...], bool | None]:
    """The findings of one account, and whether it is personal (`AccountFindings.personal`)."""
    key = user_name.casefold()
    one = _Account(user_name, key, facts.teams_user(key), facts.directory.get(key), facts, tables)
    there = _exists(one)
    if there.result is Result.FAIL:
        return (there,), None
    phone, personal = _ip_phone_policy(one)
    found = [
        there,
        _enabled(one),
        _phone_number(one),
        _calling_policy(one),
        phone,
        _licence(one),
        _mfa(one),
        _ad_synced(one),
        _administrator(one),
    ]
    if (access := access_checks.account_finding(facts, key)) is not None:
        found.append(access)
    return tuple(found), personal


def _exists(one: _Account) -> Finding:
    check = Check.EXISTS
    if (user := one.known) is not None:
        return _of_its_kind(user)
    if one.directory is not None:
        if isinstance(one.teams, Missing):
            return one.finding(check, Result.PASS, "The directory has the account.")
        return Finding(
            check,
            Result.UNKNOWN,
            "The directory has the account, Teams does not: it is new, or has no Teams licence.",
            remedy="Assign a licence with Teams if it has none; if it is new, look again later.",
            warning=True,
        )
    if one.teams is None or one.entra is None:
        return one.finding(check, Result.FAIL, "The tenant has no account of this name.")
    return one.unread(check, one.teams, one.entra)


def _of_its_kind(user: TeamsUser) -> Finding:
    """An account that is there: whether it is of the kind that a phone is signed in with."""
    check = Check.EXISTS
    word = user.account_type.strip()
    details, to_do = [], []
    if word and word.casefold() != "user":
        what, remedy = remedies.KINDS.get(word.casefold(), (f"Teams calls it {word}.", ""))
        details.append(what)
        to_do.append(remedy or "Look at what it is; a phone is signed in with an ordinary account.")
    if user.validation_errors:
        details.append(f"Teams reports: {'; '.join(user.validation_errors)}.")
        to_do.append("Look at what Teams reports of the account in its admin center.")
    if not details:
        return Finding(check, Result.PASS, "The account exists.")
    line = f"Get-CsOnlineUser -Identity {remedies.quoted(user.user_name)}"
    return Finding(
        check, Result.PASS, " ".join(details), " ".join(to_do), powershell=line, warning=True
    )


def _enabled(one: _Account) -> Finding:
    check = Check.ENABLED
    told = one.known.enabled if one.known else None
    if told is None and one.directory is not None:
        told = one.directory.enabled
    if told is None:
        return one.unread(check, one.teams, one.entra)
    if told:
        return one.finding(check, Result.PASS, "Sign-in is allowed.")
    return one.finding(check, Result.FAIL, "The account is blocked from signing in.")


def _phone_number(one: _Account) -> Finding:
    check = Check.PHONE_NUMBER
    numbers = one.known.numbers if one.known else None
    if numbers is None:
        return one.unread(check, one.teams)
    if numbers:
        return one.finding(check, Result.PASS, f"{', '.join(numbers)}.")
    return one.finding(check, Result.FAIL, "The account has no phone number.")


def _calling_policy(one: _Account) -> Finding:
    check = Check.CALLING_POLICY
    if one.known is None:
        return one.unread(check, one.teams)
    assigned = one.known.calling_policy
    policy = effective(assigned, one.tables.calling)
    if isinstance(policy, Unresolved):
        return _unresolved(check, policy, one.tables.calling)
    told = f"“{policy.name}”{where_from(assigned)}"
    if policy.allow_sip_devices is None:
        return one.finding(
            check, Result.UNKNOWN, f"{told} does not say whether it allows SIP devices."
        )
    fit = one.tables.fit_calling
    if not policy.allow_sip_devices:
        return one.finding(check, Result.FAIL, f"{told} does not allow SIP devices.", policy=fit)
    if not redirects(policy):
        return one.finding(
            check,
            Result.PASS,
            f"{told} allows SIP devices, but not call redirection: forwarding will not work on "
            "the phone.",
            warning=True,
            policy=fit,
        )
    return one.finding(check, Result.PASS, f"{told} allows SIP devices.")


def _ip_phone_policy(one: _Account) -> tuple[Finding, bool | None]:
    check = Check.IP_PHONE_POLICY
    if one.known is None:
        return one.unread(check, one.teams), None
    assigned = one.known.ip_phone_policy
    policy = effective(assigned, one.tables.ip_phone)
    if isinstance(policy, Unresolved):
        return _unresolved(check, policy, one.tables.ip_phone), None
    told = f"“{policy.name}”{where_from(assigned)}"
    if not policy.sign_in_mode:
        return one.finding(check, Result.UNKNOWN, f"{told} does not say its SignInMode."), None
    if not policy.common_area:
        return (
            one.finding(
                check,
                Result.FAIL,
                f"{told} signs in by {policy.sign_in_mode}, not as a common area phone: this may "
                "be a personal account, whose password would be reset.",
                policy=one.tables.fit_ip_phone,
            ),
            True,
        )
    if policy_key(policy.name) == policy_key(GLOBAL):
        return _global_is_common(one)
    if not usual_name(policy):
        detail = (
            f"{told} signs in as a common area phone. It is not named CommonAreaPhone; whether "
            "the service looks at the name is not known."
        )
        return Finding(check, Result.PASS, detail, warning=True), False
    return one.finding(check, Result.PASS, f"{told} signs in as a common area phone."), False


def _global_is_common(one: _Account) -> tuple[Finding, bool | None]:
    """The policy of all accounts without another one signs in as a common area phone: it fits, but
    does not tell a shared account from a person's. Licences may."""
    plans = one.directory.plans if one.directory else None
    personal = None if plans is None else not licences.only_shared(plans)
    detail = (
        "“Global” signs every account in as a common area phone, so it does not tell a shared "
        "account from a personal one."
    )
    if personal:
        detail += " This one has other licences than a shared device's, as people do."
    remedy = (
        "Assign a common area policy to the shared accounts alone, and let Global be for users."
    )
    finding = Finding(Check.IP_PHONE_POLICY, Result.PASS, detail, remedy=remedy, warning=True)
    return finding, personal


def _unresolved(check: Check, why: Unresolved, policies: object) -> Finding:
    remedy = policies.what_to_do if isinstance(policies, Missing) else ""
    return Finding(check, Result.UNKNOWN, why.reason, remedy=remedy)


def _licence(one: _Account) -> Finding:
    plans = one.known.plans if one.known else None
    if plans is None and one.directory is not None:
        plans = one.directory.plans
    features = one.known.features if one.known else None
    if plans is None and features is None:
        return one.unread(Check.LICENCE, one.teams, one.entra)
    result, detail = licences.judged(plans, features)
    return one.finding(Check.LICENCE, result, detail)


def _mfa(one: _Account) -> Finding:
    check = Check.MFA
    object_id = one.facts.object_id(one.key)
    state = one.facts.mfa.get(object_id.casefold())
    if not isinstance(state, str):
        return one.unread(check, state, None if object_id else one.entra)
    if state.casefold() == "disabled":
        return one.finding(check, Result.PASS, "Per-user MFA is disabled.")
    if state.casefold() in ("enabled", "enforced"):
        return one.finding(check, Result.FAIL, f"Per-user MFA is {state.casefold()}.")
    return one.finding(check, Result.UNKNOWN, f"Per-user MFA is “{state}”, a word not known here.")


def _ad_synced(one: _Account) -> Finding:
    check = Check.AD_SYNCED
    told = one.known.ad_synced if one.known else None
    if told is None and one.directory is not None:
        told = one.directory.ad_synced
    if told is None:
        return one.unread(check, one.teams, one.entra)
    if not told:
        return one.finding(check, Result.PASS, "The account lives in the cloud.")
    return one.finding(
        check,
        Result.PASS,
        "The account is synchronised from an on-premises directory, which must take the new "
        "password.",
        warning=True,
    )


def _administrator(one: _Account) -> Finding:
    check, holders = Check.ADMINISTRATOR, one.tables.administrators
    object_id = one.facts.object_id(one.key)
    if isinstance(holders, Missing) or not object_id:
        return one.unread(check, holders, one.teams, one.entra)
    if object_id.casefold() not in holders and UNREADABLE in holders:
        return one.unread(check, Missing("Not all holders of directory roles can be read."))
    if object_id.casefold() not in holders:
        return one.finding(check, Result.PASS, "It holds no directory role of its own.")
    mine = one.facts.tenant.own_roles
    if not isinstance(mine, Missing) and roles.only_weak(mine):
        return one.finding(
            check,
            Result.FAIL,
            "The account is an administrator, and as Authentication Administrator you may not "
            "reset its password.",
        )
    return one.finding(
        check,
        Result.PASS,
        "The account is an administrator; its password would be reset.",
        warning=True,
    )
