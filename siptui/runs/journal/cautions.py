"""What a run goes on with when entries of it may be missing: nothing that could have been submitted
is taken for not submitted. Pure."""

from siptui.runs.events import BatchSubmitting, BatchUnsettled, Event, Note
from siptui.runs.state import RunState


def cautions(state: RunState, notice: str, why: str) -> list[Event]:
    """The events that hand what waits in the run to the operator. `why` says why it is not certain
    that a batch was never submitted."""
    found: list[Event] = [Note(level="warning", text=notice)]
    for seq, order in state.open_orders.items():
        text = f"The order to {order.what} may have been carried out. Give it again if it was not."
        found.append(Note(level="warning", text=text, order=seq))
    for batch in state.queued_batches():
        size = len(batch.devices)
        found += [
            BatchSubmitting(batch=batch.number, region=batch.region, devices=size),
            BatchUnsettled(batch=batch.number, why=why),
        ]
    return found
