"""`siptui resume`: which run, and what it refuses. Workers' ends are in tests/worker."""

import json

from tests.commands.conftest import Finished


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
