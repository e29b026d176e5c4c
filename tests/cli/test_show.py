"""`siptui show RUN`, and `@last` wherever a run is named."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Finished
from tests.worker.installation import installed, json_lines, write_list


def test_a_run_as_json(finished: Finished) -> None:
    done = finished.installation.run("show", finished.run, "--json")
    assert done.exit_code == 0, done.output
    shown = json.loads(done.stdout)
    (head,) = [
        one
        for one in json.loads(finished.installation.run("runs", "--json").stdout)["runs"]
        if one["run"] == finished.run
    ]
    del head["rollout"]  # which only a look at all runs can tell
    assert {name: shown[name] for name in head} == head
    assert shown["counts"]["succeeded"] == head["succeeded"]
    assert sum(shown["counts"].values()) == 9
    assert [one["batch"] for one in shown["batches"]] == list(range(1, len(shown["batches"]) + 1))
    assert all(one["batch_id"] and one["state"] == "finished" for one in shown["batches"])
    assert sum(one["devices"] for one in shown["causes"]) == head["failed"] + head["unknown"]
    assert all(one["remedy"] and one["text"] for one in shown["causes"])
    assert (shown["waits"], shown["paused"], shown["stopping"]) == ([], False, False)
    if head["failed"]:
        assert any(f"siptui retry {finished.run}" in one for one in shown["next"])


def test_a_run_for_people(finished: Finished) -> None:
    state = finished.installation.state(finished.run)
    shown = finished.installation.run("show", finished.run[-4:], "--profile", "lab")
    assert shown.exit_code == 0, shown.output
    page = shown.stdout
    assert page.startswith(f"Run {finished.run}: finished\n")
    assert "contoso.example" in page
    assert "list.csv" in page
    assert all(batch.batch_id in page for batch in state.batches.values())
    assert f"siptui retry {finished.run} --profile lab" in page


def test_a_batch_keeps_its_results_when_its_devices_were_retried(tmp_path: Path) -> None:
    scenario = """
[timing]
device = [20, 40]
[[devices]]
match = "00-04-F2-00-00-00"
online = false
until_attempt = 2
"""
    with installed(tmp_path / "lab", scenario) as installation:
        file = write_list(tmp_path / "list.csv", range(3))
        installation.run("run", str(file), "--region", "EMEA", "--yes")
        again = installation.run("retry", "@last", "--yes")
        assert again.exit_code == 0, again.output
        shown = json.loads(installation.run("show", "@last", "--json").stdout)
        results = [(b["devices"], b["succeeded"], b["failed"]) for b in shown["batches"]]
        assert results == [(3, 2, 1), (1, 1, 0)]
        assert (shown["causes"], shown["needs"], shown["next"]) == ([], None, [])


def test_last_is_the_newest_run_for_every_command(finished: Finished, tmp_path: Path) -> None:
    newest = finished.installation.runs()[0]
    run = finished.installation.run
    assert json.loads(run("show", "@last", "--json").stdout)["run"] == newest
    assert json.loads(run("export", "@last", "--format", "json").stdout)["run"] == newest
    lines = json_lines(run("attach", "@last", "--json").stdout)
    assert {line["run"] for line in lines} == {newest}
    assert newest in run("resume", "@last").stderr
    assert run("handover", "@last", "-o", str(tmp_path / "lists")).exit_code == 0
    assert json.loads(run("stop", "@last", "--json").stdout)["run"] == newest


@pytest.mark.parametrize("command", ["show", "pause", "stop", "export", "attach", "retry"])
def test_no_run_yet(finished: Finished, own_folders: Path, command: str) -> None:
    own = {"SIPTUI_STATE_DIR": f"{own_folders}/state"}
    done = finished.installation.run(command, "@last", **own)
    assert done.exit_code == 2, done.output
    assert "there is no run yet" in done.stderr
    assert "siptui run FILE" in done.stderr


def test_an_unknown_run(finished: Finished) -> None:
    for command in ("show", "pause", "stop"):
        done = finished.installation.run(command, "@first", "--json")
        assert done.exit_code == 2
        assert json.loads(done.stdout)["error"]["code"] == "no_such_run"
