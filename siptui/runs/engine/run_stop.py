"""The way out of the engine."""

from siptui.domain.errors import SiptuiError
from siptui.runs.events import RunFinished, RunStopped


class RunStop(Exception):  # noqa: N818 - no error: the way out of the engine
    """The run cannot go on in this process; `event` says why."""

    def __init__(self, event: RunStopped | RunFinished) -> None:
        super().__init__(type(event).__name__)
        self.event = event


def stopped_by(error: SiptuiError) -> RunStop:
    """The end of the work that `error` means."""
    return RunStop(RunStopped(code=error.code, message=error.message, remedy=error.remedy))
