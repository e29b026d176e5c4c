"""Scripts and accounts that may be personal: looked for, left out, reported."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.worker.installation import (
    FAST,
    Installation,
    each_type,
    hardware_id,
    installed,
    json_lines,
    write_list,
)

_SCENARIO = """
[timing]
device = [40, 200]
[[accounts]]
match = "room1@contoso.example"
common_area = false
[[devices]]
match = ["00-04-F2-00-00-02", "00-04-F2-00-00-03"]
online = false
until_attempt = 2
[auth]
accept = "any"
[[auth.tokens]]
token = "no-teams-role"
roles = ["Authentication Administrator"]
"""
_RUN = ("--region", "EMEA", "--yes", "--json")
_NAMED = ("--include-personal", "ROOM1@contoso.example")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Installation]:
    with installed(tmp_path / "lab", _SCENARIO, speed=FAST) as found:
        yield found


def test_a_run_leaves_them_out_and_says_so(place: Installation, tmp_path: Path) -> None:
    file = write_list(tmp_path / "list.csv", range(3))
    done = place.run("run", str(file), *_RUN)
    assert done.exit_code == 3, done.output
    assert "room1@contoso.example" in done.stderr
    lines = json_lines(done.stdout)
    assert each_type(lines, "run_planned")[0]["skipped"] == 1
    assert any("may be personal" in note["text"] for note in each_type(lines, "note"))
    assert set(place.times()) == {hardware_id(0), hardware_id(2)}
    assert place.emulator.ask("ledger")["calls"]["users"] == 1


@pytest.mark.parametrize("how", [_NAMED, ("--no-account-check",)])
def test_a_name_or_the_word_of_who_knows_takes_them(
    place: Installation, tmp_path: Path, how: tuple[str, ...]
) -> None:
    file = write_list(tmp_path / "list.csv", range(2))
    done = place.run("run", str(file), *_RUN, *how)
    assert done.exit_code == 3, done.output  # the service refuses what has no policy
    assert set(place.times()) == {hardware_id(0), hardware_id(1)}
    looked = place.emulator.ask("ledger")["calls"].get("users", 0)
    assert looked == (0 if "--no-account-check" in how else 1)


def test_where_it_cannot_be_read_the_run_goes_on_and_says_so(
    place: Installation, tmp_path: Path
) -> None:
    file = write_list(tmp_path / "list.csv", range(2))
    done = place.run("run", str(file), *_RUN, SIPTUI_ACCESS_TOKEN="no-teams-role")
    assert done.exit_code == 3, done.output
    assert "could not check" in done.stderr.casefold()
    assert set(place.times()) == {hardware_id(0), hardware_id(1)}


@pytest.mark.parametrize(
    "fault",
    [
        {"call": "users", "kind": "status", "status": 503},
        {"call": "configurations", "kind": "garbage"},
    ],
    ids=lambda fault: f"{fault['call']}-{fault['kind']}",
)
def test_what_was_not_refused_but_cannot_be_read_stops_a_script(
    place: Installation, tmp_path: Path, fault: dict[str, object]
) -> None:
    place.emulator.tell("faults", **fault)
    file = write_list(tmp_path / "list.csv", range(2))
    script = place.process("run", str(file), *_RUN, env={"SIPTUI_QUICK": "100"})
    out, _ = script.communicate(timeout=60)
    assert script.returncode == 1, out
    error = json.loads(out)["error"]
    assert error["code"] == "accounts_unread"
    assert "--no-account-check" in error["next"]
    assert (place.runs(), place.times()) == ([], {})
    place.emulator.tell("faults/clear")
    assert place.run("run", str(file), *_RUN).exit_code == 0
    assert set(place.times()) == {hardware_id(0)}


def test_a_dry_run_says_what_the_run_would_leave_out(place: Installation, tmp_path: Path) -> None:
    file = write_list(tmp_path / "list.csv", range(3))
    dry = ("--region", "EMEA", "--json", "--dry-run")
    body = json.loads(place.run("run", str(file), *dry).stdout)
    assert (body["devices"], body["skipped"]) == (2, 1)
    assert [(h["username"], h["why"]) for h in body["held"]] == [
        ("room1@contoso.example", "personal")
    ]
    assert any("1 row would be left out" in note for note in body["notes"])
    named = json.loads(place.run("run", str(file), *dry, *_NAMED).stdout)
    assert (named["devices"], named["held"]) == (3, [])
    alone = write_list(tmp_path / "alone.csv", [1])
    refused = json.loads(place.run("run", str(alone), *dry).stdout)
    assert any(note.startswith("It would be refused") for note in refused["notes"])
    known = ("--preflight",)
    checked = json.loads(place.run("run", str(file), *dry, *known).stdout)
    assert any("room1@contoso.example" in note for note in checked["notes"])
    assert place.times() == {}


def test_a_dry_run_that_could_not_look_says_so(place: Installation, tmp_path: Path) -> None:
    file = write_list(tmp_path / "list.csv", range(2))
    dry = ("--region", "EMEA", "--json", "--dry-run")
    alone = place.run("run", str(file), *dry, SIPTUI_ACCESS_TOKEN="")
    assert alone.exit_code == 0, alone.output
    notes = json.loads(alone.stdout)["notes"]
    assert any(note.startswith("Not looked for accounts") for note in notes)
    assert "sign" not in alone.output.casefold().replace("signed in as", "")
    refused = place.run("run", str(file), *dry, SIPTUI_ACCESS_TOKEN="no-teams-role")
    notes = json.loads(refused.stdout)["notes"]
    assert any("could not check" in note.casefold() for note in notes)


def test_a_dry_run_of_what_is_there_looks_as_well(place: Installation, tmp_path: Path) -> None:
    file = write_list(tmp_path / "list.csv", range(3))
    assert place.run("run", str(file), *_RUN, "--no-account-check").exit_code == 3
    again = json.loads(place.run("retry", "@last", "--dry-run", "--json").stdout)
    assert [h["username"] for h in again["held"]] == ["room1@contoso.example"]
    assert again["devices"] == 1


@pytest.mark.parametrize("what", ["run", "retry", "fix"])
def test_a_name_that_is_not_in_the_list_is_an_error(
    place: Installation, tmp_path: Path, what: str
) -> None:
    file = write_list(tmp_path / "list.csv", range(2))
    subject = str(file)
    if what == "retry":
        assert place.run("run", str(file), *_RUN).exit_code == 0
        subject = "@last"
        assert place.run("run", str(file), *_RUN, "--again", "--no-account-check").exit_code == 3
    before = place.times()
    given = ("--include-personal", "rom1@contoso.example", "--yes", "--json")
    done = place.run(what, subject, *given, *(() if what == "retry" else ("--region", "EMEA")))
    error = json.loads(done.stdout)["error"]
    assert (done.exit_code, error["code"]) == (2, "no_such_account")
    assert "Did you mean room1@contoso.example?" in error["next"]
    assert place.times() == before


def test_nothing_is_submitted_where_all_may_be_personal(
    place: Installation, tmp_path: Path
) -> None:
    file = write_list(tmp_path / "list.csv", [1])
    done = place.run("run", str(file), *_RUN)
    assert json.loads(done.stdout)["error"]["code"] == "personal_accounts"
    assert place.runs() == []
    assert place.times() == {}


def test_a_retry_leaves_them_out_as_well(place: Installation, tmp_path: Path) -> None:
    file = write_list(tmp_path / "list.csv", range(3))
    assert place.run("run", str(file), *_RUN, "--no-account-check").exit_code == 3
    (run,) = place.runs()
    done = place.run("retry", run, "--yes", "--json")
    assert "room1@contoso.example" in done.stderr
    assert [place.times()[hardware_id(n)] for n in range(3)] == [1, 1, 2]
    named = place.run("retry", run, "--yes", "--json", *_NAMED)
    assert named.exit_code == 3, named.output
    assert [place.times()[hardware_id(n)] for n in range(3)] == [1, 2, 2]


def test_in_a_run_that_goes_on_they_wait_until_they_are_named(
    place: Installation, tmp_path: Path
) -> None:
    """The first one fails, so the run stops with the others waiting, one of them personal."""
    file = write_list(tmp_path / "list.csv", [2, 1, 0])
    trial = ("--first", "1", "--max-failures", "0", "--no-account-check")
    assert place.run("run", str(file), *_RUN, *trial).exit_code == 3
    (run,) = place.runs()
    done = place.run("resume", run, "--yes", "--json")
    lines = json_lines(done.stdout)
    (held,) = each_type(lines, "devices_held")
    assert (held["why"], held["decide"]) == ("personal", True)
    assert [d["hardware_id"] for d in held["devices"]] == [hardware_id(1)]
    assert each_type(lines, "run_stopped")[0]["code"] == "held_back"
    assert done.exit_code == 3, done.output  # one failed, which goes before 7
    assert set(place.times()) == {hardware_id(2), hardware_id(0)}
    # It waits as long as it is not named, and then goes out; also when it is resumed once more.
    again = place.run("resume", run, "--yes", "--json")
    assert each_type(json_lines(again.stdout), "batch_submitting") == []
    named = place.run("resume", run, "--yes", "--json", *_NAMED)
    assert each_type(json_lines(named.stdout), "run_finished")
    assert set(place.times().values()) == {1}
    assert len(place.times()) == 3
