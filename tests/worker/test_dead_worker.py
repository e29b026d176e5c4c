"""A worker that was killed is noticed by every view, within seconds."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.worker.lab import Lab, hardware_id, lab, until, write_list
from tests.worker.terminal import Terminal

_GONE = "No worker is running. r resumes."


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Lab]:
    with lab(tmp_path / "lab", "healthy") as found:
        yield found


def _started(place: Lab, count: int = 6) -> tuple[str, Terminal]:
    """A run of a console, with one batch live and one that waits; phones take their time."""
    place.emulator.tell("devices", match="*", slow=100)
    file = write_list(place.folder / "list.csv", range(count))
    done = place.process(
        *("run", str(file), "--region", "EMEA", "--yes", "--json"),
        *("--batch-size", str(count // 2), "--slots", "1"),
    )
    (run,) = until(place.runs, "the run")
    until(place.times, "the first submit")
    done.kill()
    done.communicate()
    window = Terminal(place, "attach", run)
    until(lambda: window.shows("1 batch live"), "the live run")
    return run, window


def test_a_console_shows_a_killed_worker_and_resumes_it(place: Lab) -> None:
    run, window = _started(place)
    place.kill(run)
    until(lambda: window.shows(_GONE), "the banner", 15)
    window.types("P")
    until(lambda: window.shows("pause: no worker is running; r resumes."), "the refusal")
    assert not place.state(run).paused

    fresh = Terminal(place, "attach", run)
    until(lambda: fresh.shows(_GONE), "the banner in a new console", 15)
    (head,) = json.loads(place.run("runs", "--json").stdout)["runs"]
    assert (head["state"], head["held_by"]) == ("stopped", "")

    place.emulator.tell("devices", match="*", slow=1)
    fresh.types("r")
    until(lambda: fresh.shows("Type 3"), "the question")
    fresh.types("3\r")
    until(lambda: place.state(run).finished, "the end of the run")
    for one in (window, fresh):
        until(lambda one=one: one.shows("Ended: all 6"), "the end, also in the console before")  # type: ignore[misc]
        one.close()
    assert place.times() == {hardware_id(n): 1 for n in range(6)}


def test_who_follows_without_a_screen_is_told(place: Lab) -> None:
    place.emulator.tell("devices", match="*", slow=100)
    file = write_list(place.folder / "list.csv", range(2))
    viewer = place.process("run", str(file), "--region", "EMEA", "--yes", "--json")
    (run,) = until(place.runs, "the run")
    until(place.times, "the submit")
    place.kill(run)
    out, _ = viewer.communicate(timeout=20)
    assert viewer.returncode == 1
    error = json.loads(out.splitlines()[-1])["error"]
    assert error["code"] == "worker_gone"
    assert re.search(rf"siptui resume {run}", error["next"])
