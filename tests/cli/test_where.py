"""`--where` in every command that reads a list or the results of one."""

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

_QUICK = """
[timing]
device = [40, 200]
"""


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Installation]:
    with installed(tmp_path / "lab", _QUICK, speed=FAST) as found:
        yield found


def write(folder: Path) -> str:
    rows = [
        f"room{n}@contoso.example,{hardware_id(n)},{('Berlin', 'Hamburg', 'Oslo')[n % 3]},EMEA"
        for n in range(9)
    ]
    rows.append("room9@contoso.example,nonsense,Oslo,EMEA")
    file = folder / "list.csv"
    file.write_text("\n".join(["Username,HardwareId,Site,Region", *rows]) + "\n")
    return str(file)


def test_a_part_of_a_list_in_every_command(place: Installation, tmp_path: Path) -> None:
    file = write(tmp_path)
    berlin = {hardware_id(n) for n in (0, 3, 6)}
    checked = json.loads(place.run("check", file, "--where", "Site=Berlin", "--json").stdout)
    assert {d["hardware_id"] for d in checked["devices"]} == berlin
    assert checked["faults"] == []  # the faulty row is of another site
    assert place.run("check", file, "--where", "Site=Oslo").exit_code == 2
    looked = place.run("preflight", file, "--where", "site=BERLIN", "--json")
    assert [a["line"] for a in json.loads(looked.stdout)["accounts"]] == [2, 5, 8]
    planned = place.run("run", file, "--where", "Site!=Oslo", "--dry-run", "--json")
    body = json.loads(planned.stdout)
    assert {d["line"] for b in body["batches"] for d in b["devices"]} == {2, 3, 5, 6, 8, 9}
    assert any("Site is not Oslo" in note for note in body["notes"])
    done = place.run("run", file, "--where", "Site=Berlin,Hamburg", "--yes", "--json")
    assert done.exit_code == 0, done.output
    assert each_type(json_lines(done.stdout), "run_planned")[0]["devices"] == 6
    assert set(place.times()) == {hardware_id(n) for n in (0, 1, 3, 4, 6, 7)}
    (run,) = place.runs()
    rows = place.run("export", run, "--where", "Site=Hamburg").stdout
    assert {r["HardwareId"] for r in csv.DictReader(rows.lstrip("\ufeff").splitlines())} == {
        hardware_id(n) for n in (1, 4, 7)
    }


def test_a_column_that_is_not_there_submits_nothing(place: Installation, tmp_path: Path) -> None:
    file = write(tmp_path)
    for command in ("check", "run", "preflight"):
        more = ("--yes",) if command == "run" else ()
        done = place.run(command, file, "--where", "Sitee=Berlin", "--json", *more)
        body = json.loads(done.stdout)["error"]
        assert (done.exit_code, body["code"]) == (2, "no_such_column")
        assert "“Site”" in body["next"]
    nobody = place.run("run", file, "--where", "Site=Bonn", "--yes", "--json")
    assert (nobody.exit_code, json.loads(nobody.stdout)["error"]["code"]) == (2, "empty_part")
    assert place.times() == {}
