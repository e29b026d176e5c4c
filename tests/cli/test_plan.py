"""A plan for another person's eyes, and what profiles forbid."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.worker.installation import (
    FAST,
    Installation,
    each_type,
    installed,
    json_lines,
    write_list,
)

_SCENARIO = """
[timing]
device = [40, 200]
[[devices]]
match = "00-04-F2-00-00-01"
online = false
"""
_REGION = ("--region", "EMEA")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Installation]:
    with installed(tmp_path / "lab", _SCENARIO, speed=FAST) as found:
        yield found


def setting(place: Installation, line: str) -> None:
    config = place.folder / "config" / "config.toml"
    config.write_text(config.read_text().replace("[profiles.lab]\n", f"[profiles.lab]\n{line}\n"))


def code_of(done: object) -> tuple[int, str]:
    assert hasattr(done, "exit_code")
    assert hasattr(done, "stdout")
    return done.exit_code, json.loads(done.stdout)["error"]["code"]


def test_a_plan_is_submitted_as_it_is_and_once(place: Installation, tmp_path: Path) -> None:
    file, plan = write_list(tmp_path / "list.csv", [2, 3, 4]), tmp_path / "plan.json"
    setting(place, "require_plan = true")
    how = (*_REGION, "--batch-size", "2")
    assert code_of(place.run("run", str(file), *how, "--yes", "--json")) == (2, "plan_required")
    written = place.run("run", str(file), *how, "--plan-to", str(plan))
    assert written.exit_code == 0, written.output
    body = json.loads(plan.read_text())
    assert [len(b["devices"]) for b in body["batches"]] == [2, 1]
    assert {"schema", "tenant", "file", "sha256", "planned_by", "planned_at", "options"} <= set(
        body
    )
    assert place.times() == {}
    file.unlink()  # it needs no list beside it
    done = place.run("run", "--plan", str(plan), "--yes", "--json")
    assert done.exit_code == 0, done.output
    assert each_type(json_lines(done.stdout), "run_planned")[0]["sha256"] == body["sha256"]
    again = place.run("run", "--plan", str(plan), "--yes", "--json")
    assert code_of(again) == (2, "plan_used")
    copy = tmp_path / "copy.json"
    copy.write_text(json.dumps(dict(reversed(body.items())), indent=4), newline="\r\n")
    again = place.run("run", "--plan", str(copy), "--yes", "--json")
    assert code_of(again) == (2, "plan_used")
    assert set(place.times().values()) == {1}
    (run,) = place.runs()
    planned = place.state(run).plan
    assert planned is not None
    assert planned.planned_by
    assert code_of(place.run("retry", run, "--yes", "--json")) == (2, "plan_required")
    assert place.run("forget", run, "--no-fingerprints", "--yes").exit_code == 0
    forgotten = place.run("run", "--plan", str(plan), "--yes", "--json")
    assert code_of(forgotten) == (2, "plan_used")
    assert run in forgotten.stdout


def test_a_plan_that_was_changed_or_does_not_hold_any_more(
    place: Installation, tmp_path: Path
) -> None:
    file, plan = write_list(tmp_path / "list.csv", [2, 3, 4]), tmp_path / "plan.json"
    assert place.run("run", str(file), *_REGION, "--plan-to", str(plan)).exit_code == 0
    body = json.loads(plan.read_text())
    for change in ("size", "tenant", "nonsense", "account", "region", "again", "finding", "digest"):
        other = json.loads(plan.read_text())
        if change == "size":
            other["options"]["batch_size"] = 1
        elif change == "tenant":
            other["tenant"] = "fabrikam.example"
        elif change == "account":
            other["batches"][0]["devices"][0]["username"] = "else@contoso.example"
        elif change == "region":
            other["batches"][0]["region"] = "NOAM"
        elif change == "again":
            other["options"]["again"] = True
        elif change == "finding":
            other["findings"] = []
        elif change == "digest":
            del other["digest"]
        else:
            other = {"batches": body["batches"]}
        (tmp_path / "other.json").write_text(json.dumps(other))
        done = place.run("run", "--plan", str(tmp_path / "other.json"), "--yes", "--json")
        assert code_of(done) == (2, "plan")
    file.write_text(file.read_text() + "room9@contoso.example,00-04-F2-00-00-09\n")
    done = place.run("run", str(file), *_REGION, "--plan", str(plan), "--yes", "--json")
    assert code_of(done) == (2, "plan")
    assert "all planned devices are in it" in done.stdout
    file.write_text(file.read_text().replace("room3@", "room33@"))
    done = place.run("run", str(file), *_REGION, "--plan", str(plan), "--yes", "--json")
    assert code_of(done) == (2, "plan")
    assert "room3@contoso.example" in done.stdout
    for option in (
        *(("--where", "Username=x"), ("--first", "1"), ("--by", "Site"), ("--new-only",)),
        *(("--again",), ("--until", "22:00"), ("--batch-size", "1"), ("--region", "NOAM")),
    ):
        done = place.run("run", "--plan", str(plan), *option, "--yes", "--json")
        assert code_of(done) == (2, "usage")
        assert option[0] in done.stdout
    assert place.times() == {}
    one = write_list(tmp_path / "one.csv", [3])
    assert place.run("run", str(one), *_REGION, "--yes", "--json").exit_code == 0
    done = place.run("run", "--plan", str(plan), "--yes", "--json")
    assert code_of(done) == (2, "plan")
    assert "Since it was planned: 1 device is signed in" in done.stdout
    assert sum(place.times().values()) == 1


def test_a_profile_that_may_only_look(place: Installation, tmp_path: Path) -> None:
    file = write_list(tmp_path / "list.csv", [1, 2])
    assert place.run("run", str(file), *_REGION, "--yes", "--json").exit_code == 3
    (run,) = place.runs()
    setting(place, "read_only = true")
    for words in (("run", str(file), *_REGION, "--again"), ("retry", run), ("resume", run)):
        assert code_of(place.run(*words, "--yes", "--json")) == (2, "read_only")
    fixed = place.run("fix", str(file), *_REGION, "--yes", "--json")
    assert code_of(fixed) == (2, "read_only")
    assert place.run("run", str(file), *_REGION, "--dry-run", "--again").exit_code == 0
    assert sum(place.times().values()) == 2


def test_what_requires_plans_goes_on_with_the_run_of_one_only(
    place: Installation, tmp_path: Path
) -> None:
    file, plan = write_list(tmp_path / "list.csv", [1, 2, 3]), tmp_path / "plan.json"
    how = (*_REGION, "--first", "1", "--max-failures", "0")
    assert place.run("run", str(file), *how, "--yes", "--json").exit_code == 3
    (loose,) = place.runs()
    setting(place, "require_plan = true")
    for decided in ((), ("--resubmit",), ("--batch-size", "1")):
        refused = place.run("resume", loose, *decided, "--yes", "--json")
        assert code_of(refused) == (2, "plan_required"), decided
    assert place.run("resume", loose, "--dry-run").exit_code == 0
    assert sum(place.times().values()) == 1
    assert place.run("run", str(file), *how, "--plan-to", str(plan)).exit_code == 0
    assert place.run("run", "--plan", str(plan), "--yes", "--json").exit_code == 3
    planned = place.runs()[0]
    for otherwise in (("--again",), ("--batch-size", "1"), ("--first", "1")):
        refused = place.run("resume", planned, *otherwise, "--yes", "--json")
        assert code_of(refused) == (2, "plan_required"), otherwise
    assert sum(place.times().values()) == 2
    assert place.run("resume", planned, "--yes", "--json").exit_code == 3
    assert sum(place.times().values()) == 4
