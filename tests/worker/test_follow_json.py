"""`siptui attach --json`: a run's lines for programs, without a screen, for any number of them."""

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from siptui.runs.events import Note
from siptui.runs.journal.journal import Journal
from tests.worker.installation import (
    LONG_OVER,
    Installation,
    installed,
    json_lines,
    until,
    write_list,
)


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    with installed(tmp_path / "lab") as found:
        yield found


def _started(installation: Installation, count: int = 6) -> tuple[str, "subprocess.Popen[str]"]:
    installation.emulator.tell("devices", match="*", slow=100)
    file = write_list(installation.folder / "list.csv", range(count))
    viewer = installation.process(
        *("run", str(file), "--region", "EMEA", "--yes", "--json", "--batch-size", "3"),
        stderr=subprocess.PIPE,
    )
    run = installation.begun(viewer)
    until(lambda: installation.state(run).batches[1].batch_id, "the first answer")
    return run, viewer


def _say_something(installation: Installation, run: str) -> None:
    """A line for everyone who follows by now."""
    with Journal(installation.journal) as journal:
        journal.append(run, [Note(level="info", text="something")], datetime.now(UTC))
    time.sleep(0.2)


@pytest.mark.slow
def test_every_viewer_gets_the_lines_of_the_run_from_the_beginning(
    installation: Installation,
) -> None:
    run, first = _started(installation)
    viewers = [installation.process("attach", run, "--json") for _ in range(3)]
    heard = installation.folder / "late.jsonl"
    with heard.open("w") as file:
        late = installation.process("attach", "--json", "--from-now", stdout=file)
    until(lambda: heard.stat().st_size or _say_something(installation, run), "the late one")
    installation.emulator.tell("devices", match="*", slow=1)
    installation.emulator.forward(LONG_OVER)
    out, _ = first.communicate(timeout=60)
    expected = json_lines(out)
    assert expected[-1]["type"] == "run_finished"
    for viewer in viewers:
        own, _ = viewer.communicate(timeout=60)
        assert json_lines(own) == expected
        assert viewer.returncode == first.returncode
    late.wait(60)
    own = heard.read_text()
    assert late.returncode == first.returncode
    assert json_lines(own) == expected[-len(json_lines(own)) :]
    assert len(json_lines(own)) < len(expected)

    # Of a run that is over: all of it, or nothing.
    done = installation.run("attach", run, "--json")
    assert (json_lines(done.stdout), done.exit_code) == (expected, first.returncode)
    done = installation.run("attach", run, "--json", "--from-now")
    assert (done.stdout, done.exit_code) == ("", first.returncode)


@pytest.mark.slow
@pytest.mark.parametrize("command", ["attach", "run"])
def test_ctrl_c_says_that_the_run_goes_on_and_how_to_follow_it(
    installation: Installation, command: str
) -> None:
    run, viewer = _started(installation)
    if command == "attach":
        viewer.kill()
        viewer.communicate()
        out = installation.folder / "out.jsonl"
        with out.open("w") as file:
            viewer = installation.process(
                "attach", run, "--json", stdout=file, stderr=subprocess.PIPE
            )
        until(lambda: "batch_accepted" in out.read_text(), "its lines")
    viewer.send_signal(signal.SIGINT)
    told, error = viewer.communicate(timeout=60)
    assert viewer.returncode == 130
    last = json_lines(told if command == "run" else out.read_text())[-1]
    assert (last["type"], last["run"]) == ("error", run)
    assert last["error"]["code"] == "interrupted"
    assert last["error"]["message"] == "The run goes on."
    assert f"siptui attach {run} --json" in last["error"]["next"]
    assert "The run goes on." in error
    assert installation.holder(run)
    installation.emulator.tell("devices", match="*", slow=1)
    installation.emulator.forward(LONG_OVER)
    assert installation.over(run).finished


def test_a_killed_worker_is_told_of_and_nothing_is_started(installation: Installation) -> None:
    run, viewer = _started(installation)
    viewer.kill()
    viewer.communicate()
    installation.kill(run)
    done = installation.run("attach", run, "--json")
    lines = json_lines(done.stdout)
    assert [lines[0]["type"], lines[-1]["type"]] == ["run_planned", "error"]
    assert lines[-1]["error"]["code"] == "worker_gone"
    assert done.exit_code == 1
    assert installation.holder(run) is None


def test_from_now_is_for_programs(installation: Installation) -> None:
    done = installation.run("attach", "--from-now")
    assert done.exit_code == 2
    assert "--json" in done.stderr
    done = installation.run("attach", "--json")
    assert json.loads(done.stdout)["error"]["code"] == "no_run"


def test_ctrl_c_without_a_terminal_asks_nothing(installation: Installation) -> None:
    installation.emulator.tell("devices", match="*", slow=100)
    file = write_list(installation.folder / "list.csv", range(3))
    viewer = installation.process(
        *("run", str(file), "--region", "EMEA", "--yes"), stderr=subprocess.PIPE
    )
    run = installation.begun(viewer)
    until(lambda: installation.state(run).batches[1].batch_id, "the answer")
    viewer.send_signal(signal.SIGINT)
    _, error = viewer.communicate(timeout=60)
    assert viewer.returncode == 130
    assert f"The run goes on: siptui attach {run}" in error
    assert installation.holder(run) is not None
