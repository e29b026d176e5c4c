"""`siptui preflight`, `siptui fix` and `siptui run --preflight` on the emulated tenant."""

import csv
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from siptui.preflight import fix_runner
from tests.worker.installation import (
    FAST,
    TOKEN,
    Installation,
    each_type,
    installed,
    json_lines,
    until,
)
from tests.worker.terminal import Terminal

_SCENARIO = """
[lag]
policy = 40
bulk = 60
[[accounts]]
match = "numberless@contoso.com"
number = false
[[accounts]]
match = "calling@contoso.com"
sip_calling = false
[[accounts]]
match = "shared@contoso.com"
common_area = false
[[accounts]]
match = "boss@contoso.com"
common_area = false
mfa = "enforced"
"""
_NAMES = ("numberless", "calling", "shared", "fine", "boss")


@contextmanager
def installed_with_graph(folder: Path, scenario: str) -> Iterator[Installation]:
    """An installation whose profile knows Graph and the inventory as well."""
    with installed(folder, scenario, speed=FAST) as found:
        config = folder / "config" / "config.toml"
        url = found.emulator.url
        config.write_text(config.read_text() + f'graph = "{url}"\ndevices = "{url}"\n')
        more = {"SIPTUI_GRAPH_TOKEN": TOKEN, "SIPTUI_DEVICES_TOKEN": TOKEN}
        yield Installation(found.folder, found.emulator, {**found.env, **more})


@pytest.fixture
def tenant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    """A tenant with five accounts, four of which lack something; read back without delay."""
    monkeypatch.setattr(fix_runner, "PATIENCE", (0.1,) * 30)
    with installed_with_graph(tmp_path / "lab", _SCENARIO) as found:
        yield found


def write(folder: Path, names: tuple[str, ...] = _NAMES) -> str:
    path = folder / "list.csv"
    rows = [
        f"{name}@contoso.com,00-04-F2-00-00-{n:02X},+4930555{n:04}" for n, name in enumerate(names)
    ]
    path.write_text("\n".join(["Username,HardwareId,PhoneNumber", *rows]) + "\n")
    return str(path)


def preflight(tenant: Installation, file: str, *more: str) -> tuple[Result, dict[str, Any]]:
    done = tenant.run("preflight", file, "--region", "EMEA", "--json", *more)
    return done, json.loads(done.stdout)


def failing(body: dict[str, Any]) -> dict[str, set[str]]:
    return {
        account["username"].partition("@")[0]: {
            f["check"] for f in account["findings"] if f["result"] == "fail"
        }
        for account in body["accounts"]
        if any(f["result"] == "fail" for f in account["findings"])
    }


_FAILING = {
    "numberless": {"phone_number"},
    "calling": {"calling_policy"},
    "shared": {"ip_phone_policy"},
    "boss": {"ip_phone_policy", "mfa"},
}
_FIELDS = {"check", "result", "detail", "remedy", "powershell", "lead_time_hours"}


def test_a_preflight_for_scripts(tenant: Installation, tmp_path: Path) -> None:
    done, body = preflight(tenant, write(tmp_path), "--public-ip", "203.0.113.24")
    assert done.exit_code == 3
    assert failing(body) == _FAILING
    findings = [*body["tenant"], *(f for a in body["accounts"] for f in a["findings"])]
    for result in ("pass", "fail", "unknown"):
        assert body["counts"][result] == sum(f["result"] == result for f in findings)
    assert all(set(f) >= _FIELDS for f in findings)
    assert {f["check"] for f in body["tenant"]} == {
        *("bulk_sign_in", "trusted_ip", "calling_policy", "ip_phone_policy", "operator_roles"),
        *("conditional_access", "network_sites"),
    }
    assert [a["line"] for a in body["accounts"]] == [2, 3, 4, 5, 6]
    assert body["calls"] == sum(body["calls_by_service"].values())
    assert tenant.emulator.ask("ledger")["submits"] == []
    assert TOKEN not in done.output


def test_the_findings_as_a_file(tenant: Installation, tmp_path: Path) -> None:
    file = write(tmp_path)
    body = None
    for name in ("found.csv", "found.json", "found.md"):
        _, body = preflight(tenant, file, "-o", str(tmp_path / name))
    assert body is not None
    rows = list(csv.DictReader((tmp_path / "found.csv").read_text("utf-8-sig").splitlines()))
    assert len(rows) == sum(body["counts"].values())
    assert {r["Username"] for r in rows if r["Result"] == "fail"} >= {"numberless@contoso.com"}
    assert json.loads((tmp_path / "found.json").read_text())["counts"] == body["counts"]
    assert "## Fails" in (tmp_path / "found.md").read_text()
    assert (
        tenant.run(
            "preflight", file, "-o", str(tmp_path / "found.csv"), "--region", "EMEA"
        ).exit_code
        == 1
    )


def test_phones_that_were_never_signed_in_are_a_note_and_no_finding(
    tenant: Installation, tmp_path: Path
) -> None:
    _, body = preflight(tenant, write(tmp_path, ("fine", "good")))
    assert not any(f["check"] == "device" for a in body["accounts"] for f in a["findings"])
    assert any("does not list 2 devices of 2" in note for note in body["notes"])


def test_a_preflight_for_people(tenant: Installation, tmp_path: Path) -> None:
    done = tenant.run("preflight", write(tmp_path), "--region", "EMEA")
    assert done.exit_code == 3
    assert "✗ phone_number" in done.stdout
    assert "line 2  numberless@contoso.com" in done.stdout
    assert "Grant-CsTeamsCallingPolicy -Identity 'calling@contoso.com'" in done.stdout
    assert "may be personal" in done.stdout
    assert "Nothing was changed" in done.stdout
    fine = tenant.run("preflight", write(tmp_path, ("fine",)), "--region", "EMEA")
    assert fine.exit_code == 0


def test_an_address_that_is_not_trusted_fails(tenant: Installation, tmp_path: Path) -> None:
    file = write(tmp_path, ("fine",))
    done, body = preflight(tenant, file, "--public-ip", "198.51.100.9")
    assert done.exit_code == 3
    (finding,) = [f for f in body["tenant"] if f["result"] == "fail"]
    assert (finding["check"], finding["lead_time_hours"]) == ("trusted_ip", 24)
    assert tenant.run("preflight", file, "--public-ip", "nonsense").exit_code == 2


@pytest.mark.parametrize("command", [["preflight"], ["fix", "--dry-run"], ["fix", "--undo", "x"]])
def test_without_a_sign_in(tenant: Installation, tmp_path: Path, command: list[str]) -> None:
    file = [] if "--undo" in command else [write(tmp_path), "--region", "EMEA"]
    done = tenant.run(*command, *file, "--json", SIPTUI_ACCESS_TOKEN="")
    assert done.exit_code == (2 if "--undo" in command else 4)
    assert json.loads(done.stdout)["error"]["next"]


_WEAK = '[auth]\nroles = ["Authentication Administrator"]\ngraph = []\n'


def test_with_bulk_sign_in_alone_nothing_is_checked_and_the_run_works(tmp_path: Path) -> None:
    with installed_with_graph(tmp_path / "lab", _WEAK) as weak:
        file = write(tmp_path, ("one", "two"))
        done, body = preflight(weak, file)
        assert done.exit_code == 0
        assert body["counts"]["fail"] == 0
        policy = next(f for f in body["tenant"] if f["check"] == "calling_policy")
        assert policy["result"] == "unknown"
        assert "Global Reader" in policy["remedy"]
        assert {a["personal"] for a in body["accounts"]} == {None}
        shown = weak.run("preflight", file, "--region", "EMEA")
        assert "could not be checked" in shown.stdout
        ran = weak.run("run", file, "--region", "EMEA", "--yes", "--preflight", "--json")
        assert ran.exit_code == 0, ran.output
        assert "could not be checked" in ran.stderr
        assert "Could not check whether 2 rows are of personal accounts." in ran.stderr
        assert each_type(json_lines(ran.stdout), "run_finished")[0]["succeeded"] == 2


# -- fix --------------------------------------------------------------------------------------


def test_a_dry_run_and_a_script_change_nothing(tenant: Installation, tmp_path: Path) -> None:
    file = write(tmp_path)
    done = tenant.run("fix", file, "--region", "EMEA", "--dry-run", "--json")
    assert done.exit_code == 0
    body = json.loads(done.stdout)
    assert {(f["kind"], f["target"]) for f in body["fixes"]} == {
        ("assign_number", "numberless@contoso.com"),
        ("grant_calling_policy", "calling@contoso.com"),
        ("grant_ip_phone_policy", "shared@contoso.com"),
        ("grant_ip_phone_policy", "boss@contoso.com"),
    }
    named = {f["target"]: f["needs_name"] for f in body["fixes"] if f["needs_name"]}
    assert set(named) == {"boss@contoso.com"}
    assert [(one["line"], one["check"]) for one in body["left"]] == [(6, "mfa")]
    script = tenant.run("fix", file, "--region", "EMEA", "--powershell").stdout.splitlines()
    assert re.fullmatch(r"Connect-MicrosoftTeams -TenantId '[0-9a-f-]{36}'", script[1])
    assert (
        "Grant-CsTeamsIPPhonePolicy -Identity 'shared@contoso.com' -PolicyName 'CommonAreaPhone'"
        in script
    )
    assert (
        "# Grant-CsTeamsIPPhonePolicy -Identity 'boss@contoso.com' -PolicyName 'CommonAreaPhone'"
        in script
    )
    assert "Nothing was done" in tenant.run("fix", file, "--region", "EMEA", "--dry-run").stdout
    assert failing(preflight(tenant, file)[1]) == _FAILING
    assert json.loads(tenant.run("fix", "--history", "--json").stdout) == {"changes": []}


def test_nobody_to_ask_changes_nothing(tenant: Installation, tmp_path: Path) -> None:
    file = write(tmp_path)
    done = tenant.run("fix", file, "--region", "EMEA")
    assert done.exit_code == 2
    assert "--yes" in done.stderr
    assert failing(preflight(tenant, file)[1]) == _FAILING


def test_fixes_are_made_recorded_and_undone(tenant: Installation, tmp_path: Path) -> None:
    file = write(tmp_path)
    done = tenant.run("fix", file, "--region", "EMEA", "--yes", "--json")
    assert done.exit_code == 3, done.output
    body = json.loads(done.stdout)
    steps = {f["target"].partition("@")[0]: f["step"] for f in body["fixes"]}
    assert steps == {"numberless": "seen", "calling": "seen", "shared": "seen", "boss": None}
    assert "boss@contoso.com is left out" in done.stderr
    _, after = preflight(tenant, file)
    assert failing(after) == {"boss": _FAILING["boss"]}
    calling = next(a for a in after["accounts"] if a["line"] == 3)
    finding = next(f for f in calling["findings"] if f["check"] == "calling_policy")
    assert (finding["result"], finding["lead_time_hours"]) == ("pass", 24)
    assert finding["since"]
    changes = json.loads(tenant.run("fix", "--history", "--json").stdout)["changes"]
    assert {change["step"] for change in changes} == {"seen"}
    record = tenant.folder / "state" / "lab" / "fixes.jsonl"
    assert record.stat().st_mode & 0o777 == 0o600
    assert TOKEN not in record.read_text()
    (number,) = [c["id"] for c in changes if c["kind"] == "assign_number"]
    assert tenant.run("fix", "--undo", number).exit_code == 2  # nobody to ask
    undone = tenant.run("fix", "--undo", number, "--yes", "--json")
    assert undone.exit_code == 0, undone.output
    assert json.loads(undone.stdout)["step"] == "undone"
    assert set(failing(preflight(tenant, file)[1])) == {"boss", "numberless"}
    assert tenant.run("fix", "--undo", number, "--yes").exit_code == 2
    assert "undone" in tenant.run("fix", "--history").stdout


def test_only_one_check_and_a_personal_account_by_its_name(
    tenant: Installation, tmp_path: Path
) -> None:
    file = write(tmp_path)
    only = ("fix", file, "--region", "EMEA", "--only", "ip_phone_policy", "--yes")
    done = tenant.run(*only, "--include-personal", "Boss@contoso.com")
    assert done.exit_code == 0, done.output
    assert done.stdout.count("done and seen") == 3  # two changes and the sum
    assert set(failing(preflight(tenant, file)[1])) == {"numberless", "calling", "boss"}


# -- run --preflight --------------------------------------------------------------------------


def test_a_run_with_a_preflight_submits_nothing_while_something_fails(
    tenant: Installation, tmp_path: Path
) -> None:
    done = tenant.run("run", write(tmp_path), "--region", "EMEA", "--yes", "--preflight", "--json")
    assert done.exit_code == 6
    error = json.loads(done.stdout)["error"]
    assert error["code"] == "preflight_failed"
    assert "numberless@contoso.com, phone_number" in error["message"]
    assert tenant.runs() == []
    assert tenant.emulator.ask("ledger")["submits"] == []


def test_a_personal_account_stops_a_run_until_it_is_named(
    tenant: Installation, tmp_path: Path
) -> None:
    file = write(tmp_path, ("fine", "shared"))
    args = ("run", file, "--region", "EMEA", "--yes", "--preflight", "--json")
    done = tenant.run(*args)
    assert done.exit_code == 3
    error = json.loads(done.stdout)["error"]
    assert error["code"] == "personal_accounts"
    assert "shared@contoso.com" in error["message"]
    assert tenant.run(*args, "--include-personal", "fine@contoso.com").exit_code == 3
    assert tenant.runs() == []
    named = tenant.run(*args, "--include-personal", "SHARED@contoso.com")
    finished = each_type(json_lines(named.stdout), "run_finished")[0]
    assert (finished["succeeded"], finished["failed"]) == (1, 1)


def test_a_run_without_one_says_so_and_one_that_passes_goes_on(
    tenant: Installation, tmp_path: Path
) -> None:
    file = write(tmp_path, ("fine",))
    checked = tenant.run("run", file, "--region", "EMEA", "--yes", "--preflight")
    assert checked.exit_code == 0, checked.output
    assert "Prerequisites: checked" in checked.stderr
    other = tenant.run("run", file, "--region", "EMEA", "--yes", "--again")
    assert "Prerequisites: not checked" in other.stderr


# -- typed on a terminal ----------------------------------------------------------------------


def test_a_name_typed_on_a_terminal_lets_a_personal_account_go_on(
    tenant: Installation, tmp_path: Path
) -> None:
    file = write(tmp_path, ("fine", "shared"))
    args = ("run", file, "--region", "EMEA", "--preflight")
    window = Terminal(tenant, *args)
    until(lambda: window.shows("Type the account's name"), "the question")
    window.types("yes\n")
    assert window.ends() == 3
    assert tenant.runs() == []
    window = Terminal(tenant, *args)
    until(lambda: window.shows("Type the account's name"), "the question")
    window.types("shared@contoso.com\n")
    until(lambda: window.shows("Type 2 to go on"), "the confirmation")
    assert window.shows("may be personal, named by you: 1")
    window.types("2\n")
    assert window.ends() == 3, "the service refuses the account without the policy"
    assert len(tenant.times()) == 2


def test_without_a_preflight_somebody_at_a_terminal_is_asked_about_personal_accounts(
    tenant: Installation, tmp_path: Path
) -> None:
    file = write(tmp_path, ("fine", "shared", "numberless"))
    window = Terminal(tenant, "run", file, "--region", "EMEA")
    until(lambda: window.shows("shared@contoso.com may be personal"), "the question")
    window.types("\n")
    until(lambda: window.shows("Type 2 to go on"), "the confirmation")
    assert window.shows("Prerequisites: not checked")
    assert window.shows("1 row left out")
    window.types("2\n")
    assert window.ends() == 3, "one has no number"
    assert set(tenant.times()) == {"00-04-F2-00-00-00", "00-04-F2-00-00-02"}


def test_a_retry_on_a_terminal_asks_about_personal_accounts_as_well(
    tenant: Installation, tmp_path: Path
) -> None:
    file = write(tmp_path, ("shared", "numberless"))
    named = ("--include-personal", "shared@contoso.com")
    done = tenant.run("run", file, "--region", "EMEA", "--yes", "--json", *named)
    assert done.exit_code == 3
    (planned,) = each_type(json_lines(done.stdout), "run_planned")
    window = Terminal(tenant, "retry", planned["run"])
    until(lambda: window.shows("shared@contoso.com may be personal"), "the question")
    window.types("\n")
    until(lambda: window.shows("Type 1 to go on"), "the confirmation")
    assert window.shows("1 row left out")
    assert window.shows("Prerequisites: not checked (siptui preflight LIST does)")
    window.types("1\n")
    assert window.ends() == 3
    assert tenant.times() == {"00-04-F2-00-00-00": 1, "00-04-F2-00-00-01": 2}


def test_a_run_goes_on_from_a_terminal_only_when_its_personal_accounts_are_named(
    tenant: Installation, tmp_path: Path
) -> None:
    file = write(tmp_path, ("numberless", "shared", "fine"))
    first = ("--first", "1", "--max-failures", "0")
    named = ("--include-personal", "shared@contoso.com")
    done = tenant.run("run", file, "--region", "EMEA", "--yes", "--json", *first, *named)
    (planned,) = each_type(json_lines(done.stdout), "run_planned")
    window = Terminal(tenant, "resume", planned["run"])
    until(lambda: window.shows("shared@contoso.com may be personal"), "the question")
    window.types("\n")
    assert window.ends() == 3
    assert window.shows("shared@contoso.com may be personal and was not named")
    assert set(tenant.times()) == {"00-04-F2-00-00-00"}
    window = Terminal(tenant, "resume", planned["run"])
    until(lambda: window.shows("shared@contoso.com may be personal"), "the question")
    window.types("shared@contoso.com\n")
    until(lambda: window.shows("Type 2 to go on"), "the confirmation")
    window.types("2\n")
    assert window.ends() == 3
    assert len(tenant.times()) == 3


def test_steps_are_confirmed_one_by_one_on_a_terminal(tenant: Installation, tmp_path: Path) -> None:
    file = write(tmp_path, ("numberless", "calling", "boss"))
    window = Terminal(tenant, "fix", file, "--region", "EMEA")
    until(lambda: window.shows("phone_number: 1 change"), "the first step")
    until(lambda: window.shows("Type 1 to make 1 change"), "its question")
    window.types("1\n")
    until(lambda: window.shows("calling_policy: 1 change"), "the second step")
    window.types("\n")
    until(lambda: window.shows("Type the account's name"), "the question for the name")
    window.types("1\n")
    assert window.ends() == 3
    assert window.shows("1 of 3 changes done and seen, 2 left out")
    _, after = preflight(tenant, file)
    assert set(failing(after)) == {"calling", "boss"}
