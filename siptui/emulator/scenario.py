"""A scenario: who exists, what each account and phone lacks, what fails when. TOML, validated.

Every time is in emulated seconds since the tenant began, unless it says otherwise. A key that
is not known is an error, so that a slip of the pen never becomes a silently healthy tenant.
Over 400 lines because every key of a scenario stands here, in the order of the file.
"""

import ipaddress
import json
import re
import tomllib
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from siptui.domain.errors import UsageError
from siptui.domain.region import Region
from siptui.domain.roles import ROLE_IDS
from siptui.emulator.paths import CALL_NAMES
from siptui.emulator.scenario_tables import (
    AccessPolicy,
    CallingPolicy,
    Group,
    IPPhonePolicy,
    Number,
    RoleChange,
    Site,
    Table,
    TrustedIP,
    Words,
)
from siptui.host.files import read_plain

Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Positive = Annotated[float, msgspec.Meta(gt=0)]
Duration = Annotated[float, msgspec.Meta(ge=0)]
Count = Annotated[int, msgspec.Meta(ge=0)]
Ordinal = Annotated[int, msgspec.Meta(ge=1)]
FaultKind = Literal[
    "refused",  # no connection: nothing was sent
    "connect_timeout",  # no connection, after waiting
    "cut",  # connection closed without an answer
    "reset",  # connection reset without an answer
    "cut_body",  # connection closed in the middle of the answer
    "hang",  # no answer until the client gives up
    "slow",  # the answer comes after `seconds`
    "status",  # an answer with `status`
    "html",  # a proxy's page, status 200 (or `status`)
    "garbage",  # broken JSON
    "empty",  # nothing, status 200 (or `status`)
    "redirect",  # 302 (or `status`) to a sign-in page
    "echo",  # an error, status 400 (or `status`), that repeats the headers of the request
    "odd",  # the answer with the JSON of `put` at its `place`
]
#: Links to the next page, tokens for it, a word that there is one, or not a word.
PageMarker = Literal[
    "nextLink", "@odata.nextLink", "continuationToken", "skipToken", "hasMore", "none"
]

_LIST = re.compile(r"(?:demo|prerequisites)\.csv")


class ScenarioError(UsageError):
    """A scenario cannot be read or says something it must not."""

    title = "Scenario cannot be used"
    code = "scenario"


class TenantTable(Table, frozen=True):
    """Who the tenant is. `strict`: only accounts and phones that a rule matches exist.

    `list` names a device list that comes with siptui: its phones are in the inventory, in their
    regions, and its numbers are those of the accounts. `bulk_sign_in` is the word of the Global
    TeamsSipDevicesConfiguration.
    """

    id: str = "b5a2f4c8-6f0e-4a53-9d0b-0c6f6c1f7e21"
    name: str = "Contoso Ltd"
    domain: str = "contoso.com"
    strict: bool = False
    list: str = ""
    bulk_sign_in: Literal["Enabled", "Disabled"] = "Enabled"
    security_defaults: bool = False


class WireTable(Table, frozen=True):
    """How the answers are written; what was never seen from outside is an option here."""

    casing: Literal["camel", "pascal", "snake", "lower"] = "camel"
    items: str = "BatchItems"
    summaries_root: str = ""  # "": a bare array; else the name of the member that holds it
    created_status: Literal[200, 201, 202] = 200
    request_time: Literal[
        "iso",
        "iso_offset",
        "iso_naive",
        "iso_naive_west",  # the time of UTC-8, without saying so
        "iso_naive_east",  # the time of UTC+9, without saying so
        "iso_minutes",
        "us",
        "epoch",
        "epoch_ms",
        "dotnet",
        "null",
    ] = "iso"
    summaries_region: bool = True
    status_region: bool = True
    user_name: Literal["same", "lower", "upper"] = "same"
    user_id: Literal["name", "object_id"] = "name"  # how a batch names who submitted it
    hardware_id: Literal["same", "lower", "colons"] = "same"
    no_error: Literal["null", "empty", "absent"] = "null"
    page: Count = 0  # batches, or devices of a batch, in one answer; 0: all
    page_marker: PageMarker = "nextLink"  # how an answer says that it goes on
    page_host: str = ""  # host that a link to the next page names, if not our own
    ticking: Literal["", "error", "word", "letters"] = ""  # what of a running one always changes
    ticking_errors: bool = False  # and the texts of those that failed
    finished_only: bool = False  # a device is listed only once it has its result
    queued: Words = "Queued"
    running: Words = "InProgress"
    waiting: Words = "NotStarted"  # a device the batch has not come to yet
    item_running: Words = "InProgress"
    success: Words = "Success"
    failed: Words = "Failed"
    completed: Words = "Completed"
    completed_failed: Words = ""  # a finished batch with failures, where it differs
    admin_casing: Literal["observed", "camel", "pascal", "snake", "lower"] = "observed"  # not bulk
    policies: Literal["effective", "older"] = "effective"  # how an account names its policies
    clock_ahead: float = 0  # seconds by which every date the service names is ahead
    grants: Literal["module", "go-teams"] = "module"  # which path assigns a policy; else 404


class LagTable(Table, frozen=True):
    """Seconds until a new batch can be read, and what was changed.

    `policy`: until reads show a change of a policy, an account or an address; with several
    `replicas` each read meets one of them, and they are late by different times up to that, so
    that answers flap. `bulk`: until bulk sign-in goes by the change. `inventory`: until the
    inventory shows that a phone was signed in or out.
    """

    summaries: Duration = 0
    status: Duration = 0
    policy: Duration = 0
    replicas: Ordinal = 1
    bulk: Duration = 0
    inventory: Duration = 0


class LimitsTable(Table, frozen=True):
    """What is too much, and what the service then says."""

    devices: Ordinal = 100
    live: Ordinal = 3
    over: Literal["429", "400", "queue", "accept"] = "429"
    retry_after: Duration = 30  # 0: the header is left out
    retry_after_form: Literal["seconds", "date"] = "seconds"
    conflict: Literal["accept", "400", "409"] = "accept"  # device or account in two live batches
    requests_per_minute: Count = 0  # bulk sign-in; 0: no limit, here and below
    admin_per_minute: Count = 0
    graph_per_minute: Count = 0  # each part of a $batch counts
    inventory_per_minute: Count = 0
    page: Ordinal = 100  # rows in a page of any list


class TimingTable(Table, frozen=True):
    """How long the work takes: `lanes` devices of a batch at once, each as long as it takes."""

    device: tuple[Positive, Positive] = (20, 90)
    start: tuple[Duration, Duration] = (2, 10)
    finish: tuple[Duration, Duration] = (1, 5)
    lanes: Ordinal = 20


class TokenRule(Table, frozen=True):
    """One bearer token. `expires` is the moment from which it is refused.

    `roles` (by name) say what it may do; without them `role` does: bulk sign-in and every read,
    or Teams administration alone. `graph` are its permissions there; without them it has all.
    """

    token: str
    user: str = "admin@contoso.com"
    role: bool = True
    roles: tuple[str, ...] | None = None
    graph: tuple[str, ...] | None = None
    expires: Duration | None = None


class AuthTable(Table, frozen=True):
    """Who is let in: with `any` every token is good, but those named behave as said."""

    accept: Literal["any", "listed"] = "any"
    user: str = "admin@contoso.com"
    role: bool = True
    roles: tuple[str, ...] | None = None
    graph: tuple[str, ...] | None = None
    tokens: tuple[TokenRule, ...] = ()


class _Rule(Table, frozen=True):
    match: Words = "*"
    share: Share | None = None
    since: Duration | None = None
    until: Duration | None = None
    until_attempt: Ordinal | None = None
    error: str | None = None


class AccountRule(_Rule, frozen=True):
    """What the accounts matched are like, while the rule holds; None leaves things as they are.

    `number`, `sip_calling` and `common_area` say yes or no: without the latter two no policy is
    assigned directly, and that of a group or `Global` holds. `calling_policy` and
    `ip_phone_policy` name the one that is assigned directly. What is written through the service
    later beats all of it. `office`: it has an office worker's licences, as the directory tells.
    """

    exists: bool | None = None
    number: bool | None = None
    sip_calling: bool | None = None
    common_area: bool | None = None
    on_premises: Literal["", "misconfigured", "throttling", "writeback"] | None = None
    throttle_above: Count | None = None
    enabled: bool | None = None
    licence: bool | None = None
    office: bool | None = None
    mfa: Literal["disabled", "enabled", "enforced"] | None = None
    synced: bool | None = None
    administrator: bool | None = None
    account_type: str | None = None
    calling_policy: str | None = None
    ip_phone_policy: str | None = None
    phone_number: str | None = None


class DeviceRule(_Rule, frozen=True):
    """What the phones matched are like, while the rule holds; None leaves things as they are.

    `trusted`: true whatever its address is; false until its address is put on the list of trusted
    ones; not said: as the list says. `listed`: whether the inventory shows it. `falls_back`:
    seconds after which a sign-in of it ends.
    """

    known: bool | None = None
    region: Region | None = None
    tagged: bool | None = None
    online: bool | None = None
    trusted: bool | None = None
    trusted_words: Literal["documented", "whitelist"] | None = None
    public_ip: str | None = None
    deadline: Duration | None = None
    duplicates: tuple[str, ...] | None = None
    slow: Positive | None = None
    stuck: bool | None = None
    silent: bool | None = None
    word: str | None = None
    listed: bool | None = None
    falls_back: Duration | None = None


class BatchRule(Table, frozen=True):
    """Faults of whole batches: the nth accepted one, those of a region, or all.

    `gone`: the service knows nothing of it any more, neither its status nor in the list.
    """

    nth: Ordinal | tuple[Ordinal, ...] | None = None
    region: Region | None = None
    slow: Positive = 1
    stuck: Share = 0
    gone: bool = False


class ForeignBatch(Table, frozen=True):
    """A batch that a colleague starts with PowerShell; `at` below 0 is before the beginning."""

    at: float
    region: Region
    devices: Ordinal = 40
    user: str = "powershell@contoso.com"
    failing: Share = 0
    items: tuple[tuple[str, str], ...] = ()


class HandSignIn(Table, frozen=True):
    """A person at the phone signs `user` in, or out where it is nothing; no batch knows of it.
    `at` below 0 is before the beginning."""

    hardware_id: str
    user: str = ""
    at: float = 0


class FaultRule(Table, frozen=True):
    """What goes wrong on the way: which calls, which occurrence of them, before or after the act.

    `call` is one of `calls.CALL_NAMES` or `*`. `nth` counts the calls that `call` and `region`
    match, from 1. Without `nth`, `every` and `probability` every one is met. `times` ends the
    rule after that many.
    """

    kind: FaultKind
    call: str | tuple[str, ...] = "*"
    moment: Literal["before", "after"] = "before"
    nth: Ordinal | tuple[Ordinal, ...] | None = None
    every: Ordinal | None = None
    probability: Share | None = None
    times: Ordinal | None = None
    region: Region | None = None
    since: Duration | None = None
    until: Duration | None = None
    status: Annotated[int, msgspec.Meta(ge=200, le=599)] | None = None
    retry_after: Duration | None = None
    retry_after_form: Literal["seconds", "date"] = "seconds"
    retry_after_text: str | None = None  # the header as it stands here, whatever it says
    content_type: str | None = None  # of an answer with `status`, `html`, `garbage`, `empty`
    seconds: Duration = 5
    place: str = ""
    put: str = "null"
    insert: bool = False


class Scenario(Table, frozen=True):
    """Everything the emulated tenant is. `entra` is read by the emulated authority."""

    name: str = "default"
    about: str = ""
    tenant: TenantTable = TenantTable()
    wire: WireTable = WireTable()
    lag: LagTable = LagTable()
    limits: LimitsTable = LimitsTable()
    timing: TimingTable = TimingTable()
    auth: AuthTable = AuthTable()
    calling_policies: tuple[CallingPolicy, ...] = ()
    ip_phone_policies: tuple[IPPhonePolicy, ...] = ()
    trusted_ips: tuple[TrustedIP, ...] = (TrustedIP(address="203.0.113.24"),)
    sites: tuple[Site, ...] = ()
    groups: tuple[Group, ...] = ()
    access_policies: tuple[AccessPolicy, ...] = ()
    numbers: tuple[Number, ...] = ()
    accounts: tuple[AccountRule, ...] = ()
    devices: tuple[DeviceRule, ...] = ()
    batches: tuple[BatchRule, ...] = ()
    foreign: tuple[ForeignBatch, ...] = ()
    by_hand: tuple[HandSignIn, ...] = ()
    roles: tuple[RoleChange, ...] = ()
    faults: tuple[FaultRule, ...] = ()
    entra: dict[str, Any] = msgspec.field(default_factory=dict)


def read_scenario(text: str, source: str) -> Scenario:
    """The scenario in `text`; `ScenarioError` names `source` and the key that is wrong."""
    try:
        scenario = msgspec.convert(tomllib.loads(text), Scenario, strict=True)
    except tomllib.TOMLDecodeError as error:
        raise ScenarioError(f"{source}: not TOML: {error}", remedy="Correct the line.") from None
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at `$")
        key = where.rstrip("`").lstrip(".")
        raise ScenarioError(
            f"{source}: {key + ': ' if key else ''}{what}",
            remedy="Correct this key of the scenario.",
        ) from None
    _check(scenario, source)
    return scenario


def _check(scenario: Scenario, source: str) -> None:
    def wrong(key: str, what: str) -> ScenarioError:
        return ScenarioError(f"{source}: {key}: {what}", remedy="Correct this key of the scenario.")

    for name in ("device", "start", "finish"):
        low, high = getattr(scenario.timing, name)
        if low > high:
            raise wrong(f"timing.{name}", "the shorter time comes first")
    for where, roles in (
        ("auth.roles", scenario.auth.roles),
        *((f"auth.tokens[{n}].roles", rule.roles) for n, rule in enumerate(scenario.auth.tokens)),
        *((f"roles[{n}].roles", change.roles) for n, change in enumerate(scenario.roles)),
    ):
        if unknown := set(roles or ()) - set(ROLE_IDS):
            raise wrong(where, f"{sorted(unknown)[0]!r} is none of {', '.join(ROLE_IDS)}")
    networks = [
        *((f"trusted_ips[{n}]", one.network) for n, one in enumerate(scenario.trusted_ips)),
        *(
            (f"sites[{n}].subnets", net)
            for n, one in enumerate(scenario.sites)
            for net in one.subnets
        ),
    ]
    for where, network in networks:
        try:
            ipaddress.ip_network(network, strict=False)
        except ValueError as error:
            raise wrong(where, str(error)) from None
    if scenario.tenant.list and not _LIST.fullmatch(scenario.tenant.list):
        raise wrong("tenant.list", "one of demo.csv and prerequisites.csv")
    for place, fault in enumerate(scenario.faults):
        calls = (fault.call,) if isinstance(fault.call, str) else fault.call
        if unknown := set(calls) - CALL_NAMES:
            names = ", ".join(sorted(CALL_NAMES))
            raise wrong(f"faults[{place}].call", f"{sorted(unknown)[0]!r} is none of {names}")
        if fault.kind == "status" and fault.status is None:
            raise wrong(f"faults[{place}].status", "a fault of kind 'status' needs one")
        try:
            json.loads(fault.put)
        except ValueError as error:
            raise wrong(f"faults[{place}].put", f"no JSON: {error}") from None
        if fault.kind in {"refused", "connect_timeout"} and fault.moment == "after":
            raise wrong(f"faults[{place}].moment", "without a connection there is no 'after'")
    for kind in ("accounts", "devices"):
        if sum(rule.share or 0 for rule in getattr(scenario, kind)) > 1 + 1e-9:
            raise wrong(f"{kind}", "the shares sum up to more than 1")


def scenario_names() -> list[str]:
    """The scenarios that come with siptui."""
    folder = resources.files("siptui.emulator") / "scenarios"
    return sorted(
        entry.name.removesuffix(".toml")
        for entry in folder.iterdir()
        if entry.name.endswith(".toml")
    )


def load_scenario(name_or_path: str | Path = "mixed") -> Scenario:
    """The scenario of this name, or in this file; `ScenarioError` when there is none such."""
    text = str(name_or_path)
    if isinstance(name_or_path, str) and text in scenario_names():
        packed = resources.files("siptui.emulator") / "scenarios" / f"{text}.toml"
        return read_scenario(packed.read_text("utf-8"), f"scenario {text}")
    path = Path(text)
    try:
        return read_scenario(read_plain(path).decode(), text)
    except FileNotFoundError:
        raise ScenarioError(
            f"no scenario {text!r}: neither a file nor one of {', '.join(scenario_names())}",
            remedy="Name one of these, or a TOML file.",
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise ScenarioError(f"{text}: cannot be read: {why}", remedy="Check the file.") from None
