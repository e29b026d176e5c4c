"""What goes wrong in a run of the campaign, by kind.

Over 400 lines because every kind stands here.
"""

import contextlib
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.campaign import consoles, killed
from tests.campaign.case import Case
from tests.campaign.fixes import TENANT, fixes_killed

Scenario = Callable[[random.Random], str]
Act = Callable[[Case, random.Random], None]


def _nothing(_: random.Random) -> str:
    return ""


def _leave(_: Case, __: random.Random) -> None:
    pass


def _run(case: Case, _: random.Random) -> None:
    """One order, as usual."""
    case.viewers = [case.submit()]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of fault: what the tenant is like, how the run is started, what is done to it."""

    name: str
    scenario: Scenario = _nothing
    start: Act = _run
    act: Act = _leave
    #: Kinds of one group exclude each other. A kind may be of several, with blanks between.
    group: str = ""
    #: Something else than a run: what is not as it must be. It is a case of its own.
    alone: "Callable[[Case, random.Random], list[str]] | None" = None

    def goes_with(self, other: "Kind") -> bool:
        """Whether both may be in one run."""
        return self != other and not set(self.group.split()) & set(other.group.split())


# -- on the way: answers of the service -------------------------------------------------------


def fault(call: object, kind: str, **more: object) -> str:
    """A rule of a scenario."""
    lines = [f"{name} = {_toml(value)}" for name, value in more.items()]
    return "\n".join(["[[faults]]", f"call = {_toml(call)}", f'kind = "{kind}"', *lines, ""])


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(list(value) if isinstance(value, tuple) else value)


_READS = ("batchstatus", "batchsummaries")
_CALLS = ("createbatch", *_READS)


def _lost(kind: str, moment: str, **more: object) -> Scenario:
    def scenario(rng: random.Random) -> str:
        return fault("createbatch", kind, moment=moment, nth=rng.randint(1, 3), **more)

    return scenario


def _server_error(rng: random.Random) -> str:
    moment = rng.choice(("before", "after"))
    status = rng.choice((500, 502, 503, 504))
    return fault("createbatch", "status", status=status, moment=moment, nth=rng.randint(1, 3))


#: What services write into Retry-After, and what they must not.
RETRY_AFTER = (
    "1000000000", "0000000005", "5", "0", "-3", "1.5", "soon", "", "  7 ", "1e3",
    "99999999999999999",
    "Fri, 31 Dec 9999 23:59:59 -1200", "Thu, 01 Jan 1970 00:00:00 GMT",
    "Wed, 21 Oct 2015 07:28:00 GMT", "Sun, 06 Nov 2061 08:49:37 GMT", "٣",
)  # fmt: skip


def _throttled(rng: random.Random) -> str:
    call = rng.choice((*_CALLS, list(_CALLS)))
    status = rng.choice((429, 503))
    moment = "before" if status == 429 else rng.choice(("before", "after"))
    more = {"status": status, "retry_after_text": rng.choice(RETRY_AFTER), "moment": moment}
    return fault(call, "status", times=rng.randint(1, 3), **more)


def _html(rng: random.Random) -> str:
    call = rng.choice(_CALLS)
    status = rng.choice((200, 400, 403, 404, 502))
    return fault(call, "html", status=status, nth=rng.randint(1, 4), moment="before")


def _flaky_reads(rng: random.Random) -> str:
    kinds = rng.sample(("reset", "cut", "cut_body", "html", "garbage", "empty", "redirect"), 3)
    return "".join(fault(list(_READS), kind, probability=0.1) for kind in kinds)


ODD = (
    "null",
    "[]",
    "{}",
    "5",
    "true",
    '""',
    '"\\u0000\\u001b[31m"',
    '"' + "x" * 4000 + '"',
    "-1e308",
)
_STATUS = ("BatchItems.0", "BatchItems.0.Error", "BatchItems.0.Status", "BatchItems.0.UserId",
           "BatchItems.0.HardwareId", "BatchStatus", "BatchId", "RequestTime", "BatchItems.*.Error",
           "")  # fmt: skip
_SUMMARIES = ("0", "0.BatchId", "0.RequestTime", "0.BatchStatus", "*.RequestTime", "0.Region", "")


def _odd_status(rng: random.Random) -> str:
    return fault("batchstatus", "odd", place=rng.choice(_STATUS), put=rng.choice(ODD),
                 times=rng.randint(1, 12))  # fmt: skip


def _garbled(case: Case, _: random.Random) -> None:
    case.garbled = True


def _odd_summaries(rng: random.Random) -> str:
    insert = rng.random() < 0.5
    place = "0" if insert else rng.choice(_SUMMARIES)
    return fault("batchsummaries", "odd", place=place, put=rng.choice(ODD), insert=insert,
                 times=rng.randint(1, 12))  # fmt: skip


def _odd_accept(rng: random.Random) -> str:
    place = rng.choice(("BatchId", "", "BatchStatus"))
    return fault("createbatch", "odd", place=place, put=rng.choice(ODD), nth=rng.randint(1, 3))


def _lag(rng: random.Random) -> str:
    return f"[lag]\nsummaries = {rng.randint(5, 900)}\nstatus = {rng.randint(0, 300)}\n"


def _lag_and_lost(rng: random.Random) -> str:
    return _lag(rng) + _lost("cut", "after")(rng)


def _wire(rng: random.Random) -> str:
    choice = rng.choice
    return (
        f'[wire]\ncasing = "{choice(("camel", "pascal", "snake", "lower"))}"\n'
        f"created_status = {choice((200, 201, 202))}\n"
        f'request_time = "{choice(("iso", "iso_offset", "us", "epoch", "epoch_ms", "dotnet"))}"\n'
        f'user_name = "{choice(("same", "lower", "upper"))}"\n'
        f'hardware_id = "{choice(("same", "lower", "colons"))}"\n'
        f'no_error = "{choice(("null", "empty", "absent"))}"\n'
        f'ticking = "{choice(("", "error", "word", "letters"))}"\n'
        f"summaries_region = {choice(('true', 'false'))}\n"
        f"clock_ahead = {choice((0, 3600, -3600, 40))}\n"
    )


def _paged(rng: random.Random) -> str:
    marker = rng.choice(("nextLink", "@odata.nextLink", "continuationToken", "skipToken"))
    return f'[wire]\npage = {rng.randint(1, 3)}\npage_marker = "{marker}"\n' + _lost(
        "cut", "after"
    )(rng)


def _forbidden(rng: random.Random) -> str:
    return fault("createbatch", "status", status=403, nth=rng.randint(1, 3))


def _slots_taken(rng: random.Random) -> str:
    rows = ""
    for _ in range(rng.randint(3, 6)):
        rows += f'[[foreign]]\nat = {rng.randint(-20, 5)}\nregion = "EMEA"\ndevices = 5\n'
    return f'[limits]\nover = "{rng.choice(("429", "400", "queue"))}"\n' + rows


# -- processes --------------------------------------------------------------------------------

#: The entries right behind which a worker is killed. Nothing stands for a random moment.
_MOMENTS = (
    "batch_submitting",
    "batch_accepted",
    "device",
    "batch_finished",
    "worker_started",
    None,
)


def _strike(how: signal.Signals, times: int) -> Act:
    def act(case: Case, rng: random.Random) -> None:
        for _ in range(rng.randint(1, times)):
            if not case.started():
                return
            moment = rng.choice(_MOMENTS)
            if moment is None:
                time.sleep(rng.uniform(0, 1.5))
            else:
                case.until_event(moment, 5)
            if case.signal_worker(how) is None:
                return
            case.worker_gone()
            case.viewers.append(case.begin("resume", case.run, "--yes", "--json"))
            case.counts["resumes"] += 1

    return act


def _stop_and_go(case: Case, rng: random.Random) -> None:
    """A worker that stands still for a while, as on a suspended host."""
    if case.started():
        time.sleep(rng.uniform(0, 0.6))
        if pid := case.signal_worker(signal.SIGSTOP):
            time.sleep(rng.uniform(0.2, 3))
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def _viewer_killed(case: Case, rng: random.Random) -> None:
    """Whoever looks on is killed; the worker goes on."""
    time.sleep(rng.uniform(0, 2.5))
    for viewer in case.viewers:
        viewer.send_signal(rng.choice((signal.SIGKILL, signal.SIGHUP, signal.SIGINT)))
        case.counts["viewers killed"] += 1


def _two_at_once(case: Case, rng: random.Random) -> None:
    """Two to four orders of one list at the same instant."""
    case.viewers = [case.submit() for _ in range(rng.randint(2, 4))]


def _two_profiles(case: Case, rng: random.Random) -> None:
    """The same list in two profiles of one tenant."""
    case.viewers = [case.submit("--profile", "lab")]
    time.sleep(rng.choice((0, 0, rng.uniform(0, 0.3))))
    case.viewers.append(case.submit("--profile", "second"))
    for viewer in case.viewers:
        case.seen(viewer)
    case.use_profile_with_run()


def _two_resumes(case: Case, rng: random.Random) -> None:
    """A worker is killed, and the run resumed twice at the same instant."""
    if not case.started():
        return
    case.until_event(rng.choice(("batch_submitting", "batch_accepted")), 5)
    if case.signal_worker(signal.SIGKILL) is None:
        return
    case.worker_gone()
    for _ in range(2):
        case.viewers.append(case.begin("resume", case.run, "--yes", "--json"))


def _service_down(case: Case, rng: random.Random) -> None:
    """The service stands still: connections are taken and nothing answers."""
    case.started()
    time.sleep(rng.uniform(0, 0.8))
    case.emulator.send_signal(signal.SIGSTOP)
    time.sleep(rng.uniform(0.3, 4))
    case.emulator.send_signal(signal.SIGCONT)
    case.counts["service stopped"] += 1


def _second_operator(case: Case, rng: random.Random) -> None:
    """Somebody submits some of the same phones with PowerShell."""
    time.sleep(rng.uniform(0, 2.5))
    some = rng.sample(range(len(case.devices)), rng.randint(1, min(3, len(case.devices))))
    case.shared.update(case.devices[number] for number in some)
    items = [[f"room{number}@contoso.example", case.devices[number]] for number in some]
    with contextlib.suppress(Exception):
        case.installation.emulator.tell("foreign", at=0, region="EMEA", items=items)


def _token_revoked(case: Case, rng: random.Random) -> None:
    """Every token used so far is refused; the operator has another one."""
    case.started()
    time.sleep(rng.uniform(0, 1))
    case.installation.emulator.tell("revoke")
    case.token = f"{case.token}-new"
    time.sleep(1)
    case.viewers.append(case.begin("resume", case.run, "--yes", "--json"))


# -- the journal ------------------------------------------------------------------------------

_HOLD = """
import sqlite3, sys, time
db = sqlite3.connect(sys.argv[1], timeout=30, isolation_level=None)
db.execute("BEGIN IMMEDIATE")
time.sleep(float(sys.argv[2]))
db.execute("ROLLBACK")
"""


def _held(case: Case, rng: random.Random) -> None:
    """Another process holds the journal's write lock, as a backup does."""
    case.started()
    time.sleep(rng.uniform(0, 0.8))
    seconds = rng.choice((1, 4, 12, 18))
    arguments = [sys.executable, "-c", _HOLD, str(case.journal), str(seconds)]
    subprocess.run(arguments, check=False, capture_output=True, timeout=60)
    case.counts["seconds held"] += seconds


def _files(case: Case) -> list[str]:
    return [f"{case.journal}{tail}" for tail in ("", "-wal", "-shm")]


def _taken_away(case: Case, rng: random.Random) -> None:
    """The journal is moved away under its worker, and put back when the worker has stopped."""
    if not case.started():
        return
    case.until_event(rng.choice(("batch_submitting", "batch_accepted", "device")), 5)
    aside = case.folder / "aside"
    aside.mkdir()
    for file in _files(case):
        with contextlib.suppress(FileNotFoundError):
            shutil.move(file, aside)
    case.counts["journals moved"] += 1
    case.worker_gone()
    for moved in aside.iterdir():
        shutil.move(moved, case.journal.parent / moved.name)


def _removed(case: Case, rng: random.Random) -> None:
    """The journal is deleted under its worker. A new run must not submit what was submitted."""
    if not case.started():
        return
    case.until_event(rng.choice(("batch_submitting", "batch_accepted", "device")), 5)
    for file in _files(case):
        with contextlib.suppress(FileNotFoundError):
            Path(file).unlink()
    case.counts["journals removed"] += 1
    case.lost.update(case.devices)
    case.worker_gone()
    case.run = ""


def _replaced(case: Case, rng: random.Random) -> None:
    """A copy takes the journal's place, as after a restore."""
    if not case.started():
        return
    case.until_event(rng.choice(("batch_submitting", "batch_accepted", "device")), 5)
    copy = case.journal.with_name("copy.db")
    with contextlib.suppress(sqlite3.Error):
        source, target = sqlite3.connect(case.journal), sqlite3.connect(copy)
        source.backup(target)
        source.close()
        target.close()
    time.sleep(rng.uniform(0, 0.3))
    for file in _files(case)[1:]:
        with contextlib.suppress(FileNotFoundError):
            Path(file).unlink()
    copy.replace(case.journal)
    case.counts["journals replaced"] += 1
    case.worker_gone()


def _damaged(damage: Callable[[Case, random.Random], None]) -> Act:
    """A worker is killed, and the journal is damaged before anybody looks at it."""

    def act(case: Case, rng: random.Random) -> None:
        if not case.started():
            return
        case.until_event(rng.choice(("batch_submitting", "batch_accepted", "device")), 5)
        if case.signal_worker(signal.SIGKILL) is None:
            return
        case.worker_gone()
        for viewer in case.viewers:
            viewer.kill()
        damage(case, rng)
        case.counts["journals damaged"] += 1

    return act


def _wal(case: Case, rng: random.Random) -> None:
    wal = case.journal.with_name(f"{case.journal.name}-wal")
    if not wal.exists():
        return
    size = wal.stat().st_size
    how = rng.choice(("halve", "zero", "delete", "cut"))
    if how == "delete":
        wal.unlink()
    elif how == "zero":
        wal.write_bytes(bytes(size))
    else:
        os.truncate(wal, size // 2 if how == "halve" else rng.randrange(size + 1))


def _page(case: Case, rng: random.Random) -> None:
    with contextlib.suppress(sqlite3.Error):
        db = sqlite3.connect(case.journal)
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.close()
    data = bytearray(case.journal.read_bytes())
    pages = len(data) // 4096
    page = rng.randrange(1, pages)
    data[page * 4096 : (page + 1) * 4096] = (
        bytes(4096) if rng.random() < 0.5 else rng.randbytes(4096)
    )
    case.journal.write_bytes(data)


KINDS: tuple[Kind, ...] = (
    Kind("nothing"),
    Kind("answer lost after the act", _lost("cut", "after")),
    Kind("answer lost before the act", _lost("cut", "before")),
    Kind("answer cut in two", _lost("cut_body", "after")),
    Kind("answer late", _lost("hang", "after")),
    Kind("connection reset", _lost("reset", "after")),
    Kind("connection refused", _lost("refused", "before")),
    Kind("page of a proxy for an answer", _lost("html", "after")),
    Kind(
        "empty or broken answer", lambda rng: _lost(rng.choice(("empty", "garbage")), "after")(rng)
    ),
    Kind("server error to a submit", _server_error),
    Kind("Retry-After in any form", _throttled),
    Kind("HTML in place of an answer", _html),
    Kind("reads that fail", _flaky_reads),
    Kind("odd value in a status", _odd_status, act=_garbled),
    Kind("odd value in summaries", _odd_summaries),
    Kind("odd value in an acceptance", _odd_accept),
    Kind("summaries and statuses late", _lag_and_lost, group="table"),
    Kind("another spelling", _wire, group="table"),
    Kind("pages", _paged, group="table"),
    Kind("403 in mid-run", _forbidden),
    Kind("slots taken by others", _slots_taken, group="table"),
    Kind("worker killed", act=_strike(signal.SIGKILL, 3), group="process"),
    Kind("worker terminated", act=_strike(signal.SIGTERM, 2), group="process"),
    Kind("worker stopped and continued", act=_stop_and_go, group="process"),
    Kind("viewer killed", act=_viewer_killed, group="process"),
    Kind("several processes at once", start=_two_at_once, group="process"),
    Kind("two profiles at once", start=_two_profiles, group="process"),
    Kind("two resumes at once", act=_two_resumes, group="process"),
    Kind("service stands still", act=_service_down, group="process"),
    Kind("second operator", act=_second_operator, group="process"),
    Kind("token revoked", act=_token_revoked, group="process"),
    Kind("journal held", act=_held, group="process"),
    Kind("journal moved away and back", act=_taken_away, group="process"),
    Kind("journal removed", act=_removed, group="process"),
    Kind("journal replaced by a copy", act=_replaced, group="process"),
    Kind("log of the journal damaged", act=_damaged(_wal), group="process"),
    Kind("page of the journal damaged", act=_damaged(_page), group="process"),
    Kind("fix and undo killed", lambda _: TENANT, alone=fixes_killed),
    Kind("role ends and comes back", killed.role_changes),
    Kind("role wait killed", act=killed.role_taken, group="process"),
    Kind(
        "verification killed",
        killed.late_inventory,
        start=killed.run_verified,
        act=killed.verification_killed,
        group="process table",
    ),
    Kind(
        "console killed",
        start=consoles.submitted_in_console,
        act=consoles.consoles_killed,
        group="process",
    ),
    Kind("status and new-only killed", killed.reconciled, alone=killed.reconcile_killed),
    Kind("give-up killed", killed.given_up, alone=killed.give_up_killed),
    Kind("correction killed", killed.typos, alone=killed.corrections_killed),
    Kind("waves by site killed", killed.failing_site, alone=killed.waves_killed),
)
