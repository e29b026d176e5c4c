"""The ledger: what the tenant was asked to do, kept for tests to assert on."""

from collections import Counter
from enum import StrEnum

from msgspec import Struct, field

from siptui.domain.device import DeviceKey
from siptui.domain.region import Region


class Wrong(StrEnum):
    """What a careful caller never does."""

    DEVICE_LIVE_TWICE = "device_live_twice"  # a hardware id in two live batches, or twice in one
    ACCOUNT_LIVE_TWICE = "account_live_twice"  # an account in two live batches, or twice in one
    SUBMITTED_AFTER_SUCCESS = "submitted_after_success"  # it had been signed in already
    TOO_MANY_LIVE = "too_many_live"  # accepted over the limit (where the scenario accepts it)


class Submit(Struct, frozen=True):
    """One accepted submit. `items` are (user name, hardware id) as they were sent."""

    at: float
    batch_id: str
    region: Region
    items: tuple[tuple[str, str], ...]
    by: str


class Refused(Struct, frozen=True):
    """One submit that was answered with a definite no."""

    at: float
    region: Region
    devices: int
    status: int
    message: str


class Violation(Struct, frozen=True):
    """Something that must not happen. `other` is the batch it collided with.

    `known_for`: how many seconds before a submit over the limit lists of batches had as many live
    ones as there may be. None had where it is 0: then no reader could know.
    """

    at: float
    wrong: Wrong
    batch_id: str
    other: str = ""
    user: str = ""
    hardware_id: str = ""
    known_for: float = 0.0


class Early(Struct, frozen=True):
    """A request that came while the service had asked to wait: since `told`, until `until`."""

    at: float
    call: str
    told: float
    until: float


class Ledger(Struct):
    """`submits` are the callers' own; batches of the scenario's PowerShell users are `foreign`.

    `resets` counts password resets by user name (casefolded), `times` submits by device
    (casefolded user, canonical hardware id), `max_live` the most batches alive at once in a
    region, of all callers; `calls` the requests by call, faults included, and `faults` those
    that met one, by its kind. By service, `throttled` counts calls that came too fast and `busiest`
    is the most within a minute; `parts` are the requests inside of `$batch`, by call. `early` are
    those that came while a wait that the service had asked for held.
    """

    submits: list[Submit] = field(default_factory=list)
    foreign: list[Submit] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    violations: list[Violation] = field(default_factory=list)
    resets: Counter[str] = field(default_factory=Counter)
    times: Counter[DeviceKey] = field(default_factory=Counter)
    max_live: dict[Region, int] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    throttled: Counter[str] = field(default_factory=Counter)
    busiest: dict[str, int] = field(default_factory=dict)
    parts: Counter[str] = field(default_factory=Counter)
    early: list[Early] = field(default_factory=list)
