"""All profiles of this host, one line each: what goes on there, and the way to it."""

import threading
from collections.abc import Hashable, Iterable, Sequence
from datetime import UTC, datetime
from typing import ClassVar, Literal

from textual import events, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input

from siptui.domain.errors import SiptuiError
from siptui.domain.text import plural, visible
from siptui.domain.times import local_time, zone
from siptui.runs.overview import ProfileOverview
from siptui.runs.run_head import RunHead
from siptui.tui.dialogs.tablepage import TablePage
from siptui.tui.options import Destination, Profiles
from siptui.tui.sentences import list_name
from siptui.tui.widgets.column_layout import Column
from siptui.tui.widgets.row_index import GridRow
from siptui.tui.widgets.table import RowGrid
from siptui.tui.widgets.text_lines import Line

_COLUMNS = (
    Column("profile", "Profile", 8, most=20),
    Column("tenant", "Tenant", 10, flex=2, drop=1, tail=".", roomy=24),
    Column("live", "Live", 8, most=11, fit=False),
    Column("waiting", "Waits", 5, right=True, fit=False),
    Column("needs", "Needs a person", 14, flex=3, fit=False),
    Column("last", "Last run", 14, flex=2, fit=False),
)


#: The answer that a further profile is wanted.
ADD: Literal["add"] = "add"


class OverviewPage(TablePage[Destination | Literal["add"]]):
    """By name. The answer: the profile to go to, and a run of it to attach to; or `ADD`.

    `here` is the profile that the console is on. What is shown is looked at again every `seconds`.
    With `adds` a further profile can be asked for.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("O", "leave", "back", show=False),
        Binding("slash", "filter", "filter", show=False),
        Binding("a", "add", "add", show=False),
    ]

    def __init__(
        self, profiles: Profiles, *, here: str, seconds: float, adds: bool = False
    ) -> None:
        super().__init__(_COLUMNS, details=4)
        self._adds = adds
        self._field = Input(id="page-filter", compact=True, placeholder="part of a name or tenant")
        self._words: list[str] = []
        self._profiles = profiles
        self._here = here
        self._seconds = seconds
        self._found: dict[str, ProfileOverview] = {}
        self._read_once = False
        self._reading = threading.Lock()

    def compose(self) -> ComposeResult:
        """The field of the filter stands above the table while it is typed at."""
        title, *others = super().compose()
        yield title
        yield self._field
        yield from others

    def on_mount(self) -> None:
        """Look at once, and again and again."""
        self._field.display = False
        super().on_mount()
        self.set_interval(self._seconds, self._look)
        self._look()

    def on_unmount(self) -> None:
        """Let go of the journals, in a thread of its own: one may be read at this moment."""
        threading.Thread(target=self._close, daemon=True).start()

    def _close(self) -> None:
        with self._reading:
            self._profiles.close()

    def heading(self) -> str:
        """How many, and what asks for a look."""
        if not self._read_once:
            return "Overview: reading the journals of this host …"
        if not self._found:
            return "Overview: the configuration has no profile"
        live = sum(1 for one in self._found.values() if one.live_batches)
        needs = sum(1 for one in self._found.values() if one.needs)
        parts = [plural(len(self._found), "profile"), f"{live} live"]
        parts += [f"{needs} {'needs' if needs == 1 else 'need'} a person"] if needs else []
        return f"Overview of this host: {', '.join(parts)} · {zone()}"

    def rows(self) -> Iterable[GridRow]:
        """A line a profile."""
        return [self._row(one) for one in self._shown()]

    def _shown(self) -> list[ProfileOverview]:
        """The profiles that the filter leaves: each word is in the name or the tenant."""
        return [
            one
            for one in self._found.values()
            if all(word in f"{one.profile} {one.tenant}".casefold() for word in self._words)
        ]

    def _row(self, one: ProfileOverview) -> GridRow:
        live = f"{one.live_devices:,} in {one.live_batches}" if one.live_batches else ""
        cells = (
            visible(one.profile) + (" (here)" if one.profile == self._here else ""),
            visible(one.tenant),
            live,
            f"{one.waiting:,}" if one.waiting else "",
            visible(one.what),
            _last(one.last_run),
        )
        symbol, tone = ("!", "unknown") if one.needs else ("…" if live else " ", "normal")
        return GridRow(one.profile, cells, symbol, tone)

    def details(self, key: Hashable) -> Iterable[Line]:
        """The tenant, what it needs and its last run, whole."""
        one = self._found.get(str(key))
        if one is None:
            return
        tenant = f"{visible(one.profile)} · {visible(one.tenant)}"
        yield ((tenant, "strong"), (f" · {_goes_on(one)}", "normal"))
        needs, tone = (one.needs, "unknown") if one.needs else ("Nothing needs a person.", "muted")
        yield ((visible(needs), tone),)
        yield ((_whole(one.last_run), "normal"),)

    def keys(self) -> Iterable[tuple[str, str]]:
        """What can be done."""
        filtered = " ".join(self._words)
        yield ("Enter", "go there, to its run")
        yield ("/", f"filter: {visible(filtered)}" if filtered else "filter")
        if self._adds:
            yield ("a", "add a profile")
        yield from (("y", "copy"), ("Esc", "back"))

    def action_filter(self) -> None:
        """Type a part of a name."""
        self._field.display = True
        self._field.focus()

    def action_add(self) -> None:
        """Ask for a further profile."""
        if self._adds:
            self.dismiss(ADD)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter as it is typed."""
        self._words = event.value.casefold().split()
        self.fill()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Where one is left, go there; else go on in the table."""
        shown = self._shown()
        self._leave_field()
        if len(shown) == 1:
            self.dismiss(Destination(shown[0].profile, shown[0].opens))

    def on_key(self, event: events.Key) -> None:
        """Escape and the arrows lead out of the field; Escape takes the filter off."""
        if self._field.has_focus and event.key in ("escape", "down", "up"):
            event.stop()
            event.prevent_default()
            if event.key == "escape":
                self._field.value = ""
            self._leave_field()

    def _leave_field(self) -> None:
        self._field.display = False
        self.grid.focus()

    @work(thread=True, group="read")
    def _look(self) -> None:
        if not self._reading.acquire(blocking=False):
            return  # the look before is not through yet
        try:
            found: Sequence[ProfileOverview] | SiptuiError = self._profiles.look()
        except SiptuiError as error:
            found = error
        finally:
            self._reading.release()
        self.app.call_from_thread(self._show, found)

    def _show(self, found: Sequence[ProfileOverview] | SiptuiError) -> None:
        if not self.is_attached:
            return
        if isinstance(found, SiptuiError):
            self.tell(found)
            return
        before, self._found = self._found, {one.profile: one for one in found}
        first, self._read_once = not self._read_once, True
        if first or before.keys() != self._found.keys():
            with self.app.batch_update():
                self.fill()
                if first and self._here in self._found:
                    self.grid.move_to(list(self._found).index(self._here))  # nothing is typed yet
                    self.show_detail()
        elif before != self._found:
            with self.app.batch_update():
                self.grid.put(self.rows())
                self.show_bars()
                self.show_detail()

    def on_row_grid_opened(self, event: RowGrid.Opened) -> None:
        """Go there."""
        event.stop()
        if one := self._found.get(str(event.key)):
            self.dismiss(Destination(one.profile, one.opens))


def _goes_on(one: ProfileOverview) -> str:
    parts = []
    if one.live_batches:
        devices, batches = plural(one.live_devices, "device"), plural(one.live_batches, "batch")
        parts.append(f"{devices} live in {batches}")
    if one.waiting:
        parts.append(f"{plural(one.waiting, 'device')} wait{'s' if one.waiting == 1 else ''}")
    return ", ".join(parts) or "nothing goes on"


def _last(head: RunHead | None) -> str:
    if head is None:
        return ""
    failed = f" ✗{head.failed:,}" if head.failed else ""
    unknown = f" ?{head.unknown:,}" if head.unknown else ""
    return f"✓{head.succeeded:,} of {head.devices:,}{failed}{unknown} {list_name(head.file)}"


def _whole(head: RunHead | None) -> str:
    if head is None:
        return "No run yet."
    when = local_time(head.started, datetime.now(UTC))
    counts = f"{head.succeeded:,} of {head.devices:,} signed in, {head.failed:,} failed"
    counts += f", {head.unknown:,} unknown" if head.unknown else ""
    return f"Last run: {list_name(head.file)}, {counts}; {head.state}, {when}, {head.run}"
