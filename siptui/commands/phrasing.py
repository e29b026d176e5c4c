"""Sentences that several commands say alike: counts of things, and what may be done next."""

import re
import shlex
from typing import TYPE_CHECKING

from siptui.domain.state import DeviceState
from siptui.domain.text import visible

if TYPE_CHECKING:
    from siptui.runs.state import RunState

#: What a profile given on the command line must be given to again.
_COMMAND = re.compile(
    r"\bsiptui (?:auth log(?:in|out)|(?:resume|retry|attach|export) [\w-]+|batches)(?![\w-])"
    r"(?! --profile)"
)


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


def for_profile(remedy: str, profile: str | None) -> str:
    """`remedy` with the profile named where it says to sign in or to go on: one that was given on
    the command line is not the one that is used without it."""
    if not profile:
        return remedy
    named = f" --profile {shlex.quote(visible(profile))}"
    return _COMMAND.sub(lambda found: found.group() + named, remedy)


def named(text: str) -> str:
    """`text` with the profile of the command that runs, if it was given one."""
    import click

    context = click.get_current_context(silent=True)
    return for_profile(text, context.params.get("profile") if context else None)
