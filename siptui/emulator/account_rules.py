"""Accounts and phones of the emulated tenant, and what each lacks at a given moment."""

import fnmatch
import math
import re
from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from siptui.domain.region import Region
from siptui.emulator.random_draws import Seed, draw
from siptui.emulator.scenario import AccountRule, DeviceRule, Scenario


class Account(Struct, frozen=True):
    """A shared account as bulk sign-in sees it. The defaults are a healthy one.

    `throttle_above`: the on-premises directory takes that many password changes of one batch.
    `error` is a text of the service's own that stands for everything else. The flags about
    policies and number are what the scenario says; `People` turns them into what holds, with the
    policies of the tenant and what was written since. `stopped` is a refusal that `People` found.
    """

    exists: bool = True
    number: bool = True
    sip_calling: bool = True
    common_area: bool = True
    on_premises: str = ""
    throttle_above: int = 0
    error: str = ""
    enabled: bool = True
    licence: bool = True
    office: bool = False
    mfa: str = "disabled"
    synced: bool = False
    administrator: bool = False
    account_type: str = "User"
    calling_policy: str | None = None
    ip_phone_policy: str | None = None
    phone_number: str = ""
    stopped: str = ""


class Phone(Struct, frozen=True):
    """A device as the gateway's records have it. The defaults are a healthy one.

    `region` is where its record lives (None: wherever it is asked for), `deadline` the moment
    from which bulk sign-in is too late. `slow` stretches its time, `stuck` never ends, `silent`
    is never listed in an answer, `word` stands for its final status word. `trusted` None goes by
    the tenant's list of trusted addresses, and so does False once the address was added to it;
    `listed` says whether the inventory shows it.
    """

    known: bool = True
    region: Region | None = None
    tagged: bool = True
    online: bool = True
    trusted: bool | None = None
    trusted_words: str = "documented"
    public_ip: str = "203.0.113.24"
    deadline: float | None = None
    duplicates: tuple[str, ...] = ()
    error: str = ""
    slow: float = 1.0
    stuck: bool = False
    silent: bool = False
    word: str = ""
    listed: bool = True
    falls_back: float = math.inf


R = TypeVar("R", AccountRule, DeviceRule)
_ABOUT_THE_RULE = frozenset({"match", "share", "since", "until", "until_attempt"})


class _Rules(Generic[R]):
    def __init__(self, kind: str, rules: Sequence[R], seed: Seed) -> None:
        self._kind = kind
        self._seed = seed
        self._rules: list[tuple[R, re.Pattern[str], float, float, dict[str, Any]]] = []
        self._taken = 0.0
        for rule in rules:
            self.add(rule)

    def add(self, rule: R) -> None:
        patterns = [rule.match] if isinstance(rule.match, str) else rule.match
        pattern = re.compile("|".join(map(fnmatch.translate, patterns)), re.IGNORECASE)
        # The shares of one kind lie side by side, so that no two of them hit the same name.
        low = self._taken if rule.share is not None else 0.0
        high = low + rule.share if rule.share is not None else 1.0
        if rule.share is not None:
            self._taken = high
        traits = {
            name: value
            for name in rule.__struct_fields__
            if name not in _ABOUT_THE_RULE and (value := getattr(rule, name)) is not None
        }
        self._rules.append((rule, pattern, low, high, traits))

    def names(self) -> set[str]:
        """The names that rules spell out in full, casefolded."""
        found: set[str] = set()
        for rule, *_ in self._rules:
            patterns = [rule.match] if isinstance(rule.match, str) else rule.match
            found.update(one.casefold() for one in patterns if not set(one) & set("*?["))
        return found

    def named(self, name: str) -> bool:
        """Whether any rule speaks of this name, now or ever."""
        return any(p.match(name) and rule.share is None for rule, p, _, _, _ in self._rules)

    def traits(self, name: str, moment: float, attempt: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        place = draw(self._seed, self._kind, name)
        for rule, pattern, low, high, traits in self._rules:
            if (
                low <= place < high
                and (rule.since is None or moment >= rule.since)
                and (rule.until is None or moment < rule.until)
                and (rule.until_attempt is None or attempt < rule.until_attempt)
                and pattern.match(name)
            ):
                found.update(traits)
        return found


class Directory:
    """The tenant's accounts and phones; everything well-formed exists unless a rule says no."""

    def __init__(self, scenario: Scenario, seed: Seed) -> None:
        self._strict = scenario.tenant.strict
        self._accounts = _Rules("account", scenario.accounts, seed)
        self._devices = _Rules("device", scenario.devices, seed)

    def account(self, user: str, moment: float, attempt: int) -> Account:
        """The account of this name; names are compared without case."""
        user = user.casefold()
        account = replace(Account(), **self._accounts.traits(user, moment, attempt))
        if self._strict and not self._accounts.named(user):
            account = replace(account, exists=False)
        return account

    def phone(self, hardware_id: str, moment: float, attempt: int) -> Phone:
        """The phone of this hardware id, in the service's own form."""
        phone = replace(Phone(), **self._devices.traits(hardware_id, moment, attempt))
        if self._strict and not self._devices.named(hardware_id):
            phone = replace(phone, known=False)
        return phone

    def account_names(self) -> set[str]:
        """The accounts that rules name in full, casefolded."""
        return self._accounts.names()

    def phone_names(self) -> set[str]:
        """The phones that rules name in full, casefolded."""
        return self._devices.names()

    def change_accounts(self, rule: AccountRule) -> None:
        """From now on `rule` holds too, over all before it."""
        self._accounts.add(rule)

    def change_devices(self, rule: DeviceRule) -> None:
        """From now on `rule` holds too, over all before it."""
        self._devices.add(rule)
