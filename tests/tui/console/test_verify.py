"""Following the inventory after a run, in the console: against the emulator, which is late."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from siptui.emulator.scenario import read_scenario
from siptui.runs import events as ev
from siptui.tui.dialogs.verify import VerifyPage
from tests.tui.harness import ConsoleHarness, console
from tests.tui.scripted_runs import make_devices
from tests.tui.service import Service

#: A phone that is seen at once, one that is seen late, one that somebody signs in as another.
_SCENARIO = """
[timing]
device = [10, 10]
[lag]
inventory = 120
[[by_hand]]
hardware_id = "00-04-F2-00-00-00"
user = "lobby.00000@contoso.com"
at = -600
[[by_hand]]
hardware_id = "00-04-F2-00-00-02"
user = "someone.else@contoso.com"
at = 60
"""


@asynccontextmanager
async def _ended_run(
    folder: Path, *, passes: float, seconds: float = 0.5
) -> AsyncIterator[tuple[ConsoleHarness, Service]]:
    """A console on a run of three phones; `passes` emulated seconds pass with each look."""
    service = Service(folder, scenario=read_scenario(_SCENARIO, "test"))
    run = service.submit(3)
    service.runs.finish(range(3))
    service.runs.write(
        ev.BatchFinished(batch=1, batch_id="", succeeded=3, failed=0),
        ev.RunFinished(succeeded=3, failed=0, unknown=0, skipped=0, seconds=1.0),
    )

    async def goes_on() -> None:
        service.now += passes

    service.before = goes_on
    options = {"run": run, "status": service.status, "verify_seconds": seconds}
    async with console(folder, runs=service.runs, **options) as harness:
        yield harness, service
    service.background.close()


async def _over(harness: ConsoleHarness) -> None:
    for worker in [one for one in harness.app.workers if one.group == "verify"]:
        await worker.wait()
    await harness.settle()


async def test_what_the_inventory_does_not_show_is_told_as_that(tmp_path: Path) -> None:
    async with _ended_run(tmp_path, passes=0) as (harness, service):
        await harness.press("V")
        assert isinstance(harness.app.screen, VerifyPage)
        await _over(harness)
        assert "1 of 3 phones are seen signed in as their accounts." in harness.flat
        said = "lobby.00001@contoso.com 00-04-F2-00-00-01 the service says success, the inventory"
        assert f"{said} not yet" in harness.flat
        assert "ended: time is over" in harness.flat
        service.now = 1000
        await harness.press("r")
        await _over(harness)
        assert "2 of 3 phones" in harness.flat
        assert "✗ lobby.00002@contoso.com 00-04-F2-00-00-02 signed in as someone.else" in (
            harness.flat
        )


async def test_it_goes_on_when_its_page_is_left(tmp_path: Path) -> None:
    async with _ended_run(tmp_path, passes=300) as (harness, _):
        await harness.press("V", "escape")
        assert not isinstance(harness.app.screen, VerifyPage)
        await _over(harness)
        assert "verify: 2 of 3 phones are seen signed in" in harness.flat
        assert "V shows them" in harness.flat


async def test_it_is_ended_by_a_key_and_with_the_console(tmp_path: Path) -> None:
    async with _ended_run(tmp_path, passes=0, seconds=600) as (harness, _):
        await harness.press("V")
        assert "x end" in harness.flat
        assert "goes on until all are seen" in harness.flat
        await harness.press("x")
        await _over(harness)
        assert "ended: you ended it" in harness.flat
        await harness.press("r")
        assert "goes on until all are seen" in harness.flat
        # The console is left while it goes on.


async def test_before_a_phone_is_signed_in_there_is_nothing_to_verify(tmp_path: Path) -> None:
    service = Service(tmp_path)
    text = "Username,HardwareId,Region\n" + "".join(
        f"{d.user_name},{d.hardware_id},{d.region}\n" for d in make_devices(2)
    )
    async with console(tmp_path, runs=service.runs, status=service.status, text=text) as harness:
        await harness.press("V")
        assert "verify: nothing is signed in yet" in harness.flat
    service.background.close()
