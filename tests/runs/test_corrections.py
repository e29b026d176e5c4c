"""Wrong names of a failed device are corrected: what a run and its readers make of it."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from siptui.app.data_removal import DataRemoval
from siptui.app.session import Selected
from siptui.devicelist import read
from siptui.devicelist.writing import csv_text, json_text
from siptui.domain.device import Device
from siptui.domain.errors import UsageError
from siptui.domain.list_options import NOT_KNOWN, ReadFrom
from siptui.domain.state import DeviceState
from siptui.emulator.scenario import Scenario, read_scenario
from siptui.runs.conflicts import SignedInError
from siptui.runs.events import DeviceCorrected, Options, RunFinished
from siptui.runs.forgetting import remembered
from siptui.runs.host_tenant import HostTenant
from siptui.runs.output.export_rows import result_rows
from siptui.runs.output.filled_list import write_into
from siptui.runs.output.json_lines import lines
from siptui.runs.output.markdown_report import report_text
from siptui.runs.output.rollout_report import rollout_markdown
from siptui.runs.output.sentences import sentence
from siptui.runs.rollout.evidence import Evidence, SourceRead, Standing
from siptui.runs.rollout.history import attempts_of
from siptui.runs.rollout.reconcile import reconcile
from siptui.runs.rollout.summary import summarize
from siptui.settings.folders import Folders
from siptui.settings.load import Settings
from siptui.settings.model import Cloud, Profile
from tests.runs.engine.engine_harness import EngineHarness, device, devices
from tests.runs.state_builder import StateBuilder
from tests.support import emulated_time
from tests.tui.scripted_runs import list_text

SCENARIO = """
[[accounts]]
match = "typo*"
exists = false

[[devices]]
match = "00-04-F2-00-00-63"
known = false
"""


def scenario() -> Scenario:
    return read_scenario(SCENARIO, "test")


def lived(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    emulated_time.run(main(), limit=6 * 3600)


def event(index: int, old: Device, new: Device) -> DeviceCorrected:
    return DeviceCorrected(
        device=index,
        user_name=new.user_name,
        hardware_id=new.hardware_id,
        old_user_name=old.user_name,
        old_hardware_id=old.hardware_id,
    )


TYPO, RIGHT = device(1, user="typo@contoso.example"), device(1)
WRONG_ID, RIGHT_ID = device(0x63, user="room7@contoso.example"), device(7)


def correct(harness: EngineHarness, run: str, index: int, to: Device) -> None:
    harness.run_service.correct(run, index, to.user_name, to.hardware_id)


def test_a_retry_sends_the_corrected_names_also_from_another_process_after_a_crash(
    tmp_path: Path,
) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path, scenario())
        listed = [device(0), TYPO, WRONG_ID]
        run = harness.create(listed)
        await harness.work(run)
        failed = harness.state(run)
        assert failed.counts[DeviceState.FAILED] == 2
        correct(harness, run, 1, RIGHT)
        correct(harness, run, 2, RIGHT_ID)
        assert len(harness.ledger.submits) == 1  # it is no order
        assert harness.state(run).finished is not None
        harness.run_service.retry(run, [1, 2])
        killed = harness.start(run)
        await asyncio.sleep(3)
        await killed.kill()
        end = await harness.work(run)
        assert isinstance(end, RunFinished)
        assert (end.succeeded, end.failed) == (3, 0)
        times = harness.ledger.times
        assert times[RIGHT.key] == times[RIGHT_ID.key] == times[TYPO.key] == 1
        assert harness.ledger.violations == []
        assert harness.differences(run) == []

    lived(main)


def test_what_was_corrected_and_signed_in_is_not_submitted_by_the_old_list_or_the_new(
    tmp_path: Path,
) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path, scenario())
        run = harness.create([TYPO, WRONG_ID])
        await harness.work(run)
        correct(harness, run, 0, RIGHT)
        correct(harness, run, 1, RIGHT_ID)
        service = harness.run_service
        assert service.new_only([TYPO, WRONG_ID]).to_do == (TYPO, WRONG_ID)
        service.retry(run, [0, 1])
        await harness.work(run)
        for one in (TYPO, WRONG_ID, RIGHT, RIGHT_ID):
            assert service.new_only([one]).signed_in == (one,)
            with pytest.raises(SignedInError):
                harness.create([one])
        # Another account on the phone that was named by mistake is a row of its own.
        other = device(0x63, user="lobby@contoso.example")
        assert service.new_only([other]).to_do == (other,)
        state = harness.state(run)
        found: dict[str, list[Any]] = {}
        for attempt in attempts_of(state, "run X", held=False):
            found.setdefault(attempt.hardware_id, []).append(attempt)
        sources = [SourceRead("history", emulated_time.now())]
        evidence = Evidence(found, {}, tuple(sources))
        rows = reconcile([TYPO, WRONG_ID], evidence, emulated_time.now())
        assert [row.standing for row in rows[:2]] == [Standing.OTHER, Standing.OTHER]
        assert "corrected to room7@contoso.example on" in rows[1].why
        assert {one.key for one in remembered(state)} >= {TYPO.key, RIGHT.key, WRONG_ID.key}

    lived(main)


def test_nothing_is_corrected_while_the_service_may_still_tell_of_it(tmp_path: Path) -> None:
    built = StateBuilder(devices(2), Options(batch_size=2))
    built.running(1)
    built.device(0, DeviceState.FAILED, "User not found in tenant.")
    assert "has not ended" in built.state.why_not_corrected(0)
    assert "not failed" in built.state.why_not_corrected(1)
    assert built.tell(event(0, device(0), device(9))) == set()
    assert built.state.devices[0].device == device(0)

    async def main() -> None:
        harness = EngineHarness(tmp_path, scenario())
        run = harness.create([TYPO])
        await harness.work(run)
        harness.run_service.retry(run, [0])
        with pytest.raises(UsageError, match="ordered to be submitted again"):
            correct(harness, run, 0, RIGHT)
        assert harness.events(run, DeviceCorrected) == []

    lived(main)


def test_the_old_names_stand_in_the_export_the_report_the_log_and_json() -> None:
    built = StateBuilder([device(0), TYPO])
    built.failed(1, "User not found in tenant.")
    state, said = built.state, event(1, TYPO, RIGHT)
    built.tell(said)
    stored = _stored(state.last_seq, said)
    record = state.devices[1]
    assert record.corrected
    assert record.device.user_name == RIGHT.user_name
    text = sentence(stored, state)
    assert text is not None
    assert "line 3 corrected: user name typo@contoso.example → room1@contoso.example" in text.whole
    line = next(iter(lines(state, stored, {1})))
    assert (line["type"], line["line"], line["old_username"]) == (
        "device_corrected",
        3,
        "typo@contoso.example",
    )
    rows = result_rows(state, state.devices)
    assert "typo@contoso.example on 00-04-F2-00-00-01" in csv_text(rows)
    assert '"corrected_from": "typo@contoso.example on' in json_text("run", rows)
    assert "CorrectedFrom" not in csv_text(rows[:1])
    report = report_text(state)
    assert "## Corrected (1)" in report
    assert "typo@contoso.example on 00-04-F2-00-00-01 | room1@contoso.example on" in report


def test_the_report_excepts_the_account_that_was_not_found_from_the_resets(tmp_path: Path) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path, scenario())
        run = harness.create([TYPO])
        await harness.work(run)
        correct(harness, run, 0, RIGHT)
        harness.run_service.retry(run, [0])
        await harness.work(run)
        report = report_text(harness.state(run))
        assert "Not reset: the passwords of 1 account that the tenant does not have" in report
        assert "Its password was not reset." in report

    lived(main)


def _stored(seq: int, said: DeviceCorrected) -> Any:
    from siptui.runs.events import Stored

    return Stored(seq, "2026-11-27T10:00:00.000Z", said)


def _list_in(file: Path) -> ReadFrom:
    file.write_text(list_text([TYPO, WRONG_ID]), encoding="utf-8")
    return read(file).read_from


async def _signed_in_corrected(harness: EngineHarness, file: Path | None = None) -> str:
    """A run of two wrong rows that were corrected and are signed in."""
    read_from = NOT_KNOWN
    if file is not None:
        read_from = _list_in(file)
    run = harness.run_service.create(
        [TYPO, WRONG_ID],
        file=str(file or "l"),
        sha256="",
        skipped=0,
        options=Options(),
        read_from=read_from,
    )
    await harness.work(run)
    correct(harness, run, 0, RIGHT)
    correct(harness, run, 1, RIGHT_ID)
    harness.run_service.retry(run, [0, 1])
    await harness.work(run)
    return run


def test_the_list_as_it_was_is_filled_in_and_reported_on(tmp_path: Path) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path, scenario())
        run = await _signed_in_corrected(harness, tmp_path / "list.csv")
        state = harness.state(run)
        assert write_into(state, tmp_path / "filled.csv", force=False) == 2
        filled = (tmp_path / "filled.csv").read_text(encoding="utf-8")
        assert filled.count("signed in") == 2
        assert "typo@contoso.example on 00-04-F2-00-00-01 is room1@contoso.example" in filled
        made = emulated_time.now()
        found = summarize([TYPO, WRONG_ID], [state], made, file="list.csv", tenant="Contoso")
        assert found.counts["succeeded"] == 2
        report = rollout_markdown(found)
        assert "Corrected in a run (2)" in report
        assert "1 account that the tenant does not have" in report
        assert "typo@contoso.example on" in report

    lived(main)


@pytest.mark.parametrize("user", ["typo@contoso.example", "room1@contoso.example"])
def test_whoever_was_corrected_is_forgotten_by_either_name(tmp_path: Path, user: str) -> None:
    async def main() -> None:
        folders = Folders(tmp_path / "config", tmp_path / "state", tmp_path / "logs")
        profile = Profile("work", "Contoso", Cloud("own", "https://x.invalid", "https://y.invalid"))
        selected = Selected(Settings(folders), profile, {})
        selected.journal.parent.mkdir(parents=True, exist_ok=True)
        harness = EngineHarness(selected.journal.parent, scenario(), journal=selected.journal.name)
        run = await _signed_in_corrected(harness)
        journal = harness.run_service.journal
        removal = DataRemoval(selected, journal, host=HostTenant.alone(harness.path, "Contoso"))
        removal.forget_user(user)
        for path in selected.journal.parent.rglob("*"):
            if path.is_file():
                assert user.encode() not in path.read_bytes(), path
                assert b"00-04-F2-00-00-01" not in path.read_bytes(), path
        state = harness.state(run)
        assert state.forgotten == {0}
        assert state.devices[0].device.user_name.startswith("(forgotten-")
        assert state.devices[1].device.key == RIGHT_ID.key

    lived(main)
