"""What a flow may do to the screen. The screen is a view; tests may bring another."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol, TypeVar

from textual.app import App
from textual.screen import Screen
from textual.widgets import Input

from siptui.domain.errors import SiptuiError
from siptui.domain.region import Region
from siptui.runs.state import DeviceRecord
from siptui.tui.console.selection import Selection
from siptui.tui.input_gate import CONVERSATION
from siptui.tui.widgets.log_pane import LogPane
from siptui.tui.widgets.table import RowGrid

R = TypeVar("R")
T = TypeVar("T")
#: Whether there is a sign-in that can be used, asked for if there is none.
SignedIn = Callable[[], Awaitable[bool]]
#: Reads a list for rows of a region and shows it; whether that went well.
ReadList = Callable[[Path, Region | None], Awaitable[bool]]


class Ask(Protocol):
    """`View.ask`, for questions that need no more of the view."""

    async def __call__(self, dialog: Screen[R], /) -> R | None:
        """The answer; none when the dialog was left."""
        ...


class View(Protocol):
    """The screen, as a flow sees it. `keys` are the keys of each action by its id, `key_of` the
    one of them that texts name."""

    keys: Mapping[str, tuple[str, ...]]
    key_of: dict[str, str]
    grid: RowGrid
    log_pane: LogPane
    filter_field: Input

    @property
    def app(self) -> App[Any]:
        """The application."""
        ...

    @property
    def in_use(self) -> bool:
        """Whether the screen is shown, and not being left."""
        ...

    # -- messages and questions

    def say(self, text: str, tone: str = "normal") -> None:
        """One sentence in the notice line, until the next key or change of the run."""

    def clear_notice(self) -> None:
        """Take what was said off the notice line, when that is painted next."""

    def tell(self, error: SiptuiError) -> None:
        """An error: short in the notice line, whole in the log."""

    async def ask(self, dialog: Screen[R]) -> R | None:
        """The answer to a dialog or page; none when it was left. Within `start` only."""

    def start(
        self,
        work: Callable[[], Awaitable[None]],
        *,
        group: str = CONVERSATION,
        exclusive: bool = True,
    ) -> None:
        """Begin `work`; where it is `exclusive`, other work of its group ends."""

    def later(self, call: Callable[[], object]) -> None:
        """Call it when what is there now was painted."""

    async def in_thread(self, work: Callable[[], R]) -> R:
        """What `work` returns, from a thread. Raises what it raises, and `CancelledError` where
        it is called off or the console is left meanwhile."""

    # -- what can be done

    def offers(self) -> dict[str, str]:
        """The actions that make sense now by their ids, with the word for each."""

    def may(self, action: str) -> bool:
        """Whether the action makes sense now; says why if it does not."""

    def perform(self, action: str) -> None:
        """Carry out an action of the console."""

    def selection(self) -> Selection:
        """The rows that an action is about: the marked ones, those shown, or all."""

    # -- what is shown

    def enter_filter(self) -> None:
        """To the field of the filter."""

    def in_one_frame(self) -> AbstractContextManager[None]:
        """Paints nothing until its end."""

    def show_all(self) -> None:
        """Everything again: another list, another run."""

    def sort_by(self, by: tuple[str, bool] | None) -> None:
        """Order the rows by a column, where the table has it, reversed or not."""

    def show_columns(self) -> None:
        """Show the columns that have something to say and were not hidden."""

    def show_rows(self) -> None:
        """Every row and the details again; order and marks stay."""

    def show_bars(self) -> None:
        """The lines around the table."""

    def show_detail(self) -> None:
        """What is known of the row under the cursor."""

    def share_height(self) -> None:
        """The heights of the row's pane and of the log."""

    # -- the run that is followed

    def look(self) -> None:
        """Show what is new of the run."""

    def look_for_worker(self) -> None:
        """Show whether a process works on the run."""

    def log_events(self) -> None:
        """All events of the run, as lines of the log."""


class SignIn(Protocol):
    """What a flow needs of the one that signs in."""

    async def signed_in(self) -> bool:
        """Whether there is a sign-in that can be used, asked for if there is none."""
        ...

    async def answered(self, read: Callable[[], Awaitable[T]]) -> T:
        """The answer of the service, after a sign-in if one is needed. Raises `SiptuiError`."""
        ...


class Orders(Protocol):
    """What a flow needs of the one that orders."""

    def give(self, order: Callable[[], object], *, new_run: bool = False) -> None:
        """Give an order to the service of runs and show what came of it; errors are told. With
        `new_run` its rows take the place of those that are shown."""
        ...


class Retries(Protocol):
    """What a flow needs of the one that retries."""

    async def resume(self) -> None:
        """Resume the run, after a question where something is submitted by it."""
        ...

    async def retry_one(self, record: DeviceRecord) -> None:
        """Retry this device alone."""
        ...
