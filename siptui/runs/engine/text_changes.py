"""Which changes of a device's text alone are worth an event.

A service may put a step or a time into a text, so that it differs at each look. No operator reads
that, and a hundred phones would fill a journal with it: the first text of a device is written at
once, a later one when it has stayed for a while, less and less often, and one that differs in its
figures alone never.
"""

import re

from msgspec import Struct

from siptui.domain.outcome import explain
from siptui.domain.state import DeviceState
from siptui.runs.events import DeviceChanged
from siptui.runs.state import DeviceRecord

#: Seconds a text must have stayed before it is written, and the waits between two of a device.
_STAYED = 300.0
_SOONEST, _LATEST = 300.0, 3600.0
#: Longest word and error that are kept of a device that is still running.
_WORD, _ERROR = 100, 400
_FIGURES = re.compile(r"\d+")


class _Seen(Struct):
    """The last text of a device that was not written, and since when it has been that."""

    text: tuple[str, str]
    since: float
    first: bool = False  # whether its first text was written
    wait: float = _SOONEST
    not_before: float = 0.0


class TextChanges:
    """What is remembered of the texts of one batch between two looks."""

    def __init__(self) -> None:
        self._seen: dict[int, _Seen] = {}

    def worth(self, record: DeviceRecord, change: DeviceChanged, now: float) -> bool:
        """Whether `change` is to be written; `now` in seconds of the loop."""
        if change.state is not record.state:
            self._seen.pop(record.index, None)
            return True
        text = _skeleton(change.word, change.error)
        seen = self._seen.setdefault(record.index, _Seen(text, now))
        if not seen.first and _first(record, change):
            seen.first = True
            return True
        if text == _skeleton(record.word, record.error):
            seen.text, seen.since = text, now
            return False
        if text != seen.text:
            seen.text, seen.since = text, now
        if now - seen.since < _STAYED or now < seen.not_before:
            return False
        seen.not_before, seen.wait = now + seen.wait, min(2 * seen.wait, _LATEST)
        return True


def kept(change: DeviceChanged) -> DeviceChanged:
    """The change with its texts cut where the device is still running."""
    if change.state is not DeviceState.RUNNING:
        return change
    return DeviceChanged(
        device=change.device,
        batch=change.batch,
        state=change.state,
        word=change.word[:_WORD],
        error=change.error[:_ERROR],
    )


def other_cause(record: DeviceRecord, change: DeviceChanged) -> bool:
    """Whether the text of a device that failed says another cause than the one written."""
    failed = record.state is change.state is DeviceState.FAILED
    return failed and explain(record.error).cause is not explain(change.error).cause


def _first(record: DeviceRecord, change: DeviceChanged) -> bool:
    """Whether a device of which nothing was said gets its first words."""
    if record.state is DeviceState.RUNNING:
        return not (record.word or record.error) and bool(change.word or change.error)
    return not record.error and bool(change.error)


def _skeleton(word: str, error: str) -> tuple[str, str]:
    return _FIGURES.sub("#", word.casefold()), _FIGURES.sub("#", error.casefold())
