"""`siptui status`: history, the tenant's batches and the inventory beside each row of a list."""

import csv
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from siptui.cli.status_output import status_lines
from siptui.emulator.accounts import object_id
from siptui.runs.rollout.evidence import Evidence, RowStanding, Standing
from tests.cli.test_preflight import installed_with_graph
from tests.worker.installation import Installation, hardware_id, until, write_list

_SCENARIO = """
[wire]
user_id = "object_id"
[timing]
device = [40, 200]
[[devices]]
match = "00-04-F2-00-00-01"
online = false
until_attempt = 2
[[by_hand]]
hardware_id = "00-04-F2-00-00-05"
user = "room5@contoso.example"
[[by_hand]]
hardware_id = "00-04-F2-00-00-06"
user = "lobby@contoso.example"
[[by_hand]]
hardware_id = "00-04-F2-00-00-63"
user = "elsewhere@contoso.example"
[[foreign]]
at = -4000
region = "EMEA"
user = "colleague@contoso.example"
items = [
  ["room7@contoso.example", "00-04-F2-00-00-07"], ["other@contoso.example", "00-04-F2-00-00-08"]
]
"""
_RUN = ("--region", "EMEA", "--yes", "--json")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Installation]:
    with installed_with_graph(tmp_path / "lab", _SCENARIO) as found:
        yield found


def status(place: Installation, file: Path, *more: str) -> tuple[int, dict[str, Any]]:
    done = place.run("status", str(file), "--region", "EMEA", "--json", *more)
    return done.exit_code, json.loads(done.stdout)


def standings(body: dict[str, Any]) -> dict[str, str]:
    return {row["hardware_id"][-2:]: row["standing"] for row in body["rows"]}


def test_where_each_row_stands(place: Installation, tmp_path: Path) -> None:
    file = write_list(tmp_path / "list.csv", range(1, 9))
    code, body = status(place, file)
    assert code == 0
    other = {"05": "done", "06": "other", "07": "done", "08": "other", "63": "gone"}
    assert standings(body) == dict.fromkeys(("01", "02", "03", "04"), "to_do") | other
    rows = {row["hardware_id"][-2:]: row for row in body["rows"]}
    assert rows["07"]["by"] == "colleague@contoso.example"
    assert "lobby@contoso.example" in rows["06"]["why"]
    assert "room6@contoso.example" in rows["06"]["why"]
    assert rows["63"]["line"] is None
    assert [s["source"] for s in body["sources"]] == ["history", "batches", "inventory"]
    assert not any(s["error"] for s in body["sources"])
    first = write_list(tmp_path / "first.csv", [1, 2])
    assert place.run("run", str(first), *_RUN).exit_code == 3  # 1 was offline
    code, body = status(place, file, "--only", "done")
    assert standings(body) == {"02": "done", "05": "done", "07": "done"}
    counts = {"to_do": 3, "done": 3, "other": 2, "live": 0, "unknown": 0, "gone": 1}
    assert body["counts"] == counts
    people = place.run("status", str(file), "--region", "EMEA")
    assert "3 to do, 3 done, 2 other, 1 gone" in people.stdout
    out = tmp_path / "to-do.csv"
    more = ("--only", "to_do", "-o", str(out))
    assert place.run("status", str(file), "--region", "EMEA", *more).exit_code == 0
    text = out.read_text("utf-8-sig").splitlines()
    assert {r["HardwareId"][-2:] for r in csv.DictReader(text)} == {"01", "03", "04"}
    assert place.run("check", str(out)).exit_code == 0  # a list again


def test_what_is_gone_does_not_bury_the_rows_of_a_short_list() -> None:
    listed = [RowStanding(2, "room1@contoso.example", hardware_id(1), "EMEA", Standing.TO_DO)]
    gone = [RowStanding(None, "", hardware_id(n), "", Standing.GONE) for n in range(2, 75)]
    evidence = Evidence({}, {}, ())

    def printed(shown: list[RowStanding]) -> list[str]:
        return list(status_lines("list.csv", [*listed, *gone], shown, evidence))

    lines = printed([*listed, *gone])
    assert lines[0] == "list.csv: 1 to do, 73 gone."
    assert sum("gone  " in line for line in lines) == 20
    assert lines[-1] == "and 53 more that are gone: --only gone shows them all."
    assert sum("gone  " in line for line in printed(gone)) == 73
    few = printed([*listed, *gone[:20]])
    assert sum("gone  " in line for line in few) == 20
    assert "more that are gone" not in few[-1]


def test_a_colleague_has_a_name(place: Installation, tmp_path: Path) -> None:
    colleague = "colleague@contoso.example"
    _, body = status(place, write_list(tmp_path / "list.csv", [7]))
    assert body["rows"][0]["by"] == colleague
    batches = json.loads(place.run("batches", "--json").stdout)["batches"]
    told = [(one["submitted_by"], one["submitted_by_name"]) for one in batches]
    assert told == [(object_id(colleague), colleague)]
    assert colleague in place.run("batches").stdout
    # A token for the admin API alone: the id stays, and why is said.
    alone = {"SIPTUI_GRAPH_TOKEN": ""}
    done = place.run("batches", **alone)
    assert object_id(colleague) in done.stdout
    assert "Names cannot be read" in done.stderr


def test_a_source_that_cannot_be_read_is_told_and_nothing_is_guessed(
    place: Installation, tmp_path: Path
) -> None:
    file = write_list(tmp_path / "list.csv", range(1, 4))
    place.emulator.tell("faults", kind="status", status=403, call="batchsummaries")
    code, body = status(place, file)
    assert code == 5
    (wrong,) = (s for s in body["sources"] if s["error"])
    assert wrong["source"] == "batches"
    assert set(standings(body).values()) - {"gone"} == {"unknown"}


def test_a_nightly_run_resets_no_password(place: Installation, tmp_path: Path) -> None:
    file = write_list(tmp_path / "list.csv", range(1, 9))
    assert place.run("run", str(file), *_RUN, "--new-only").exit_code == 3
    assert set(place.times()) - {hardware_id(7), hardware_id(8)} == {
        hardware_id(n) for n in (1, 2, 3, 4)
    }
    assert place.run("run", str(file), *_RUN, "--new-only").exit_code == 0  # 1 is online by now
    for _ in range(2):
        done = place.run("run", str(file), *_RUN, "--new-only")
        assert (done.exit_code, json.loads(done.stdout)["type"]) == (0, "nothing_to_do")
    assert [place.times()[hardware_id(n)] for n in range(1, 5)] == [2, 1, 1, 1]
    refused = place.run("run", str(file), *_RUN)
    assert refused.exit_code == 2
    assert "--new-only" in refused.stdout
    assert "--again" in refused.stdout


def _quickly(place: Installation, *args: str) -> tuple[int, dict[str, Any]]:
    """`siptui ARGS` as a process that waits a hundred times shorter; exit code and answer."""
    with place.process(*args, env={"SIPTUI_QUICK": "100"}) as process:
        out, _ = process.communicate(timeout=60)
    return process.returncode, json.loads(out)


def test_a_nightly_run_waits_for_an_inventory_that_fails(
    place: Installation, tmp_path: Path
) -> None:
    file = write_list(tmp_path / "list.csv", [2, 5])  # a person signed 5 in: no batch knows of it
    place.emulator.tell("faults", kind="status", status=503, call="devices")
    code, body = _quickly(place, "run", str(file), *_RUN, "--new-only")
    assert (code, body["error"]["code"]) == (1, "inventory_unread")
    code, body = _quickly(place, "status", str(file), "--region", "EMEA", "--json")
    assert (code, standings(body)) == (5, {"02": "unknown", "05": "unknown"})
    place.emulator.tell("faults/clear")
    assert place.run("run", str(file), *_RUN, "--new-only").exit_code == 0
    assert hardware_id(5) not in place.times()


def test_who_has_no_history_sees_what_a_colleague_did(place: Installation, tmp_path: Path) -> None:
    file = write_list(tmp_path / "list.csv", [2, 3])
    assert place.run("run", str(file), *_RUN).exit_code == 0
    mine = {"SIPTUI_STATE_DIR": str(tmp_path / "second")}
    second = Installation(place.folder, place.emulator, {**place.env, **mine})
    code, body = status(second, file)
    assert (code, standings(body)["02"], standings(body)["03"]) == (0, "done", "done")
    done = second.run("run", str(file), *_RUN, "--new-only")
    assert (done.exit_code, json.loads(done.stdout)["type"]) == (0, "nothing_to_do")
    refused = second.run("run", str(file), *_RUN)
    assert (refused.exit_code, json.loads(refused.stdout)["error"]["code"]) == (2, "signed_in")
    assert set(place.times().values()) == {1}


def test_a_run_is_verified_in_the_inventory(tmp_path: Path) -> None:
    scenario = "[lag]\ninventory = 90_000\n[timing]\ndevice = [40, 200]\n"
    with installed_with_graph(tmp_path / "lab", scenario) as place:
        file = write_list(tmp_path / "list.csv", [1, 2])
        early = place.run("run", str(file), *_RUN, "--verify", "0")
        lines = [json.loads(line) for line in early.stdout.splitlines()]
        seen = [line["seen"] for line in lines if line["type"] == "device_verified"]
        (end,) = (line for line in lines if line["type"] == "run_finished")
        assert (early.exit_code, seen) == (5, ["not_yet", "not_yet"])
        assert (end["verified"], end["not_verified"], lines[-1]) == (0, 2, end)
        with place.process("run", str(file), *_RUN, "--again", "--verify", "60") as again:
            until(lambda: set(place.times().values()) == {2}, "the second submits")
            while again.poll() is None:
                place.emulator.forward(100_000)
                time.sleep(0.05)
            assert again.stdout
            lines = [json.loads(line) for line in again.stdout]
        seen = [line["seen"] for line in lines if line["type"] == "device_verified"]
        assert (again.returncode, seen) == (0, ["signed_in", "signed_in"])
        assert (lines[-1]["type"], lines[-1]["verified"]) == ("run_finished", 2)
