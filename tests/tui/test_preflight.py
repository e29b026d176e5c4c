"""Checking prerequisites and setting them right from the console, against the emulator."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from siptui.emulator.scenario import read_scenario
from siptui.gateway.errors import NotReachedError
from siptui.preflight import apply
from siptui.preflight.finding import Check
from siptui.preflight.record import Step
from siptui.runs import events as ev
from siptui.tui.dialogs.ask import Choice, Confirm, Prompt
from siptui.tui.dialogs.fixing import FixPage
from siptui.tui.dialogs.page import Page
from siptui.tui.dialogs.preflight import PreflightPage
from tests.tui.desk import list_text, make_devices
from tests.tui.harness import SIZES, Bench, CountingDriver, console
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
    monkeypatch.setattr(apply, "PATIENCE", (0.0,) * 3)


@asynccontextmanager
async def _bench(
    folder: Path, *, size: tuple[int, int] = (120, 40), read_only: bool = False, text: str = ""
) -> AsyncIterator[tuple[Bench, Service]]:
    service = Service(folder, scenario=read_scenario(SCENARIO, "test"))
    async with console(
        folder,
        size=size,
        text=text or list_text(make_devices(6)),
        desk=service.desk,
        checks=service.checks,
        memory=service.memory,
        read_only=read_only,
    ) as bench:
        yield bench, service
    service.aside.close()


def _pre(bench: Bench) -> list[str]:
    return [row[6] for row in bench.rows]


@pytest.mark.parametrize("size", SIZES)
async def test_findings_stand_on_the_rows_and_can_be_filtered(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    async with _bench(tmp_path, size=size) as (bench, _):
        await bench.press("p")
        assert len(bench.app.screen_stack) == 1  # nothing is opened over the table
        assert "Prerequisites: 3 accounts fail" in bench.text
        assert [cell[:1] for cell in _pre(bench)] == ["?", "✗", "✗", "✗", "?", "?"]
        assert _pre(bench)[3].endswith("P")
        assert " Pre " in bench.text
        await bench.press("slash")
        await bench.type("check:mfa")
        await bench.press("enter")
        assert [row[1] for row in bench.rows] == [PERSONAL]
        assert "mfa" in bench.text
        await bench.press("enter")
        assert isinstance(bench.app.screen, Page)
        assert "no common area phone policy" in bench.flat
        assert "Prerequisites, checked" in bench.flat


async def test_the_page_has_the_tenants_findings_and_leads_to_the_rows(tmp_path: Path) -> None:
    async with _bench(tmp_path) as (bench, _):
        await bench.press("p", "p")
        page = bench.app.screen
        assert isinstance(page, PreflightPage)
        checks = [row[1] for row in bench.rows_of_page]
        assert "bulk sign in" in checks
        at = checks.index("phone number")
        page.grid.move_to(at)
        await bench.settle()
        assert "Set-CsPhoneNumberAssignment" in bench.text
        await bench.press("y")
        assert bench.app.clipboard.startswith("Set-CsPhoneNumberAssignment")
        await bench.press("enter")
        assert [row[1] for row in bench.rows] == ["lobby.00001@contoso.com"]


async def test_the_confirmation_counts_and_stops_personal_accounts(tmp_path: Path) -> None:
    async with _bench(tmp_path) as (bench, service):
        await bench.press("p", "s")
        assert isinstance(bench.app.screen, Choice)
        assert PERSONAL in bench.flat
        await bench.press("escape")
        assert service.desk.journal.runs() == []

        await bench.press("s", "enter")  # leave it out
        assert isinstance(bench.app.screen, Confirm)
        assert "5 accounts in Contoso Ltd" in bench.flat
        assert "1 row left out: may be personal accounts" in bench.flat
        assert "Prerequisites: 2 accounts fail" in bench.flat
        await bench.type("5")
        await bench.press("enter")
        devices = service.desk.journal.devices(service.desk.newest)
        assert PERSONAL not in {str(device.user_name) for device in devices}
        assert len(devices) == 5
        assert [row[5] for row in bench.rows].count("invalid") == 1  # still to be seen, with why
        assert "left out: may be a personal account" in [row[7] for row in bench.rows]
        await bench.press("slash")
        await bench.type("lobby.00003")
        assert "left out: may be a personal account" in bench.flat


async def test_a_personal_account_goes_on_only_by_its_name(tmp_path: Path) -> None:
    async with _bench(tmp_path) as (bench, service):
        await bench.press("p", "s", "j", "enter")
        assert isinstance(bench.app.screen, Prompt)
        bench.fill("yes")
        await bench.press("enter")
        assert isinstance(bench.app.screen, Prompt)
        bench.fill(PERSONAL.upper())
        await bench.press("enter")
        assert isinstance(bench.app.screen, Confirm)
        await bench.type("6")
        await bench.press("enter")
        assert len(service.desk.journal.devices(service.desk.newest)) == 6


async def test_without_a_check_a_submit_looks_for_personal_accounts_alone(tmp_path: Path) -> None:
    async with _bench(tmp_path) as (bench, service):
        await bench.press("s")
        assert isinstance(bench.app.screen, Choice)
        assert PERSONAL in bench.flat
        await bench.press("escape")
        assert service.desk.journal.runs() == []
        await bench.press("s", "enter")
        assert isinstance(bench.app.screen, Confirm)
        assert "5 accounts in Contoso Ltd" in bench.flat
        assert "1 row left out" in bench.flat
        assert "Prerequisites: not checked (p)" in bench.flat


async def test_what_cannot_be_looked_at_is_said_and_stops_nothing(tmp_path: Path) -> None:
    async with _bench(tmp_path) as (bench, service):
        service.error = NotReachedError("The name does not resolve.")
        await bench.press("s")
        assert isinstance(bench.app.screen, Confirm)
        assert "6 accounts in Contoso Ltd" in bench.flat
        assert "Could not look for personal accounts" in bench.flat


@pytest.mark.parametrize("checked", [True, False])
async def test_a_retry_stops_at_personal_accounts_too(tmp_path: Path, checked: bool) -> None:
    async with _bench(tmp_path) as (bench, service):
        if checked:
            await bench.press("p")
        await bench.press("s", "j", "enter")
        bench.fill(PERSONAL)
        await bench.press("enter")
        await bench.type("6")
        await bench.press("enter")
        service.desk.accept(1)
        service.desk.finish(range(6), error="User missing CAP policy assignment.")
        await bench.look()
        await bench.press("r")
        assert isinstance(bench.app.screen, Choice)
        assert PERSONAL in bench.flat
        await bench.press("enter")
        assert isinstance(bench.app.screen, Confirm)
        assert "5 devices in Contoso Ltd" in bench.flat
        assert "1 row left out: may be personal accounts" in bench.flat


async def test_a_run_goes_on_only_when_its_personal_accounts_are_named(tmp_path: Path) -> None:
    async with _bench(tmp_path) as (bench, service):
        run = service.desk.create(
            make_devices(6), file="list.csv", sha256="", skipped=0, options=ev.Options()
        )
        await bench.press("h", "r")
        assert isinstance(bench.app.screen, Choice)
        assert PERSONAL in bench.flat
        await bench.press("enter")
        assert isinstance(bench.app.screen, Prompt)
        await bench.press("escape")
        assert "nothing was submitted" in bench.flat
        assert service.desk.started == []
        await bench.press("h", "r", "enter")
        bench.fill(PERSONAL)
        await bench.press("enter")
        assert isinstance(bench.app.screen, Confirm)
        await bench.type("6")
        await bench.press("enter")
        assert service.desk.started == [run]


@pytest.mark.parametrize("key", ["p", "s", "b"])
async def test_a_fault_beside_the_screen_ends_no_console(tmp_path: Path, key: str) -> None:
    async with _bench(tmp_path) as (bench, service):
        service.error = RuntimeError("nobody thought of this")
        await bench.press(key)
        assert "RuntimeError: this is a fault of siptui" in bench.flat
        await bench.press("escape", "g")
        assert len(bench.rows) == 6


async def test_a_check_that_fails_is_told(tmp_path: Path) -> None:
    async with _bench(tmp_path) as (bench, service):
        service.error = NotReachedError("The name does not resolve.")
        await bench.press("p")
        assert "The name does not resolve." in bench.flat
        assert bench.console.session.preflight is None


async def test_fixes_are_shown_confirmed_made_read_back_and_undone(tmp_path: Path) -> None:
    async with _bench(tmp_path) as (bench, service):
        await bench.press("F")
        assert "p checks first" in bench.text
        await bench.press("p", "g", "j", "j", "space", "F")  # the one without a calling policy
        page = bench.app.screen
        assert isinstance(page, FixPage)
        assert "not sent" in bench.text
        assert "Grant-CsTeamsCallingPolicy -Identity" in bench.flat
        assert service.record.changes() == {}
        await bench.press("x")
        assert isinstance(bench.app.screen, Confirm)
        await bench.type("7")
        await bench.press("enter")
        assert "Nothing was changed" in bench.flat
        assert service.record.changes() == {}
        await bench.press("backspace")
        await bench.type("1")
        await bench.press("enter")
        await _ended(bench, page)
        assert "1 of 1 change read back as wanted" in bench.flat
        assert [one.step for one in service.record.changes().values()] == [Step.SEEN]
        await bench.press("U")
        await bench.type("1")
        await bench.press("enter")
        await _ended(bench, page)
        assert "undone" in bench.text
        await bench.press("escape")
        assert len(bench.app.screen_stack) == 1


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
    async with _bench(tmp_path, size=(80, 24), text=text) as (bench, service):
        await bench.press("p", "p")
        assert "trusted IP addresses" in bench.flat or "trusted IP address." in bench.flat
        for wrong, why in (("10.1.2.3", "10.0.0.0/8"), ("nonsense", "no IP address")):
            await bench.press("a")
            assert isinstance(bench.app.screen, Prompt)
            bench.fill(wrong)
            await bench.press("enter")
            assert why in bench.flat
            await bench.press("escape")
        await bench.press("a")
        bench.fill("198.51.100.9")
        await bench.press("enter")
        assert isinstance(bench.app.screen, PreflightPage)
        assert "198.51.100.9: not among the trusted IPs" in bench.flat
        await bench.press("F")
        page = bench.app.screen
        assert isinstance(page, FixPage)
        await bench.press("G")
        assert "DirectRouting" in _shown(page)
        await bench.press("n", "j", "enter")
        page = bench.app.screen
        assert isinstance(page, FixPage)
        assert "'+49301234567' -PhoneNumberType CallingPlan" in _shown(page)
        at = [row[0] for row in bench.rows_of_page].index("trusted ip")
        page.grid.move_to(at)
        await bench.press("space", "x")
        await bench.type("1")
        await bench.press("enter")
        await _ended(bench, page)
        assert [one.change.target for one in service.record.changes().values()] == ["198.51.100.9"]
        await bench.press("a")
        assert "check again first" in bench.flat
        await bench.press("escape", "p")
        assert "198.51.100.9 is trusted" in bench.flat
        made = bench.console.session.preflight
        assert made is not None
        (row,) = (one for one in made.report.accounts if one.user_name.startswith("lobby.00001"))
        assert "CallingPlan" in row.of(Check.PHONE_NUMBER).powershell  # type: ignore[union-attr]
        await bench.press("a")
        bench.fill("none")
        await bench.press("enter")
        assert bench.console.session.public_ips == ()


def _shown(page: FixPage) -> str:
    return "\n".join(fix.powershell for fix in page._plan.fixes)


async def test_a_fix_of_a_personal_account_asks_for_its_name(tmp_path: Path) -> None:
    async with _bench(tmp_path) as (bench, service):
        await bench.press("p", "slash")
        await bench.type("pre:personal")
        await bench.press("enter", "asterisk", "F", "x")
        assert isinstance(bench.app.screen, Prompt)
        await bench.press("escape")
        assert isinstance(bench.app.screen, FixPage)
        assert "nothing was changed" in bench.flat
        assert service.record.changes() == {}


async def test_a_read_only_console_checks_and_changes_nothing(tmp_path: Path) -> None:
    async with _bench(tmp_path, read_only=True) as (bench, _):
        await bench.press("p", "p")
        assert isinstance(bench.app.screen, PreflightPage)
        await bench.press("F")
        assert isinstance(bench.app.screen, PreflightPage)


async def _ended(bench: Bench, page: FixPage) -> None:
    for _ in range(500):
        await bench.pilot.pause(0.01)
        if not page._working:
            await bench.settle()
            return
    raise AssertionError(bench.text)


async def test_a_check_costs_no_more_than_the_table_once(tmp_path: Path) -> None:
    service = Service(tmp_path, scenario=read_scenario(SCENARIO, "test"))
    options = {"desk": service.desk, "checks": service.checks, "counting": True}
    text = list_text(make_devices(60))
    async with console(tmp_path, size=(80, 24), text=text, **options) as bench:  # type: ignore[arg-type]
        driver = bench.app._driver
        assert isinstance(driver, CountingDriver)
        driver.take()
        await bench.press("p")
        assert 0 < len(driver.take().encode()) <= 8_000
        await bench.press("p")
        assert 0 < len(driver.take().encode()) <= 8_000
        await bench.press("escape")
        driver.take()
        await bench.press("j")
        assert 0 < len(driver.take().encode()) <= 900
    service.aside.close()
