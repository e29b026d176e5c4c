"""The forms in which the emulator writes when a batch was submitted."""

from typing import Any, get_args, get_type_hints

from siptui.emulator.scenario import WireTable

FORMS: tuple[str, ...] = get_args(get_type_hints(WireTable)["request_time"])
#: One of each kind that is judged in its own way: exact, in whole minutes, a number, without a zone
#: (right, early, late), and not readable. tests/gateway/test_times.py reads all forms.
KINDS = (
    *("iso", "iso_minutes", "epoch_ms"),
    *("iso_naive", "iso_naive_west", "iso_naive_east", "null"),
)
#: Those that name one moment.
CERTAIN = [form for form in FORMS if "naive" not in form and form not in ("us", "null")]


def wire_of(form: str, ahead: float = 0.0) -> WireTable:
    """Answers with times of that form, by a clock that is so many seconds ahead."""
    known: Any = form
    return WireTable(request_time=known, clock_ahead=ahead)
