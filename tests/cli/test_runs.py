"""`siptui runs`: the history."""

import json
from datetime import datetime, timedelta

import pytest

from siptui.cli.follow_run import watch
from siptui.domain.errors import ExitCode
from siptui.domain.times import minute, second
from siptui.runs.service import RunService
from tests.cli.conftest import Finished
from tests.support.time_zone import in_zone
from tests.worker.installation import json_lines

_FIELDS = {
    *("run", "started", "file", "tenant", "devices", "succeeded", "failed", "unknown"),
    *("skipped", "state", "held_by", "rollout"),
}


def test_the_history_as_json(finished: Finished) -> None:
    done = finished.installation.run("runs", "--json")
    assert done.exit_code == 0
    heads = json.loads(done.stdout)["runs"]
    head = heads[-1]
    assert set(head) == _FIELDS
    assert head["run"] == finished.run
    assert (head["tenant"], head["devices"]) == ("contoso.example", 9)
    assert head["succeeded"] + head["failed"] == 9
    assert (head["unknown"], head["skipped"]) == (0, 0)
    assert (head["state"], head["held_by"]) == ("finished", "")
    assert head["file"].endswith("list.csv")
    assert head["rollout"] == finished.run
    assert datetime.fromisoformat(head["started"]).utcoffset() == timedelta(0)


def test_the_history_for_people(finished: Finished) -> None:
    done = finished.installation.run("runs")
    assert done.exit_code == 0
    assert finished.run in done.stdout
    assert "finished" in done.stdout


def test_times_are_the_operators_own_and_json_has_utc(finished: Finished) -> None:
    with in_zone("Asia/Kolkata"):
        heads = json.loads(finished.installation.run("runs", "--json").stdout)["runs"]
        said = finished.installation.run("runs").stdout
        report = finished.installation.run("show", finished.run).stdout
        started, precise = minute(heads[0]["started"]), second(heads[0]["started"])
    assert heads[0]["started"].endswith("Z")
    assert "STARTED (UTC+05:30)" in said
    assert f"  {started}  " in said
    assert max(map(len, said.splitlines())) <= 80
    assert f"{precise[11:]} UTC+05:30" in report


def test_no_history_yet(finished: Finished, own_folders: object) -> None:
    own = {"SIPTUI_STATE_DIR": f"{own_folders}/state"}
    assert json.loads(finished.installation.run("runs", "--json", **own).stdout) == {"runs": []}
    assert "no run yet" in finished.installation.run("runs", **own).stdout


def test_an_order_that_came_too_late_leaves_a_run_finished(
    finished: Finished, capsys: pytest.CaptureFixture[str]
) -> None:
    installation = finished.installation
    run_service = RunService(installation.journal, tenant="contoso.example")
    try:
        before = installation.state(finished.run).last_seq
        run_service.stop(finished.run)
        assert run_service.head(finished.run).state == "finished"
        assert run_service.newest_unfinished() is None
        after = before - 1  # a viewer that has yet to see the end
        code = watch(run_service, installation.journal, finished.run, as_json=True, after=after)
    finally:
        run_service.close()
    assert code is ExitCode.SOME_FAILED
    assert [line["type"] for line in json_lines(capsys.readouterr().out)] == ["run_finished"]
