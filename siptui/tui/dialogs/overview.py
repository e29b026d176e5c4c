"""All profiles of this host, one line each: what goes on there, and the way to it."""

import threading
from collections.abc import Hashable, Iterable, Sequence
from datetime import UTC, datetime
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType

from siptui.domain.errors import SiptuiError
from siptui.domain.text import plural, visible
from siptui.domain.times import local_time, zone
from siptui.runs.overview import ProfileOverview
from siptui.runs.service import RunHead
from siptui.tui.dialogs.tablepage import TablePage
from siptui.tui.options import Destination, Profiles
from siptui.tui.sentences import list_name
from siptui.tui.widgets.column_layout import Column
from siptui.tui.widgets.row_index import GridRow
from siptui.tui.widgets.table import RowGrid
from siptui.tui.widgets.text_lines import Line

_COLUMNS = (
    Column("profile", "Profile", 8, most=20),
    Column("tenant", "Tenant", 10, flex=2, drop=1, tail="."),
    Column("live", "Live", 8, most=11, fit=False),
    Column("waiting", "Waits", 5, right=True, fit=False),
    Column("needs", "Needs a person", 14, flex=3, fit=False),
    Column("last", "Last run", 14, flex=2, fit=False),
)


class OverviewPage(TablePage[Destination]):
    """By name. The answer: the profile to go to, and a run of it to attach to.

    `here` is the profile that the console is on. What is shown is looked at again every `seconds`.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("O", "leave", "back", show=False),
    ]

    def __init__(self, profiles: Profiles, *, here: str, seconds: float) -> None:
        super().__init__(_COLUMNS, details=4)
        self._profiles = profiles
        self._here = here
        self._seconds = seconds
        self._found: dict[str, ProfileOverview] = {}
        self._read_once = False
        self._reading = threading.Lock()

    def on_mount(self) -> None:
        """Look at once, and again and again."""
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
        return [self._row(one) for one in self._found.values()]

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
        return (("Enter", "go there, to its run"), ("y", "copy"), ("Esc", "back"))

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
                    self.grid.move_to(list(self._found).index(self._here))
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
