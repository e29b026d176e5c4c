"""What stays when a run is over, or its worker was killed: no hold on the run, no pipe."""

import json
import os
import signal
from pathlib import Path

import pytest

from siptui.host.processes import process_lives
from tests.worker.installation import (
    Installation,
    each_type,
    installed,
    json_lines,
    until,
    write_list,
)

_LONG = "[timing]\ndevice = [4000, 4000]\n"


def _notified_by(installation: Installation, *command: str) -> None:
    config = installation.folder / "config" / "config.toml"
    config.write_text(f"notify_command = {json.dumps(command)}\n{config.read_text()}")


@pytest.mark.parametrize("how", [[], ["--foreground"]])
def test_a_command_that_hangs_holds_no_finished_run(tmp_path: Path, how: list[str]) -> None:
    with installed(tmp_path, "healthy", quick=1) as installation:
        pids = tmp_path / "pids"
        _notified_by(installation, "sh", "-c", f"echo $$ >> {pids}; exec sleep 600")
        phones = str(write_list(tmp_path / "phones.csv", range(2)))
        options = ("--region", "EMEA", "--yes", "--json", *how)
        with installation.process("run", phones, *options) as process:
            out, _ = process.communicate(timeout=200)
        try:
            assert process.returncode == 0
            # It was not waited for: it would have been ended then, after 30 seconds.
            until(lambda: pids.exists() and pids.read_text().split(), "the command")
            assert any(process_lives(int(pid)) for pid in pids.read_text().split())
            run = json_lines(out)[-1]["run"]
            until(lambda: installation.holder(run) is None, "the run to be let go")
            assert not (tmp_path / "state" / "lab" / "held" / f"{run}.hand").exists()
        finally:
            for pid in pids.read_text().split():
                os.kill(int(pid), signal.SIGKILL)


def test_a_command_that_is_not_there_is_told_in_the_run(tmp_path: Path) -> None:
    with installed(tmp_path, "healthy") as installation:
        _notified_by(installation, "/nowhere/tell", "secret-of-a-webhook")
        phones = str(write_list(tmp_path / "phones.csv", range(2)))
        done = installation.run("run", phones, "--region", "EMEA", "--yes", "--json")
        assert done.exit_code == 0
        notes = [line["text"] for line in each_type(json_lines(done.stdout), "note")]
        assert (
            len([text for text in notes if "notify_command (tell): it is not there" in text]) == 1
        )
        done = installation.run("doctor")
        assert "✗ notify_command" in done.output
        assert "secret-of-a-webhook" not in done.output


def test_the_pipe_of_a_killed_worker_does_not_stay(tmp_path: Path) -> None:
    with installed(tmp_path, _LONG, speed=1) as installation:
        phones = str(write_list(tmp_path / "phones.csv", range(2)))
        process = installation.process("run", phones, "--region", "EMEA", "--yes", "--json")
        (run,) = until(installation.runs, "the run")
        pipe = tmp_path / "state" / "lab" / "held" / f"{run}.hand"
        until(pipe.exists, "the pipe of the worker")
        assert installation.run("runs").exit_code == 0
        assert pipe.exists()  # its worker is at work
        installation.kill(run)
        process.communicate(timeout=60)
        assert not pipe.exists()  # who watched the run saw that its worker was gone
        os.mkfifo(pipe, 0o600)  # and where none watched it
        assert installation.run("runs").exit_code == 0
        assert not pipe.exists()
        with installation.process("resume", run, "--yes", "--json") as again:
            until(pipe.exists, "the pipe of the next worker")
            installation.kill(run, signal.SIGTERM)
            assert not pipe.exists()
            again.communicate(timeout=60)
