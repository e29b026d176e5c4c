"""One run of the campaign: an emulator, an installation and the commands an operator gives.

Everything is a process of its own, as in use: the emulator on loopback, `siptui run` and
`siptui resume`, and the workers that they start. What an operator would see through commands is
asked of commands; events are read from the journal without opening it for writing.

Over 400 lines because an operator at one installation is one class.
"""

import contextlib
import json
import os
import random
import signal
import sqlite3
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from siptui.domain.state import BatchState
from siptui.runs.journal.journal import Journal
from siptui.runs.journal.locks import holder_of
from siptui.runs.state_load import load
from tests.support.emulator import emulator_process
from tests.worker.installation import QUICK, TOKEN, Installation, hardware_id, write_list

REGIONS = ("EMEA", "NOAM", "APAC")
#: Times faster: how the service works, and how siptui waits.
SPEED, QUICKER = 300, 20
#: Seconds of the service from a list of its batches to the submit that follows, at most: what
#: others begin within them cannot be seen (the engine lists anew after 3 s of its own time).
UNSEEN = 3 / QUICKER * SPEED
#: Real seconds that a case may take, and a command of it, on a computer that has the time.
LIMIT, COMMAND_LIMIT = 240.0, 90.0
#: How many times as long they may take at most where others have its processors.
_MOST_TIMES = 8.0
_POLL = 0.01


def patience(seconds: float) -> float:
    """How long to wait for what takes so long alone: a command that gets no processor is not
    stuck."""
    waiting = os.getloadavg()[0] / (os.cpu_count() or 1)
    return seconds * min(_MOST_TIMES, max(1.0, waiting))


class StuckError(Exception):
    """A command or a worker did not come to an end."""


@dataclass
class Case:
    """A run under way. `orders` is how often each device may have been submitted."""

    installation: Installation
    emulator: "subprocess.Popen[str]"
    devices: list[str]
    options: tuple[str, ...]
    token: str = TOKEN
    run: str = ""
    orders: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    #: The commands that were begun and not waited for yet.
    viewers: "list[subprocess.Popen[str]]" = field(default_factory=list)
    #: Devices whose records the case has destroyed: only that they are not submitted twice counts.
    lost: set[str] = field(default_factory=set)
    #: Devices that somebody else submits, too.
    shared: set[str] = field(default_factory=set)
    #: Whether the service wrote other texts than it meant: then states alone are compared.
    garbled: bool = False
    began: float = field(default_factory=time.monotonic)
    _printed: dict[int, Path] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """The folder of the case."""
        return self.installation.folder

    @property
    def list_file(self) -> Path:
        """The device list."""
        return self.folder / "list.csv"

    @property
    def journal(self) -> Path:
        """The journal of the profile at hand."""
        profile = self.installation.env["SIPTUI_PROFILE"]
        return self.folder / "state" / profile / "journal.db"

    def use_profile_with_run(self) -> None:
        """Go on in whichever profile has a run."""
        for profile in ("lab", "second"):
            self.installation.env["SIPTUI_PROFILE"] = profile
            self.events()
            if self.run:
                return

    def left(self) -> float:
        """Seconds until the case is stuck. Raises `StuckError` when there are none."""
        limit = patience(LIMIT)
        left = limit - (time.monotonic() - self.began)
        if left <= 0:
            raise StuckError(f"the case did not end within {limit:.0f} s")
        return left

    # -- commands

    def begin(self, *args: str, **env: str) -> "subprocess.Popen[str]":
        """A command of siptui as a process. What it prints goes to a file: a pipe that is not
        read would hold it up."""
        env = {"SIPTUI_ACCESS_TOKEN": self.token, **env}
        file = self.folder / f"{len(self._printed) + 1}.out"
        with file.open("w") as out:
            process = self.installation.process(*args, env=env, stdout=out, stderr=out)
        self._printed[process.pid] = file
        return process

    def end(self, process: "subprocess.Popen[str]", seconds: float = COMMAND_LIMIT) -> int:
        """Wait for a command; its exit code. Raises `StuckError`."""
        limit = min(patience(seconds), self.left())
        try:
            process.wait(limit)
        except subprocess.TimeoutExpired:
            raise StuckError(f"`{_words(process)}` did not end within {limit:.0f} s") from None
        if '"journal_repaired"' in self.printed(process):
            # The operator has read what became of the journal, and says so.
            self.counts["acknowledged"] += 1
            self.output("runs", "--acknowledge")
        return process.returncode

    def printed(self, process: "subprocess.Popen[str]") -> str:
        """What a command of `begin` has printed so far."""
        return self._printed[process.pid].read_text(errors="replace")

    def _last_said(self) -> str:
        """The end of what the last command printed: why nothing more comes of it."""
        said = list(self._printed.values())[-1].read_text(errors="replace") if self._printed else ""
        return f"the last command said: {said.strip()[-600:] or 'nothing'}"

    def command(self, *args: str, **env: str) -> int:
        """A command from its beginning to its end; its exit code."""
        return self.end(self.begin(*args, **env))

    def output(self, *args: str) -> str:
        """What a command prints."""
        with self.installation.process(*args, stderr=subprocess.DEVNULL) as process:
            out, _ = process.communicate(timeout=patience(COMMAND_LIMIT))
        return out or ""

    def submit(self, *more: str) -> "subprocess.Popen[str]":
        """`siptui run` on the list."""
        return self.begin("run", str(self.list_file), "--yes", "--json", *self.options, *more)

    # -- what is going on

    def events(self) -> list[dict[str, Any]]:
        """The run's events so far; none where the journal cannot be read."""
        with contextlib.suppress(sqlite3.Error):
            address = f"{self.journal.absolute().as_uri()}?mode=ro"
            with contextlib.closing(sqlite3.connect(address, uri=True, timeout=1)) as db:
                if not self.run:
                    newest = db.execute("SELECT run FROM runs ORDER BY created").fetchall()
                    self.run = newest[-1][0] if newest else ""
                rows = db.execute("SELECT body FROM events WHERE run = ? ORDER BY seq", (self.run,))
                return [json.loads(body) for (body,) in rows]
        return []

    def until_event(self, kind: str, seconds: float = 20.0) -> bool:
        """Wait for a further event of this type; whether it came before the run's end."""
        before = self.counted(kind)
        deadline = time.monotonic() + min(seconds, self.left())
        while time.monotonic() < deadline:
            if self.counted(kind) > before:
                return True
            if self.counted("run_finished") or (self.run and not self.held() and before):
                return False
            time.sleep(_POLL)
        return False

    def counted(self, kind: str) -> int:
        """How many events of this type there are."""
        return sum(event["type"] == kind for event in self.events())

    def started(self, seconds: float = 30.0) -> bool:
        """Wait until a worker has the run; whether one had it."""
        deadline = time.monotonic() + min(seconds, self.left())
        while time.monotonic() < deadline:
            self.events()
            if self.run and self.worker() is not None:
                return True
            if self.run and self.counted("run_finished"):
                return False
            time.sleep(_POLL)
        return False

    def held(self) -> bool:
        """Whether a process works on the run."""
        return bool(self.run) and holder_of(self.journal, self.run) is not None

    def worker(self) -> int | None:
        """The process that works on the run, as far as it is known."""
        holder = holder_of(self.journal, self.run) if self.run else None
        # 0: the lock file does not say which yet. A signal to 0 would be for this very process.
        return holder.pid if holder and holder.pid else None

    def signal_worker(self, how: signal.Signals) -> int | None:
        """Send a signal to the worker, if there is one; its process id."""
        pid = self.worker()
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, how)
                self.counts[f"{how.name}"] += 1
                return pid
        return None

    def worker_gone(self, seconds: float = 60.0) -> None:
        """Wait until nobody works on the run. Raises `StuckError`."""
        limit = min(patience(seconds), self.left())
        deadline = time.monotonic() + limit
        while self.held():
            if time.monotonic() > deadline:
                raise StuckError(f"a worker is still there after {limit:.0f} s")
            time.sleep(_POLL)

    # -- the operator

    def conclude(self) -> None:
        """Carry the run to its end as a careful operator would. Raises `StuckError`."""
        for viewer in self.viewers:
            self.seen(viewer)
        for _ in range(12):
            self.events()
            if not self.run:
                self.anew()
                continue
            self._let_work()
            shown = self.shown()
            if shown is None:
                self.anew()
            elif shown["state"] == "finished" and not shown["unknown"]:
                return
            elif shown["unknown"] and shown["state"] == "finished":
                self.decide()
            else:
                self.resume()
        raise StuckError(f"not finished after 12 commands: {self.shown()}; {self._last_said()}")

    def seen(self, viewer: "subprocess.Popen[str]") -> None:
        """Wait for a command that follows a run; end a wait that the service asked for."""
        try:
            self.end(viewer, 60)
        except StuckError:
            self.left()
            self.events()
            self.resume("--now")
            self.end(viewer)

    def resume(self, *more: str) -> None:
        """Go on with the run. Without a look at the accounts: a wait that the service asked for
        holds that by the clock of this host, which goes slower than that of the workers."""
        self.counts["resumes"] += 1
        self.command("resume", self.run, "--yes", "--json", "--no-account-check", *more)

    def _let_work(self) -> None:
        """Wait for the worker at hand; end a wait that the service asked for."""
        try:
            self.worker_gone(60)
        except StuckError:
            self.left()
            self.resume("--now")
            self.worker_gone()

    def shown(self) -> dict[str, Any] | None:
        """The run as `siptui runs` lists it; nothing where it is not in the journal any more."""
        with contextlib.suppress(ValueError):
            listed = json.loads(self.output("runs", "--json")).get("runs", [])
            return next((found for found in listed if found["run"] == self.run), None)
        return None

    def anew(self) -> None:
        """The run is lost: what is not signed in is ordered once more, what failed included."""
        self.counts["begun anew"] += 1
        self.run = ""
        self.orders.update(
            d for d, (state, _) in self.installation.truth().items() if state == "failed"
        )
        self.end(self.submit("--new-only"))
        self.events()

    def decide(self) -> None:
        """Look at the tenant's batches as an operator would; adopt, or submit once more."""
        with Journal(self.journal) as journal:
            state = load(journal, self.run)
        ours = {batch.batch_id for batch in state.batches.values() if batch.batch_id}
        for batch in state.batches.values():
            if batch.state is not BatchState.UNSETTLED:
                continue
            wanted = {state.devices[i].device.hardware_id for i in batch.devices}
            found = [
                submit["batch_id"]
                for submit in self.installation.emulator.ask("ledger")["submits"]
                if {str(item[1]) for item in submit["items"]} == wanted
                and submit["batch_id"] not in ours
            ]
            which = ("--batch", str(batch.number))
            if found:
                self.counts["adopted"] += 1
                self.resume("--adopt", found[-1], *which)
            else:
                self.counts["resubmitted"] += 1
                self.orders.update(wanted)
                self.resume("--resubmit", *which)
            return
        self.counts["resubmitted"] += 1
        unknown = [r.device.hardware_id for r in state.devices if str(r.state) == "unknown"]
        self.orders.update(unknown)
        self.resume("--resubmit")

    # -- how it came out

    def verdict(self) -> list[str]:
        """What is not as it must be."""
        found: list[str] = []
        ledger = self.installation.emulator.ask("ledger")
        times = Counter(item[1] for submit in ledger["submits"] for item in submit["items"])
        succeeded = {
            violation["hardware_id"]
            for violation in ledger["violations"]
            if violation["wrong"] == "submitted_after_success"
        }
        # Of two runs of a list, each may submit what failed in the other.
        besides = max(0, self._planned() - 1)
        for device, number in times.items():
            if number > self.orders[device] + (0 if device in succeeded else besides):
                found.append(f"{device} submitted {number} times, ordered {self.orders[device]}")
        submitted = {submit["batch_id"] for submit in ledger["submits"]}
        for violation in ledger["violations"]:
            others = {violation["batch_id"], violation["other"]} - {""}
            if violation["wrong"] == "too_many_live":
                if (known_for := violation["known_for"]) > UNSEEN:
                    found.append(
                        f"a fourth live batch, {known_for:.0f} s after that was to be seen"
                    )
                self.counts["slots lost to others"] += known_for <= UNSEEN
            elif others <= submitted and violation["wrong"] != "submitted_after_success":
                found.append(f"{violation['wrong']}: {violation['hardware_id']}")
        found += self._differences(times)
        found += self._cries()
        return found

    def _planned(self) -> int:
        """How many runs there are, in all profiles."""
        count = 0
        for path in self.journal.parent.parent.glob("*/journal.db"):
            with Journal(path, read_only=True) as journal:
                count += len(journal.runs())
        return count

    def _differences(self, times: Counter[str]) -> Iterator[str]:
        shown = self.shown()
        if shown is None or shown["state"] != "finished" or shown["unknown"]:
            yield f"the run is not at its end: {shown}"
            return
        exported = json.loads(self.output("export", self.run, "--format", "json"))["devices"]
        states = {entry["hardware_id"]: entry for entry in exported}
        truth = self.installation.truth()
        for device in self.devices:
            real, entry = truth.get(device, ("queued", "")), states.get(device)
            if device in self.shared or (device in self.lost and entry is None):
                continue
            if entry is None:
                yield f"{device} is not in the run"
                continue
            said = (entry["state"], entry["error"] or "")
            if self.garbled:
                said, real = (said[0], ""), (real[0], "")
            if times[device] == 0 and (said[0] in ("queued", "skipped") or _refused(entry)):
                continue
            if said != real:
                yield f"{device}: siptui says {said}, the service {real}"

    def _cries(self) -> Iterator[str]:
        for file in (*self.folder.glob("*.out"), *self.folder.rglob("*.log*")):
            text = file.read_text(errors="replace")
            for word in ("Traceback (most recent call last)", "internal_error"):
                if word in text:
                    at = text.index(word)
                    yield f"{word}: {text[at : at + 1500]}"


def _words(process: "subprocess.Popen[str]") -> str:
    return " ".join(["siptui", *map(str, process.args[3:])])  # type: ignore[index]


def _refused(entry: dict[str, Any]) -> bool:
    return (entry["state"], entry["cause"]) == ("failed", "batch_rejected")


@contextlib.contextmanager
def case(rng: random.Random, scenario: str, keep: Path | None) -> Iterator[Case]:
    """An installation with a list of devices; `scenario` is what the tenant is like."""
    with contextlib.ExitStack() as stack:
        folder = keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="campaign-")))
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "scenario.toml").write_text(scenario)
        options = ("--speed", str(SPEED), "--scenario", str(folder / "scenario.toml"))
        running, process = stack.enter_context(
            emulator_process(*options, "--seed", str(rng.randrange(10**6)))
        )
        config = folder / "config" / "config.toml"
        config.parent.mkdir(mode=0o700)
        shared = folder / "shared"
        shared.mkdir(mode=0o700)
        profiles = "".join(
            f'[profiles.{name}]\ntenant = "contoso.example"\ncloud = "lab"\n'
            for name in ("lab", "second")
        )
        config.write_text(
            f"{profiles}[clouds.lab]\n"
            f'authority = "https://localhost:1"\nadmin_api = "{running.url}"\n'
            f'graph = "{running.url}"\ndevices = "{running.url}"\n'
        )
        env = {
            "SIPTUI_CONFIG_DIR": str(config.parent),
            "SIPTUI_STATE_DIR": str(folder / "state"),
            "SIPTUI_PROFILE": "lab",
            "SIPTUI_ACCESS_TOKEN": TOKEN,
            "SIPTUI_GRAPH_TOKEN": TOKEN,
            "SIPTUI_DEVICES_TOKEN": TOKEN,
            "SIPTUI_QUICK": str(QUICKER),
            "PYTHONPATH": str(QUICK),
            # What processes of a user share, for one: a wait that the emulator of an earlier case
            # asked for would hold this one where it has the same port.
            "TMPDIR": str(shared),
        }
        numbers = range(rng.randint(3, 14))
        regions = rng.sample(REGIONS, rng.randint(1, 2))
        made = Case(
            Installation(folder, running, env),
            process,
            [hardware_id(number) for number in numbers],
            ("--batch-size", str(rng.randint(1, 4)), "--settle", str(rng.choice((60, 300)))),
        )
        write_list(made.list_file, numbers, lambda number: regions[number % len(regions)])
        made.orders.update(made.devices)
        try:
            yield made
        finally:
            process.send_signal(signal.SIGCONT)
            for viewer in made.viewers:
                viewer.kill()
                viewer.wait()
            with contextlib.suppress(OSError, sqlite3.Error):
                made.signal_worker(signal.SIGKILL)
