"""Texts that several commands print: tables, waits, what can be done next."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from unicodedata import combining, east_asian_width

import click

from siptui.domain.state import DeviceState
from siptui.domain.text import plural, visible
from siptui.domain.times import local_time, minute, zone
from siptui.gateway.times import parse_when

if TYPE_CHECKING:
    from siptui.runs.state import RunState


def ways_on(state: "RunState") -> list[str]:
    """What the operator can do about a run that has ended, a line each."""
    said = []
    if state.counts[DeviceState.FAILED]:
        said.append(f"Retry the failed ones: siptui retry {state.run}")
    if lost := state.unsettled_batches():
        names = ", ".join(str(b.number) for b in lost)
        said.append(
            f"{'Batch' if len(lost) == 1 else 'Batches'} {names}: it is not known whether the "
            "service has it. “siptui batches” lists what it has; then you decide: siptui resume "
            f"{state.run} --batch {lost[0].number} --adopt BATCH, or siptui resume "
            f"{state.run} --batch {lost[0].number} --resubmit"
        )
    elif unknown := state.counts[DeviceState.UNKNOWN]:
        said.append(
            f"{plural(unknown, 'device')} of unknown outcome: look at the phones first; to submit "
            f"them once more: siptui resume {state.run} --resubmit"
        )
    return said


def next_steps(state: "RunState", *, worked_on: bool) -> list[str]:
    """What the operator can do about a run as it stands, a line each; `worked_on` by a process."""
    run = state.run
    if not worked_on:
        resume, why = f"siptui resume {run}", state.stopped.remedy if state.stopped else ""
        said = [why] if why else []
        if not state.finished and not why.endswith(resume):
            said.append(f"Go on with: {resume}")
        return said if state.open_batches() else said + ways_on(state)
    said, now = [], f"siptui resume {run} --now"
    if state.waiting is not None and state.waiting.for_sign_in:
        said.append(f"Sign in: siptui auth login; then hand it over: siptui resume {run}")
    elif state.waiting is not None and state.waiting.for_role:
        said.append(f"Activate the role (PIM); the run then goes on, or at once: {now}")
    if state.unsettled_batches():
        said.append(f"Decide about the lost batches in the console: siptui attach {run}")
    if state.paused and not state.stopping:
        said.append(f"Go on submitting: siptui pause {run} --off")
    return [*said, f"Follow it: siptui attach {run}"]


def columns(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Lines with `head` and `rows` in columns as wide as their longest cell; the last is free."""
    table = [list(head), *(list(row) for row in rows)]
    widths = [max(cell_width(row[i]) for row in table) for i in range(len(head))]
    for row in table:
        cells = [
            cell + " " * (width - cell_width(cell))
            for cell, width in zip(row[:-1], widths, strict=False)
        ]
        yield "  ".join([*cells, row[-1]]).rstrip()


def submitted(text: str) -> str:
    """The service's time of a submit, for people; as it came where it is no time."""
    when = parse_when(text)
    return minute(when) if when else visible(text)


def cell_width(text: str) -> int:
    """How many cells of a terminal `text` takes."""
    return len(text) if text.isascii() else sum(_cells(one) for one in text)


def _cells(letter: str) -> int:
    return 0 if combining(letter) else 2 if east_asian_width(letter) in "WF" else 1


def cut(text: str, width: int) -> str:
    """`text` in at most `width` cells of a terminal, with an ellipsis where something is left
    out."""
    if cell_width(text) <= width:
        return text
    cells = [_cells(one) for one in text]
    kept = 0
    while sum(cells[: kept + 1]) < width:
        kept += 1
    return text[:kept] + "…"


def say_wait(why: str, until: datetime) -> None:
    """One line on standard error: why there is a wait and until when, with the date where it is
    not today's."""
    at = f"{local_time(until, datetime.now(UTC))} {zone(until)}"
    click.echo(f"{why} Trying again at {at}.", err=True)
