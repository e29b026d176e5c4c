"""The confirmation of a submit, with ways to submit less of what was selected."""

from collections.abc import Sequence
from typing import ClassVar

from textual.widget import Widget

from siptui.tui.dialogs.ask import Confirm
from siptui.tui.dialogs.help_text import Topic
from siptui.tui.widgets.field import Field
from siptui.tui.widgets.text_lines import Paragraph

#: The answers besides yes: only rows that fail no check, only the first few, other waves.
PASSING, FIRST, WAVES = "passing", "first", "waves"


class ConfirmSubmit(Confirm):
    """As `Confirm`; the answer may also be `WAVES`, `FIRST`, or `PASSING` where only some of the
    rows (`passing`) fail no check."""

    KEYS: ClassVar[tuple[tuple[str, str], ...]] = (
        *Confirm.KEYS,
        ("p", "only the rows that fail no check, where some do"),
        ("n", "only the first few, of each site if wanted"),
        ("w", "waves: by site, the first few before the rest, a window for submits"),
    )

    def __init__(
        self, title: str, paragraphs: Sequence[Paragraph], number: int, *, passing: int = 0
    ) -> None:
        super().__init__(title, paragraphs, number, topic=Topic.SUBMIT)
        ways = [f"p: only the {passing:,} that fail no check"] if 0 < passing < number else []
        ways += ["n: only the first few"] if number > 1 else []
        ways += ["w: waves, window"]
        self._said = ((" · ".join((*ways, "? tells more.")), "muted"),)
        self._acting = {"question_mark": "help", "q": "leave", "w": f"answer({WAVES!r})"}
        if 0 < passing < number:
            self._acting["p"] = f"answer({PASSING!r})"
        if number > 1:
            self._acting["n"] = f"answer({FIRST!r})"

    def field(self, most: int) -> Widget:
        """The number, or one of the letters in its place."""
        return Field(acting=self._acting, id="dialog-input", compact=True, max_length=most)

    def action_answer(self, answer: str) -> None:
        """Less than was selected."""
        self.dismiss(answer)
