"""Sentences that several commands say alike: counts of things, and what may be done next."""

from typing import TYPE_CHECKING

from siptui.domain.state import DeviceState

if TYPE_CHECKING:
    from siptui.runs.state import RunState


def counted(count: int, thing: str) -> str:
    """“1 device”, “3 devices”, “2 batches”."""
    plural = f"{thing}es" if thing.endswith("ch") else f"{thing}s"
    return f"{count} {thing if count == 1 else plural}"


def ways_on(state: "RunState") -> list[str]:
    """What the operator can do about a run that has come to its end, a line each."""
    said = []
    if state.counts[DeviceState.FAILED]:
        said.append(f"Retry the failed ones: siptui retry {state.run}")
    if lost := state.unsettled_batches():
        names = ", ".join(str(b.number) for b in lost)
        said.append(
            f"{'Batch' if len(lost) == 1 else 'Batches'} {names}: nobody knows whether the service "
            "has it. “siptui batches” lists what it has; then you decide: siptui resume "
            f"{state.run} --batch {lost[0].number} --adopt BATCH, or --resubmit"
        )
    elif unknown := state.counts[DeviceState.UNKNOWN]:
        said.append(
            f"{counted(unknown, 'device')} of unknown outcome: look at the phones first; to submit "
            f"them once more: siptui resume {state.run} --resubmit"
        )
    return said
