"""Following a run on standard output: JSON lines for scripts, calm lines for people."""

import json
import os
import shutil
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import click

from siptui.cli.profile_hint import named
from siptui.cli.wording import ways_on
from siptui.domain.errors import ExitCode
from siptui.domain.outcome import OUTCOMES, Cause
from siptui.domain.state import SYMBOLS, WORDS, DeviceState
from siptui.domain.times import clock, zone
from siptui.host.signals import ending_as_interrupted
from siptui.runs import events as ev
from siptui.runs.follower import Follower
from siptui.runs.journal.journal import timestamp
from siptui.runs.journal.locks import holder_of
from siptui.runs.left_pipes import remove_left_pipes
from siptui.runs.output.json_lines import SCHEMA, exit_code, lines
from siptui.runs.output.sentences import sentence
from siptui.runs.service import RunService
from siptui.runs.state import RunState, needs_sign_in
from siptui.runs.state_load import load

_POLL = 0.1
_HOLDER = 2.0
#: Seconds that a worker may take after its last words to let go of the run, on a busy machine.
_RELEASE = 10.0
#: Bytes free below which a journal cannot be trusted to have taken a worker's last words.
_ROOM = 1 << 20
#: Events that say nothing new beside the lines of the command itself; the end has its summary.
_NOT_TOLD = (
    ev.RunPlanned,
    ev.OptionsChanged,
    ev.BatchPlanned,
    ev.Order,
    ev.WorkerStarted,
    ev.RunFinished,
)
_TOLD = (DeviceState.SUCCEEDED, DeviceState.FAILED, DeviceState.UNKNOWN)


#: What a quiet run tells people.
_QUIET = (
    *(ev.BatchFinished, ev.BatchRejected, ev.BatchUnsettled, ev.BatchGivenUp, ev.GroupStopped),
    *(ev.DevicesHeld, ev.RunStopped, ev.RunFinished),
)


def watch(
    run_service: RunService,
    path: Path,
    run: str,
    *,
    as_json: bool,
    after: int = 0,
    may_ask: bool = False,
    quiet: bool = False,
    tell_end: bool = True,
) -> ExitCode:
    """Print what happens to `run` behind the event `after` until its work ends; the exit code.
    Without `tell_end` the last line for scripts is left to the caller. With `quiet`
    people are told of the end of each batch and of what needs them, not of devices.

    Ctrl-C asks, if it may: leave the run to its worker, or stop submitting. SIGTERM and SIGHUP
    stop a run that is worked on here as Ctrl-C does; a worker elsewhere does not notice.
    """
    if after and (ended := _ended(run_service, path, run, after)):
        return exit_code(ended)
    if not as_json:
        click.echo(f"Times are local, {zone()}.")
    follower = run_service.follow(run)
    try:
        with ending_as_interrupted(lambda: _is_here(path, run)):
            return _followed(run_service, path, follower, as_json, after, may_ask, quiet, tell_end)
    finally:
        follower.close()


def tell_news(run_service: RunService, run: str, *, as_json: bool, after: int) -> ExitCode:
    """Print what happened to `run` behind the event `after`, which has no worker; the exit code."""
    follower = run_service.follow(run)
    try:
        _tell(follower, as_json, after)
        return exit_code(follower.state)
    finally:
        follower.close()


def _followed(
    run_service: RunService,
    path: Path,
    follower: Follower,
    as_json: bool,
    after: int,
    may_ask: bool,
    quiet: bool,
    tell_end: bool,
) -> ExitCode:
    run = follower.state.run
    looked = time.monotonic()
    waits, stopped = "", False
    while True:
        try:
            ended = _tell(follower, as_json, after, quiet, tell_end)
            if not ended and time.monotonic() - looked > _HOLDER:
                looked = time.monotonic()
                holder = holder_of(path, run)
                if holder is not None and holder.waits != waits:
                    stopped = holder.stopped or (stopped and not holder.waits)
                    waits = holder.waits
                    _tell_wait(run, waits, as_json, stopped=stopped)
                if holder is None:
                    # Its last words may have come between the two looks, if they could.
                    follower.check()
                    ended = _tell(follower, as_json, after, quiet, tell_end)
                    if not ended and follower.state.open_orders and run_service.starts:
                        run_service.start(run)  # the order met a worker that was just leaving
                    elif not ended:
                        return _abandoned(path, follower.state, as_json)
            if ended:
                _wait_for_release(path, run)
                return exit_code(follower.state)
            time.sleep(_POLL)
        except KeyboardInterrupt:
            if as_json:
                return _left(path, run)
            if not _stay(run_service, path, run, may_ask and sys.stdin.isatty()):
                raise


def _ended(run_service: RunService, path: Path, run: str, after: int) -> RunState | None:
    """The run if its work had ended by the event `after`, so that nothing more is to be told."""
    if holder_of(path, run) is not None:
        return None
    state = load(run_service.journal, run)
    ended = state.finished is not None or state.stopped is not None
    return state if ended and state.last_seq <= after and not state.open_orders else None


def _left(path: Path, run: str) -> ExitCode:
    """What Ctrl-C means for the run, as a line for programs."""
    if _is_here(path, run):
        text, following = "The run stops.", f"Go on with: siptui resume {run}"
    elif holder_of(path, run) is not None:
        text, following = "The run goes on.", f"Follow it with: siptui attach {run} --json"
    else:
        text, following = "No worker is running.", f"Go on with: siptui resume {run}"
    following = named(following)
    _error_line(run, {"code": "interrupted", "message": text, "next": following})
    click.echo(f"{text} {following}", err=True)
    return ExitCode.INTERRUPTED


def _error_line(run: str, error: dict[str, str]) -> None:
    now = timestamp(datetime.now(UTC))
    line = {"schema": SCHEMA, "type": "error", "at": now, "run": run, "error": error}
    click.echo(json.dumps(line, ensure_ascii=False))
    sys.stdout.flush()


def _is_here(path: Path, run: str) -> bool:
    """Whether it is this process that works on the run."""
    holder = holder_of(path, run)
    return holder is not None and holder.pid == os.getpid()


def _wait_for_release(path: Path, run: str) -> None:
    """A worker lets go right after its last words; until then `resume` would find it held."""
    deadline = time.monotonic() + _RELEASE
    while holder_of(path, run) is not None and time.monotonic() < deadline:
        time.sleep(_POLL / 10)


def _tell(
    follower: Follower, as_json: bool, after: int, quiet: bool = False, tell_end: bool = True
) -> bool:
    """Print what is new behind `after`; whether the work has ended."""
    ended = False
    for stored, changed in follower.steps():
        if stored.seq <= after:
            continue
        if isinstance(stored.event, ev.RunFinished | ev.RunStopped):
            ended = True
        elif not isinstance(stored.event, ev.Order | ev.Note):
            ended = False  # it is worked on again; an order alone may have come too late
        if as_json:
            for line in lines(follower.state, stored, changed):
                if not tell_end and line["type"] in ("run_finished", "run_stopped"):
                    continue
                click.echo(json.dumps(line, ensure_ascii=False))
        elif not quiet or isinstance(stored.event, _QUIET):
            touched = set() if quiet else changed
            for text in for_people(follower.state, stored, touched):
                click.echo(named(text))
    sys.stdout.flush()
    # One that was ordered at the very end is carried out before there is an end to tell of.
    return ended and not (follower.state.finished and follower.state.open_orders)


def _tell_wait(run: str, waits: str, as_json: bool, *, stopped: bool) -> None:
    """What the worker waits for, as it cannot write it into the journal: that is locked, or the
    worker is `stopped` by a signal."""
    now = timestamp(datetime.now(UTC))
    if as_json:
        why = waits or ("the worker goes on" if stopped else "the journal is free again")
        kind = "worker" if stopped else "journal"
        line = {"schema": SCHEMA, "type": "waiting", "at": now, "run": run, "why": why}
        click.echo(json.dumps({**line, "kind": kind, "until": None, "over": not waits}))
    elif waits:
        click.echo(f"{clock(now)}  waiting  {waits}")
    sys.stdout.flush()


def for_people(state: RunState, stored: ev.Stored, touched: set[int]) -> list[str]:
    """The lines for an event that was taken into `state`, and for the devices it `touched`."""
    event, time_of_day = stored.event, clock(stored.at)
    out: list[str] = []
    said = None if isinstance(event, _NOT_TOLD) else sentence(stored, state)
    if said is not None:
        level = f"{event.level}  " if isinstance(event, ev.Note) else ""
        out = [f"{time_of_day}  {level}{said.text}", *([said.remedy] if said.remedy else [])]
    if isinstance(event, ev.BatchUnsettled):
        out.append(
            f"         siptui resume {state.run} --adopt BATCH, or "
            f"siptui resume {state.run} --resubmit"
        )
    elif isinstance(event, ev.Waiting) and not event.over and needs_sign_in(state):
        out.append(
            "         sign in in another window: siptui auth login; or hand over a new "
            f"SIPTUI_ACCESS_TOKEN: siptui resume {state.run}"
        )
    elif isinstance(event, ev.Waiting) and not event.over and event.for_role:
        out.append(f"         once it is active, at once: siptui resume {state.run} --now")
    # While a batch is looked for its devices have no verdict; the line above says enough.
    for index in sorted(touched if not isinstance(event, ev.BatchInDoubt) else ()):
        record = state.devices[index]
        if record.state in _TOLD:
            why = f"  {record.error}" if record.error else ""
            out.append(
                f"{time_of_day}  {SYMBOLS[record.state]} {WORDS[record.state]:<9}  "
                f"{record.device.user_name}  {record.device.hardware_id}{why}"
            )
    if isinstance(event, ev.RunFinished):
        out += summary(state, event)
    return out


def summary(state: RunState, event: ev.RunFinished) -> list[str]:
    """The end of a run in a few lines: counts, causes, what to do next."""
    out = [
        f"Finished: {event.succeeded} signed in, {event.failed} failed, {event.unknown} unknown"
        + (f", {event.skipped} left out" if event.skipped else "")
        + f" in {event.seconds:.0f} s."
    ]
    causes: Counter[str] = state.causes()
    for cause, count in causes.most_common():
        outcome = OUTCOMES[Cause(cause)]
        out.append(f"  {count:>4} {outcome.short}: {outcome.remedy}")
    return out + ways_on(state)


def _abandoned(path: Path, state: RunState, as_json: bool) -> ExitCode:
    remove_left_pipes(path)
    text = "The worker ended unexpectedly."
    following = named(f"Nothing is lost; go on with: siptui resume {state.run}")
    if _is_full(path.parent):
        text += f" The disk that {path.parent} is on is full."
        following = f"Free some space first. {following}"
    if as_json:
        _error_line(state.run, {"code": "worker_gone", "message": text, "next": following})
    else:
        click.echo(f"{text}\n{following}", err=True)
    return ExitCode.ERROR


def _is_full(folder: Path) -> bool:
    try:
        return shutil.disk_usage(folder).free < _ROOM
    except OSError:
        return False


def _stay(run_service: RunService, path: Path, run: str, may_ask: bool) -> bool:
    """Ask what Ctrl-C meant. False: leave."""
    if _is_here(path, run):
        click.echo(named(f"The run stops; go on with: siptui resume {run}"), err=True)
        return False
    if holder_of(path, run) is None:
        click.echo(named(f"No worker is running; go on with: siptui resume {run}"), err=True)
        return False
    if not may_ask:
        click.echo(named(f"The run goes on: siptui attach {run}"), err=True)
        return False
    choice = click.prompt(
        f"\nRun {run} goes on without this terminal. [l]eave it running, [s]top submitting, "
        "[w]atch on",
        type=click.Choice(["l", "s", "w"]),
        default="l",
        show_choices=False,
        err=True,
    )
    if choice == "s":
        run_service.stop(run, how="Ctrl-C in a terminal that follows")
        click.echo(
            "No further batch is submitted; the live ones are followed to their end.", err=True
        )
        return True
    if choice == "l":
        click.echo(named(f"See it again with: siptui attach {run}"), err=True)
    return bool(choice == "w")
