"""The tenant's memory in the console, asked of the emulator by the real client."""

import csv
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from siptui.domain.errors import SignInNeededError
from siptui.emulator.accounts import object_id
from siptui.emulator.scenario import read_scenario
from siptui.gateway.errors import NotReachedError
from siptui.runs import events as ev
from siptui.tui.dialogs.batches import BatchesPage, BatchPage
from siptui.tui.dialogs.sign_in import SignIn
from tests.identity.conftest import Authority, authority, certificates, server
from tests.tui.console.test_sign_in_flow import _asked, _Setting
from tests.tui.harness import ConsoleHarness, console
from tests.tui.scripted_runs import list_text, make_devices
from tests.tui.service import Service

__all__ = ["authority", "certificates", "server"]  # fixtures

PRIYA = "priya.raman@contoso.com"
#: A batch of a colleague that is over, in which some phones failed, and one that is live.
TENANT = read_scenario(
    f"""
[[foreign]]
at = -93600
region = "APAC"
devices = 34
failing = 0.1
user = "{PRIYA}"
[[foreign]]
at = -5
region = "APAC"
devices = 12
user = "{PRIYA}"
""",
    "test",
)


@asynccontextmanager
async def _harness(
    folder: Path, service: Service, size: tuple[int, int] = (120, 40), **options: object
) -> AsyncIterator[ConsoleHarness]:
    options = {
        "runs": service.runs,
        "tenant_batches": service.tenant_batches,
        "size": size,
        **options,
    }
    async with console(folder, **options) as harness:  # type: ignore[arg-type]
        yield harness
    service.background.close()


async def test_everybodys_batches_and_which_are_our_own(tmp_path: Path) -> None:
    service = Service(tmp_path, scenario=TENANT)
    run = service.submit(3)
    async with _harness(tmp_path, service) as harness:
        await harness.press("escape", "b")
        assert "3 batches of Contoso Ltd in 30 days, 1 from here" in harness.text
        own, live, over = (" ".join(row) for row in harness.rows_of_page)
        assert "here, lobby.csv admin@contoso.com" in own
        assert "EMEA 3 InProgress here" in own
        assert f"elsewhere {PRIYA}" in live
        assert f"34 Completed elsewhere {PRIYA}" in over
        assert f"submitted in run {run} of lobby.csv, admin@contoso.com" in harness.flat
        await harness.press("G")
        assert "Not in this journal" in harness.flat
        await harness.press("b")
        assert len(harness.app.screen_stack) == 1


async def test_one_is_opened_exported_and_followed_as_a_run(tmp_path: Path) -> None:
    service = Service(tmp_path, scenario=TENANT)
    async with _harness(tmp_path, service, (80, 24)) as harness:
        await harness.press("b", "enter")
        assert isinstance(harness.app.screen, BatchPage)
        assert "APAC · 12 devices · elsewhere" in harness.flat
        await harness.press("e")
        harness.fill(str(tmp_path / "batch.csv"))
        await harness.press("enter")
        assert "12 devices written" in harness.flat
        rows = list(csv.DictReader((tmp_path / "batch.csv").open(encoding="utf-8-sig")))
        assert len(rows) == 12
        assert {(row["Region"], row["State"]) for row in rows} == {("APAC", "running")}

        await harness.press("a")
        run = service.runs.newest
        assert service.runs.started == [run]
        assert harness.console.session.run is not None
        assert harness.console.session.run.run == run
        assert len(harness.rows) == 12
        submitted = [s for s in service.runs.journal.read(run) if isinstance(s.event, ev.Order)]
        assert not submitted
        await harness.press("b")
        assert f"followed in run {run}" in harness.flat
        await harness.press("enter", "a")
        assert service.runs.journal.runs() == [run]  # the same one, not a second


async def test_a_devices_own_words_and_what_they_mean(tmp_path: Path) -> None:
    service = Service(tmp_path, scenario=TENANT)
    async with _harness(tmp_path, service) as harness:
        await harness.press("b", "G", "enter")
        page = harness.app.screen
        assert isinstance(page, BatchPage)
        failed = [row for row in page.grid.index.rows if row.tone == "failed"]
        assert failed
        at = page.grid.index.position(failed[0].key)
        assert at is not None
        page.grid.move_to(at)
        await harness.settle()
        assert failed[0].cells[3] in harness.flat
        assert "retry" in harness.flat


async def test_what_goes_wrong_is_told_on_the_page_and_can_be_tried_again(tmp_path: Path) -> None:
    service = Service(tmp_path, scenario=TENANT)
    service.error = SignInNeededError("No one is signed in.", remedy="siptui auth login")
    async with _harness(tmp_path, service, (80, 24)) as harness:
        await harness.press("b")
        assert isinstance(harness.app.screen, BatchesPage)
        assert "Sign-in needed: No one is signed in. siptui auth login" in harness.flat
        service.error = None
        await harness.press("r")
        assert "2 batches of Contoso Ltd" in harness.text
        service.error = NotReachedError("The name does not resolve.")
        await harness.pilot.press("enter")  # tries again by itself for a while
        await harness.until(lambda: "asking the service" in harness.text)


async def test_a_sign_in_is_asked_for_where_one_is_needed(
    tmp_path: Path, authority: Authority
) -> None:
    setting = _Setting(authority, tmp_path)
    service = Service(tmp_path, setting.runs, scenario=TENANT)
    service.before = lambda: setting.ways.tokens().token()
    options = {"sign_in": setting.ways, "tenant_id": ""}
    async with _harness(tmp_path, service, (80, 24), **options) as harness:
        await harness.pilot.press("b")
        await _asked(harness, "enter")
        assert isinstance(harness.app.screen, SignIn)
        setting.approve()
        await harness.until(lambda: isinstance(harness.app.screen, BatchesPage))
        await harness.until(lambda: "2 batches of Contoso Ltd" in harness.text)


async def test_a_read_only_console_looks_and_follows_nothing(tmp_path: Path) -> None:
    service = Service(tmp_path, scenario=TENANT)
    text = list_text(make_devices(2))
    async with _harness(tmp_path, service, text=text, read_only=True) as harness:
        await harness.press("b", "enter", "a")
        assert "follow" not in harness.text
        assert service.runs.journal.runs() == []


_IDS = """
[wire]
user_id = "object_id"
[[foreign]]
at = -50
region = "APAC"
devices = 3
user = "priya.raman@contoso.com"
[[foreign]]
at = -90
region = "EMEA"
devices = 4
user = "priya.raman@contoso.com"
"""
_NO_RIGHTS = """
[[faults]]
call = "graphUser"
kind = "status"
status = 403
"""


async def test_people_have_names_where_the_directory_tells_them(tmp_path: Path) -> None:
    service = Service(tmp_path, scenario=read_scenario(_IDS, "test"))
    parts = service.emulator.tenant.ledger.parts
    async with _harness(tmp_path, service) as harness:
        await harness.press("b")
        assert [row[5] for row in harness.rows_of_page] == [PRIYA, PRIYA]
        assert f"submitted by {PRIYA} ({object_id(PRIYA)})" in harness.flat
        assert parts["graphUser"] == 1  # one person, asked for once
        await harness.press("r", "escape", "b")
        assert [row[5] for row in harness.rows_of_page] == [PRIYA, PRIYA]
        assert parts["graphUser"] == 1


async def test_without_rights_the_id_stays_and_that_is_said_once(tmp_path: Path) -> None:
    service = Service(tmp_path, scenario=read_scenario(_IDS + _NO_RIGHTS, "test"))
    async with _harness(tmp_path, service) as harness:
        await harness.press("b")
        assert [row[5] for row in harness.rows_of_page] == [object_id(PRIYA)] * 2
        assert "Names cannot be read" in harness.flat
        await harness.press("escape", "b")
        assert "Names cannot be read" not in harness.flat
        assert service.emulator.tenant.ledger.parts["graphUser"] == 1
