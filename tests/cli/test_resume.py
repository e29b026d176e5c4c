"""`siptui resume`: which run, and what it refuses. Workers' ends are in tests/worker."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import Result

from tests.cli.conftest import Finished
from tests.worker.installation import Installation, installed, json_lines, until, write_list


def test_a_finished_run_says_so(finished: Finished) -> None:
    before = finished.installation.times()
    done = finished.installation.run("resume", finished.run, "--yes")
    assert done.exit_code == 3
    assert "finished" in done.stderr
    assert finished.installation.times() == before


def test_no_run_is_unfinished(finished: Finished) -> None:
    done = finished.installation.run("resume", "--yes", "--json")
    assert done.exit_code == 2
    assert json.loads(done.stdout)["error"]["code"] == "no_run"


def test_one_decision_at_a_time(finished: Finished) -> None:
    done = finished.installation.run("resume", finished.run, "--adopt", "x", "--resubmit", "--yes")
    assert done.exit_code == 2


def test_nothing_to_decide(finished: Finished) -> None:
    before = finished.installation.times()
    for args in (("--resubmit",), ("--adopt", "x")):
        done = finished.installation.run("resume", finished.run, *args, "--yes")
        assert done.exit_code == 2, done.output
    assert finished.installation.times() == before


def test_a_plan_of_what_waits_changes_nothing(tmp_path: Path) -> None:
    file = write_list(tmp_path / "list.csv", range(8))
    with installed(tmp_path / "lab", "[timing]\ndevice = [3000, 3000]\n", speed=1) as slow:
        viewer = slow.process(
            *("run", str(file), "--region", "EMEA", "--yes"), *("--batch-size", "2", "--slots", "1")
        )
        (run,) = until(slow.runs, "the run")
        until(slow.times, "the first submit")
        slow.kill(run)
        viewer.kill()
        viewer.communicate()
        before = slow.state(run).last_seq
        plans = {}
        for args in ((), ("--batch-size", "4", "--first", "1")):
            done = slow.run("resume", run, "--dry-run", "--json", *args)
            assert done.exit_code == 0, done.output
            plans[args] = [len(b["devices"]) for b in json.loads(done.stdout)["batches"]]
        assert list(plans.values()) == [[2, 2, 2], [1, 4, 1]]
        # A list with some of these is told of, in the plan as well.
        other = write_list(tmp_path / "other.csv", [6, 7, 20])
        plan = slow.run("run", str(other), "--region", "EMEA", "--dry-run")
        assert f"2 of the devices wait in run {run}" in plan.stdout
        assert slow.state(run).last_seq == before


@pytest.fixture(scope="module")
def lost(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Installation, str, Result]]:
    """An installation and a run of three phones whose submit was cut off on its way."""
    folder = tmp_path_factory.mktemp("lost")
    file = write_list(folder / "list.csv", range(3))
    with installed(folder / "lab", _CUT, quick=20) as installation:
        done = installation.run("run", str(file), "--region", "EMEA", "--yes", "--settle", "1")
        (run,) = installation.runs()
        yield installation, run, done


_CUT = """
[[faults]]
call = "createbatch"
kind = "cut"
nth = 1
"""


def test_a_run_that_ends_unknown_says_who_decides_and_how(
    lost: tuple[Installation, str, Result],
) -> None:
    installation, run, done = lost
    assert done.exit_code == 5
    way = (
        f"siptui resume {run} --batch 1 --adopt BATCH, or siptui resume {run} --batch 1 --resubmit"
    )
    assert way in done.stdout.splitlines()[-1]
    again = installation.run("resume", run, "--yes")
    assert again.exit_code == 5
    assert way in again.stderr
    told = installation.run("retry", run, "--yes")
    assert told.exit_code == 2
    assert "--resubmit" in told.stderr
    assert installation.times() == {}


def test_a_finished_run_is_told_of_as_json_too(lost: tuple[Installation, str, Result]) -> None:
    installation, run, _ = lost
    done = installation.run("resume", run, "--yes", "--json")
    (line,) = json_lines(done.stdout)
    assert (line["type"], line["run"], line["unknown"]) == ("run_finished", run, 3)


def test_to_adopt_is_not_called_a_submit(lost: tuple[Installation, str, Result]) -> None:
    installation, run, _ = lost
    done = installation.run("resume", run, "--adopt", "b-1", "--yes")
    assert done.exit_code == 5
    assert "Nothing is submitted" in done.stderr
    assert "b-1 was not adopted" in done.stdout
    assert installation.times() == {}


def test_a_renamed_profile_forgets_nothing(lost: tuple[Installation, str, Result]) -> None:
    installation, run, _ = lost
    other = installation.folder / "renamed"
    other.mkdir()
    text = (installation.folder / "config" / "config.toml").read_text()
    (other / "config.toml").write_text(text.replace("profiles.lab", "profiles.contoso"))
    env = {"SIPTUI_CONFIG_DIR": str(other)}
    file = installation.folder.parent / "list.csv"
    how = ("run", str(file), "--region", "EMEA", "--yes", "--json")
    done = installation.run(*how, **env)
    assert done.exit_code == 2
    error = json.loads(done.stdout)["error"]
    assert error["code"] == "busy_devices"
    assert f"{run} of profile lab" in error["message"]
    assert f"siptui attach {run} --profile lab" in error["next"]
    told = installation.run("runs", **env)
    assert "profiles that the configuration does not name: lab" in told.stderr
    assert installation.times() == {}
    # Another tenant's are no matter, not even with the same names of phones and accounts.
    (other / "config.toml").write_text(
        text.replace("profiles.lab", "profiles.other").replace("contoso.example", "other.example")
    )
    assert installation.run(*how[:4], "--dry-run", **env).stdout.count("would be refused") == 0
