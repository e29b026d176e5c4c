"""Nothing goes out by a list of the tenant's batches that has become old while it was looked at."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from siptui.domain.state import DeviceState
from siptui.emulator.scenario import DeviceRule, Scenario, TimingTable
from siptui.runs.events import Options
from siptui.transport.throttle import Throttle
from tests.runs.engine.engine_harness import EngineHarness, devices
from tests.runs.engine.test_other_batches import colleague
from tests.support import emulated_time

_THEIRS = devices(9)[6:]
_TIMING = TimingTable(device=(20, 20), start=(1, 1), finish=(1, 1))


async def _until(look: Callable[[], object]) -> None:
    while not look():  # noqa: ASYNC110 - emulated time
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("lists", [0, 1, 2])
@pytest.mark.parametrize("how", ["told to wait", "signed out"])
def test_what_a_colleague_does_while_a_look_has_to_wait_is_seen(
    tmp_path: Path, how: str, lists: int
) -> None:
    """A slot becomes free, the tenant's batches are listed, and before that of others is read the
    service asks for two minutes, or the sign-in is lost. A colleague signs the phones in
    meanwhile."""

    async def main() -> None:
        slow = DeviceRule(match=[str(one.hardware_id) for one in _THEIRS], slow=100)
        harness = EngineHarness(tmp_path, Scenario(timing=_TIMING, devices=(slow,)))
        colleague(harness, _THEIRS)  # it keeps one of the two slots, and is read at each look
        phones = devices(6)
        run = harness.create(phones, Options(batch_size=3, slots=2))
        work = harness.start(run, sign_in_wait=3600)
        await _until(lambda: harness.ids())
        first = harness.tenant.batch(harness.ids()[0])
        assert first is not None
        await asyncio.sleep(first.ends - harness.tenant.settle() - 2)
        calls = harness.ledger.calls
        listed = calls["batchsummaries"] + lists
        await _until(lambda: calls["batchsummaries"] >= listed or len(harness.ids()) == 2)
        if how == "told to wait":  # another process of this user, or another region
            Throttle(tmp_path / ".waits" / "admin_api.json", emulated_time.now).told(120, "busy")
        else:
            harness.token_now = ""
        await asyncio.sleep(2)
        if len(harness.ids()) < 2:
            colleague(harness, phones[3:])
        await asyncio.sleep(118)
        harness.token_now = "test-token"
        await work.end()
        assert {violation.wrong for violation in harness.ledger.violations} == set()
        assert harness.state(run).counts[DeviceState.SUCCEEDED] == 6

    emulated_time.run(main(), limit=24 * 3600)
