"""A worker that was killed is noticed by every view, within seconds."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.worker.installation import (
    LONG_OVER,
    Installation,
    hardware_id,
    installed,
    until,
    write_list,
)
from tests.worker.terminal import Terminal

_GONE = "No worker is running. r resumes."


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    with installed(tmp_path / "lab", "healthy") as found:
        yield found


def _started(installation: Installation, count: int = 6) -> tuple[str, Terminal]:
    """A run of a console, with one batch live and one that waits; phones take their time."""
    installation.emulator.tell("devices", match="*", slow=100)
    file = write_list(installation.folder / "list.csv", range(count))
    done = installation.process(
        *("run", str(file), "--region", "EMEA", "--yes", "--json"),
        *("--batch-size", str(count // 2), "--slots", "1"),
    )
    (run,) = until(installation.runs, "the run")
    until(installation.times, "the first submit")
    done.kill()
    done.communicate()
    window = Terminal(installation, "attach", run)
    until(lambda: window.shows("1 batch live"), "the live run")
    return run, window


@pytest.mark.slow
def test_a_console_shows_a_killed_worker_and_resumes_it(installation: Installation) -> None:
    run, window = _started(installation)
    installation.kill(run)
    until(lambda: window.shows(_GONE), "the banner")
    window.types("P")
    until(lambda: window.shows("pause: no worker is running; r resumes."), "the refusal")
    assert not installation.state(run).paused

    fresh = Terminal(installation, "attach", run)
    until(lambda: fresh.shows(_GONE), "the banner in a new console")
    (head,) = json.loads(installation.run("runs", "--json").stdout)["runs"]
    assert (head["state"], head["held_by"]) == ("stopped", "")

    installation.emulator.tell("devices", match="*", slow=1)
    installation.emulator.forward(LONG_OVER)
    fresh.types("r")
    until(lambda: fresh.shows("Type 3"), "the question")
    fresh.types("3\r")
    until(lambda: installation.state(run).finished, "the end of the run")
    for one in (window, fresh):
        until(lambda one=one: one.shows("Ended: all 6"), "the end, also in the console before")  # type: ignore[misc]
        one.close()
    assert installation.times() == {hardware_id(n): 1 for n in range(6)}


def test_who_follows_without_a_screen_is_told(installation: Installation) -> None:
    installation.emulator.tell("devices", match="*", slow=100)
    file = write_list(installation.folder / "list.csv", range(2))
    viewer = installation.process("run", str(file), "--region", "EMEA", "--yes", "--json")
    (run,) = until(installation.runs, "the run")
    until(installation.times, "the submit")
    installation.kill(run)
    out, _ = viewer.communicate(timeout=60)
    assert viewer.returncode == 1
    error = json.loads(out.splitlines()[-1])["error"]
    assert error["code"] == "worker_gone"
    assert re.search(rf"siptui resume {run}", error["next"])
