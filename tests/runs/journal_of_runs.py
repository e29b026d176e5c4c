"""Runs of one journal written event by event, for tests of what is read from it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from siptui.domain.device import Device
from siptui.domain.state import DeviceState
from siptui.runs.events import (
    Actor,
    AnyEvent,
    BatchAccepted,
    BatchFinished,
    BatchInDoubt,
    BatchRejected,
    BatchSubmitting,
    BatchUnsettled,
    DeviceChanged,
    Event,
    Options,
    Order,
    RunFinished,
)
from siptui.runs.first_events import plan_events
from siptui.runs.journal.codec import timestamp
from siptui.runs.journal.journal import Journal
from siptui.runs.orders import retry
from siptui.runs.state import RunState
from siptui.runs.state_load import load

START = datetime(2026, 3, 2, 8, tzinfo=UTC)


def at(minute: int) -> str:
    """The time of a journal in so many minutes."""
    return timestamp(START + timedelta(minutes=minute))


class JournalOfRuns:
    """A journal, and the events that engines would have written to it at `minute`."""

    def __init__(self, path: Path) -> None:
        self.journal = Journal(path)
        self.minute = 0

    def close(self) -> None:
        """Let go of the file."""
        self.journal.close()

    def state(self, run: str) -> RunState:
        """The run as it stands."""
        return load(self.journal, run)

    def plan(
        self,
        run: str,
        phones: Sequence[Device],
        *,
        tenant: str = "Contoso",
        size: int = 100,
        again: bool = False,
    ) -> None:
        """A run of `phones` that has submitted nothing yet."""
        events = plan_events(
            phones,
            file="list.csv",
            sha256="",
            tenant=tenant,
            skipped=0,
            options=Options(batch_size=size, again=again),
            actor=Actor(),
        )
        self.write(run, phones, events)

    def write(self, run: str, phones: Sequence[Device], events: Sequence[Event]) -> None:
        """A run with just these first events."""
        when = START + timedelta(minutes=self.minute)
        self.journal.create(run, phones, events, when)

    def tell(self, run: str, *events: AnyEvent) -> None:
        """What the run says next."""
        self.journal.append(run, events, START + timedelta(minutes=self.minute))

    def submitting(self, run: str, batch: int = 1) -> None:
        """The batch is on its way."""
        found = self.state(run).batches[batch]
        self.tell(
            run, BatchSubmitting(batch=batch, region=found.region, devices=len(found.devices))
        )

    def running(self, run: str, batch: int = 1) -> None:
        """The service took the batch."""
        self.submitting(run, batch)
        self.tell(run, BatchAccepted(batch=batch, batch_id=f"{run}-{batch}"))

    def rejected(self, run: str, batch: int = 1) -> None:
        """The service refused the batch as a whole."""
        self.submitting(run, batch)
        self.tell(run, BatchRejected(batch=batch, status=400, message="no"))

    def in_doubt(self, run: str, batch: int = 1) -> None:
        """The answer to the batch was lost."""
        self.submitting(run, batch)
        self.tell(run, BatchInDoubt(batch=batch, why="cut"))

    def unsettled(self, run: str, batch: int = 1) -> None:
        """The batch was looked for and not found."""
        self.in_doubt(run, batch)
        self.tell(run, BatchUnsettled(batch=batch, why="not there"))

    def ended(
        self, run: str, state: DeviceState, batch: int = 1, *, devices: Sequence[int] = ()
    ) -> None:
        """The service took the batch, its devices (all, or these) got `state`, and it is over."""
        self.running(run, batch)
        for index in devices or self.state(run).batches[batch].devices:
            self.tell(run, DeviceChanged(device=index, batch=batch, state=state))
        self.tell(run, BatchFinished(batch=batch, batch_id=f"{run}-{batch}", succeeded=0, failed=0))

    def retry(self, run: str, *, taken_up: bool = True) -> None:
        """The first device of the run, which failed, is to go out once more, and waits."""
        self.tell(run, order := Order(what="retry", devices=[0]))
        if taken_up:
            state = self.state(run)
            self.tell(run, *retry(state, state.last_seq, order, size=100))  # type: ignore[arg-type]

    def finished(self, run: str) -> None:
        """Nothing is left to do in the run."""
        counts = self.state(run).counts
        self.tell(
            run,
            RunFinished(
                succeeded=counts[DeviceState.SUCCEEDED],
                failed=counts[DeviceState.FAILED],
                unknown=counts[DeviceState.UNKNOWN],
                skipped=0,
                seconds=60.0,
            ),
        )
