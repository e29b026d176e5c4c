"""In which waves a run goes out: by a column, the first few first, within a window."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Input, Static

from siptui.domain.errors import UsageError
from siptui.runs.waves import MAX_FAILURES, Waves
from siptui.tui.dialogs.base import Dialog
from siptui.tui.dialogs.help_text import Topic
from siptui.tui.widgets.field import Field
from siptui.tui.widgets.text_lines import Line, Surface

#: The fields: id, the words of the command line, and a hint.
_FIELDS = (
    ("by", "By", "a column of the list: ← →"),
    ("first", "First", "of each, tried before the rest"),
    ("max-failures", "Max failures", "percent of them; more stop it"),
    ("not-before", "Not before", "22:00, or 2026-11-27 22:00"),
    ("until", "Until", "from then on nothing goes out"),
)


class _ColumnField(Field):
    """A field whose arrows go through the columns there are."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "turn(-1)", show=False),
        Binding("right", "turn(1)", show=False),
    ]

    def __init__(self, value: str, columns: Sequence[str], **options: Any) -> None:
        super().__init__(value, **options)
        self._columns = ("", *columns)

    def action_turn(self, step: int) -> None:
        """The next column, or none."""
        known = self.value in self._columns
        place = self._columns.index(self.value) if known else 0
        self.value = self._columns[(place + step) % len(self._columns)]
        self.cursor_position = len(self.value)


class WavesDialog(Dialog[Waves]):
    """Asks for the waves. `told` says what a run in these waves comes to, and raises `UsageError`
    for what makes no sense; `columns` are those to choose from."""

    takes = len(_FIELDS)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "app.focus_next", show=False),
        Binding("up", "app.focus_previous", show=False),
    ]
    KEYS: ClassVar[tuple[tuple[str, str], ...]] = (
        ("Tab ↓ ↑", "to the next field, and back"),
        ("← →", "in the first field: the columns of the list"),
        ("Enter", "take all of it, and back to the confirmation"),
    )

    def __init__(self, waves: Waves, columns: Sequence[str], told: Callable[[Waves], str]) -> None:
        super().__init__("Waves", topic=Topic.WAVES)
        self._waves, self._columns, self._told = waves, columns, told
        self._text = self._preview(waves)
        self._said = _KEYS

    def question(self) -> Iterable[Widget]:
        """The fields, a line each."""
        for name, label, hint in _FIELDS:
            with Horizontal(classes="field"):
                yield Static(label, classes="field-label", markup=False)
                yield self._field(name)
                yield Static(hint, classes="field-hint", markup=False)

    def _field(self, name: str) -> Field:
        value = self._shown(name)
        options: dict[str, Any] = {"id": f"waves-{name}", "compact": True}
        if name == "by":
            help_only = {"question_mark": "help"}  # a column may begin with q
            return _ColumnField(value, self._columns, acting=help_only, **options)
        acting = {"question_mark": "help", "q": "leave"}
        return Field(value, acting=acting, max_length=25, **options)

    def _shown(self, name: str) -> str:
        waves = self._waves
        return {
            "by": waves.by,
            "first": str(waves.first or ""),
            "max-failures": f"{waves.max_failures:g}",
            "not-before": waves.not_before,
            "until": waves.until,
        }[name]

    def on_input_changed(self, _: Input.Changed) -> None:
        """Say what it comes to."""
        try:
            waves = self._typed()
            self._text = self._preview(waves)
        except UsageError as error:
            self.say(error.message, "unknown")
            return
        self._said = _KEYS
        self._fill(*self.query(Surface))

    def on_input_submitted(self, _: Input.Submitted) -> None:
        """Take it, unless something is wrong."""
        try:
            waves = self._typed()
            self._told(waves)
        except UsageError as error:
            self.say(f"{error.message} {error.remedy}".strip(), "failed")
            return
        self.dismiss(waves)

    def _preview(self, waves: Waves) -> list[Line]:
        return [((self._told(waves), "normal"),), ()]

    def _typed(self) -> Waves:
        """What stands in the fields. Raises `UsageError`."""
        text = {name: self._value(name) for name, _, _ in _FIELDS}
        return Waves(
            by=text["by"],
            first=_number(text["first"], "First"),
            max_failures=_percent(text["max-failures"]),
            not_before=text["not-before"],
            until=text["until"],
        )

    def _value(self, name: str) -> str:
        return self.query_one(f"#waves-{name}", Input).value.strip()


def _number(text: str, label: str) -> int:
    if text and not (text.isascii() and text.isdigit()):
        raise UsageError(f"{label} is a number of devices, not “{text}”.")
    return int(text or 0)


def _percent(text: str) -> float:
    try:
        value = float(text.removesuffix("%").replace(",", ".")) if text else MAX_FAILURES
    except ValueError:
        value = -1.0
    if not 0 <= value <= 100:
        raise UsageError("Max failures is a share in percent, 0 to 100.")
    return value


_KEYS: Line = (("Tab: next field · Enter takes it all · Esc goes back · ? tells more.", "muted"),)
