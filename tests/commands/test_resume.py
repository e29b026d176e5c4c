"""`siptui resume`: which run, and what it refuses. Workers' ends are in tests/worker."""

import json
from pathlib import Path

from tests.commands.conftest import Finished
from tests.worker.lab import lab, until, write_list


def test_a_finished_run_says_so(finished: Finished) -> None:
    before = finished.lab.times()
    done = finished.lab.run("resume", finished.run, "--yes")
    assert done.exit_code == 3
    assert "finished" in done.stderr
    assert finished.lab.times() == before


def test_no_run_is_unfinished(finished: Finished) -> None:
    done = finished.lab.run("resume", "--yes", "--json")
    assert done.exit_code == 2
    assert json.loads(done.stdout)["error"]["code"] == "no_run"


def test_one_decision_at_a_time(finished: Finished) -> None:
    done = finished.lab.run("resume", finished.run, "--adopt", "x", "--resubmit", "--yes")
    assert done.exit_code == 2


def test_nothing_to_decide(finished: Finished) -> None:
    before = finished.lab.times()
    for args in (("--resubmit",), ("--adopt", "x")):
        done = finished.lab.run("resume", finished.run, *args, "--yes")
        assert done.exit_code == 2, done.output
    assert finished.lab.times() == before


def test_a_plan_of_what_waits_changes_nothing(tmp_path: Path) -> None:
    file = write_list(tmp_path / "list.csv", range(8))
    with lab(tmp_path / "lab", "[timing]\ndevice = [3000, 3000]\n", speed=1) as slow:
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
