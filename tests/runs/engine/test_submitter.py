"""What a submitter sends, and when, beside batches of others that come at any moment."""

from pathlib import Path

import pytest

from siptui.domain.region import Region
from siptui.emulator.scenario import LimitsTable, Scenario, TimingTable, WireTable
from siptui.runs.engine.run_stop import RunStop
from siptui.runs.events import (
    TURN,
    BatchAccepted,
    BatchSubmitting,
    DevicesSignedIn,
    Note,
    Options,
)
from tests.runs.engine.submit_harness import LASTING_TIMES, Submitting, submitting
from tests.runs.state_builder import EMEA, NOAM

ONE_SLOT = Options(batch_size=5, slots=1)


def test_what_is_meant_is_written_down_before_it_is_sent(tmp_path: Path) -> None:
    async def test(one: Submitting) -> None:
        others = [one.colleague(region=NOAM) for _ in range(3)]
        await one.until(60)
        (meant,) = one.events(BatchSubmitting)
        assert (meant.batch, meant.region, meant.devices) == (1, EMEA, 5)
        assert meant.known == sorted(others)
        assert meant.service_ahead == 899.8  # its times are of whole seconds
        (accepted,) = one.events(BatchAccepted)
        assert accepted.batch == 1
        assert one.calls("createbatch") == [4.0]
        assert one.wakeup.waits == [3600.0]

    ahead = Scenario(timing=LASTING_TIMES, wire=WireTable(clock_ahead=900.0))
    submitting(tmp_path, test, scenario=ahead, options=ONE_SLOT)


def test_nothing_is_sent_that_does_not_wait(tmp_path: Path) -> None:
    """The entry that put what is left of the batch into another one was lost."""

    async def test(one: Submitting) -> None:
        one.log.write(DevicesSignedIn(devices=[1, 3], run="another"))
        await one.until(60)
        assert one.accepted() == [1]
        sent = one.harness.ledger.times
        assert [sent[phone.key] for phone in one.wanted] == [1, 0, 1, 0, 1]

    submitting(tmp_path, test)


def test_a_service_without_a_date_says_nothing_of_its_clock(tmp_path: Path) -> None:
    async def test(one: Submitting) -> None:
        one.dateless = True
        await one.until(10)
        (meant,) = one.events(BatchSubmitting)
        assert meant.service_ahead is None

    submitting(tmp_path, test)


def test_as_many_go_out_as_there_are_slots_and_then_nothing_is_asked(tmp_path: Path) -> None:
    async def test(one: Submitting) -> None:
        await one.until(9100)
        assert one.accepted() == [1, 2, 3]
        assert one.calls("batchsummaries") == [0.0]
        assert one.told(TURN) == []
        one.finish(2)
        await one.until(9101)
        assert one.accepted() == [1, 2, 3, 4]

    submitting(tmp_path, test, 20)


def test_others_that_hold_the_slots_are_waited_for(tmp_path: Path) -> None:
    """Told once, and looked for less and less often."""

    async def test(one: Submitting) -> None:
        for _ in range(3):
            one.colleague()
        await one.until(200)
        looks = [at - 4 for at in one.calls("batchsummaries")[1:]]
        # Each look takes the seconds in which the three are read.
        assert looks == [0, 8, 18.5, 32.75, 52.625, 80.938, 113.938, 146.938, 179.938]
        assert one.wakeup.waits == [5, 7.5, 11.25, 16.875, 25.3125, 30, 30, 30, 30]
        assert [told.until for told in one.told(TURN)] == [""]
        assert "3 of them not of this run" in one.told(TURN)[0].why
        assert one.sent() == []
        assert one.events(Note) == []

    submitting(tmp_path, test)


def test_news_of_the_run_do_not_shorten_the_wait_for_others(tmp_path: Path) -> None:
    async def test(one: Submitting) -> None:
        for _ in range(3):
            one.colleague()
        for at in (8, 10, 11.4, 11.9, 11.9375):
            await one.until(at)
            one.log.note("a device changed")
        await one.until(13)
        assert one.calls("batchsummaries") == [0.0, 4.0, 12.0]
        await one.until(100)
        assert len(one.told(TURN)) == 1

    submitting(tmp_path, test)


def test_a_wait_that_goes_on_after_a_pause_is_not_told_again(tmp_path: Path) -> None:
    async def test(one: Submitting) -> None:
        for _ in range(3):
            one.colleague()
        await one.until(9)
        one.pause()
        await one.until(11)
        one.pause(off=True)
        await one.until(100)
        (told,) = one.told(TURN)
        assert "are live" in told.why

    submitting(tmp_path, test)


def test_after_a_submit_others_are_looked_for_soon_again_and_told_of(tmp_path: Path) -> None:
    async def test(one: Submitting) -> None:
        for _ in range(3):
            one.colleague()
        await one.until(450)
        assert one.accepted() == [1, 2, 3]
        for number in (1, 2, 3):
            one.finish(number)
        for _ in range(3):
            one.colleague()
        before = len(one.wakeup.waits)
        await one.until(500)
        assert one.wakeup.waits[before : before + 2] == [5.0, 7.5]
        assert [told.why for told in one.told(TURN)] == 2 * [one.told(TURN)[0].why]

    times = TimingTable(device=(200, 200), start=(0, 0), finish=(0, 0), lanes=100)
    submitting(tmp_path, test, 30, scenario=Scenario(timing=times))


@pytest.mark.parametrize("region", [EMEA, NOAM])
def test_what_a_colleague_submits_is_waited_for_and_the_rest_goes_out(
    tmp_path: Path, region: Region
) -> None:
    """Also where a slot is free, and whatever news the run has meanwhile."""

    async def test(one: Submitting) -> None:
        one.colleague([0, 5, 6, 7], region=region)
        await one.until(100)
        waiting = set(one.log.state.held)
        assert waiting == {0, 5, 6, 7}
        assert one.out() == [1, 2, 3, 4, 8, 9]
        looks = one.calls("batchsummaries")
        assert len(looks) < 15
        assert len(one.told(TURN)) == 1
        for at in range(100, 131):
            await one.until(at)
            one.log.note("a device changed")
        assert len(one.calls("batchsummaries")) - len(looks) <= 2
        assert one.violations() == []

    submitting(tmp_path, test, 10)


def test_what_comes_while_others_are_read_first_is_seen(tmp_path: Path) -> None:
    async def test(one: Submitting) -> None:
        one.colleague()
        await one.until(0.5)
        one.colleague(range(4))
        await one.until(60)
        assert one.violations() == []
        assert one.out() == [4]

    submitting(tmp_path, test)


@pytest.mark.parametrize("slow", [2.0, 4.0])
def test_what_comes_while_others_are_read_again_is_seen(tmp_path: Path, slow: float) -> None:
    """A look that took three seconds or more may have missed what was submitted meanwhile."""

    async def test(one: Submitting) -> None:
        one.colleague()
        one.harness.fault("slow", "batchstatus", seconds=slow)
        await one.until(1.5 + slow)  # in the second look
        assert len(one.calls("batchsummaries")) == 2
        one.colleague(range(4))
        await one.until(60)
        assert one.violations() == []
        assert one.out() == [4]

    submitting(tmp_path, test)


@pytest.mark.parametrize("first", [0, 1])
def test_a_list_that_is_old_and_the_same_once_more_will_do(tmp_path: Path, first: int) -> None:
    """Though it writes the ids in other letters, and has batches of the run that went out since."""

    async def test(one: Submitting) -> None:
        one.colleague()
        one.harness.fault("slow", "batchstatus", seconds=4)
        await one.until(2)
        one.shouting = lambda: len(one.calls("batchsummaries")) % 2 == first
        await one.until(40)
        assert one.accepted() == [1]
        assert one.calls("batchsummaries") == [0.0, 5.0, 10.0]
        assert one.calls("createbatch") == [10.0]

    submitting(tmp_path, test)


@pytest.mark.parametrize(("slow", "lists"), [(0.8, 2), (1.9, 2), (2.0, 3)])
def test_a_list_of_less_than_three_seconds_is_not_asked_for_again(
    tmp_path: Path, slow: float, lists: int
) -> None:
    async def test(one: Submitting) -> None:
        one.colleague()
        one.harness.fault("slow", "batchstatus", seconds=slow)
        await one.until(40)
        assert one.accepted() == [1]
        assert len(one.calls("batchsummaries")) == lists

    submitting(tmp_path, test)


def test_reads_before_a_submit_come_before_other_reads(tmp_path: Path) -> None:
    async def test(one: Submitting) -> None:
        one.colleague()
        one.crowd(30)
        await one.until(20)
        assert one.accepted() == [1]
        assert one.calls("createbatch")[0] < 8

    submitting(tmp_path, test)


def test_a_batch_that_was_submitted_already_is_followed_and_not_sent(tmp_path: Path) -> None:
    """It is exactly one of the run's, begun since that was planned."""

    async def test(one: Submitting) -> None:
        batch_id = one.colleague(range(5))
        one.colleague([5])
        await one.until(60)
        (adopted, *_) = one.events(BatchAccepted)
        assert (adopted.batch, adopted.batch_id) == (1, batch_id)
        assert one.violations() == []
        assert one.log.state.held.keys() == {5}
        assert [len(one.log.state.batches[b].devices) for b in one.sent()] == [4]

    submitting(tmp_path, test, 10)


def test_a_batch_that_may_not_be_read_stops_a_run_that_does_not_wait(tmp_path: Path) -> None:
    async def test(one: Submitting) -> None:
        one.colleague()
        one.harness.fault("status", "batchstatus", status=403)
        with pytest.raises(RunStop):
            await one.until(100)
        assert one.sent() == []

    submitting(tmp_path, test)


def test_where_roles_are_waited_for_one_batch_may_stay_unread(tmp_path: Path) -> None:
    async def test(one: Submitting) -> None:
        one.colleague()
        one.harness.fault("status", "batchstatus", status=403)
        await one.until(100)
        assert one.accepted() == [1]
        assert any("does not say which devices" in note.text for note in one.events(Note))

    options = Options(batch_size=5, settle_seconds=20)
    submitting(tmp_path, test, role_wait=3600, options=options)


def test_a_batch_of_untold_devices_is_told_of_once_and_not_waited_for(tmp_path: Path) -> None:
    async def test(one: Submitting) -> None:
        batch_id = one.colleague()
        told = one.colleague(region=NOAM)
        await one.until(200)
        assert one.accepted() == [1, 2]
        notes = [note.text for note in one.events(Note)]
        assert sum(batch_id in note for note in notes) == 1
        assert sum(told in note for note in notes) == 1
        assert len(notes) == 2

    untold = Scenario(timing=LASTING_TIMES, wire=WireTable(finished_only=True))
    options = Options(batch_size=5, settle_seconds=20)
    submitting(tmp_path, test, 10, scenario=untold, options=options)


def test_what_cannot_be_read_of_the_list_is_told_once(tmp_path: Path) -> None:
    async def test(one: Submitting) -> None:
        one.colleague(region=NOAM)
        one.harness.fault("odd", "batchsummaries", place="0", put="7", insert=True)
        await one.until(60)
        assert one.accepted() == [1, 2]
        (note,) = one.events(Note)
        assert note.text.startswith("the tenant's batches: ")
        assert note.level == "warning"

    submitting(tmp_path, test, 10)


def test_a_stop_during_a_look_is_no_wait_for_others(tmp_path: Path) -> None:
    async def test(one: Submitting) -> None:
        one.colleague(range(3), region=NOAM)
        one.harness.fault("status", "batchstatus", status=500)
        await one.until(0.5)
        one.stop()
        one.log.look()
        await one.until(300)
        assert one.told(TURN) == []
        assert one.sent() == []

    quick = Scenario()
    submitting(tmp_path, test, scenario=quick)


def test_a_stop_while_the_list_is_read_ends_the_look(tmp_path: Path) -> None:
    async def test(one: Submitting) -> None:
        one.colleague()
        one.harness.fault("slow", "batchsummaries", seconds=5)
        await one.until(2)
        one.stop()
        one.log.look()
        await one.until(300)
        assert one.sent() == []
        assert one.calls("batchstatus") == []
        assert one.told(TURN) == []
        assert len(one.calls("batchsummaries")) == 1

    submitting(tmp_path, test)


def test_a_run_begins_to_the_second_and_says_so_once(tmp_path: Path) -> None:
    async def test(one: Submitting) -> None:
        for at in (10, 20):
            await one.until(at)
            one.log.note("somewhere else")
        await one.until(400)
        (told,) = one.told(TURN)
        assert told.until == "2026-03-02T08:05:00.500Z"
        assert one.calls("createbatch") == [300.25]
        waits = one.wakeup.waits
        assert waits == [300.25, 290.25, 280.25, 3600]

    begin = Options(batch_size=5, not_before="2026-03-02T08:05:00.500Z")
    submitting(tmp_path, test, options=begin)


def test_a_run_begins_to_the_fraction_of_a_second(tmp_path: Path) -> None:
    async def test(one: Submitting) -> None:
        await one.until(10)
        assert one.calls("createbatch") == [0.5]

    begin = Options(batch_size=5, not_before="2026-03-02T08:00:00.750Z")
    submitting(tmp_path, test, options=begin)


def test_a_slot_for_which_the_limit_is_higher_is_used(tmp_path: Path) -> None:
    async def test(one: Submitting) -> None:
        for _ in range(3):
            one.colleague()
        await one.until(60)
        assert one.accepted() == [1]

    four = Scenario(timing=LASTING_TIMES, limits=LimitsTable(live=4))
    submitting(tmp_path, test, scenario=four, options=Options(batch_size=5, slots=4))
