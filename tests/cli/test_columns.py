"""Which header is what: asked where it is not certain, named by `--column`, told in every plan."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.workbooks import xlsx
from tests.worker.installation import (
    FAST,
    Installation,
    each_type,
    hardware_id,
    installed,
    json_lines,
    write_list,
)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """One installation for all tests here."""
    with installed(tmp_path_factory.mktemp("lab"), speed=FAST) as found:
        yield found


@pytest.fixture
def two(tmp_path: Path) -> Path:
    """Persons in the column User, shared accounts in the column Account."""
    file = write_list(tmp_path / "two.csv", [2001, 2002])
    _, *rows = file.read_text().splitlines()
    text = "\n".join(f"jane{n}@contoso.example,{row}" for n, row in enumerate(rows))
    file.write_text(f"User,Account,MAC Address\n{text}\n")
    return file


@pytest.mark.parametrize(
    "order",
    [
        ["check"],
        ["run", "--yes"],
        ["run", "--yes", "--skip-invalid"],
        ["run", "--dry-run"],
        ["preflight"],
        ["fix", "--dry-run"],
    ],
)
def test_nothing_goes_on_while_two_columns_could_be_the_account(
    shared: Installation, two: Path, order: list[str]
) -> None:
    before = shared.runs(), shared.times()
    done = shared.run(*order, str(two), "--region", "EMEA")
    assert done.exit_code == 2
    for text in ("“User”", "“Account”", "jane0@contoso.example", "--column username=Account"):
        assert text in done.stderr
    done = shared.run(*order, str(two), "--region", "EMEA", "--json")
    assert json.loads(done.stdout)["error"]["code"] == "ambiguous_header"
    assert (shared.runs(), shared.times()) == before


def test_the_column_that_is_named_is_submitted_and_told_everywhere(
    shared: Installation, two: Path
) -> None:
    args = ("run", str(two), "--region", "EMEA", "--column", "username=account")
    said = "User names are read from “Account”, hardware ids from “MAC Address”."
    plan = shared.run(*args, "--dry-run")
    assert said in plan.stdout
    assert "named by --column username" in plan.stdout
    plan = json.loads(shared.run(*args, "--dry-run", "--json").stdout)
    assert plan["columns"]["username"] == "Account"
    done = shared.run(*args, "--yes", "--json")
    lines = json_lines(done.stdout)
    (planned,) = each_type(lines, "run_planned")
    assert planned["columns"] == {"username": "Account", "hardware_id": "MAC Address"}
    assert said in done.stderr
    assert {d["username"] for d in each_type(lines, "device")} == {
        "room2001@contoso.example",
        "room2002@contoso.example",
    }
    assert shared.times()[hardware_id(2001)] == 1
    run = planned["run"]
    again = shared.run("retry", run, "--dry-run")
    assert said in again.stdout or "nothing_failed" in again.stderr or "No device" in again.stderr


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (["user=Account"], "not NAME=HEADER"),
        (["username"], "not NAME=HEADER"),
        (["username="], "no list can do without it"),
        (["username=Account", "username=User"], "names username twice"),
        (["username=Account", "site=Account"], "for username and for site"),
        (["username=Nowhere"], "no column “Nowhere”"),
        (["username=Account", "site=Nowhere"], "no column “Nowhere”"),
    ],
)
def test_what_cannot_be_named_is_told(
    shared: Installation, two: Path, given: list[str], says: str
) -> None:
    named = [part for one in given for part in ("--column", one)]
    done = shared.run("check", str(two), "--region", "EMEA", *named)
    assert done.exit_code == 2
    assert says in done.stderr


def test_the_reason_and_the_other_column_are_told(shared: Installation, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text("Username,UPN,MAC\n1001,a@c.de,0004F28124B3\n")
    for order in (["check"], ["run", "--dry-run"]):
        done = shared.run(*order, str(file), "--region", "EMEA")
        assert done.exit_code == 0
        assert "from “UPN” (one of the usual names, and its cells are what it says" in done.stdout
        assert "not “Username”" in done.stdout


def test_a_workbook_is_run_and_comes_back_filled_in(shared: Installation, tmp_path: Path) -> None:
    head = ["User", "Account", "MAC", "Region"]
    rows = [
        [f"jane{n}@c.de", f"room{n}@contoso.example", hardware_id(n), "EMEA"] for n in (2011, 2012)
    ]
    book = {"Wave 1": [head], "Wave 2": [["Berlin"], [], head, *rows, ["Total", None, 2]]}
    file = tmp_path / "rollout.xlsx"
    file.write_bytes(xlsx(book))
    asked = shared.run("run", str(file), "--yes")
    assert asked.exit_code == 2
    assert "--sheet" in asked.stderr
    args = ("run", str(file), "--sheet", "wave 2", "--column", "username=Account")
    plan = shared.run(*args, "--dry-run").stdout
    for text in ("sheet “Wave 2”, not “Wave 1”", "found in row 3", "Row 6 left out", "“Account”"):
        assert text in plan
    done = shared.run(*args, "--yes", "--json")
    (planned,) = each_type(json_lines(done.stdout), "run_planned")
    assert planned["devices"] == 2
    copy = tmp_path / "copy.xlsx"
    assert shared.run("export", planned["run"], "--into", str(copy)).exit_code == 0
    checked = shared.run("check", str(copy), *args[2:], "--json")
    found = json.loads(checked.stdout)
    assert [device["line"] for device in found["devices"]] == [4, 5]
    states = {d["line"]: d["state"] for d in each_type(json_lines(done.stdout), "device")}
    known = {f["line"] for f in found["faults"] if f["rule"] == "already_signed_in"}
    assert known == {line for line, state in states.items() if state == "succeeded"}
