"""What a run says of the waits that the service asks for."""

from datetime import datetime, timedelta

from siptui.runs.events import SERVICE, Waiting
from siptui.runs.journal.journal import timestamp
from siptui.runs.run_log import RunLog
from siptui.transport.retry import MAX_HONOURED
from siptui.transport.throttle import Throttle, Wait

#: Two ends of a wait that are no further apart are the same.
_SAME = timedelta(seconds=1)


class ServiceWaits:
    """Writes each wait into the journal once, when it begins and when it is over.

    A wait that another process of this host was told shows here as well.
    """

    def __init__(self, run_log: RunLog, throttle: Throttle) -> None:
        self._run_log = run_log
        self._throttle = throttle
        self._until: datetime | None = None

    def tell(self) -> None:
        """Look at the throttle; to be called often."""
        now = self._run_log.clock()
        if (wait := self._throttle.current()) is None:
            self._over()
            return
        until = now + timedelta(seconds=wait.left)
        if self._until is not None and abs(until - self._until) < _SAME:
            return
        self._until = until
        self._run_log.write(Waiting(why=_why(wait, now), until=timestamp(until), kind=SERVICE))
        if wait.asked > MAX_HONOURED:
            self._run_log.note(
                f"the service asks for a long wait; it is asked again {until:%Y-%m-%d %H:%M:%S} "
                f"UTC. Sooner: siptui resume {self._run_log.run} --now",
                level="warning",
            )

    def _over(self) -> None:
        if self._until is None:
            return
        # Not what is waited for first: a role that is away does not end this wait.
        waiting, until = self._run_log.state.waits_for(SERVICE), timestamp(self._until)
        self._until = None
        if waiting is not None and waiting.until == until:
            self._run_log.write(
                Waiting(why="the service may be asked again", over=True, kind=SERVICE)
            )


def _why(wait: Wait, now: datetime) -> str:
    if wait.asked <= MAX_HONOURED:
        return wait.why
    minutes = int(MAX_HONOURED // 60)
    try:
        asked = f"until {now + timedelta(seconds=wait.asked):%Y-%m-%d %H:%M} UTC"
    except OverflowError:
        asked = "for thousands of years"
    return f"{wait.why} It asks to wait {asked}; siptui asks again after {minutes} minutes."
