"""`siptui check`, as a user or a script calls it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from siptui.app.session import select
from siptui.cli.commands.open import console_options
from siptui.cli.group import cli
from siptui.devicelist import workbook_process
from siptui.devicelist.workbook_process import start_early
from tests.support.workbooks import xlsx

LISTS = Path(__file__).parent.parent / "lists"


@pytest.fixture(autouse=True)
def _own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIPTUI_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.delenv("SIPTUI_PROFILE", raising=False)


def check(*args: object, **options: Any) -> Result:
    return CliRunner().invoke(cli, ["check", *map(str, args)], **options)


def test_the_way_on_is_one_that_leads_somewhere(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text("Username,HardwareId\na@b.example,0004f2000001\nb@b.example,no-mac\n")
    told = check(file).stdout
    assert "1 row lacks nothing but a region. Where it is of one (EMEA, APAC or NOAM):" in told
    assert "list.csv --region EMEA" in told
    assert "--skip-invalid" not in told  # nothing would be left
    told = check(file, "--region", "EMEA").stdout
    assert "--skip-invalid" in told
    assert "lacks nothing but a region" not in told


def test_json_has_the_documented_shape() -> None:
    done = check(LISTS / "faults.csv", "--region", "emea", "--json")
    found = json.loads(done.stdout)
    assert done.exit_code == 2
    first = ["file", "encoding", "delimiter", "devices", "faults", "valid", "invalid"]
    assert list(found)[:7] == first
    assert found["columns"]["username"] == {
        "header": "Username",
        "why": "one of the usual names",
        "instead_of": [],
    }
    assert (found["sheet"], found["header_line"]) == (None, 1)
    assert (found["valid"], found["invalid"]) == (3, 10)
    assert (found["encoding"], found["delimiter"]) == ("utf-8", ",")
    assert found["devices"][0] == {
        "line": 12,
        "username": "quoted@contoso.com",
        "hardware_id": "00-04-F2-81-24-BA",
        "region": "EMEA",
        "extra": {},
        "onboarded_at": None,
        "deadline": None,
    }
    keys = ["line", "column", "value", "rule", "message", "severity", "cell"]
    assert all(list(fault) == keys for fault in found["faults"])
    lines = [fault["line"] for fault in found["faults"]]
    assert lines == sorted(lines)


def test_a_good_list_ends_with_0_a_warning_is_no_error(tmp_path: Path) -> None:
    done = check(LISTS / "plain.csv", "--region", "EMEA")
    assert done.exit_code == 0
    assert "3 devices" in done.stdout
    path = tmp_path / "list.csv"
    path.write_text("Username,MAC\na@c.de,0004F28124B3\na@c.de,0004F28124B4\n")
    done = check(path, "--region", "EMEA")
    assert done.exit_code == 0
    assert "line 3" in done.stdout
    assert "the same account as on line 2" in done.stdout


def test_there_is_no_default_region(tmp_path: Path) -> None:
    done = check(LISTS / "plain.csv", "--json")
    assert done.exit_code == 2
    assert {fault["rule"] for fault in json.loads(done.stdout)["faults"]} == {"region_missing"}


def test_a_profile_may_have_one(tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.mkdir()
    (config / "config.toml").write_text(
        '[profiles.one]\ntenant = "contoso.com"\nregion = "APAC"\n[profiles.two]\ntenant = "c.de"\n'
    )
    found = json.loads(check(LISTS / "plain.csv", "--json", "--profile", "one").stdout)
    assert {device["region"] for device in found["devices"]} == {"APAC"}
    assert check(LISTS / "plain.csv").exit_code == 2
    assert check(LISTS / "plain.csv", "--region", "EMEA").exit_code == 0


@pytest.mark.parametrize(
    "order", [["check"], ["run", "--dry-run"], ["preflight"], ["fix", "--dry-run"]]
)
def test_headers_that_the_profile_names_hold_for_every_command(
    tmp_path: Path, order: list[str]
) -> None:
    config = tmp_path / "config"
    config.mkdir()
    (config / "config.toml").write_text(
        '[profiles.one]\ntenant = "contoso.com"\nregion = "APAC"\n'
        '[profiles.one.columns]\nusername = "Konto"\nhardware_id = "Inventar"\n'
    )
    path = tmp_path / "list.csv"
    path.write_text("Username,HardwareId\na@c.de,0004F28124B3\n")
    done = CliRunner().invoke(cli, [*order, str(path), "--json"])
    assert done.exit_code == 2
    error = json.loads(done.stdout)["error"]
    assert (error["code"], "“Konto”" in error["message"]) == ("mapped_column", True)
    path.write_text("Username,Konto,Inventar\nx@c.de,a@c.de,0004F28124B3\n")
    done = CliRunner().invoke(cli, [*order, str(path), "--json"])
    if order[0] in ("preflight", "fix"):  # read well, so they ask for a sign-in
        assert done.exit_code == 4
    else:
        assert done.exit_code == 0
        assert "a@c.de" in done.stdout
    selected = select()
    assert console_options(selected).list_options.columns == selected.profile.columns
    assert selected.profile.columns


def test_every_fault_is_named_with_its_line_however_many_there_are(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    bad = [f"phone{n}@contoso.com,4.13E+11" for n in range(1000)]
    bad[500] = "ok@contoso.com,0004F28124B3"
    path.write_text("\n".join(["Username,HardwareId", *bad]))
    done = check(path, "--region", "EMEA")
    assert done.exit_code == 2
    assert "[999 rows]" in done.stdout
    assert "7-501, 503-1001" in done.stdout
    assert len(done.stdout.splitlines()) < 20


@pytest.mark.parametrize("name", ["none.csv", "", "x.xlsx"])
def test_what_cannot_be_read_ends_with_2_and_an_error_object(tmp_path: Path, name: str) -> None:
    (tmp_path / "x.xlsx").write_bytes(b"PK\x03\x04")
    done = check(tmp_path / name, "--json")
    assert done.exit_code == 2
    error = json.loads(done.stdout)["error"]
    assert error["code"]
    assert error["message"]
    done = check(tmp_path / name)
    assert (done.exit_code, done.stdout) == (2, "")


def test_a_list_may_come_from_a_pipe() -> None:
    done = check("-", "--region", "EMEA", input=b"Username;MAC\na@c.de;0004F28124B3\n")
    assert done.exit_code == 0


def test_foreign_text_cannot_steer_the_terminal(tmp_path: Path) -> None:
    path = tmp_path / "list\x1b]0;x\x07.csv"
    path.write_text("Username\x1b[2J,HardwareId,Username\x1b\na\u202e@c.de,0\x9b4,x\n" * 2)
    for options in ([], ["--json"]):
        done = check(path, *options)
        assert done.exit_code == 2
        shown = done.output.replace("\n", "")
        assert shown.isprintable(), repr(shown)


def test_a_workbook_is_read_by_a_process_that_starts_with_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    began: list[Path] = []

    def noted(path: Path) -> Callable[[], None] | None:
        began.append(path)
        return start_early(path)

    monkeypatch.setattr("siptui.cli.command.start_early", noted)
    path = tmp_path / "phones.xlsx"
    path.write_bytes(xlsx({"S": [["Username", "HardwareId"], ["a@c.de", "0004F2000001"]]}))
    assert check(path, "--region", "EMEA").exit_code == 0
    assert check(path, "--region", "EMEA", "--sheet", "None").exit_code == 2
    path.write_text("not a workbook")  # whatever its name says
    assert check(path, "--region", "EMEA").exit_code == 2
    assert began == [path] * 3
    assert workbook_process._waiting == []


def test_a_short_list_is_checked_without_loading_polars() -> None:
    code = (
        "import sys\nfrom siptui.cli.group import cli\n"
        f"try:\n    cli(['check', {str(LISTS / 'plain.csv')!r}, '--region', 'EMEA'])\n"
        "except SystemExit as end:\n    assert end.code == 0\n"
        "print([m for m in ('polars', 'httpx', 'msal', 'textual') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=os.environ, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
