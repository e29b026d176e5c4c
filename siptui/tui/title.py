"""The title of the terminal's window: how far the run is, readable from another window."""

from typing import TYPE_CHECKING

from siptui.domain.state import SYMBOLS, DeviceState
from siptui.runs.state import RunState

if TYPE_CHECKING:
    from typing import Any

    from textual.app import App

_SAVE, _BACK = "\x1b[22;2t", "\x1b[23;2t"  # xterm's stack of titles; others pass over it


def title_of(run: RunState | None) -> str:
    """`siptui 87/100 ✗3`: numbers alone, nothing foreign."""
    if run is None:
        return "siptui"
    failed, unknown = run.counts[DeviceState.FAILED], run.counts[DeviceState.UNKNOWN]
    parts = [f"siptui {run.counts[DeviceState.SUCCEEDED] + failed}/{len(run.devices)}"]
    if failed:
        parts.append(f"{SYMBOLS[DeviceState.FAILED]}{failed}")
    if unknown:
        parts.append(f"{SYMBOLS[DeviceState.UNKNOWN]}{unknown}")
    return " ".join(parts)


class Title:
    """The title as it was sent last; the same one is not sent twice."""

    def __init__(self) -> None:
        self._sent = ""

    def show(self, app: "App[Any]", run: RunState | None) -> None:
        """Send the title if it differs."""
        text = title_of(run)
        if text != self._sent and send(app, f"{'' if self._sent else _SAVE}\x1b]2;{text}\x07"):
            self._sent = text

    def give_back(self, app: "App[Any]") -> None:
        """The title from before where the terminal kept it, else none."""
        if self._sent:
            send(app, f"\x1b]2;\x07{_BACK}")
        self._sent = ""


def send(app: "App[Any]", data: str) -> bool:
    """Send `data` beside the frames; whether there is a terminal to send it to."""
    driver = app._driver  # as Textual's own bell and clipboard do; it has no public way
    if driver is None or app.is_headless:
        return False
    driver.write(data)
    return True
