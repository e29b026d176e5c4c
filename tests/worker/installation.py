"""siptui as installed by an engineer: an emulated tenant, a profile `lab` for it, real workers."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from click.testing import CliRunner, Result

from siptui.app.session import Selected, select
from siptui.cli.group import cli
from siptui.domain.state import DeviceState
from siptui.domain.text import visible
from siptui.emulator.scenario import Scenario, read_scenario
from siptui.host.locks import Holder
from siptui.runs.journal.journal import Journal
from siptui.runs.journal.locks import holder_of
from siptui.runs.state import RunState
from siptui.runs.state_load import load
from tests.support.emulator import Running, running_emulator

T = TypeVar("T")
TOKEN = "c4n4ry-t0ken-nobody-may-see"
#: What ends a process at once.
KILL = getattr(signal, "SIGKILL", signal.SIGTERM)
QUICK = Path(__file__).with_name("quick")
#: A speed for runs of which nothing is asked before they have ended.
FAST = 1800.0
#: Emulated seconds after which phones that are a hundred times slow are done.
LONG_OVER = 10_000
_TRUTHS = {
    "never_submitted": "queued",
    "running": "running",
    "signed_in": "succeeded",
    "failed": "failed",
}


def until(look: Callable[[], T], what: str, seconds: float = 60.0) -> T:
    """The first true value of `look`; fails when there is none for so long.

    Looking takes a fifth of the time at most, as what is waited for needs the processor as well,
    and the longer it takes the rarer is the look: it is late by a tenth of the wait at most.
    """
    first = begun = time.monotonic()
    while not (found := look()):
        looked = time.monotonic()
        assert looked < first + seconds, f"{what}: not within {seconds:g} s"
        time.sleep(min(max(0.01, 4 * (looked - begun), (looked - first) / 10), 0.1))
        begun = time.monotonic()
    return found


def hardware_id(number: int) -> str:
    digits = f"0004F2{number:06X}"
    return "-".join(digits[i : i + 2] for i in range(0, 12, 2))


def write_list(
    path: Path, numbers: Iterable[int], region: Callable[[int], str] | None = None
) -> Path:
    """A device list of these phones, with a `Region` column if `region` is given."""
    rows = ["Username,HardwareId" + (",Region" if region else "")]
    for n in numbers:
        tail = f",{region(n)}" if region else ""
        rows.append(f"room{n}@contoso.example,{hardware_id(n)}{tail}")
    path.write_text("\n".join(rows) + "\n")
    return path


@dataclass(frozen=True)
class Installation:
    """Commands run against `emulator` with folders of their own; workers are real processes.

    `env` is what the commands get on top of the environment of the test.
    """

    folder: Path
    emulator: Running
    env: dict[str, str]

    def run(self, *args: str, **env: str) -> Result:
        """`siptui ARGS` in this process, without a terminal."""
        return CliRunner().invoke(cli, args, env={**self.env, **env})

    def process(
        self, *args: str, env: Mapping[str, str] | None = None, **how: Any
    ) -> "subprocess.Popen[str]":
        """`siptui ARGS` as a process, with `env` on top of the installation's."""
        argv = [sys.executable, "-m", "siptui", *args]
        how = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "text": True, **how}
        return subprocess.Popen(argv, env={**os.environ, **self.env, **(env or {})}, **how)

    @property
    def selected(self) -> Selected:
        """The profile `lab`."""
        return select("lab", {**os.environ, **self.env})

    @property
    def journal(self) -> Path:
        """Where the journal is."""
        return self.folder / "state" / "lab" / "journal.db"

    def runs(self) -> list[str]:
        """The runs there are, newest first."""
        if not self.journal.exists() or not self.journal.stat().st_size:
            return []
        with Journal(self.journal, read_only=True) as journal:
            return journal.runs()

    def begun(self, command: "subprocess.Popen[str]") -> str:
        """The run that `command` makes, the first here; fails with its words if it makes none."""
        until(lambda: self.runs() or command.poll() is not None, "the run")
        found = self.runs()
        assert found, (command.returncode, command.communicate(timeout=60))
        return found[0]

    def state(self, run: str) -> RunState:
        """The run as the journal tells it."""
        with Journal(self.journal, read_only=True) as journal:
            return load(journal, run)

    def holder(self, run: str) -> Holder | None:
        """The process that works on it."""
        return holder_of(self.journal, run)

    def kill(self, run: str, how: signal.Signals = KILL) -> int:
        """End the run's worker by a signal and wait until it is gone; its process id."""
        holder = until(lambda: self.holder(run), f"a worker on {run}")
        os.kill(holder.pid, how)
        until(lambda: self.holder(run) is None, "the end of the worker")
        return holder.pid

    def over(self, run: str) -> RunState:
        """The run once its worker is done."""
        until(lambda: self.holder(run) is None, f"the end of the work on {run}")
        return self.state(run)

    def times(self) -> dict[str, int]:
        """How often each phone was submitted, by hardware id."""
        return {t["hardware_id"]: t["times"] for t in self.emulator.ask("ledger")["times"]}

    def truth(self) -> dict[str, tuple[str, str]]:
        """How each phone that was ever submitted stands: the state siptui should say, the error."""
        return {
            d["hardware_id"]: (_TRUTHS[d["state"]], visible(d["error"] or ""))
            for d in self.emulator.ask("truth")["devices"]
        }

    def differences(self, state: RunState) -> list[str]:
        """Devices that stand otherwise than the tenant knows; those said to be unknown left out."""
        truth, found = self.truth(), []
        for record in state.devices:
            if record.state is DeviceState.UNKNOWN:
                continue
            real = truth.get(record.device.hardware_id, ("queued", ""))
            if (str(record.state), record.error) != real:
                found.append(f"{record.device.hardware_id}: {record.state} {record.error}, {real}")
        return found


def json_lines(text: str) -> list[dict[str, Any]]:
    """The events of `--json`."""
    return [json.loads(line) for line in text.splitlines()]


@contextlib.contextmanager
def installed(
    folder: Path,
    scenario: Scenario | str = "mixed",
    *,
    speed: float = 600,
    quick: float = 10,
) -> Iterator[Installation]:
    """An installation in `folder`. Workers wait `quick` times shorter than they would elsewhere."""
    with running_emulator(scenario_of(scenario), speed=speed, until_ended=False) as running:
        env = profile_of(folder, running, "https://localhost:1", quick=quick)
        found = Installation(folder, running, {**env, "SIPTUI_ACCESS_TOKEN": TOKEN})
        with none_left_at_work(found):
            yield found


def scenario_of(given: Scenario | str) -> Scenario | str:
    """The scenario itself of its text; a name stays one."""
    return read_scenario(given, "test") if isinstance(given, str) and "\n" in given else given


def profile_of(
    folder: Path,
    emulator: Running,
    authority: str,
    *,
    quick: float,
    tenant: str = "contoso.example",
) -> dict[str, str]:
    """Write the profile `lab` into `folder`; the environment in which commands find it."""
    config = folder / "config" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text(
        f'[profiles.lab]\ntenant = "{tenant}"\ncloud = "lab"\n'
        f'[clouds.lab]\nauthority = "{authority}"\nadmin_api = "{emulator.url}"\n'
    )
    return {
        "SIPTUI_CONFIG_DIR": str(config.parent),
        "SIPTUI_STATE_DIR": str(folder / "state"),
        "SIPTUI_QUICK": str(quick),
        "PYTHONPATH": str(QUICK),
    }


@contextlib.contextmanager
def none_left_at_work(installation: Installation) -> Iterator[None]:
    """At the end of the block no worker of the installation lives."""
    try:
        yield
    finally:
        runs = []
        if installation.journal.exists():
            with Journal(installation.journal) as journal:  # mends it if it is damaged
                runs = journal.runs()
        for run in runs:
            if holder := installation.holder(run):
                with contextlib.suppress(OSError):
                    os.kill(holder.pid, KILL)


def each_type(lines: Sequence[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    """The lines of one type."""
    return [line for line in lines if line["type"] == kind]
