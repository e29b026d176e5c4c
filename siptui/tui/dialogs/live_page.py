"""Pages that follow a run: the summary, and everything about a row."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from msgspec import Struct
from textual import events
from textual.binding import Binding, BindingType

from siptui.domain.times import clock, zone
from siptui.tui.dialogs.page import Page
from siptui.tui.widgets.text_lines import Line


class Content(Struct, frozen=True):
    """What a page shows now, and what `y` copies of it (else all)."""

    title: str
    text: Sequence[Line]
    copied: str = ""


class LivePage(Page):
    """Shows what `content` gives; `look` brings it up to date."""

    #: Whether a device that changes is shown at once, or with the next look at the run's clock.
    devices_at_once: ClassVar[bool] = False

    def __init__(self, content: Callable[[], Content]) -> None:
        now = content()
        super().__init__(now.title, now.text, copied=now.copied, what=_what(now))
        self._content = content

    def look(self) -> None:
        """There may be something new."""
        now = self._content()
        self._what = _what(now)
        self.renew(now.title, now.text, now.copied)

    def on_screen_resume(self, event: events.ScreenResume) -> None:
        """What was new while something else was on top."""
        if self.is_mounted:
            self.look()


class RowPage(LivePage):
    """Everything about the row under the cursor of the table; from here to the next one."""

    devices_at_once = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n,right", "step(1)", "next row", show=False),
        Binding("p,left", "step(-1)", "previous row", show=False),
        Binding("r", "retry", "retry this row", show=False),
        Binding("E", "correct", "correct this row", show=False),
        Binding("question_mark", "help", "help", show=False),
    ]

    def __init__(
        self,
        content: Callable[[], Content],
        step: Callable[[int], None],
        retry: Callable[[], bool],
        failed: Callable[[], bool],
        correct: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(content)
        self._step, self._retry, self._failed = step, retry, failed
        self._correct = correct

    def own_keys(self) -> Line:
        """To the rows beside this one; a retry where that is of use."""
        line: Line = (("n p", "key"), (" next, previous  ", "muted"))
        if self._failed():
            line = (*line, ("r", "key"), (" retry  ", "muted"))
            line = (*line, ("E", "key"), (" correct  ", "muted"))
        return (*line, ("?", "key"), (" help  ", "muted"))

    def action_step(self, rows: int) -> None:
        """Another row."""
        self._step(rows)
        self.look()

    def action_retry(self) -> None:
        """Retry this row alone, after the question."""
        if self._failed() and self._retry():
            self.dismiss(None)

    def action_correct(self) -> None:
        """Correct the names of this row; the page shows what came of it."""
        if self._failed():
            self._correct()

    def action_help(self) -> None:
        """The keys of this page."""
        lines: list[Line] = [((f"{key:<10}", "key"), (word, "normal")) for key, word in _ROW_KEYS]
        self.app.push_screen(Page("Keys of: a row", lines))


def _what(content: Content) -> str:
    return "copy PowerShell" if content.copied else "copy"


def as_of(title: str, at: str) -> str:
    """The title, and until when it tells: `at` is an RFC 3339 time."""
    return f"{title} · as of {clock(at)} {zone(at)}" if at else title


_ROW_KEYS = (
    ("n →", "the next row of the table, as it is sorted and filtered"),
    ("p ←", "the one before"),
    ("r", "retry this row, where it failed"),
    ("E", "correct its user name or hardware id, where it failed"),
    ("y", "copy the PowerShell line where there is one, else the page"),
    ("Y", "copy the page"),
    ("j k g G", "scroll"),
    ("Esc q", "back to the table"),
)
