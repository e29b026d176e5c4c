"""Two names of a row to be typed anew: its user name and its hardware id."""

from collections.abc import Callable, Iterable
from typing import ClassVar

from msgspec import Struct
from textual.widget import Widget
from textual.widgets import Input, Static

from siptui.domain.device import Device
from siptui.domain.text import visible
from siptui.tui.dialogs.base import Dialog
from siptui.tui.dialogs.help_text import Topic
from siptui.tui.widgets.field import Field
from siptui.tui.widgets.text_lines import Line


class Checked(Struct, frozen=True):
    """What is made of two names that were typed: a device, or `wrong` says why not. `worth` is
    worth a look before it is taken."""

    device: Device | None
    wrong: str = ""
    worth: str = ""


#: What is made of a user name and a hardware id.
Check = Callable[[str, str], Checked]
#: What a field that is empty takes as a key.
_HELP = {"question_mark": "help"}
#: The fields, from top to bottom.
_FIELDS = ("correct-user", "correct-hardware")


class Correct(Dialog[Device]):
    """Asks for the names of a row that are right; what is wrong with them is told, nothing is
    lost, and what is worth a look is taken by a second Enter."""

    takes = 4
    KEYS: ClassVar[tuple[tuple[str, str], ...]] = (
        ("Tab ↓ ↑", "to the other field"),
        ("Enter", "check what is typed, and take it"),
    )

    def __init__(self, row: Device, text: Iterable[Line], check: Check) -> None:
        super().__init__(f"Correct line {row.line}", text, topic=Topic.CORRECT)
        self._row = row
        self._check = check
        self._shown = ""
        self._said = (("Tab: the other field. Enter takes both, Escape leaves them.", "muted"),)

    def question(self) -> Iterable[Widget]:
        """A field for each."""
        texts = (
            ("User name:", str(self._row.user_name)),
            ("Hardware id:", str(self._row.hardware_id)),
        )
        for name, (label, value) in zip(_FIELDS, texts, strict=True):
            yield Static(label, classes="correct-label", markup=False)
            yield Field(visible(value), acting=_HELP, id=name, compact=True, select_on_focus=False)

    def key_down(self) -> None:
        """To the field below."""
        self.focus_next()

    def key_up(self) -> None:
        """To the field above."""
        self.focus_previous()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take what is typed if it is right."""
        event.stop()
        typed = tuple(self.query_one(f"#{name}", Input).value.strip() for name in _FIELDS)
        if "q" in typed:  # neither is a name: the wish to go back, as elsewhere
            self.dismiss(None)
            return
        if typed == (str(self._row.user_name), str(self._row.hardware_id)):
            self.say("Nothing was changed yet. Escape goes back.", "failed")
            return
        checked = self._check(*typed)
        if checked.device is None:
            self.say(checked.wrong, "failed")
        elif checked.worth and self._shown != checked.worth:
            self._shown = checked.worth
            self.say(f"{checked.worth} Enter takes it all the same.", "unknown")
        else:
            self.dismiss(checked.device)
