"""`siptui show RUN`: how a run stands, without the console."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import click

from siptui.app.all_profiles import select_with_run
from siptui.cli import options
from siptui.cli.command import Command
from siptui.cli.completion import complete_runs
from siptui.cli.journal_notice import told
from siptui.cli.profile_hint import named
from siptui.cli.wording import columns, next_steps
from siptui.domain.state import SYMBOLS, WORDS
from siptui.domain.text import visible
from siptui.domain.times import local_time, zone
from siptui.runs.group_tally import GroupTally, stop_words, tallies
from siptui.runs.output.run_standing import (
    BatchStanding,
    Wait,
    batch_standings,
    cause_standings,
    run_object,
    shown_counts,
    waits,
)
from siptui.runs.output.sentences import actor_words
from siptui.runs.overview import needs
from siptui.runs.run_head import RunHead
from siptui.runs.service import RunService
from siptui.runs.state import RunState
from siptui.runs.state_load import load
from siptui.runs.time_left import TimeLeft, left_words, time_left


@click.command(cls=Command)
@click.argument("run", shell_complete=complete_runs)
@options.profile
@options.as_json
def command(run: str, profile: str | None, as_json: bool) -> int:
    """Show how RUN stands: its batches, its devices by state, causes, waits, and what to do next.

    RUN is the id of a run or the beginning of one; @last is the newest run of the profile in use.
    Reads the journal and asks no network; “siptui attach RUN” follows the run.
    """
    selected = select_with_run(profile, run)
    run_service = told(RunService(selected.journal, tenant=selected.profile.tenant))
    try:
        found = run_service.find(run)
        holder = run_service.holder(found)
        state = load(run_service.journal, found)
        head = run_service.head(found)
        batches = batch_standings(state, run_service.journal.read(found))
    finally:
        run_service.close()
    worked_on = holder is not None
    waiting_for = waits(state, worked_on=worked_on, locked=holder.waits if holder else "")
    left = time_left(state, datetime.now(UTC)) if worked_on else TimeLeft()
    needed = needs(selected.journal, state)
    following = [named(text) for text in next_steps(state, worked_on=worked_on)]
    if as_json:
        body = run_object(
            state,
            head,
            batches=batches,
            waiting_for=waiting_for,
            needs=needed,
            following=following,
            left=left,
        )
        click.echo(json.dumps(body, ensure_ascii=False))
        return 0
    for line in _page(state, head, batches, waiting_for, needed, following, left):
        click.echo(line)
    return 0


def _page(
    state: RunState,
    head: RunHead,
    batches: Sequence[BatchStanding],
    waiting_for: Sequence[Wait],
    needed: str,
    following: Sequence[str],
    left: TimeLeft,
) -> Iterator[str]:
    yield f"Run {state.run}: {head.state}"
    yield f"  list     {visible(head.file)}"
    yield f"  tenant   {visible(head.tenant)}"
    by = actor_words(state.plan.actor) if state.plan else ""
    yield f"  started  {_when(head.started)} {zone()}" + (f" by {visible(by)}" if by else "")
    yield f"  worker   {visible(head.held_by) or 'none'}"
    skipped = f", {head.skipped} rows left out" if head.skipped else ""
    yield f"  devices  {head.devices}{skipped}"
    for one, count in shown_counts(state):
        yield f"  {count:>7}  {SYMBOLS[one]} {WORDS[one]}"
    if words := left_words(left.seconds):
        yield f"  time     {words}"
    yield ""
    if groups := tallies(state):
        yield from columns(
            (_by(state).upper(), "DEVICES", "SIGNED IN", "FAILED", "UNKNOWN", "LEFT", ""),
            [_group_row(state, one, left) for one in groups],
        )
        yield ""
    yield from columns(
        ("BATCH", "REGION", "STATE", "DEVICES", "SIGNED IN", "FAILED", "UNKNOWN", "ID"),
        [_row(one) for one in batches],
    )
    if causes := cause_standings(state):
        yield "\nCauses"
        for cause in causes:
            yield f"  {cause.devices:>4} {cause.text}: {cause.remedy}"
    if waiting_for:
        yield "\nWaits"
        for wait in waiting_for:
            about = f"batch {wait.batch}: " if wait.batch else ""
            until = f" until {_when(wait.until)}" if wait.until else ""
            yield f"  {about}{visible(wait.why)}{until}"
    if needed or following:
        yield "\nNext"
        if needed:
            yield f"  {visible(needed)}"
        for text in following:
            yield f"  {text}"


def _by(state: RunState) -> str:
    return visible(state.plan.options.by) if state.plan else ""


def _group_row(state: RunState, one: GroupTally, left: TimeLeft) -> tuple[str, ...]:
    about = left_words(left.groups.get(one.group))
    if one.stop and state.plan:
        about = f"stopped: {stop_words(one.stop, state.plan.options.max_failures)}"
    counts = (one.devices, one.succeeded, one.failed, one.unknown, one.left)
    return (visible(one.group), *map(str, counts), about)


def _row(one: BatchStanding) -> tuple[str, ...]:
    return (
        *(str(one.batch), one.region, one.state.replace("_", " "), str(one.devices)),
        *(str(one.succeeded), str(one.failed), str(one.unknown), visible(one.batch_id) or "-"),
    )


def _when(at: str) -> str:
    """A time of the journal, with the date where it is not today's."""
    return local_time(at, datetime.now(UTC)) or visible(at)
