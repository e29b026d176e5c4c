"""What else is done with a run than to carry it out, by processes that are killed: reconciling,
giving up, corrections, waves by site, the wait for a role, verification."""

import contextlib
import json
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from siptui.domain.roles import OPERATOR, WITHOUT_BULK
from siptui.domain.state import BatchState, DeviceState
from siptui.runs.events import DeviceCorrected
from siptui.runs.journal.journal import Journal
from siptui.runs.state import RunState
from tests.campaign.case import REGIONS, Case, StuckError
from tests.campaign.striking import (
    COMMANDS,
    KILLED,
    TIMES,
    decide_all,
    finish_others,
    lost_answer,
    state_of,
    states,
    struck,
    twice,
    untrue,
    user,
    write_rows,
)
from tests.worker.installation import hardware_id

# -- reconciling ------------------------------------------------------------------------------


def reconciled(rng: random.Random) -> str:
    """Some phones fail at first; a list or an answer is late or lost."""
    lost = lost_answer(rng.choice(("before", "after")), rng.randint(1, 4))
    return (
        f"{TIMES}[[devices]]\nshare = 0.4\nonline = false\nuntil_attempt = 2\n"
        f"[lag]\ninventory = {rng.choice((0, 0, 60, 600))}\n" + (lost if rng.random() < 0.5 else "")
    )


def reconcile_killed(case: Case, rng: random.Random) -> list[str]:
    """A nightly `run --new-only` and `status` of one list, killed, until nothing is to do."""
    count = rng.randint(4, 12)
    some = rng.sample(REGIONS, rng.randint(1, 2))
    rows = ((user(n), hardware_id(n), "A") for n in range(count))
    write_rows(case, rng, rows, lambda n: some[n % len(some)])
    nightly = ("run", str(case.list_file), "--new-only", "--yes", "--json", *case.options)
    for _ in range(COMMANDS):
        if rng.random() < 0.4:
            struck(case, rng, KILLED, "status", str(case.list_file), "--json")
        if finish_others(case, rng):
            continue
        case.run = ""
        if struck(case, rng, KILLED, *nightly) == 0 and _nothing_to_do(case, nightly):
            break
    else:
        raise StuckError(f"something is to do after {COMMANDS} commands")
    found = [*twice(case), *untrue(case)]
    case.installation.emulator.forward(3600)
    phones = case.installation.emulator.ask("truth")["phones"]
    said = json.loads(case.output("status", str(case.list_file), "--json"))
    for n, row in enumerate(said["rows"]):
        if row["standing"] != "done" or phones.get(hardware_id(n)) != user(n):
            found.append(f"{hardware_id(n)}: {row['standing']}, {phones.get(hardware_id(n))!r}")
    return found


def _nothing_to_do(case: Case, nightly: tuple[str, ...]) -> bool:
    before = len(states(case))
    return '"nothing_to_do"' in case.output(*nightly) and len(states(case)) == before


# -- giving up --------------------------------------------------------------------------------


def given_up(rng: random.Random) -> str:
    """One batch never ends, or is no more known to the service."""
    how = rng.choice(("stuck = 1.0", "gone = true"))
    return f"{TIMES}[[batches]]\nnth = {rng.randint(1, 2)}\n{how}\n"


def give_up_killed(case: Case, rng: random.Random) -> list[str]:
    """A batch is given up, and then its devices are submitted once more, by killed commands."""
    rows = ((user(n), hardware_id(n), "A") for n in range(rng.randint(5, 9)))
    write_rows(case, rng, rows, lambda _: "EMEA")
    case.viewers = [case.submit("--slots", str(rng.randint(1, 3)))]
    if not case.started():
        return ["no worker"]
    scenario = case.installation.emulator.ask("scenario")
    nth = scenario["batches"][0]["nth"]
    while len(case.installation.emulator.ask("ledger")["submits"]) < nth:
        case.left()
        time.sleep(0.05)
    lost = case.installation.emulator.ask("ledger")["submits"][nth - 1]["batch_id"]
    while not (number := _number_of(state_of(case), lost)):
        case.left()
        time.sleep(0.05)
    case.viewers.pop().kill()
    for _ in range(COMMANDS):
        state = state_of(case)
        if state.batches[number].state in (BatchState.GIVEN_UP, BatchState.UNSETTLED):
            break
        order = ("--give-up", rng.choice((str(number), lost)))
        struck(case, rng, 5, "resume", case.run, *order, "--yes", "--json")
    else:
        raise StuckError("the batch is not given up")
    before = case.counts["commands"]
    for _ in range(COMMANDS):
        if not finish_others(case, rng):
            break
    else:
        raise StuckError(f"not at its end: {case.shown()}")
    case.counts["resumes"] += case.counts["commands"] - before
    # The service may sign in what it kept at work: a device of it may have been signed in.
    late = {
        str(item[1])
        for submit in case.installation.emulator.ask("ledger")["submits"]
        if submit["batch_id"] == lost
        for item in submit["items"]
    }
    return [
        *twice(case, late),
        *(said for said in untrue(case) if not any(phone in said for phone in late)),
    ]


def _number_of(state: RunState, batch_id: str) -> int:
    return next((b.number for b in state.batches.values() if b.batch_id == batch_id), 0)


# -- corrections ------------------------------------------------------------------------------


def typos(_: random.Random) -> str:
    """No account is called typo…"""
    return f'{TIMES}[[accounts]]\nmatch = "typo*"\nexists = false\n'


_CORRECT = """
import sys
from pathlib import Path
from siptui.runs.service import RunService
service = RunService(Path(sys.argv[1]), tenant="contoso.example")
for number in sys.argv[3:]:
    name = f"room{number}@contoso.example"
    service.correct(sys.argv[2], int(number), name, sys.stdin.readline().strip())
"""


def corrections_killed(case: Case, rng: random.Random) -> list[str]:
    """Wrong names are corrected as the console does it, and retried, by killed processes."""
    count = rng.randint(4, 8)
    wrong = set(rng.sample(range(count), rng.randint(1, 3)))
    rows = (
        (f"typo{n}@contoso.example" if n in wrong else user(n), hardware_id(n), "A")
        for n in range(count)
    )
    write_rows(case, rng, rows, lambda _: "EMEA")
    case.end(case.submit())
    case.events()
    for _ in range(COMMANDS):
        if finish_others(case, rng):
            continue
        state = state_of(case)
        failed = [r for r in state.devices if r.state is DeviceState.FAILED]
        if not failed:
            break
        if not all(r.corrected for r in failed):
            _correct(case, rng, [r.index for r in failed if not r.corrected])
        elif rng.random() < 0.8 or case.counts["commands"] > KILLED:
            struck(case, rng, KILLED, "retry", case.run, "--yes", "--json")
    else:
        raise StuckError("rows are failed still")
    found = [*twice(case), *untrue(case)]
    with Journal(case.journal) as journal:
        events = [s.event for s in journal.read(case.run)]
    corrected = [e.device for e in events if isinstance(e, DeviceCorrected)]
    if sorted(corrected) != sorted(wrong):
        found.append(f"corrected {corrected}, wrong were {sorted(wrong)}")
    phones = case.installation.emulator.ask("truth")["phones"]
    found += [
        f"{hardware_id(n)} is signed in as {phones.get(hardware_id(n))!r}"
        for n in range(count)
        if phones.get(hardware_id(n)) != user(n)
    ]
    return found


def _correct(case: Case, rng: random.Random, places: list[int]) -> None:
    """The console's correction of these rows in a process, which is killed perhaps."""
    argv = [sys.executable, "-c", _CORRECT, str(case.journal), case.run, *map(str, places)]
    with subprocess.Popen(
        argv,
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as process:
        assert process.stdin is not None
        assert process.stderr is not None
        with contextlib.suppress(BrokenPipeError):
            for n in places:
                time.sleep(rng.uniform(0, 0.3))
                process.stdin.write(f"{hardware_id(n)}\n")
                process.stdin.flush()
            process.stdin.close()
        killed = rng.random() < 0.5
        if killed:
            time.sleep(rng.uniform(0, 1))
            process.kill()
            case.counts["SIGKILL"] += 1
        said = process.stderr.read()
        process.stdin = None
        if process.wait() > 0:
            raise StuckError(f"the correction failed: {said}")


# -- waves by site ----------------------------------------------------------------------------

_FIRST, _SITES = 2, 4


def failing_site(rng: random.Random) -> str:
    """The phones of one site are not known; those of a site have numbers of one hundred."""
    site = rng.randrange(_SITES)
    phones = json.dumps([hardware_id(100 * site + n) for n in range(10)])
    tail = lost_answer("after", rng.randint(1, 5)) if rng.random() < 0.5 else ""
    return f"{TIMES}[[devices]]\nmatch = {phones}\nknown = false\n{tail}"


def waves_killed(case: Case, rng: random.Random) -> list[str]:
    """A run by site, killed and resumed: of the site that fails only its first phones go out."""
    numbers = [100 * site + n for site in range(_SITES) for n in range(rng.randint(3, 6))]
    some = rng.sample(REGIONS, rng.randint(1, 2))
    rows = [(user(n), hardware_id(n), f"Site {n // 100}") for n in numbers]
    write_rows(case, rng, rows, lambda n: some[numbers[n] // 100 % len(some)])
    by = ("--by", "Site", "--first", str(_FIRST))
    struck(case, rng, 3, "run", str(case.list_file), "--yes", "--json", *case.options, *by)
    case.events()
    if not case.run:  # killed before it was made
        case.end(case.submit(*by))
        case.events()
    for _ in range(COMMANDS):
        case.worker_gone()
        state = state_of(case)
        if state.finished or (state.stopped and state.stopped.code == "groups_stopped"):
            break
        if any(b.state is BatchState.UNSETTLED for b in state.batches.values()):
            decide_all(case)
            continue
        case.counts["resumes"] += 1
        struck(case, rng, KILLED, "resume", case.run, "--yes", "--json")
    else:
        raise StuckError(f"not at its end: {case.shown()}")
    return [*twice(case), *untrue(case), *_waves(case, numbers)]


def _waves(case: Case, numbers: list[int]) -> Iterator[str]:
    state = state_of(case)
    ledger = case.installation.emulator.ask("ledger")
    times = Counter(str(item[1]) for submit in ledger["submits"] for item in submit["items"])
    devices = case.installation.emulator.ask("scenario")["devices"]
    failing = set(devices[0]["match"])
    tried = [n for n in numbers if hardware_id(n) in failing and times[hardware_id(n)]]
    if len(tried) > _FIRST:
        yield f"{len(tried)} phones of the site that fails were submitted"
    stopped = set(state.stopped_groups)
    for n in numbers:
        works = hardware_id(n) not in failing and f"Site {n // 100}" not in stopped
        if works and times[hardware_id(n)] != 1:
            yield f"{hardware_id(n)} of a site that works: {times[hardware_id(n)]} times"
    mine = {f"Site {n // 100}" for n in numbers if hardware_id(n) in failing}
    if (others := stopped - mine) and not case.counts["resubmitted"]:
        yield f"stopped without a failure: {others}"


# -- the wait for a role ----------------------------------------------------------------------


def role_changes(rng: random.Random) -> str:
    """The role ends some minutes after the beginning, and is active again later."""
    away = rng.choice((list(WITHOUT_BULK), []))
    at = rng.randint(60, 900)
    back = at + rng.randint(60, 3000)
    return "".join(
        f"[[roles]]\nat = {when}\nroles = {json.dumps(roles)}\n"
        for when, roles in ((at, away), (back, list(OPERATOR)))
    )


def role_taken(case: Case, rng: random.Random) -> None:
    """The role ends; workers that wait for it are killed and resumed; it is given back."""
    if not case.started():
        return
    moment = rng.choice(("batch_submitting", "batch_accepted", "device", None))
    if moment is None:
        time.sleep(rng.uniform(0, 2))
    else:
        case.until_event(moment, 8)
    emulator = case.installation.emulator
    emulator.tell("roles", roles=rng.choice((list(WITHOUT_BULK), [])))
    case.counts["roles ended"] += 1
    for _ in range(rng.randint(0, 2)):
        case.until_event("waiting", 8)
        time.sleep(rng.uniform(0, 1))
        if case.signal_worker(rng.choice((signal.SIGKILL, signal.SIGTERM))) is not None:
            case.worker_gone()
            case.viewers.append(case.begin("resume", case.run, "--yes", "--json"))
            case.counts["resumes"] += 1
    time.sleep(rng.uniform(0, 3))
    emulator.tell("roles", roles=list(OPERATOR))


# -- verification -----------------------------------------------------------------------------


def late_inventory(rng: random.Random) -> str:
    """The inventory shows a sign-in late."""
    return f"[lag]\ninventory = {rng.randint(0, 1500)}\n"


def run_verified(case: Case, rng: random.Random) -> None:
    """A run that is followed until the inventory shows its phones."""
    case.viewers = [case.submit("--verify", str(rng.randint(20, 200)))]


def verification_killed(case: Case, rng: random.Random) -> None:
    """Whoever verifies is killed when the run has ended; before that the worker perhaps. To look
    writes nothing."""
    if rng.random() < 0.5 and case.started():
        case.until_event(rng.choice(("batch_accepted", "device")), 8)
        case.signal_worker(signal.SIGKILL)
        case.worker_gone()
        case.counts["resumes"] += 1
        case.command("resume", case.run, "--yes", "--json")
    until = time.monotonic() + min(40, case.left())
    while time.monotonic() < until and not case.counted("run_finished"):
        if all(viewer.poll() is not None for viewer in case.viewers):
            return
        time.sleep(0.05)
    time.sleep(rng.uniform(0, 2))
    before: list[dict[str, Any]] = case.events()
    for viewer in case.viewers:
        viewer.kill()
        case.counts["viewers killed"] += 1
    if case.counted("run_finished") and case.events() != before:
        raise StuckError("a verification wrote to the journal")
