"""`siptui retry`: failed devices once more, and nothing else."""

import json

from tests.cli.conftest import Finished
from tests.worker.installation import each_type, hardware_id, json_lines


def test_a_cause_is_tried_again_by_itself(finished: Finished) -> None:
    installation, run = finished.installation, finished.run
    before = installation.times()
    assert set(before.values()) == {1}
    plan = installation.run("retry", run, "--cause", "offline", "--dry-run")
    assert plan.exit_code == 0, plan.output
    assert "2 devices" in plan.stdout
    plan = installation.run(
        "retry", run, "--dry-run", "--json", "--batch-size", "1", "--first", "1"
    )
    body = json.loads(plan.stdout)
    assert (body["type"], body["run"], body["devices"]) == ("plan", run, 3)
    assert [len(batch["devices"]) for batch in body["batches"]] == [1, 1, 1]
    unasked = installation.run("retry", run, "--cause", "offline", "--no-input")
    assert unasked.exit_code == 2
    assert installation.times() == before

    done = installation.run("retry", run, "--cause", "offline", "--yes", "--json")
    assert done.exit_code == 3, done.output
    lines = json_lines(done.stdout)
    assert {line["run"] for line in lines} == {run}
    told = {d["hardware_id"]: d for d in each_type(lines, "device")}
    again = {hardware_id(0), hardware_id(5)}
    assert set(told) == again
    assert {(d["state"], d["attempt"]) for d in told.values()} == {("succeeded", 2)}
    assert installation.times() == {h: 2 if h in again else 1 for h in before}
    assert lines[-1]["type"] == "run_finished"
    assert (lines[-1]["succeeded"], lines[-1]["failed"]) == (8, 1)
    assert installation.differences(installation.state(run)) == []


def test_nothing_failed_for_that(finished: Finished) -> None:
    done = finished.installation.run(
        "retry", finished.run, "--cause", "tag_missing", "--yes", "--json"
    )
    assert done.exit_code == 2
    assert json.loads(done.stdout)["error"]["code"] == "nothing_failed"
