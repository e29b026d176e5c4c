"""The confirmation of a retry: how many devices, in batches of which size."""

from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar

from textual.widget import Widget
from textual.widgets import Input, Static

from siptui.domain.limits import MAX_BATCH_SIZE
from siptui.tui.dialogs.ask import Confirm, asked
from siptui.tui.dialogs.help_text import Topic
from siptui.tui.widgets.field import Field
from siptui.tui.widgets.text_lines import Paragraph, Surface

#: The answer besides yes: only the rows whose names were corrected.
CORRECTED = "corrected"
_NO_NUMBER = {"question_mark": "help", "q": "leave"}


class ConfirmRetry(Confirm):
    """As `Confirm`, with another size of batches on offer: a second field, which Tab goes to.
    The answer may also be `CORRECTED` where so many of the rows are, and not all.

    `paragraphs` are those of a size; `batch_size` is the one that stands there, from 1 to 100.
    """

    takes = 3
    KEYS: ClassVar[tuple[tuple[str, str], ...]] = (
        *Confirm.KEYS,
        ("Tab", "to the size of a batch, and back"),
        ("c", "only the rows that were corrected, where some were"),
    )

    def __init__(
        self,
        paragraphs: Callable[[int], Sequence[Paragraph]],
        number: int,
        size: int,
        *,
        corrected: int,
    ) -> None:
        super().__init__("Retry", paragraphs(size), number, topic=Topic.RETRY)
        self._paragraphs = paragraphs
        self.batch_size = size
        self._acting, only = dict(_NO_NUMBER), ""
        if 0 < corrected < number:
            self._acting["c"] = f"answer({CORRECTED!r})"
            only = f"c: only the {corrected:,} corrected. "
        self._said = ((f"{only}Tab goes to the size of a batch. ? tells more.", "muted"),)

    def question(self) -> Iterable[Widget]:
        """The number, and the size."""
        yield from super().question()
        yield Static("Devices in a batch, at most:", id="dialog-size-label", markup=False)
        size = str(self.batch_size)
        yield Field(size, acting=_NO_NUMBER, id="dialog-size", compact=True, max_length=3)

    def field(self, most: int) -> Widget:
        """The number, or a letter in its place."""
        return Field(acting=self._acting, id="dialog-input", compact=True, max_length=most)

    def action_answer(self, answer: str) -> None:
        """Less than was selected."""
        self.dismiss(answer)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Say how many batches it will be."""
        if event.input.id != "dialog-size" or not (size := _size(event.value)):
            return
        self.batch_size = size
        self._text = asked(self._paragraphs(size), int(self._number))
        self._fill(*self.query(Surface))

    def _submitted(self, event: Input.Submitted) -> None:
        """Back to the number from the size; a size that is none goes nowhere."""
        if not _size(self.query_one("#dialog-size", Input).value):
            self.say(f"A batch has 1 to {MAX_BATCH_SIZE} devices.", "failed")
        elif event.input.id == "dialog-size":
            self.query_one("#dialog-input").focus()
        else:
            super()._submitted(event)


def _size(text: str) -> int:
    """The size of a batch that `text` names, 0 where it names none."""
    text = text.strip()
    size = int(text) if text.isascii() and text.isdigit() else 0
    return size if size <= MAX_BATCH_SIZE else 0
