"""A scenario: who exists, what each account and phone lacks, what fails when. TOML, validated.

Every time is in emulated seconds since the tenant began, unless it says otherwise. A key that
is not known is an error, so that a slip of the pen never becomes a silently healthy tenant.
"""

import tomllib
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from siptui.domain.errors import UsageError
from siptui.domain.region import Region

Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Positive = Annotated[float, msgspec.Meta(gt=0)]
Duration = Annotated[float, msgspec.Meta(ge=0)]
Count = Annotated[int, msgspec.Meta(ge=0)]
Ordinal = Annotated[int, msgspec.Meta(ge=1)]
Words = str | list[str]
Call = Literal["serviceDiscovery", "createbatch", "batchstatus", "batchsummaries", "*"]
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
]


class ScenarioError(UsageError):
    """A scenario cannot be read or says something it must not."""

    title = "Scenario cannot be used"
    code = "scenario"


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pass


class TenantTable(_Table, frozen=True):
    """Who the tenant is. `strict`: only accounts and phones that a rule matches exist."""

    id: str = "b5a2f4c8-6f0e-4a53-9d0b-0c6f6c1f7e21"
    name: str = "Contoso Ltd"
    domain: str = "contoso.com"
    strict: bool = False


class WireTable(_Table, frozen=True):
    """How the answers are written; what nobody outside has seen is an option here."""

    casing: Literal["camel", "pascal", "lower"] = "camel"
    items: str = "BatchItems"
    summaries_root: str = ""  # "": a bare array; else the name of the member that holds it
    created_status: Literal[200, 201, 202] = 200
    request_time: Literal["iso", "iso_offset", "us", "epoch", "epoch_ms", "dotnet"] = "iso"
    summaries_region: bool = True
    status_region: bool = True
    user_name: Literal["same", "lower", "upper"] = "same"
    hardware_id: Literal["same", "lower", "colons"] = "same"
    no_error: Literal["null", "empty", "absent"] = "null"
    finished_only: bool = False  # a device is listed only once it has its result
    queued: Words = "Queued"
    running: Words = "InProgress"
    waiting: Words = "NotStarted"  # a device the batch has not come to yet
    item_running: Words = "InProgress"
    success: Words = "Success"
    failed: Words = "Failed"
    completed: Words = "Completed"
    completed_failed: Words = ""  # a finished batch with failures, where it differs


class LagTable(_Table, frozen=True):
    """Seconds until a new batch can be read."""

    summaries: Duration = 0
    status: Duration = 0


class LimitsTable(_Table, frozen=True):
    """What is too much, and what the service then says."""

    devices: Ordinal = 100
    live: Ordinal = 3
    over: Literal["429", "400", "queue", "accept"] = "429"
    retry_after: Duration = 30  # 0: the header is left out
    retry_after_form: Literal["seconds", "date"] = "seconds"
    conflict: Literal["accept", "400", "409"] = "accept"  # device or account in two live batches
    requests_per_minute: Count = 0  # 0: no limit


class TimingTable(_Table, frozen=True):
    """How long the work takes: `lanes` devices of a batch at once, each as long as it takes."""

    device: tuple[Positive, Positive] = (20, 90)
    start: tuple[Duration, Duration] = (2, 10)
    finish: tuple[Duration, Duration] = (1, 5)
    lanes: Ordinal = 20


class TokenRule(_Table, frozen=True):
    """One bearer token. `expires` is the moment from which it is refused."""

    token: str
    user: str = "admin@contoso.com"
    role: bool = True
    expires: Duration | None = None


class AuthTable(_Table, frozen=True):
    """Who is let in: with `any` every token is good, but those named behave as said."""

    accept: Literal["any", "listed"] = "any"
    user: str = "admin@contoso.com"
    role: bool = True
    tokens: tuple[TokenRule, ...] = ()


class _Rule(_Table, frozen=True):
    match: Words = "*"
    share: Share | None = None
    since: Duration | None = None
    until: Duration | None = None
    until_attempt: Ordinal | None = None
    error: str | None = None


class AccountRule(_Rule, frozen=True):
    """What the accounts matched are like, while the rule holds; None leaves things as they are."""

    exists: bool | None = None
    number: bool | None = None
    sip_calling: bool | None = None
    common_area: bool | None = None
    on_premises: Literal["", "misconfigured", "throttling", "writeback"] | None = None
    throttle_above: Count | None = None


class DeviceRule(_Rule, frozen=True):
    """What the phones matched are like, while the rule holds; None leaves things as they are."""

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


class BatchRule(_Table, frozen=True):
    """What befalls whole batches: the nth accepted one, those of a region, or all."""

    nth: Ordinal | tuple[Ordinal, ...] | None = None
    region: Region | None = None
    slow: Positive = 1
    stuck: Share = 0


class ForeignBatch(_Table, frozen=True):
    """A batch that somebody starts with PowerShell; `at` below 0 is before the beginning."""

    at: float
    region: Region
    devices: Ordinal = 40
    user: str = "powershell@contoso.com"
    failing: Share = 0
    items: tuple[tuple[str, str], ...] = ()


class FaultRule(_Table, frozen=True):
    """What goes wrong on the way: which calls, which occurrence of them, before or after the act.

    `nth` counts the calls that `call` and `region` match, from 1. Without `nth`, `every` and
    `probability` every one is met. `times` ends the rule after that many.
    """

    kind: FaultKind
    call: Call | tuple[Call, ...] = "*"
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
    seconds: Duration = 5


class Scenario(_Table, frozen=True):
    """Everything the emulated tenant is. `entra` is read by the emulated authority."""

    name: str = "default"
    about: str = ""
    tenant: TenantTable = TenantTable()
    wire: WireTable = WireTable()
    lag: LagTable = LagTable()
    limits: LimitsTable = LimitsTable()
    timing: TimingTable = TimingTable()
    auth: AuthTable = AuthTable()
    accounts: tuple[AccountRule, ...] = ()
    devices: tuple[DeviceRule, ...] = ()
    batches: tuple[BatchRule, ...] = ()
    foreign: tuple[ForeignBatch, ...] = ()
    faults: tuple[FaultRule, ...] = ()
    entra: dict[str, Any] = {}


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
    for place, fault in enumerate(scenario.faults):
        if fault.kind == "status" and fault.status is None:
            raise wrong(f"faults[{place}].status", "a fault of kind 'status' needs one")
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
        return read_scenario(path.read_text("utf-8"), text)
    except FileNotFoundError:
        raise ScenarioError(
            f"no scenario {text!r}: neither a file nor one of {', '.join(scenario_names())}",
            remedy="Name one of these, or a TOML file.",
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ScenarioError(f"{text}: cannot be read: {error}", remedy="Check the file.") from None
