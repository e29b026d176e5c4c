"""All batches of the tenant, of 30 days, and the devices of one."""

from collections.abc import Awaitable, Callable, Hashable, Iterable, Sequence
from pathlib import Path
from typing import ClassVar, Protocol, TypeVar

from textual import work
from textual.binding import Binding, BindingType

from siptui.devicelist import write_csv, write_json
from siptui.domain.errors import SiptuiError
from siptui.domain.outcome import Outcome, explain
from siptui.domain.region import Region
from siptui.domain.state import SYMBOLS
from siptui.domain.text import plural, visible
from siptui.domain.times import minute, zone
from siptui.gateway.json_lists import gap_of
from siptui.gateway.protocol import BatchStatus, ItemStatus, Phase
from siptui.runs.output.export_rows import batch_rows, state_of
from siptui.runs.tenant_batches import Known, Remembered, TenantBatches
from siptui.tui.dialogs.ask import Choice
from siptui.tui.dialogs.help_text import Topic
from siptui.tui.dialogs.save_file import ask_and_write
from siptui.tui.dialogs.tablepage import TablePage
from siptui.tui.powershell import ALL_BATCHES, one_batch, powershell_line
from siptui.tui.sentences import REGIONS, list_name
from siptui.tui.widgets.column_layout import Column
from siptui.tui.widgets.row_index import GridRow
from siptui.tui.widgets.styles import tone
from siptui.tui.widgets.table import RowGrid
from siptui.tui.widgets.text_lines import Line

T = TypeVar("T")
_COLUMNS = (
    Column("when", "Submitted", 16, most=23),
    Column("region", "Reg", 4),
    Column("devices", "Devices", 7, right=True),
    Column("word", "Status", 9, most=16),
    Column("from", "From", 12, most=30, flex=2),
    Column("by", "By", 10, most=36, flex=2, drop=1),
    Column("id", "Batch id", 9, most=36, flex=1, drop=2),
)
_ITEMS = (
    Column("user", "User", 16, flex=3),
    Column("hardware_id", "Hardware ID", 17, most=21),
    Column("word", "Status", 10, most=16),
    Column("error", "Error", 14, most=60, flex=3),
)
_TONES = {Phase.RUNNING: "normal", Phase.FAILED: "failed", Phase.SUCCEEDED: "ok"}
_MARKS = {Phase.RUNNING: "…", Phase.FAILED: "✗", Phase.SUCCEEDED: "✓"}


class Asked(Protocol):
    """Asks the service, after a sign-in if one is needed. Raises `SiptuiError`."""

    async def __call__(self, read: Callable[[], Awaitable[T]]) -> T: ...


class BatchesPage(TablePage[str]):
    """Newest first. The answer: a run to attach to.

    `folder` is where an export is proposed; `region` counts where the service names none. `looked`
    hears of each look at the service, as PowerShell has it.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("b", "leave", "back", show=False),
        Binding("r", "read", "read again", show=False),
    ]

    def __init__(
        self,
        tenant_batches: TenantBatches,
        asked: Asked,
        tenant: str,
        *,
        region: Region | None,
        folder: Path,
        may_follow: bool,
        looked: Callable[[str], object],
    ) -> None:
        super().__init__(_COLUMNS, details=2)
        self._looked = looked
        self._batches_of_tenant = tenant_batches
        self._asked = asked
        self._tenant = tenant
        self._region = region
        self._folder = folder
        self._may_follow = may_follow
        self._found: Sequence[Remembered] = ()
        self._read_once = False

    def on_mount(self) -> None:
        """Ask at once."""
        super().on_mount()
        self.action_read()

    def heading(self) -> str:
        """Whose batches, and how many."""
        if not self._read_once:
            return f"Batches of {self._tenant}: asking the service …"
        if not self._found:
            return f"The service remembers no batch of {self._tenant} (30 days)"
        own = sum(1 for r in self._found if r.known and r.known.here)
        some = plural(len(self._found), "batch")
        return f"{some} of {self._tenant} in 30 days, {own} from here · {zone()}"

    def rows(self) -> Iterable[GridRow]:
        """As the service lists them."""
        for place, one in enumerate(self._found):
            summary = one.summary
            cells = (
                _when(one),
                str(summary.region or "-"),
                "-" if summary.count is None else str(summary.count),
                visible(summary.word) or "-",
                _source(one.known),
                _who(one),
                visible(summary.batch_id),
            )
            symbol = _MARKS.get(summary.phase, " ")
            yield GridRow(place, cells, symbol, _TONES.get(summary.phase, "normal"))

    def details(self, key: Hashable) -> Iterable[Line]:
        """The batch's id and who submitted it, whole."""
        if not isinstance(key, int):
            return
        one = self._found[key]
        yield (
            (f"{visible(one.summary.batch_id)}  ", "strong"),
            (f"submitted by {_by(one)}", "normal"),
        )
        if (known := one.known) is not None:
            what = "submitted" if known.here else "followed"
            name = f" of {list_name(known.file)}" if known.here else ""
            text = (
                f"{what} in run {known.run}{name}, {visible(known.account) or 'no account named'}"
            )
            yield ((text, "accent"),)
        else:
            yield (("Not in this journal: submitted by others or from another computer.", "muted"),)

    def keys(self) -> Iterable[tuple[str, str]]:
        """What can be done."""
        return (("Enter", "devices"), ("r", "read again"), ("y", "copy"), ("Esc", "back"))

    @work(group="read", exclusive=True)
    async def action_read(self) -> None:
        """Ask the service."""
        self.say("asking the service …", "muted")
        try:
            self._looked(ALL_BATCHES)
            found = await self._asked(self._batches_of_tenant.batches)
        except SiptuiError as error:
            self.tell(error)
            return
        self._found, self._read_once = found, True
        self._said = ()
        gap = gap_of(found)
        if gap:
            self.say(f"The list may be incomplete: {gap}.", "unknown")
        self.fill()
        await self._put_names(found, told=bool(gap))

    async def _put_names(self, found: Sequence[Remembered], *, told: bool) -> None:
        """Put names in place of ids when the list is there already: they are of less use."""
        named, why = await self._batches_of_tenant.named(found)
        if why and not told:
            self.say(why, "muted")
        if list(named) != list(found):
            self._found = named
            self.fill()

    @work(group="flow", exclusive=True)
    async def on_row_grid_opened(self, event: RowGrid.Opened) -> None:
        """The devices of a batch."""
        event.stop()
        if not isinstance(event.key, int):
            return
        page = BatchPage(
            self._batches_of_tenant,
            self._asked,
            self._found[event.key],
            region=self._region,
            folder=self._folder,
            may_follow=self._may_follow,
            looked=self._looked,
        )
        run = await self.app.push_screen_wait(page)
        if run:
            self.dismiss(run)


class BatchPage(TablePage[str]):
    """One batch. The answer: the run that follows it, to attach to."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "follow", "follow it as a run", show=False),
        Binding("e", "export", "export", show=False),
        Binding("r", "read", "read again", show=False),
    ]

    def __init__(
        self,
        tenant_batches: TenantBatches,
        asked: Asked,
        one: Remembered,
        *,
        region: Region | None,
        folder: Path,
        may_follow: bool,
        looked: Callable[[str], object],
    ) -> None:
        super().__init__(_ITEMS, details=4)
        self._looked = looked
        self._batches_of_tenant = tenant_batches
        self._asked = asked
        self._one = one
        self._region = region
        self._folder = folder
        self._may_follow = may_follow
        self._status: BatchStatus | None = None

    def on_mount(self) -> None:
        """Ask at once."""
        super().on_mount()
        self.action_read()

    def heading(self) -> str:
        """Which batch, whose, how it stands."""
        name = visible(self._one.summary.batch_id)
        status = self._status
        if status is None:
            return f"Batch {name}: asking the service …"
        parts = [
            f"Batch {name}",
            str(status.region or self._one.summary.region or ""),
            plural(len(status.items), "device"),
            _source(self._one.known),
            visible(status.word),
        ]
        return " · ".join(part for part in parts if part)

    def rows(self) -> Iterable[GridRow]:
        """The devices."""
        for place, item in enumerate(self._status.items if self._status else ()):
            state = state_of(item)
            cells = (
                visible(item.user_name) or "-",
                visible(item.hardware_id) or "-",
                visible(item.word) or "-",
                visible(item.error),
            )
            yield GridRow(place, cells, SYMBOLS[state], tone(state))

    def details(self, key: Hashable) -> Iterable[Line]:
        """The service's own words and what they mean."""
        item = self._item(key)
        if item is None:
            return
        if item.error:
            yield ((visible(item.error), "normal"),)
        outcome = _outcome(item)
        if outcome is None:
            yield (("the service says: ", "muted"), (visible(item.word) or "nothing", "normal"))
            return
        yield ((f"{outcome.meaning} {outcome.remedy}", "normal"),)
        if line := powershell_line(outcome, item.user_name):
            yield ((line, "accent"),)

    def _item(self, key: Hashable) -> ItemStatus | None:
        if self._status is None or not isinstance(key, int):
            return None
        return self._status.items[key]

    def keys(self) -> Iterable[tuple[str, str]]:
        """What can be done."""
        keys = [("e", "export"), ("y", "copy"), ("r", "read again"), ("Esc", "back")]
        if self._may_follow:
            known = self._one.known
            keys.insert(0, ("a", f"attach to run {known.run}" if known else "follow it as a run"))
        return keys

    @work(group="read", exclusive=True)
    async def action_read(self) -> None:
        """Ask the service."""
        self.say("asking the service …", "muted")
        name = self._one.summary.batch_id
        try:
            self._looked(one_batch(name))
            self._status = await self._asked(lambda: self._batches_of_tenant.batch(name))
        except SiptuiError as error:
            self.tell(error)
            return
        self._said = ()
        if self._status.gap:
            self.say(f"The list may be incomplete: {self._status.gap}.", "unknown")
        self.fill()

    @work(group="flow", exclusive=True)
    async def action_follow(self) -> None:
        """Make a run of it, or find the one there is; nothing is submitted by that."""
        if not self._may_follow or self._status is None:
            return
        known = self._one.known
        if known is not None:
            self.dismiss(known.run)
            return
        region = self._status.region or self._one.summary.region or self._region
        if region is None:
            text: Line = (("The service does not say in which region the batch is.", "normal"),)
            choices = [(region, str(region), REGIONS[region]) for region in Region]
            chosen = await self.app.push_screen_wait(
                Choice("Region", choices, [text], topic=Topic.REGION, at=None)
            )
            if not isinstance(chosen, Region):
                return
            region = chosen
        try:
            self.dismiss(self._batches_of_tenant.adopt(self._status, region))
        except SiptuiError as error:
            self.tell(error)

    @work(group="flow", exclusive=True)
    async def action_export(self) -> None:
        """Write the devices as `export` writes those of a run."""
        if self._status is None:
            return
        name = "".join(c for c in self._one.summary.batch_id[:13] if c.isalnum() or c in "-_")
        proposed = self._folder / f"batch-{name}.csv"
        hint = ".csv for spreadsheets, .json for programs."
        self.say(*await ask_and_write(self.app, "Export to", hint, proposed, self._write))

    def _write(self, path: Path, force: bool) -> str:
        if self._status is None:
            return ""
        rows = batch_rows(self._status, self._one.summary.region)
        if path.suffix.casefold() == ".json":
            run = self._one.known.run if self._one.known else ""
            write_json(path, run, rows, force=force)
        else:
            write_csv(path, rows, force=force)
        return f"{plural(len(rows), 'device')} written to {path}"


def _outcome(item: ItemStatus) -> Outcome | None:
    return explain(item.error) if item.phase is Phase.FAILED else None


def _when(one: Remembered) -> str:
    if one.when is not None:
        return minute(one.when)
    return visible(one.summary.request_time) or "-"


def _who(one: Remembered) -> str:
    if one.known is not None and one.known.here and one.known.account:
        return visible(one.known.account)
    return visible(one.by or one.summary.user_id) or "-"


def _by(one: Remembered) -> str:
    """Who submitted it, whole: the id stands beside the name."""
    user_id = visible(one.summary.user_id)
    if one.by and one.by != one.summary.user_id:
        return f"{visible(one.by)} ({user_id})"
    return user_id or "not said"


def _source(known: Known | None) -> str:
    if known is None:
        return "elsewhere"
    return f"here, {list_name(known.file)}" if known.here else "elsewhere, followed"
