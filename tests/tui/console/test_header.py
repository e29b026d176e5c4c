"""The first line names tenant and list whatever the width; what is longer stands in `?`."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from siptui.domain.errors import SiptuiError
from siptui.domain.state import DeviceState
from siptui.runs import events as ev
from tests.support.time_zone import in_zone
from tests.tui.harness import ConsoleHarness, console
from tests.tui.scripted_runs import ScriptedRuns, list_text, make_devices

TENANT = "1b2c3d4e-5f60-4718-89ab-cdef01234567"


@dataclass
class Ways:
    """Signed in already, to a tenant whose name the service has told."""

    tenant_name: str = ""
    about: str = ""
    port: int = 0

    async def problem(self) -> SiptuiError | None:
        return None


def _first(harness: ConsoleHarness) -> str:
    return harness.text.splitlines()[0]


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (200, 50)])
async def test_names_stand_in_the_head_and_the_id_in_the_help(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    runs = ScriptedRuns(tmp_path, tenant=TENANT)
    ways = Ways("Contoso Telephony")
    text = list_text(make_devices(40))
    async with console(
        tmp_path, text=text, size=size, runs=runs, sign_in=ways, profile="emea", tenant_id=TENANT
    ) as harness:
        head = _first(harness)
        assert "Contoso Telephony" in head
        assert "lobby.csv" in head
        assert TENANT[:8] not in head
        if size[0] >= 80:
            assert "emea · " in head
            assert head.rstrip().endswith("UTC")
        await harness.press("question_mark")
        assert f"Tenant id   {TENANT}" in harness.text
        assert "Profile     emea" in harness.text
        await harness.press("escape")
        ways.tenant_name = ""
        harness.console.show_bars()
        assert " emea " in _first(harness)  # rather than an id
        assert TENANT[:8] not in _first(harness)


async def test_the_clock_goes_on_with_the_run_and_ends_with_it(tmp_path: Path) -> None:
    with in_zone("Asia/Kolkata"):
        text = list_text(make_devices(20))
        async with console(tmp_path, text=text, size=(80, 24)) as harness:
            await harness.submit(20)
            harness.runs.accept(1)
            harness.runs.clock.pass_(90)
            harness.runs.answered()
            harness.runs.clock.pass_(4)
            harness.console.look_for_worker()
            await harness.look()
            assert "run 1:36 · asked 4 s ago · UTC+05:30" in _first(harness)
            assert "lobby.csv" in _first(harness)
            row = next(line for line in harness.text.splitlines() if "lobby.00003" in line)
            assert " 1:30" in row
            assert ", for 1:30" in harness.text  # below the table
            await harness.press("enter")
            assert "Took so far         1:30" in harness.text
            assert "as of 13:31:32 UTC+05:30" in harness.text
            await harness.press("escape")
            harness.runs.finish(range(20), seconds=3)
            harness.runs.write(
                ev.RunFinished(succeeded=20, failed=0, unknown=0, skipped=0, seconds=99)
            )
            await harness.look()
            assert "asked" not in _first(harness)
            assert harness.console.session.run is not None
            assert harness.console.session.run.counts[DeviceState.SUCCEEDED] == 20
            await harness.press("enter")
            assert "Took                1:38" in harness.text


async def test_no_clock_goes_where_no_worker_is(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(20))) as harness:
        await harness.submit(20)
        harness.runs.accept(1)
        await harness.look()
        assert "run 0:02" in _first(harness)
        harness.runs.attended = False
        harness.console.look_for_worker()
        harness.runs.clock.pass_(60)
        await harness.look()
        assert "run " not in _first(harness)


async def test_a_run_that_was_stopped_is_not_told_to_be_stopping(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(6))) as harness:
        await harness.submit(6)
        harness.runs.write(ev.WorkerStarted(pid=1))
        harness.runs.accept(1)
        harness.runs.write(ev.Order(what="stop", actor=ev.Actor(os_user="anna"), how="SIGTERM"))
        await harness.look()
        assert "stopping 08:00 by anna" in _first(harness)
        harness.runs.finish(range(5))
        harness.runs.finish([5], error="Device is offline")
        harness.runs.end_batch(1, succeeded=5, failed=1)
        harness.runs.write(ev.RunStopped(code="held_back", message="It was stopped."))
        await harness.look()
        assert "stopped 08:00 by anna" in _first(harness)
        assert "stopping" not in _first(harness)
        # A retry goes out alone: what was held back stays so.
        order = ev.Order(what="retry", devices=[5])
        harness.runs.write(ev.WorkerStarted(pid=2), order)
        seq = harness.runs.journal.first_and_last(harness.runs.newest)[1].seq
        region = make_devices(1)[0].region
        harness.runs.write(
            ev.BatchPlanned(batch=2, region=region, devices=[5], attempt=2, order=seq)
        )
        harness.runs.accept(2)
        await harness.look()
        assert "stopping" not in _first(harness)
