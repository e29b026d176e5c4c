"""Each answer of bulk sign-in says the same in camelCase, PascalCase and snake_case."""

import json
from pathlib import Path
from typing import Any

import pytest

from siptui.domain.region import Region
from siptui.domain.state import DeviceState
from siptui.emulator.scenario import Scenario, WireTable
from siptui.gateway import bulk_json
from siptui.gateway.protocol import Phase
from siptui.runs.events import RunFinished
from tests.runs.engine.engine_harness import EngineHarness, devices
from tests.support import emulated_time

_ANSWERS = Path(__file__).parent / "answers"
_CASINGS = ("camel", "pascal", "snake")
_ID = "7d0c6f0e-2f1b-4f5e-9a55-0d3c8f0b1c11"


def _answer(call: str, casing: str) -> Any:
    return json.loads((_ANSWERS / f"{call}.{casing}.json").read_text("utf-8"))


def _respelled(value: Any, spell: Any) -> Any:
    if isinstance(value, dict):
        return {spell(key): _respelled(part, spell) for key, part in value.items()}
    return [_respelled(part, spell) for part in value] if isinstance(value, list) else value


@pytest.mark.parametrize("casing", _CASINGS)
@pytest.mark.parametrize(
    "spell", [str, str.upper, lambda name: name.replace("_", "-"), lambda name: f"{name}_"]
)
def test_all_three_answers_are_read(casing: str, spell: Any) -> None:
    def answer(call: str) -> Any:
        return _respelled(_answer(call, casing), spell)

    assert bulk_json.accepted(answer("createbatch")) == (_ID, 3)
    status = bulk_json.batch_status(answer("batchstatus"), _ID)
    assert (status.phase, status.region, status.odd, status.gap) == (
        Phase.RUNNING,
        Region.EMEA,
        (),
        "",
    )
    assert [item.phase for item in status.items] == [Phase.SUCCEEDED, Phase.FAILED, Phase.RUNNING]
    assert status.items[1].error == "Device is offline."
    assert status.items[2].hardware_id == "00-90-8F-00-00-03:001"
    summaries = bulk_json.batch_summaries(answer("batchsummaries"))
    assert [(s.batch_id, s.count, s.phase) for s in summaries] == [
        (_ID, 3, Phase.RUNNING),
        ("11111111-2f1b-4f5e-9a55-0d3c8f0b1c11", 41, Phase.COMPLETED),
    ]
    assert summaries.whole


@pytest.mark.parametrize("casing", [*_CASINGS, "lower"])
def test_a_run_ends_right_in_each(casing: Any, tmp_path: Path) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path, Scenario(wire=WireTable(casing=casing)))
        harness.fault("cut", moment="after", nth=2)  # one that must be found in the summaries, too
        run = harness.create(devices(12, (Region.EMEA, Region.APAC)))
        end = await harness.work(run)
        assert isinstance(end, RunFinished)
        assert end.succeeded == 12
        assert harness.differences(run) == []
        assert set(harness.ledger.times.values()) == {1}
        assert harness.state(run).counts[DeviceState.SUCCEEDED] == 12

    emulated_time.run(main(), limit=3600)
