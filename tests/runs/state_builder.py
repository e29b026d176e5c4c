"""States of a run made from events, without a journal, for tests of the pure rules."""

from collections.abc import Sequence

from siptui.domain.device import Device
from siptui.domain.region import Region
from siptui.domain.state import DeviceState
from siptui.runs.events import (
    Actor,
    AnyEvent,
    BatchAccepted,
    BatchFinished,
    BatchSubmitting,
    DeviceChanged,
    Options,
    Stored,
)
from siptui.runs.first_events import plan_events
from siptui.runs.state import RunState

AT = "2026-03-02T08:00:00.000Z"


class StateBuilder:
    """A run's state, made by applying events in order.

    Begins with the plan of `devices`; each method applies what an engine would have written.
    """

    def __init__(self, devices: Sequence[Device], options: Options | None = None) -> None:
        self.state = RunState("run", devices)
        self.tell(
            *plan_events(
                devices,
                file="list.csv",
                sha256="",
                tenant="Contoso",
                skipped=0,
                options=options or Options(),
                actor=Actor(),
            )
        )

    def tell(self, *events: AnyEvent) -> set[int]:
        """Apply these events; the devices that changed."""
        return self.tell_at(AT, *events)

    def tell_at(self, at: str, *events: AnyEvent) -> set[int]:
        """The same at another moment."""
        changed: set[int] = set()
        for event in events:
            changed |= self.state.apply(Stored(self.state.last_seq + 1, at, event))
        return changed

    def submitting(self, batch: int, known: Sequence[str] = ()) -> "StateBuilder":
        """The batch is on its way."""
        self.tell(submitting(self.state, batch, known))
        return self

    def running(self, batch: int) -> "StateBuilder":
        """The batch is accepted."""
        self.submitting(batch).tell(BatchAccepted(batch=batch, batch_id=f"ID-{batch}"))
        return self

    def failed(self, batch: int, error: str = "Device is offline.") -> "StateBuilder":
        """Every device of the batch failed."""
        self.running(batch)
        for index in self.state.batches[batch].devices:
            self.device(index, DeviceState.FAILED, error)
        count = len(self.state.batches[batch].devices)
        self.tell(BatchFinished(batch=batch, batch_id=f"ID-{batch}", succeeded=0, failed=count))
        return self

    def device(self, index: int, state: DeviceState, error: str = "") -> set[int]:
        """The service said something of a device."""
        batch = self.state.devices[index].batch
        return self.tell(DeviceChanged(device=index, batch=batch, state=state, error=error))


def submitting(state: RunState, batch: int, known: Sequence[str] = ()) -> BatchSubmitting:
    """The intent to submit the batch."""
    found = state.batches[batch]
    count = len(found.devices)
    return BatchSubmitting(batch=batch, region=found.region, devices=count, known=list(known))


EMEA, NOAM = Region.EMEA, Region.NOAM
