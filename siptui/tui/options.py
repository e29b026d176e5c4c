"""What the console is told when it opens. It reads no settings itself."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct, field

from siptui.domain.device import Device
from siptui.domain.errors import SiptuiError
from siptui.domain.list_options import DEFAULT_OPTIONS, ListOptions
from siptui.domain.region import Region
from siptui.runs.events import Options
from siptui.tui.countdown import Waits

if TYPE_CHECKING:
    from siptui.gateway.tenant_model import RoleEnd
    from siptui.identity.account import Account
    from siptui.identity.broker import BrokerSignIn
    from siptui.identity.browser import BrowserSignIn
    from siptui.identity.device_code import DeviceCodeSignIn
    from siptui.identity.store import StoreKind, TokenStore
    from siptui.preflight.check import Preflight
    from siptui.preflight.finding import Report
    from siptui.preflight.fix_plan import Fix, Wishes
    from siptui.preflight.fix_runner import FixOutcome
    from siptui.runs.overview import ProfileOverview
    from siptui.runs.rollout.evidence import Evidence, RowStanding, Seen, SourceRead
    from siptui.runs.tenant_batches import TenantBatches


class Destination(Struct, frozen=True):
    """Where a console goes on when it is left for another: a profile, and a run of it to attach
    to, or none."""

    profile: str
    run: str = ""
    #: Whether the profile was made just now.
    made: bool = False


class ConsoleOptions(Struct, frozen=True):
    """How a console opens: on a list, on a run or on nothing, and how it looks and behaves.

    `keys` are the operator's own keys by action id. `save_folder` takes what is copied (the
    clipboard's second way), `export_folder` is proposed for results (else the list's own folder).
    `tenant_id` is the tenant's GUID where it is known before a sign-in.
    """

    file: Path | None = None
    region: Region | None = None
    run: str | None = None
    run_options: Options = field(default_factory=Options)
    theme: str = "siptui-dark"
    themes_folder: Path | None = None
    keys: Mapping[str, str] = field(default_factory=dict)
    read_only: bool = False
    mouse: bool = True
    #: Whether the terminal is told of the end of a run as a notification, beside the bell.
    notify_terminal: bool = False
    save_folder: Path | None = None
    export_folder: Path | None = None
    tenant_id: str = ""
    #: For checks and fixes: the phones' public addresses, and where the list's numbers come from.
    public_ips: tuple[str, ...] = ()
    number_type: str = "DirectRouting"
    #: How lists are read: which header is what, as the profile or the command line says.
    list_options: ListOptions = DEFAULT_OPTIONS
    #: The service's own memory; without it, its key is not offered.
    tenant_batches: "TenantBatches | None" = None
    #: The profile that the console is on, and all of this host; without them, their key is not
    #: offered.
    profile: str = ""
    #: The colour of the tenant's name in the header, as #rrggbb, or nothing.
    accent: str = ""
    profiles: "Profiles | None" = None
    #: The tenant's prerequisites; without them, their keys are not offered.
    checks: "Checks | None" = None
    #: Where rows stand by history, batches and inventory; without it, its keys are not offered.
    status: "StatusReads | None" = None
    #: Asks when the operator's role ends; without it, no question says it.
    role_end: "RoleEnds | None" = None
    #: For how many seconds the inventory is followed after a run.
    verify_seconds: float = 600.0
    #: Whether a submit without a check looks for personal accounts at least; not in the demo,
    #: which has no personal accounts.
    looks_for_personal: bool = True
    #: The ways to sign in; none where it is not for the console to ask, as in the demo.
    sign_in: "SignIns | None" = None
    #: Hears of the waits that the service asks of the console's own requests.
    waits: Waits = field(default_factory=Waits)
    refresh_hz: float = 5.0
    #: Whether a run is worked on by this very process and so stops when the console is left.
    run_ends_with_us: bool = False
    #: The folder of a demo, which is removed with all that is in it when the console is left.
    passing_folder: Path | None = None
    #: Whether the profile was made just now, so that signing in is the next step.
    made: bool = False
    #: Called once when the first frame is there: imports what it could do without.
    after_first_frame: Callable[[], object] = lambda: None
    #: What is told once at the start, such as that this is the emulated tenant.
    greeting: str = ""


#: When the operator's role for bulk sign-in ends; None where it lasts or that is not known.
RoleEnds = Callable[[], "Awaitable[RoleEnd | None]"]
#: Hears how far a check is: calls answered, calls known to be needed, what the last was about.
OnProgress = Callable[[int, int, str], None]


class Checks(Protocol):
    """One tenant's prerequisites. All raise `SiptuiError`; what they tell, they tell in the loop
    of the caller."""

    async def check(
        self, devices: Sequence[Device], on_progress: OnProgress, wishes: "Wishes"
    ) -> "Preflight":
        """Read and judge; changes nothing."""
        ...

    async def evaluate(
        self, devices: Sequence[Device], made: "Preflight", wishes: "Wishes"
    ) -> "Preflight":
        """Judge what was read once more, going by other wishes; nothing is read."""
        ...

    async def look(self, devices: Sequence[Device]) -> "Report":
        """Look for personal accounts alone, which takes few calls; changes nothing."""
        ...

    async def fix(
        self,
        fixes: "Sequence[Fix]",
        named: Collection[str],
        on_outcome: "Callable[[FixOutcome], None]",
    ) -> "Sequence[FixOutcome]":
        """Carry fixes out and read them back; `named` are accounts whose names were typed."""
        ...

    async def undo(
        self, fix_ids: Sequence[str], on_outcome: "Callable[[FixOutcome], None]"
    ) -> "Sequence[FixOutcome]":
        """Take these back; one that cannot be taken back says so, and the others go on."""
        ...


class StatusReads(Protocol):
    """Where rows stand, and what the inventory has. What cannot be read is told in what is
    returned, and raises nothing."""

    async def read(
        self,
        devices: Sequence[Device],
        listed: Collection[str],
        on_progress: Callable[[int, int], None],
    ) -> "tuple[list[RowStanding], Evidence]":
        """Where each of `devices` stands, what is none of the hardware ids `listed`, what was read.
        `on_progress` hears, in the loop of the caller, how many of the batches were read."""
        ...

    async def inventory(self) -> "tuple[Mapping[str, Seen], SourceRead]":
        """The phones of the device inventory as they are now."""
        ...


class Profiles(Protocol):
    """All profiles of this host."""

    def look(self) -> "Sequence[ProfileOverview]":
        """What each has going on now, by name. Reads files, for a thread. Raises `SiptuiError`."""
        ...

    def close(self) -> None:
        """Let go of what was opened for it; another look opens it again."""
        ...

    def clouds(self) -> Mapping[str, str]:
        """The clouds a further one may be in, each with what is to be known of it."""
        ...

    def config(self) -> Path:
        """The file that a further one is written to."""
        ...

    def add(self, tenant: str, cloud: str, region: Region | None) -> str:
        """Make a further one; its name. Raises `SiptuiError` for what is not allowed."""
        ...


class SignIns(Protocol):
    """How to sign in to the profile's tenant; made from settings where those are known.

    `about` says to which tenant and by which client, `port` is the one a browser comes back to.
    `tenant_name` is the tenant's own name, as far as the service has told it.
    """

    about: str
    tenant_name: str
    port: int

    async def problem(self) -> SiptuiError | None:
        """Why the present sign-in cannot be used, or nothing. May ask the authority."""
        ...

    async def store(self, kind: "StoreKind | None" = None) -> "TokenStore":
        """Where the tokens will be kept. Raises `StoreUndecidedError` when `kind` must be said."""
        ...

    def by_code(self, store: "TokenStore") -> "DeviceCodeSignIn":
        """An attempt with a code."""
        ...

    def by_browser(self, store: "TokenStore") -> "BrowserSignIn":
        """An attempt with a browser."""
        ...

    def by_broker(self, store: "TokenStore") -> "BrokerSignIn":
        """An attempt by the broker of Windows."""
        ...

    async def taken(self, store: "TokenStore", account: "Account") -> None:
        """Take a sign-in that was made."""
        ...
