"""Accounts as they stand at a moment: the scenario's rules, and over them what was written."""

import csv
import fnmatch
import io
import re
import uuid
from collections.abc import Iterable
from importlib import resources

from msgspec import Struct
from msgspec.structs import replace

from siptui.domain.region import Region
from siptui.emulator.account_rules import Account, Directory, Phone
from siptui.emulator.device_outcome import INVENTED, canonical
from siptui.emulator.policies import (
    BEGINNING,
    CALLING,
    COMMON_AREA,
    GLOBAL,
    IP_PHONE,
    SIP_CALLING,
    Configurations,
)
from siptui.emulator.random_draws import Seed, generator
from siptui.emulator.scenario import Scenario
from siptui.emulator.scenario_tables import AccessPolicy
from siptui.emulator.versioned_values import Writes

#: Applications of SIP Gateway (Microsoft Learn, "Set up dynamic filters for SIP Gateway") and of
#: Teams, on which they lean.
GATEWAY_APPS = frozenset(
    {
        "0ab9de21-b802-4d77-b279-1ad41ca233b4",
        "582b2e88-6cca-4418-83d2-2451801e1d26",
        "61c8fd69-c13e-4ee6-aaa6-24ff71c09bca",
    }
)
TEAMS_APPS = frozenset({"cc15fd57-2c6c-4117-a88c-83b1d56b4bbe", "office365"})
#: Steps that need a person at the phone, who is not there.
_STOPPING = frozenset({"mfa", "block", "compliantdevice", "domainjoineddevice", "passwordchange"})
#: Where a phone is that a rule calls untrusted without saying where.
ELSEWHERE = "198.51.100.77"


class Held(Struct, frozen=True):
    """The policy of one type that holds for an account. `how`: `Direct`, `Group` or nothing."""

    name: str
    how: str = ""


class Person(Struct, frozen=True):
    """An account as the service's sources tell of it. `number` is E.164, or nothing."""

    user_name: str
    object_id: str
    account: Account
    number: str
    calling: Held
    ip_phone: Held

    @property
    def key(self) -> str:
        """Its name without case."""
        return self.user_name.casefold()

    @property
    def synced(self) -> bool:
        """Whether it comes from an on-premises directory."""
        return self.account.synced or bool(self.account.on_premises)


class People:
    """The tenant's accounts, and what bulk sign-in makes of them and of phones.

    Every account exists unless a rule says no (see `Directory`), so that only those can be listed
    that rules or the tenant's device list name, or that a request asked for.
    """

    def __init__(
        self, scenario: Scenario, directory: Directory, configurations: Configurations, seed: Seed
    ) -> None:
        self._scenario = scenario
        self._directory = directory
        self._configurations = configurations
        self._seed = seed
        self._grants: Writes[tuple[str, str], str] = Writes()
        self._numbers: Writes[str, str] = Writes()
        self._ids: dict[str, str] = {}
        self._groups = [
            (group, _pattern(group.members), object_id(f"group:{group.name}"))
            for group in scenario.groups
        ]
        self.listed = _listed(scenario.tenant.list)
        self._printed: dict[str, str] = {}
        for row in self.listed.values():
            self.known(row.user_name)
            if row.number:
                self._printed[row.user_name.casefold()] = f"+{digits(row.number)}"

    # -- reading --------------------------------------------------------------------------------

    def person(
        self, user: str, moment: float, *, attempt: int = 1, written: float | None = None
    ) -> Person | None:
        """The account of this name or object id; None if there is none.

        `moment` is that of the scenario's rules, `written` up to when writes are seen.
        """
        name = self.name_of(user)
        account = self._directory.account(name, moment, attempt)
        if not account.exists:
            return None
        written = moment if written is None else written
        key, its_id = name.casefold(), self.known(name)
        return Person(
            user_name=self.name_of(its_id),
            object_id=its_id,
            account=account,
            number=self._number(key, account, written),
            calling=self._held(CALLING, key, account, written),
            ip_phone=self._held(IP_PHONE, key, account, written),
        )

    def known(self, user: str) -> str:
        """The object id of an account, by which it can be asked for from now on."""
        found = object_id(user)
        self._ids.setdefault(found, user)
        return found

    def name_of(self, user: str) -> str:
        """The name of the account with this object id; a name is its own."""
        return self._ids.get(user.casefold(), user)

    def names(self) -> set[str]:
        """The accounts that can be listed, casefolded."""
        return {name.casefold() for name in self._ids.values()} | self._directory.account_names()

    def _held(self, kind: str, key: str, account: Account, written: float) -> Held:
        direct, flag, usual = account.calling_policy, account.sip_calling, SIP_CALLING
        if kind == IP_PHONE:
            direct, flag, usual = account.ip_phone_policy, account.common_area, COMMON_AREA
        if direct is None:
            direct = usual if flag else ""
        changed, name = self._grants.read((kind, key), written)
        # What a scenario assigns must be there from the beginning; making it later assigns nothing.
        since = written if changed else BEGINNING
        if changed:
            direct = name or ""
        if direct and all(self._configurations.one(kind, direct, at) for at in (since, written)):
            return Held(direct, "Direct")
        for group, pattern, _ in self._groups:
            given = group.calling_policy if kind == CALLING else group.ip_phone_policy
            if given and pattern.match(key):
                return Held(given, "Group")
        return Held(GLOBAL)

    def _number(self, key: str, account: Account, written: float) -> str:
        changed, number = self._numbers.read(key, written)
        if changed:
            return number or ""
        if not account.number:
            return ""
        if given := account.phone_number or self._printed.get(key):
            return given
        chance = generator(self._seed, "number", key)
        return f"+1555{chance.randrange(10**7):07}"

    # -- writing --------------------------------------------------------------------------------

    def grant(self, user: str, kind: str, name: str | None, moment: float) -> None:
        """Assign a policy directly, or take the assignment away."""
        self._grants.write((kind, self.name_of(user).casefold()), name, moment)

    def holder(self, number: str, moment: float) -> str:
        """Who has this number: given through the service, or by the tenant's device list."""
        wanted = f"+{digits(number)}"
        for key in {**self._printed, **dict.fromkeys(self._numbers.written())}:
            changed, given = self._numbers.read(key, moment)
            if (given if changed else self._printed.get(key)) == wanted and (
                changed or self._directory.account(key, moment, 1).number
            ):
                return key
        return ""

    def give_number(self, user: str, number: str | None, moment: float) -> None:
        """Assign a number, or take it away; it is kept as the service writes it."""
        plain = f"+{digits(number)}" if number else None
        self._numbers.write(self.name_of(user).casefold(), plain, moment)

    # -- what bulk sign-in makes of it ------------------------------------------------------------

    def judged(
        self, user: str, moment: float, *, attempt: int, strong: bool, written: float
    ) -> Account:
        """The account as bulk sign-in sees it, going by writes up to `written`.

        `strong`: who submitted may reset the password of an administrator.
        """
        account = self._directory.account(user, moment, attempt)
        person = self.person(user, moment, attempt=attempt, written=written)
        if person is None:
            return account
        found = self._configurations
        return replace(
            account,
            number=bool(person.number),
            sip_calling=found.allows_sip(person.calling.name, written),
            common_area=found.common_area(person.ip_phone.name, written),
            stopped=self._stopped(person, strong=strong, written=written),
        )

    def _stopped(self, person: Person, *, strong: bool, written: float) -> str:
        account = person.account
        reasons = (
            (not self._configurations.bulk_sign_in(written), "bulk_sign_in"),
            (not account.enabled, "disabled"),
            (not account.licence, "licence"),
            (account.mfa != "disabled" or self._scenario.tenant.security_defaults, "mfa"),
            (account.administrator and not strong, "administrator"),
            (any(self.hit(policy, person) for policy in self._scenario.access_policies), "access"),
        )
        return next((INVENTED[reason] for holds, reason in reasons if holds), "")

    def hit(self, policy: AccessPolicy, person: Person) -> bool:
        """Whether a Conditional Access policy stops this account's sign-in at SIP Gateway."""
        demands = {one.casefold() for one in policy.demands}
        if policy.state != "enabled" or not demands & _STOPPING:
            return False
        if policy.transfer_methods or policy.excluded_locations:
            return False
        apps = {one.casefold() for one in policy.apps}
        excluded = {one.casefold() for one in policy.excluded_apps}
        if not apps & {"all", *GATEWAY_APPS, *TEAMS_APPS} or excluded & TEAMS_APPS:
            return False
        inside = self._among(policy.users, policy.groups, person.key)
        return inside and not self._among(policy.excluded_users, policy.excluded_groups, person.key)

    def _among(self, users: Iterable[str], groups: Iterable[str], key: str) -> bool:
        names = {one.casefold() for one in users}
        mine = {group.name for group, pattern, _ in self._groups if pattern.match(key)}
        return "all" in names or key in names or bool(mine & set(groups))

    def phone(self, hardware_id: str, moment: float, *, attempt: int, written: float) -> Phone:
        """A phone as bulk sign-in sees it; `trusted` says yes or no."""
        phone = self._directory.phone(hardware_id, moment, attempt)
        if phone.trusted:
            return phone
        found = self._configurations
        if phone.trusted is False and phone.public_ip == Phone().public_ip:
            phone = replace(phone, public_ip=ELSEWHERE)
        first = phone.trusted is False and found.trusted_from_the_beginning(phone.public_ip)
        return replace(phone, trusted=not first and found.trusts(phone.public_ip, written))


class Listed(Struct, frozen=True):
    """A row of the tenant's own device list."""

    user_name: str
    hardware_id: str
    region: Region | None
    model: str
    number: str


def object_id(name: str) -> str:
    """The object id of an account, an operator or a group: always the same for a name."""
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, name.casefold()))


def digits(number: str) -> str:
    """A phone number without what is written between its digits."""
    return re.sub(r"[^0-9]", "", number.partition(";")[0])


def _pattern(members: str | list[str]) -> re.Pattern[str]:
    listed = [members] if isinstance(members, str) else members
    return re.compile("|".join(map(fnmatch.translate, listed)), re.IGNORECASE)


def _listed(name: str) -> dict[str, Listed]:
    """A device list that comes with siptui, by hardware id."""
    if not name:
        return {}
    text = (resources.files("siptui.emulator") / name).read_text("utf-8")
    found: dict[str, Listed] = {}
    for row in csv.DictReader(io.StringIO(text)):
        region = Region.parse(row["Region"]) if row.get("Region") else None
        hardware_id = canonical(row["HardwareId"])
        found[hardware_id] = Listed(
            row["Username"], hardware_id, region, row.get("Model", ""), row.get("PhoneNumber", "")
        )
    return found
