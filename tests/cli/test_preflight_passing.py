"""`run --preflight --passing`: what passes is submitted, the rest is handed over."""

import csv
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
)

_SCENARIO = """
[timing]
device = [40, 200]
[[accounts]]
match = "room1@contoso.example"
number = false
[[accounts]]
match = "room2@contoso.example"
exists = false
[[accounts]]
match = "room3@contoso.example"
sip_calling = false
[[accounts]]
match = "room4@contoso.example"
common_area = false
"""
_RUN = ("--region", "EMEA", "--yes", "--json", "--preflight")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    monkeypatch.chdir(tmp_path)
    with installed(tmp_path / "lab", _SCENARIO, speed=FAST) as found:
        yield found


@pytest.fixture
def file(tmp_path: Path) -> Path:
    lines = ["Username,HardwareId,Site,Public IP"]
    for n in range(7):
        address = "198.51.100.77" if n == 5 else ""
        lines.append(f"room{n}@contoso.example,{hardware_id(n)},{'AB'[n % 2]},{address}")
    path = tmp_path / "list.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def _lists(folder: Path) -> dict[str, set[int]]:
    found = {}
    for path in folder.iterdir():
        rows = csv.DictReader(path.read_text("utf-8-sig").splitlines())
        found[path.stem] = {int(row["HardwareId"][-2:], 16) for row in rows}
    return found


_LISTS = {"identity": {2}, "licences": {1}, "policies": {3}, "rollout": {4}, "network": {5}}


def test_what_passes_is_submitted_and_the_rest_handed_over(
    place: Installation, file: Path, tmp_path: Path
) -> None:
    refused = place.run("run", str(file), *_RUN)
    assert refused.exit_code == 6
    assert "--passing" in json.loads(refused.stdout)["error"]["next"]
    folder = tmp_path / "rest"
    dry = place.run("run", str(file), *_RUN, "--passing", "--dry-run")
    assert json.loads(dry.stdout)["devices"] == 2
    assert not folder.exists()
    assert place.times() == {}
    done = place.run("run", str(file), *_RUN, "--passing", "--handover", str(folder))
    assert done.exit_code == 0, done.output
    assert set(place.times()) == {hardware_id(0), hardware_id(6)}
    assert _lists(folder) == _LISTS
    assert str(folder) in done.stderr
    lines = json_lines(done.stdout)
    assert each_type(lines, "run_planned")[0]["skipped"] == 5
    notes = [note["text"] for note in each_type(lines, "note")]
    assert any("5 rows left out" in note for note in notes)
    assert any(str(folder / "network.csv") in note and "(B)" in note for note in notes)
    (row,) = csv.DictReader((folder / "network.csv").read_text("utf-8-sig").splitlines())
    assert row["Site"] == "B"
    assert "Site B: 198.51.100.77" in row["Error"]
    assert "New-CsTenantTrustedIPAddress" in row["PowerShell"]


def test_without_a_folder_it_is_named_by_the_time(
    place: Installation, file: Path, tmp_path: Path
) -> None:
    named = ("--include-personal", "room4@contoso.example")
    done = place.run("run", str(file), *_RUN, "--passing", *named)
    assert done.exit_code == 3, done.output  # the service refuses what has no policy
    (folder,) = tmp_path.glob("handover-*")
    assert _lists(folder) == {name: rows for name, rows in _LISTS.items() if name != "rollout"}
    assert folder.name in done.stderr
    assert hardware_id(4) in place.times()


def test_where_nothing_passes_nothing_is_submitted(
    place: Installation, file: Path, tmp_path: Path
) -> None:
    part = ("--where", "Username=room1@contoso.example,room2@contoso.example")
    done = place.run("run", str(file), *_RUN, "--passing", "--handover", "rest", *part)
    assert done.exit_code == 6
    error = json.loads(done.stdout)["error"]
    assert error["code"] == "preflight_failed"
    assert "rest" in error["message"]
    assert _lists(tmp_path / "rest") == {"identity": {2}, "licences": {1}}
    assert (place.runs(), place.times()) == ([], {})


def test_lists_that_cannot_be_written_stop_it_before_anything_is_submitted(
    place: Installation, file: Path, tmp_path: Path
) -> None:
    (tmp_path / "rest").write_text("a file")
    done = place.run("run", str(file), *_RUN, "--passing", "--handover", "rest/here")
    assert done.exit_code == 1
    assert json.loads(done.stdout)["error"]["code"] == "unwritable"
    assert (place.runs(), place.times()) == ([], {})


def test_what_fails_of_the_tenant_stops_it(file: Path, tmp_path: Path) -> None:
    with installed(
        tmp_path / "lab", _SCENARIO + '[tenant]\nbulk_sign_in = "Disabled"\n', speed=FAST
    ) as place:
        done = place.run("run", str(file), *_RUN, "--passing")
        assert done.exit_code == 6, done.output
        assert "tenant, bulk_sign_in" in json.loads(done.stdout)["error"]["message"]
        assert place.times() == {}


@pytest.mark.parametrize("words", [["--passing"], ["--preflight", "--handover", "x"]])
def test_the_options_go_together(place: Installation, file: Path, words: list[str]) -> None:
    done = place.run("run", str(file), "--region", "EMEA", "--yes", *words)
    assert done.exit_code == 2
    assert "--passing" in done.stderr
