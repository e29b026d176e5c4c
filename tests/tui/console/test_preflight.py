"""Checking prerequisites and setting them right from the console, against the emulator."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from siptui.emulator.scenario import read_scenario
from siptui.gateway.errors import NotReachedError
from siptui.gateway.tenant_model import TenantInfo
from siptui.preflight import fix_runner
from siptui.preflight.change_log import Step
from siptui.preflight.finding import Check
from siptui.preflight.script import script_lines
from siptui.runs import events as ev
from siptui.tui.dialogs.ask import Choice, Confirm, Prompt
from siptui.tui.dialogs.fixing import FixPage
from siptui.tui.dialogs.page import Page
from siptui.tui.dialogs.preflight import PreflightPage
from tests.tui.harness import ConsoleHarness, CountingDriver, console
from tests.tui.scripted_runs import list_text, make_devices
from tests.tui.service import Service

SCENARIO = """
[[accounts]]
match = "lobby.00001@contoso.com"
number = false
[[accounts]]
match = "lobby.00002@contoso.com"
sip_calling = false
[[accounts]]
match = "lobby.00003@contoso.com"
common_area = false
mfa = "enforced"
"""
PERSONAL = "lobby.00003@contoso.com"


@pytest.fixture(autouse=True)
def _no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fix_runner, "PATIENCE", (0.0,) * 3)


@asynccontextmanager
async def _harness(
    folder: Path,
    *,
    size: tuple[int, int] = (120, 40),
    read_only: bool = False,
    text: str = "",
    scenario: str = SCENARIO,
) -> AsyncIterator[tuple[ConsoleHarness, Service]]:
    service = Service(folder, scenario=read_scenario(scenario, "test"))
    async with console(
        folder,
        size=size,
        text=text or list_text(make_devices(6)),
        runs=service.runs,
        checks=service.checks,
        tenant_batches=service.tenant_batches,
        read_only=read_only,
    ) as harness:
        yield harness, service
    service.background.close()


def _pre(harness: ConsoleHarness) -> list[str]:
    return [row[6] for row in harness.rows]


async def test_findings_stand_on_the_rows_and_can_be_filtered(tmp_path: Path) -> None:
    async with _harness(tmp_path, size=(80, 24)) as (harness, _):
        await harness.press("p")
        assert len(harness.app.screen_stack) == 1  # nothing is opened over the table
        assert "Prerequisites: 3 accounts fail" in harness.text
        assert [cell[:1] for cell in _pre(harness)] == ["✓", "✗", "✗", "✗", "✓", "✓"]
        assert _pre(harness)[3].startswith("✗ 2 P: ")
        assert " ✗ 2 P: ip" in harness.text  # there is room before a run
        assert " Pre " in harness.text
        await harness.press("slash")
        await harness.type("check:mfa")
        await harness.press("enter")
        assert [row[1] for row in harness.rows] == [PERSONAL]
        assert "mfa" in harness.text
        await harness.press("enter")
        assert isinstance(harness.app.screen, Page)
        assert "no common area phone policy" in harness.flat
        assert "Prerequisites, checked" in harness.flat


async def test_the_page_has_the_tenants_findings_and_leads_to_the_rows(tmp_path: Path) -> None:
    async with _harness(tmp_path) as (harness, _):
        await harness.press("p", "p")
        page = harness.app.screen
        assert isinstance(page, PreflightPage)
        checks = [row[1] for row in harness.rows_of_page]
        assert "bulk sign in" in checks
        at = checks.index("phone number")
        page.grid.move_to(at)
        await harness.settle()
        assert "Set-CsPhoneNumberAssignment" in harness.text
        await harness.press("y")
        assert harness.app.clipboard.startswith("Set-CsPhoneNumberAssignment")
        await harness.press("enter")
        assert [row[1] for row in harness.rows] == ["lobby.00001@contoso.com"]


async def test_the_confirmation_counts_and_stops_personal_accounts(tmp_path: Path) -> None:
    async with _harness(tmp_path) as (harness, service):
        await harness.press("p", "s")
        assert isinstance(harness.app.screen, Choice)
        assert PERSONAL in harness.flat
        await harness.press("escape")
        assert service.runs.journal.runs() == []

        await harness.press("s", "enter")  # leave it out
        assert isinstance(harness.app.screen, Confirm)
        assert "5 accounts in Contoso Ltd" in harness.flat
        assert "1 row left out: may be personal accounts" in harness.flat
        assert "Prerequisites: 2 accounts fail" in harness.flat
        await harness.type("5")
        await harness.press("enter")
        devices = service.runs.journal.devices(service.runs.newest)
        assert PERSONAL not in {str(device.user_name) for device in devices}
        assert len(devices) == 5
        assert [row[5] for row in harness.rows].count("left out") == 1  # seen, with why
        assert "may be a personal account" in [row[7] for row in harness.rows]
        await harness.press("slash")
        await harness.type("lobby.00003")
        assert "may be a personal account" in harness.flat


async def test_a_personal_account_goes_on_only_by_its_name(tmp_path: Path) -> None:
    async with _harness(tmp_path) as (harness, service):
        await harness.press("p", "s", "j", "enter")
        assert isinstance(harness.app.screen, Prompt)
        harness.fill("yes")
        await harness.press("enter")
        assert isinstance(harness.app.screen, Prompt)
        harness.fill(PERSONAL.upper())
        await harness.press("enter")
        assert isinstance(harness.app.screen, Confirm)
        await harness.type("6")
        await harness.press("enter")
        assert len(service.runs.journal.devices(service.runs.newest)) == 6


async def test_without_a_check_a_submit_looks_for_personal_accounts_alone(tmp_path: Path) -> None:
    async with _harness(tmp_path) as (harness, service):
        await harness.press("s")
        assert isinstance(harness.app.screen, Choice)
        assert PERSONAL in harness.flat
        await harness.press("escape")
        assert service.runs.journal.runs() == []
        await harness.press("s", "enter")
        assert isinstance(harness.app.screen, Confirm)
        assert "5 accounts in Contoso Ltd" in harness.flat
        assert "1 row left out" in harness.flat
        assert "Prerequisites: not checked (p)" in harness.flat


async def test_what_cannot_be_looked_at_is_said_and_stops_nothing(tmp_path: Path) -> None:
    async with _harness(tmp_path) as (harness, service):
        service.error = NotReachedError("The name does not resolve.")
        await harness.press("s")
        assert isinstance(harness.app.screen, Confirm)
        assert "6 accounts in Contoso Ltd" in harness.flat
        assert "Could not look for personal accounts" in harness.flat


@pytest.mark.parametrize("checked", [True, False])
async def test_a_retry_stops_at_personal_accounts_too(tmp_path: Path, checked: bool) -> None:
    async with _harness(tmp_path) as (harness, service):
        if checked:
            await harness.press("p")
        await harness.press("s", "j", "enter")
        harness.fill(PERSONAL)
        await harness.press("enter")
        await harness.type("6")
        await harness.press("enter")
        service.runs.accept(1)
        service.runs.finish(range(6), error="User missing CAP policy assignment.")
        await harness.look()
        await harness.press("r")
        assert isinstance(harness.app.screen, Choice)
        assert PERSONAL in harness.flat
        await harness.press("enter")
        assert isinstance(harness.app.screen, Confirm)
        assert "5 devices in Contoso Ltd" in harness.flat
        assert "1 row left out: may be personal accounts" in harness.flat


async def test_a_run_goes_on_only_when_its_personal_accounts_are_named(tmp_path: Path) -> None:
    async with _harness(tmp_path) as (harness, service):
        run = service.runs.create(
            make_devices(6), file="list.csv", sha256="", skipped=0, options=ev.Options()
        )
        await harness.press("h", "r")
        assert isinstance(harness.app.screen, Choice)
        assert PERSONAL in harness.flat
        await harness.press("enter")
        assert isinstance(harness.app.screen, Prompt)
        await harness.press("escape")
        assert "Nothing was submitted" in harness.flat
        assert service.runs.started == []
        await harness.press("h", "r", "enter")
        harness.fill(PERSONAL)
        await harness.press("enter")
        assert isinstance(harness.app.screen, Confirm)
        await harness.type("6")
        await harness.press("enter")
        assert service.runs.started == [run]


@pytest.mark.parametrize("key", ["p", "s", "b"])
async def test_a_fault_beside_the_screen_ends_no_console(tmp_path: Path, key: str) -> None:
    async with _harness(tmp_path) as (harness, service):
        service.error = RuntimeError("nobody thought of this")
        await harness.press(key)
        assert "RuntimeError: this is a fault of siptui" in harness.flat
        await harness.press("escape", "g")
        assert len(harness.rows) == 6


async def test_a_check_that_fails_is_told(tmp_path: Path) -> None:
    async with _harness(tmp_path) as (harness, service):
        service.error = NotReachedError("The name does not resolve.")
        await harness.press("p")
        assert "The name does not resolve." in harness.flat
        assert harness.console.session.preflight is None


async def test_fixes_are_shown_confirmed_made_read_back_and_undone(tmp_path: Path) -> None:
    async with _harness(tmp_path) as (harness, service):
        await harness.press("F")
        assert "p checks first" in harness.text
        await harness.press("p", "g", "j", "j", "space", "F")  # the one without a calling policy
        page = harness.app.screen
        assert isinstance(page, FixPage)
        assert "not sent" in harness.text
        assert "Grant-CsTeamsCallingPolicy -Identity" in harness.flat
        assert service.record.changes() == {}
        await harness.press("x")
        assert isinstance(harness.app.screen, Confirm)
        await harness.type("7")
        await harness.press("enter")
        assert "Nothing was changed" in harness.flat
        assert service.record.changes() == {}
        await harness.press("backspace")
        await harness.type("1")
        await harness.press("enter")
        await _ended(harness, page)
        assert "1 of 1 change read back as wanted" in harness.flat
        assert [one.step for one in service.record.changes().values()] == [Step.SEEN]
        await harness.press("U")
        await harness.type("1")
        await harness.press("enter")
        await _ended(harness, page)
        assert "undone" in harness.text
        await harness.press("escape")
        assert len(harness.app.screen_stack) == 1


async def test_changes_go_on_when_their_page_is_left_and_are_undone_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fix_runner, "PATIENCE", (0.01,) * 5_000)
    lag = "[lag]\npolicy = 30\n"
    async with _harness(tmp_path, size=(80, 24), scenario=lag + SCENARIO) as (harness, service):
        await harness.press("p", "g", "j", "j", "space", "space", "F", "x")
        harness.fill(PERSONAL)  # it asks for the name of the one that may be personal
        await harness.press("enter")
        await harness.press("2", "enter")
        page = harness.app.screen
        assert isinstance(page, FixPage)
        await _until(harness, lambda: "sent" in [row[3] for row in harness.rows_of_page])
        await harness.press("escape")
        assert len(harness.app.screen_stack) == 1
        assert "F shows them" in harness.text
        assert page.work.working
        await harness.press("F")
        again = harness.app.screen
        assert isinstance(again, FixPage)
        assert again.work is page.work
        assert "2 not read back yet of 2 changes" in harness.flat
        assert "working: what was written is read back" in harness.flat
        await harness.press("U")
        assert "still working" in harness.flat
        await harness.press("escape")
        # The tenant shows the changes from now on: what comes of it is told on the table.
        service.now = 40.0
        await _until(harness, lambda: not page.work.working)
        said = "Fixes: 2 read back of 2 changes. p checks again; F shows them."
        assert said in harness.text.splitlines()[2]
        assert [o.step for o in service.record.changes().values()] == [Step.SEEN] * 2
        await harness.press("F")
        assert [row[3] for row in harness.rows_of_page if row[3] != "for people"] == [
            "read back"
        ] * 2
        await harness.press("U", "j", "enter")
        assert "Take back 2 changes" in harness.question
        await harness.press("2", "enter")
        last = harness.app.screen
        assert isinstance(last, FixPage)

        def over() -> bool:
            service.now += 50.0  # each is taken back in a moment of its own, and shown later
            return not last.work.working

        await _until(harness, over)
        await harness.until(lambda: "2 undone of 2 changes" in harness.text.splitlines()[0])
        assert [row[3] for row in harness.rows_of_page][:2] == ["undone"] * 2
        assert [o.step for o in service.record.changes().values()] == [Step.UNDONE] * 2
        await harness.press("U")
        assert "nothing was made here" in harness.flat
        await harness.press("escape")  # and what was found is checked anew
        await _until(harness, lambda: "Prerequisites: 3 accounts fail" in harness.text)


async def test_checks_and_selection_say_what_is_fixed_and_submitted(tmp_path: Path) -> None:
    async with _harness(tmp_path) as (harness, service):
        await harness.press("p", "slash", *"lobby.00002", "enter", "F")
        heading = harness.text.splitlines()[0]
        assert "1 change would be made" in heading
        assert "the 1 row that the filter /lobby.00002 shows, of 6" in heading
        await harness.press("x")
        assert "The 1 row that the filter /lobby.00002 shows, of 6:" in harness.question
        await harness.press("escape", "escape", "escape", "s", "enter")
        assert "5 accounts in Contoso Ltd" in harness.question
        assert "p: only the 3 that fail no check" in harness.text
        await harness.press("p")
        assert "3 accounts in Contoso Ltd" in harness.question
        assert "Only those that fail no check." in harness.question
        await harness.press("3", "enter")
        devices = service.runs.journal.devices(service.runs.newest)
        assert [device.line for device in devices] == [2, 6, 7]


async def test_an_address_and_the_kind_of_numbers_are_told_in_the_console(
    tmp_path: Path,
) -> None:
    """A trusted IP is missed, added and found; a number is taken from where the operator says."""
    text = list_text(make_devices(6)).replace("EMEA\n", "EMEA,\n")
    text = text.replace("Region\n", "Region,PhoneNumber\n", 1)
    number = "EMEA,+49 30 1234567"
    text = "\n".join(
        line.replace("EMEA,", number) if "lobby.00001@" in line else line
        for line in text.split("\n")
    )
    async with _harness(tmp_path, size=(80, 24), text=text) as (harness, service):
        await harness.press("p", "p")
        assert "trusted IP addresses" in harness.flat or "trusted IP address." in harness.flat
        for wrong, why in (("10.1.2.3", "10.0.0.0/8"), ("nonsense", "no IP address")):
            await harness.press("a")
            assert isinstance(harness.app.screen, Prompt)
            harness.fill(wrong)
            await harness.press("enter")
            assert why in harness.flat
            await harness.press("escape")
        await harness.press("a")
        harness.fill("198.51.100.9")
        await harness.press("enter")
        assert isinstance(harness.app.screen, PreflightPage)
        assert "198.51.100.9: not among the trusted IPs" in harness.flat
        await harness.press("F")
        page = harness.app.screen
        assert isinstance(page, FixPage)
        await harness.press("G")
        assert "DirectRouting" in _shown(page)
        await harness.press("n", "j", "enter")
        page = harness.app.screen
        assert isinstance(page, FixPage)
        assert "'+49301234567' -PhoneNumberType CallingPlan" in _shown(page)
        at = [row[0] for row in harness.rows_of_page].index("trusted ip")
        page.grid.move_to(at)
        await harness.press("space", "x")
        await harness.type("1")
        await harness.press("enter")
        await _ended(harness, page)
        assert [one.change.target for one in service.record.changes().values()] == ["198.51.100.9"]
        await harness.press("a")
        assert "check again first" in harness.flat
        await harness.press("escape", "p")
        assert "198.51.100.9 is trusted" in harness.flat
        made = harness.console.session.preflight
        assert made is not None
        (row,) = (one for one in made.report.accounts if one.user_name.startswith("lobby.00001"))
        assert "CallingPlan" in row.of(Check.PHONE_NUMBER).powershell  # type: ignore[union-attr]
        await harness.press("a")
        harness.fill("none")
        await harness.press("enter")
        assert harness.console.session.public_ips == ()


def _shown(page: FixPage) -> str:
    return "\n".join(fix.powershell for fix in page._plan.fixes)


async def test_a_fix_of_a_personal_account_asks_for_its_name(tmp_path: Path) -> None:
    async with _harness(tmp_path) as (harness, service):
        await harness.press("p", "slash")
        await harness.type("pre:personal")
        await harness.press("enter", "asterisk", "F", "x")
        assert isinstance(harness.app.screen, Prompt)
        await harness.press("escape")
        assert isinstance(harness.app.screen, FixPage)
        assert "nothing was changed" in harness.flat
        assert service.record.changes() == {}


async def test_the_script_of_the_console_is_that_of_the_command(tmp_path: Path) -> None:
    async with _harness(tmp_path) as (harness, service):
        await harness.press("p", "F")
        page = harness.app.screen
        assert isinstance(page, FixPage)
        await harness.press("e")
        file = tmp_path / "fixes.ps1"
        harness.fill(str(file))
        await harness.press("enter")
        content = file.read_bytes()
        assert content.startswith(b"\xef\xbb\xbf")
        made = harness.console.session.preflight
        assert made is not None
        about = made.facts.tenant.tenant
        assert isinstance(about, TenantInfo)
        assert content.decode("utf-8-sig").splitlines() == list(
            script_lines(page._plan, about.tenant_id)
        )
        personal = [fix for fix in page._plan.fixes if fix.needs_name]
        assert personal
        for fix in personal:
            assert f"\n# {fix.powershell}\n" in content.decode("utf-8-sig")
            assert f"\n{fix.powershell}\n" not in content.decode("utf-8-sig")
        assert service.record.changes() == {}


async def test_a_read_only_console_checks_and_changes_nothing(tmp_path: Path) -> None:
    async with _harness(tmp_path, read_only=True) as (harness, _):
        await harness.press("p", "p")
        assert isinstance(harness.app.screen, PreflightPage)
        await harness.press("F")
        assert isinstance(harness.app.screen, PreflightPage)


async def _ended(harness: ConsoleHarness, page: FixPage) -> None:
    await _until(harness, lambda: not page.work.working)


async def _until(harness: ConsoleHarness, seen: Callable[[], bool]) -> None:
    await harness.pilot.pause()
    await harness.until(seen)


async def test_a_check_costs_no_more_than_the_table_once(tmp_path: Path) -> None:
    service = Service(tmp_path, scenario=read_scenario(SCENARIO, "test"))
    options = {"runs": service.runs, "checks": service.checks, "counting": True}
    text = list_text(make_devices(60))
    async with console(tmp_path, size=(80, 24), text=text, **options) as harness:  # type: ignore[arg-type]
        driver = harness.app._driver
        assert isinstance(driver, CountingDriver)
        driver.take()
        await harness.press("p")
        assert 0 < len(driver.take().encode()) <= 8_000
        await harness.press("p")
        assert 0 < len(driver.take().encode()) <= 8_000
        await harness.press("escape")
        driver.take()
        await harness.press("j")
        assert 0 < len(driver.take().encode()) <= 900
    service.background.close()


async def test_nothing_unchecked_wears_a_tick_and_no_option_is_named_where_a_key_is(
    tmp_path: Path,
) -> None:
    """No row passes all, and whether the phones' own address is trusted is not known yet."""
    scenario = '[[accounts]]\nmatch = "*"\nnumber = false\n'
    async with _harness(tmp_path, size=(80, 24), scenario=scenario) as (harness, _):
        await harness.press("p", "p")
        page = harness.app.screen
        assert isinstance(page, PreflightPage)
        by_check = {row.cells[1]: row for row in page.grid.index.rows}
        assert by_check["every check"].symbol == " "
        assert by_check["trusted ip"].symbol == "!"
        page.grid.move_to([row[1] for row in harness.rows_of_page].index("trusted ip"))
        await harness.settle()
        assert "a names it." in harness.flat
        assert " --" not in harness.text
        await harness.press("F", "G")
        assert isinstance(harness.app.screen, FixPage)
        assert " --" not in harness.text
