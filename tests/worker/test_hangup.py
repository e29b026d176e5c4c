"""What ends a terminal, a viewer or a worker in good order: the run goes on, or can be resumed."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from siptui.domain.state import BatchState
from siptui.runs.events import RunStopped
from tests.worker.installation import (
    LONG_OVER,
    TOKEN,
    Installation,
    hardware_id,
    installed,
    json_lines,
    until,
    write_list,
)
from tests.worker.terminal import Terminal

_COUNT, _BATCH = 52, ("--batch-size", "10")
_SCENARIO = "[timing]\ndevice = [40, 400]\n[[devices]]\nshare = 0.1\nonline = false\n"


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    with installed(tmp_path / "lab", _SCENARIO) as found:
        yield found


def _hurry(installation: Installation) -> None:
    """Let phones that were slow be done, and those that come now be quick."""
    installation.emulator.tell("devices", match="*", slow=1)
    installation.emulator.forward(4 * LONG_OVER)


@pytest.mark.slow
def test_a_closed_terminal_ends_nothing(installation: Installation) -> None:
    installation.emulator.tell("devices", match="*", slow=100)
    file = write_list(installation.folder / "list.csv", range(_COUNT))
    window = Terminal(installation, "run", str(file), "--region", "EMEA", "--yes", *_BATCH)
    (run,) = until(installation.runs, "the run")
    until(lambda: window.shows("batch 3 accepted"), "the third batch")
    window.close()
    assert window.process.returncode == -signal.SIGHUP
    holder = installation.holder(run)
    assert holder
    assert holder.pid != window.process.pid
    assert os.getsid(holder.pid) == holder.pid
    assert not installation.state(run).finished

    (head,) = json.loads(installation.run("runs", "--json").stdout)["runs"]
    assert (head["run"], head["state"]) == (run, "running")
    assert str(holder.pid) in head["held_by"]

    _hurry(installation)
    state = installation.over(run)
    assert state.finished
    assert [b.state for b in state.batches.values()] == [BatchState.FINISHED] * 6
    assert installation.differences(state) == []
    assert installation.times() == {hardware_id(n): 1 for n in range(_COUNT)}
    ledger = installation.emulator.ask("ledger")
    assert len(ledger["submits"]) == 6
    assert max(ledger["max_live"].values()) <= 3


@pytest.mark.slow
def test_a_closed_console_ends_nothing(installation: Installation) -> None:
    """All of it as a person does: list, `s`, the number, and the window is closed half way."""
    installation.emulator.tell("devices", match="*", slow=100)
    file = write_list(installation.folder / "list.csv", range(_COUNT))
    window = Terminal(installation, str(file), "--region", "EMEA", *_BATCH)
    until(lambda: window.shows("room0@contoso.example"), "the list")
    window.types("s")
    until(lambda: window.shows(f"Type {_COUNT}"), "the question")
    until(lambda: window.shows("cannot be undone") or window.shows("undone"), "the question")
    window.types(f"{_COUNT}\r")
    (run,) = until(installation.runs, "the run")
    until(lambda: len(installation.emulator.ask("ledger")["submits"]) >= 3, "the third batch")
    window.shows("")
    window.close()
    assert window.process.returncode in (-signal.SIGHUP, 128 + signal.SIGHUP)
    assert not installation.state(run).finished

    again = Terminal(installation, "attach", run)
    until(lambda: again.shows("room0@contoso.example"), "the live run in a new terminal")
    _hurry(installation)
    state = installation.over(run)
    assert state.finished
    assert installation.differences(state) == []
    assert installation.times() == {hardware_id(n): 1 for n in range(_COUNT)}
    assert len(installation.emulator.ask("ledger")["submits"]) == 6
    until(lambda: again.shows("Ended: "), "the end of the run in the new terminal")
    again.types("q")
    assert again.ends() == 0


@pytest.mark.slow
def test_a_new_terminal_attaches_to_the_live_run(installation: Installation) -> None:
    file = write_list(installation.folder / "list.csv", range(30))
    installation.emulator.tell("devices", match="*", slow=100)
    viewer = installation.process("run", str(file), "--region", "EMEA", "--yes")
    try:
        (run,) = until(installation.runs, "the run")
        until(installation.times, "the submit")
    finally:
        viewer.kill()  # SIGKILL to who watches is nothing to who works
        viewer.communicate()
    assert installation.holder(run)
    window = Terminal(installation, "attach", run)
    until(lambda: window.shows("room0@contoso.example") or window.process.poll(), "the console")
    assert window.process.poll() is None, window.shown
    window.close()
    assert window.process.returncode in (-signal.SIGHUP, 128 + signal.SIGHUP)
    assert installation.holder(run)
    installation.kill(run)


@pytest.mark.slow
def test_sigterm_is_written_down_and_resumed(installation: Installation) -> None:
    file = write_list(installation.folder / "list.csv", range(8))
    installation.emulator.tell("devices", match="*", slow=6)
    viewer = installation.process(
        *("run", str(file), "--region", "NOAM", "--yes", "--json"),
        *("--batch-size", "3", "--slots", "1"),
    )
    (run,) = until(installation.runs, "the run")
    until(installation.times, "the first submit")
    installation.kill(run, signal.SIGTERM)
    stopped = installation.state(run).stopped
    assert isinstance(stopped, RunStopped)
    assert stopped.code == "interrupted"
    out, _ = viewer.communicate(timeout=60)
    assert viewer.returncode == 130
    assert json_lines(out)[-1]["type"] == "run_stopped"
    _hurry(installation)
    done = installation.run("resume", "--yes", "--json")
    assert done.exit_code in (0, 3), done.output
    assert json_lines(done.stdout)[-1]["type"] == "run_finished"
    assert installation.differences(installation.state(run)) == []
    assert installation.times() == {hardware_id(n): 1 for n in range(8)}


@pytest.mark.own_python
@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="reads /proc")
def test_the_token_is_seen_nowhere(installation: Installation) -> None:
    file = write_list(installation.folder / "list.csv", range(4))
    installation.emulator.tell("devices", match="*", slow=100)
    args = (
        "--yes",
        "--json",
        "--log-level",
        "debug",
        "--record",
        str(installation.folder / "r.jsonl"),
    )
    viewer = installation.process("run", str(file), "--region", "EMEA", *args)
    (run,) = until(installation.runs, "the run")
    until(installation.times, "the submit")
    holder = installation.holder(run)
    assert holder
    for page in ("cmdline", "environ"):
        shown = Path(f"/proc/{holder.pid}/{page}").read_bytes()
        assert shown
        assert TOKEN.encode() not in shown, page
    for opened in Path(f"/proc/{holder.pid}/fd").iterdir():
        assert "/dev/pts" not in str(opened.readlink())
    installation.kill(run, signal.SIGTERM)
    out, _ = viewer.communicate(timeout=60)
    assert TOKEN not in out
    files = [path for path in installation.folder.rglob("*") if path.is_file()]
    assert {"siptui.log", "journal.db", "r.jsonl"} <= {path.name for path in files}
    assert [path for path in files if TOKEN.encode() in path.read_bytes()] == []


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_in_the_foreground_stops_the_run_and_says_so(
    installation: Installation, how: signal.Signals
) -> None:
    file = write_list(installation.folder / "list.csv", range(4))
    installation.emulator.tell("devices", match="*", slow=100)
    # The answer to the submit is on its way still; it is waited for.
    installation.emulator.tell(
        "faults", kind="slow", call="createbatch", moment="after", seconds=300
    )
    args = ("--region", "EMEA", "--yes", "--json", "--foreground")
    process = installation.process("run", str(file), *args, stderr=subprocess.PIPE)
    (run,) = until(installation.runs, "the run")
    until(installation.times, "the submit")
    process.send_signal(how)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert f"siptui resume {run}" in told
    assert "goes on" not in told
    state = installation.state(run)
    assert state.stopped is not None
    assert state.stopped.code == "interrupted"
    assert state.batches[1].batch_id
