"""Batches that are not the run's own: of colleagues, other journals, a journal's lost tail."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from siptui.domain.device import Device
from siptui.domain.region import Region
from siptui.domain.state import DeviceState
from siptui.emulator.scenario import (
    DeviceRule,
    ForeignBatch,
    LagTable,
    Scenario,
    TimingTable,
    WireTable,
)
from siptui.runs.events import (
    BatchAccepted,
    BatchSubmitting,
    BatchUnsettled,
    DevicesHeld,
    DevicesSignedIn,
    Options,
    RunFinished,
    RunStopped,
    Waiting,
)
from siptui.runs.host_tenant import HostTenant
from siptui.runs.orders import Changed
from siptui.runs.output.json_lines import exit_code
from tests.runs.engine.engine_harness import QUICK, EngineHarness, device, devices
from tests.runs.engine.request_times import CERTAIN, KINDS, wire_of
from tests.support import emulated_time

DAY = 24 * 3600
LONG = TimingTable(device=(300, 300))
#: Live until all in a test has begun that is to begin while it is.
_MINUTES = TimingTable(device=(150, 150))
#: Forms of the service's times with how far its clock is ahead: each kind by a clock that is right,
#: and those that a wrong one tells apart.
_CLOCKS = [(form, 0.0) for form in KINDS] + [
    (form, ahead) for ahead in (-3600.0, 3600.0) for form in ("iso", "iso_minutes", "iso_naive")
]


def lived(main: object) -> None:
    emulated_time.run(main(), limit=2 * DAY)  # type: ignore[operator]


def colleague(
    harness: EngineHarness, phones: Sequence[Device], *, at: float = 0, region: Region = Region.EMEA
) -> None:
    """Somebody submits these with PowerShell."""
    items = tuple((str(d.user_name), str(d.hardware_id)) for d in phones)
    harness.tenant.start_foreign(ForeignBatch(at=at, region=region, items=items))


def _times(harness: EngineHarness, phones: Sequence[Device]) -> list[int]:
    return [harness.ledger.times[d.key] for d in phones]


@pytest.mark.parametrize("lag", [0, 20])
@pytest.mark.parametrize("how", ["device", "account", "region"])
def test_devices_and_accounts_that_are_live_elsewhere_wait_and_are_named(
    tmp_path: Path, how: str, lag: float
) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path, Scenario(timing=_MINUTES, lag=LagTable(summaries=lag)))
        phones = devices(6)
        theirs = {
            "device": [device(1, user="other@contoso.example"), phones[2]],
            "account": [
                device(90, user="ROOM1@contoso.example"),
                device(91, user=phones[2].user_name),
            ],
            "region": [device(92 + i, user=phones[i].user_name) for i in (1, 2)],
        }[how]
        colleague(harness, theirs, region=Region.NOAM if how == "region" else Region.EMEA)
        await asyncio.sleep(30)
        run = harness.create(phones)
        work = harness.start(run)
        await asyncio.sleep(60)
        assert len(harness.ids()) == 1
        state = harness.state(run)
        assert [r.state for r in state.devices] == [
            DeviceState.QUEUED if i in (1, 2) else DeviceState.RUNNING for i in range(6)
        ]
        (held,) = harness.events(run, DevicesHeld)
        assert (held.devices, held.decide) == ([1, 2], False)
        assert held.batch_id == harness.ledger.foreign[0].batch_id
        assert held.by == "powershell@contoso.com"
        assert any("powershell@contoso.com" in w.why for w in harness.events(run, Waiting))
        assert harness.ledger.violations == []
        end = await work.end()
        # What the other batch did for another account or phone nobody but the operator undoes.
        waits = [1] if how == "device" else [1, 2]
        assert isinstance(end, RunStopped)
        assert end.code == "held_back"
        assert exit_code(harness.state(run)) == 7
        if how == "device":  # the other one is signed in as the list wants it
            (left_out,) = harness.events(run, DevicesSignedIn)
            assert left_out.devices == [2]
        counted = {i: (0 if i in waits else 1) for i in range(6)}
        assert _times(harness, phones) == list(counted.values())
        harness.run_service.resume(run)
        again = await harness.work(run)
        assert isinstance(again, RunStopped)
        assert _times(harness, phones) == list(counted.values())
        harness.run_service.resume(run, again=True)
        end = await harness.work(run)
        assert isinstance(end, RunFinished)
        assert _times(harness, phones) == [1] * 6
        live_twice = [v for v in harness.ledger.violations if v.wrong != "submitted_after_success"]
        assert live_twice == []

    lived(main)


def test_what_failed_elsewhere_goes_out_when_the_other_batch_is_over(tmp_path: Path) -> None:
    async def main() -> None:
        offline = DeviceRule(match=str(devices(1)[0].hardware_id), online=False, until_attempt=2)
        harness = EngineHarness(tmp_path, Scenario(timing=LONG, devices=(offline,)))
        colleague(harness, devices(2))
        run = harness.create(devices(4))
        end = await harness.work(run)
        assert isinstance(end, RunFinished)
        assert end.succeeded == 4
        assert _times(harness, devices(4)) == [2, 1, 1, 1]
        assert harness.ledger.violations == []
        assert harness.differences(run) == []

    lived(main)


def test_a_batch_that_hides_its_devices_is_waited_for_but_not_for_ever(tmp_path: Path) -> None:
    async def main() -> None:
        scenario = Scenario(
            timing=TimingTable(device=(2000, 2000)), wire=WireTable(finished_only=True)
        )
        harness = EngineHarness(tmp_path, scenario)
        colleague(harness, [device(50)])
        run = harness.create(devices(2), Options(settle_seconds=120))
        work = harness.start(run)
        await asyncio.sleep(100)
        assert harness.ids() == []
        await asyncio.sleep(100)
        assert len(harness.ids()) == 1
        assert any("does not say which" in note for note in harness.notes(run))
        await work.terminate()

    lived(main)


def test_a_live_batch_that_cannot_be_read_is_waited_for_but_not_for_ever(tmp_path: Path) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path, Scenario(timing=LONG))
        colleague(harness, devices(1))
        harness.fault("status", "batchstatus", status=404, until=100)
        run = harness.create(devices(2), Options(settle_seconds=300))
        work = harness.start(run)
        await asyncio.sleep(90)
        assert harness.ids() == []
        end = await work.end()
        assert isinstance(end, RunFinished)
        assert set(harness.ledger.times.values()) == {1}

    lived(main)


def test_items_are_read_once_of_batches_in_other_regions(tmp_path: Path) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path, Scenario(timing=TimingTable(device=(900, 900))))
        for number in range(6):
            region = (Region.NOAM, Region.APAC)[number % 2]
            colleague(harness, [device(60 + number)], region=region)
        run = harness.create(devices(12), Options(batch_size=2))
        work = harness.start(run)
        await asyncio.sleep(40)
        ours = len(harness.ids())
        assert ours == 3
        assert harness.ledger.calls["batchstatus"] <= 6 + 40
        before = harness.ledger.calls["batchstatus"]
        assert before >= 6
        await work.terminate()

    lived(main)


@pytest.mark.parametrize("apart", [2.0, 120.0])
def test_two_operators_with_folders_of_their_own_submit_each_phone_once(
    tmp_path: Path, apart: float
) -> None:
    async def main() -> None:
        first = EngineHarness(tmp_path / "first", Scenario(timing=_MINUTES))
        second = EngineHarness(tmp_path / "second", emulator=first.emulator)
        phones = devices(9)
        runs = [first.create(phones, Options(batch_size=4))]
        works = [first.start(runs[0])]
        await asyncio.sleep(apart)
        runs.append(second.create(phones, Options(batch_size=4)))
        works.append(second.start(runs[1]))
        ends = [await work.end() for work in works]
        assert all(isinstance(end, RunFinished) for end in ends)
        assert set(first.ledger.times.values()) == {1}
        assert first.ledger.violations == []
        assert first.state(runs[0]).counts == second.state(runs[1]).counts

    lived(main)


@pytest.mark.parametrize(("form", "ahead"), [*_CLOCKS, ("us", 0.0), ("dotnet", 3600.0)])
def test_a_live_batch_of_a_lost_tail_is_followed_and_not_submitted_again(
    tmp_path: Path, form: str, ahead: float
) -> None:
    async def main() -> None:
        wire = wire_of(form, ahead)
        harness = EngineHarness(tmp_path, Scenario(timing=_MINUTES, wire=wire))
        run = harness.create(devices(6), Options(batch_size=3, slots=1))
        work = harness.start(run)
        await asyncio.sleep(60)
        await work.kill()
        harness.forget(run, BatchSubmitting)
        assert harness.state(run).batches[1].batch_id == ""
        harness.run_service.resume(run)
        end = await harness.work(run)
        assert isinstance(end, RunFinished)
        assert end.succeeded == 6
        assert set(harness.ledger.times.values()) == {1}
        adopted = [a for a in harness.events(run, BatchAccepted) if a.adopted]
        assert [a.batch_id for a in adopted] == harness.ids()[:1]
        assert any("followed, not submitted" in note for note in harness.notes(run))

    lived(main)


@pytest.mark.parametrize(("form", "ahead"), _CLOCKS)
def test_a_batch_of_a_lost_tail_that_is_over_is_not_submitted_again(
    tmp_path: Path, form: str, ahead: float
) -> None:
    async def main() -> None:
        offline = DeviceRule(match=str(devices(1)[0].hardware_id), online=False)
        wire = wire_of(form, ahead)
        harness = EngineHarness(
            tmp_path, Scenario(wire=wire, devices=(offline,), timing=QUICK.timing)
        )
        run = harness.create(devices(6), Options(batch_size=3, slots=1))
        work = harness.start(run)
        await asyncio.sleep(5)
        await work.kill()
        harness.forget(run, BatchSubmitting)
        await asyncio.sleep(2 * 3600)
        harness.run_service.resume(run)
        end = await harness.work(run)
        assert set(harness.ledger.times.values()) == {1}
        if form in CERTAIN:
            assert isinstance(end, RunFinished)
            assert (end.succeeded, end.failed) == (5, 1)
        else:
            assert isinstance(end, RunStopped)
            assert end.code == "held_back"
            assert [h.devices for h in harness.state(run).held.values()] == [[0]]

    lived(main)


def test_a_lost_tail_in_which_the_batches_were_cut_anew_is_not_submitted_again(
    tmp_path: Path,
) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path, Scenario(timing=LONG))
        run = harness.create(devices(6), Options(batch_size=3, slots=1))
        work = harness.start(run)
        await asyncio.sleep(20)
        await work.kill()
        harness.forget(run, BatchSubmitting)
        harness.run_service.resume(run, Changed(batch_size=2))
        end = await harness.work(run)
        assert isinstance(end, RunFinished)
        assert end.succeeded == 6
        assert set(harness.ledger.times.values()) == {1}

    lived(main)


@pytest.mark.parametrize("after", [30.0, 3 * 3600.0])
def test_a_journal_that_was_lost_altogether_submits_nothing_again(
    tmp_path: Path, after: float
) -> None:
    async def main() -> None:
        lost = EngineHarness(tmp_path / "lost", Scenario(timing=LONG))
        work = lost.start(lost.create(devices(6), Options(batch_size=2)))
        await asyncio.sleep(20)
        await work.kill()
        await asyncio.sleep(after)
        new = EngineHarness(tmp_path / "new", emulator=lost.emulator)
        end = await new.work(new.create(devices(8), Options(batch_size=4)))
        assert isinstance(end, RunFinished)
        assert end.succeeded == 8
        assert set(lost.ledger.times.values()) == {1}
        assert lost.ledger.violations == []

    lived(main)


@pytest.mark.parametrize("whose", ["run", "profile", "colleague"])
def test_a_lost_submit_is_not_settled_by_a_batch_that_was_there_before(
    tmp_path: Path, whose: str
) -> None:
    """The list lags: batches from before the submit appear in it as if they were new."""

    async def main() -> None:
        scenario = Scenario(lag=LagTable(summaries=400), timing=TimingTable(device=(10, 20)))
        harness = EngineHarness(tmp_path / "one", scenario)
        other = harness
        if whose == "profile":
            other = EngineHarness(tmp_path / "two", emulator=harness.emulator)
            for one in (harness, other):
                one.run_service.host = HostTenant("Contoso", tmp_path, one.path)
        if whose == "colleague":
            colleague(harness, devices(3))
            await asyncio.sleep(100)
        else:
            await other.work(other.create(devices(3)))
        harness.fault("cut", moment="before", nth=1)
        run = harness.create(devices(3), Options(settle_seconds=600, again=True))
        end = await harness.work(run)
        assert isinstance(end, RunFinished)
        assert (end.succeeded, end.unknown) == (0, 3)
        assert len(harness.events(run, BatchUnsettled)) == 1
        assert exit_code(harness.state(run)) == 5

    lived(main)


@pytest.mark.parametrize(("form", "ahead"), _CLOCKS)
def test_a_lost_submit_is_found_whatever_the_clock_of_the_service(
    tmp_path: Path, form: str, ahead: float
) -> None:
    async def main() -> None:
        wire = wire_of(form, ahead)
        scenario = Scenario(wire=wire, lag=LagTable(summaries=30), timing=QUICK.timing)
        harness = EngineHarness(tmp_path, scenario)
        harness.fault("cut", moment="after", nth=1)
        end = await harness.work(harness.create(devices(3)))
        assert isinstance(end, RunFinished)
        assert end.succeeded == 3
        assert set(harness.ledger.times.values()) == {1}

    lived(main)


def test_what_many_batches_of_a_colleague_signed_in_since_the_plan_is_left_out(
    tmp_path: Path,
) -> None:
    async def main() -> None:
        quick = TimingTable(device=(4, 6), start=(1, 1), finish=(1, 1))
        harness = EngineHarness(tmp_path, Scenario(timing=quick))
        phones = devices(50)
        run = harness.create(phones)
        for phone in phones[:45]:
            colleague(harness, [phone])
            await asyncio.sleep(15)
        await harness.work(run)
        assert _times(harness, phones) == [1] * 50
        assert harness.ledger.violations == []

    lived(main)


def test_the_word_counts_for_what_a_colleague_signed_in_before_it(tmp_path: Path) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path)
        colleague(harness, devices(2))
        await asyncio.sleep(1800)
        end = await harness.work(harness.create(devices(3)))
        assert isinstance(end, RunFinished)
        assert _times(harness, devices(3)) == [1, 1, 1]
        end = await harness.work(harness.create(devices(3), Options(again=True)))
        assert _times(harness, devices(3)) == [2, 2, 2]

    lived(main)


def test_the_first_devices_of_a_trial_are_the_same_when_some_are_held_back(tmp_path: Path) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path, Scenario(timing=LONG))
        colleague(harness, [device(90, user=devices(1)[0].user_name)])
        run = harness.create(devices(6), Options(first=2, batch_size=4))
        end = await harness.work(run)
        assert isinstance(end, RunStopped)
        assert end.code == "held_back"
        assert _times(harness, devices(6)) == [0, 1, 0, 0, 0, 0]
        harness.run_service.resume(run, again=True)
        end = await harness.work(run)
        assert isinstance(end, RunFinished)
        assert _times(harness, devices(6)) == [1] * 6

    lived(main)


@pytest.mark.parametrize("ahead", [0, 3600])
def test_what_a_later_batch_signed_in_is_not_retried_after_an_earlier_one_was_adopted(
    tmp_path: Path, ahead: float
) -> None:
    """The adopted batch was submitted when the service says, not when this run heard of it: what
    came after it is news of its devices."""

    async def main() -> None:
        offline = DeviceRule(
            match=[str(device(n).hardware_id) for n in (1, 2)], online=False, until_attempt=2
        )
        wire = WireTable(clock_ahead=ahead)
        harness = EngineHarness(
            tmp_path, Scenario(devices=(offline,), wire=wire, timing=QUICK.timing)
        )
        phones = devices(3)
        run = harness.create(phones)
        await asyncio.sleep(60)
        colleague(harness, phones)
        await asyncio.sleep(600)
        colleague(harness, phones[1:2])
        await asyncio.sleep(1800)
        end = await harness.work(run)
        assert isinstance(end, RunFinished)
        assert (end.succeeded, end.failed) == (1, 2)
        (accepted,) = harness.events(run, BatchAccepted)
        assert accepted.adopted
        harness.run_service.retry(run, [1, 2])
        end = await harness.work(run)
        assert isinstance(end, RunFinished)
        assert (end.succeeded, end.failed) == (3, 0)
        (left_out,) = harness.events(run, DevicesSignedIn)
        assert left_out.devices == [1]
        assert harness.ledger.violations == []
        assert _times(harness, phones) == [1, 2, 2]

    lived(main)
