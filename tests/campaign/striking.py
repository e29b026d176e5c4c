"""Commands and workers that are killed at moments of chance, and what must hold of it all.

The console and a command do the same to the journal: each opens it, reads it and appends. What is
killed here is the command, the worker, or both.
"""

import contextlib
import random
import signal
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from siptui.domain.state import BatchState, DeviceState
from siptui.runs.events import Order
from siptui.runs.journal.journal import Journal
from siptui.runs.orders import SUBMITTING
from siptui.runs.state import RunState
from siptui.runs.state_load import load
from tests.campaign.case import UNSEEN, Case, StuckError

#: Commands until an operator of a case is stuck, and how many of them may be killed.
COMMANDS, KILLED = 24, 8
#: Accounts that no rule of a scenario names are fine, and so are phones.
TIMES = "[timing]\ndevice = [30, 300]\n"


def lost_answer(moment: str, nth: int) -> str:
    return f'[[faults]]\ncall = "createbatch"\nkind = "cut"\nmoment = "{moment}"\nnth = {nth}\n'


def struck(case: Case, rng: random.Random, killed: int, *words: str) -> int | None:
    """A command to its end, and its exit code; of the first `killed` ones most are killed with
    the worker, without it, or only it is: then nothing."""
    before = case.counts["commands"]
    case.counts["commands"] += 1
    process = case.begin(*words)
    if before < killed and rng.random() < 0.75:
        _wait_for_chance(case, rng, process)
        who = rng.choice(("command", "worker", "both", "both"))
        if who != "worker" and process.poll() is None:
            process.kill()
            case.counts["viewers killed"] += 1
        if who != "command":
            case.events()
            case.signal_worker(signal.SIGKILL)
        if who != "worker":
            process.wait()
            return None
    return case.end(process)


def _wait_for_chance(case: Case, rng: random.Random, process: "subprocess.Popen[str]") -> None:
    """Some entries of the journal and a while, or a while from the start of the command; no longer
    than the command takes."""
    entries = rng.choice((0, 1, 1, rng.randint(2, 12)))
    seen, until = _entries(case), time.monotonic() + min(20, case.left())
    while entries and process.poll() is None and time.monotonic() < until:
        if _entries(case) >= seen + entries:
            break
        time.sleep(0.005)
    until = time.monotonic() + rng.choice((0, rng.uniform(0, 0.3), rng.uniform(0, 3)))
    while process.poll() is None and time.monotonic() < until:
        time.sleep(0.005)


def _entries(case: Case) -> int:
    """How many entries all runs have; what a new run is made of counts as well."""
    with contextlib.suppress(sqlite3.Error):
        address = f"{case.journal.absolute().as_uri()}?mode=ro"
        with contextlib.closing(sqlite3.connect(address, uri=True, timeout=1)) as db:
            return int(db.execute("SELECT coalesce(max(seq), 0) FROM events").fetchone()[0])
    return 0


def states(case: Case) -> list[RunState]:
    """Every run, oldest first."""
    if not case.journal.exists():
        return []
    with Journal(case.journal) as journal:
        return [load(journal, run) for run in reversed(journal.runs())]


def state_of(case: Case) -> RunState:
    with Journal(case.journal) as journal:
        return load(journal, case.run)


def write_rows(
    case: Case,
    rng: random.Random,
    rows: Iterable[tuple[str, str, str]],
    region: Callable[[int], str],
) -> None:
    """The list of (user name, hardware id, site)."""
    text = ["Username,HardwareId,Region,Site"]
    text += [f"{u},{h},{region(n)},{site}" for n, (u, h, site) in enumerate(rows)]
    case.list_file.write_text("\n".join(text) + "\n")
    case.devices = [row.split(",")[1] for row in text[1:]]
    case.options = ("--batch-size", str(rng.randint(1, 4)), "--settle", "60")


def user(number: int) -> str:
    return f"room{number}@contoso.example"


def _ordered(case: Case) -> Counter[str]:
    """How often each phone was ordered, by the journal: planned in a run, and by orders since.

    An order that was not carried out counts as well: then it was submitted less often.
    """
    found: Counter[str] = Counter()
    with Journal(case.journal) as journal:
        for run in journal.runs():
            state = RunState(run, journal.devices(run))
            found.update(str(r.device.hardware_id) for r in state.devices)
            for stored in journal.read(run):
                event = stored.event
                if isinstance(event, Order) and event.what in SUBMITTING:
                    batch = state.batches.get(event.batch or 0)
                    places = event.devices or (batch.devices if batch else [])
                    found.update(str(state.devices[i].device.hardware_id) for i in places)
                state.apply(stored)
    return found


def twice(case: Case, given_up: Iterable[str] = ()) -> Iterator[str]:
    """What was submitted more often than ordered, or beside or after what it must not be. Of the
    phones `given_up` the service may have another batch still."""
    ledger = case.installation.emulator.ask("ledger")
    times = Counter(str(item[1]) for submit in ledger["submits"] for item in submit["items"])
    ordered, allowed = _ordered(case), set(given_up)
    for phone, number in times.items():
        if number > ordered[phone]:
            yield f"{phone} submitted {number} times, ordered {ordered[phone]}"
    for one in ledger["violations"]:
        if one["wrong"] == "too_many_live" and one["known_for"] <= UNSEEN:
            continue
        if one["hardware_id"] not in allowed:
            yield f"{one['wrong']}: {one['hardware_id']}"


def untrue(case: Case) -> Iterator[str]:
    """Rows of runs that stand otherwise than the emulator has them; a later run's row counts."""
    newest: dict[tuple[str, str], tuple[str, str]] = {}
    for state in states(case):
        for record in state.devices:
            if record.batch and record.state is not DeviceState.QUEUED:
                newest[record.device.key] = (str(record.state), record.error)
    truth = {
        (t["user"], t["hardware_id"]): t["state"]
        for t in case.installation.emulator.ask("truth")["devices"]
    }
    words = {"signed_in": "succeeded", "failed": "failed", "running": "running"}
    for key, (said, error) in newest.items():
        real = words.get(truth.get((key[0].casefold(), key[1]), "never_submitted"), "queued")
        if said != real:
            yield f"{key}: siptui says {said} {error}, the service {real}"
    for file in (*case.folder.glob("*.out"), *case.folder.rglob("*.log*")):
        text = file.read_text(errors="replace")
        for word in ("Traceback (most recent call last)", "internal_error"):
            if word in text:
                at = text.index(word)
                yield f"{word} in {file.name}: {text[at : at + 1500]}"


def decide_all(case: Case) -> None:
    """Decide about lost batches, adopting what the tenant has of them."""
    for _ in range(12):
        if not any(b.state is BatchState.UNSETTLED for b in state_of(case).batches.values()):
            return
        case.decide()
        case.worker_gone()
    raise StuckError("batches wait for a decision still")


def finish_others(case: Case, rng: random.Random) -> bool:
    """Go on with a run that is not at its end, if there is one, killed perhaps."""
    for state in states(case):
        case.run = state.run
        if case.held():
            case.worker_gone()
            state = state_of(case)
        if state.finished is None:
            struck(case, rng, KILLED, "resume", state.run, "--yes", "--json")
            return True
        if any(b.state is BatchState.UNSETTLED for b in state.batches.values()):
            decide_all(case)
            return True
        if unknown := [r for r in state.devices if r.state is DeviceState.UNKNOWN]:
            case.counts["resubmitted"] += len(unknown)
            struck(case, rng, KILLED, "resume", state.run, "--resubmit", "--yes", "--json")
            return True
    return False
