"""What a look at the tenant's batches finds beside the run: each rule on a hand-made list."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from siptui.domain.region import Region
from siptui.gateway.errors import RejectedError
from siptui.gateway.protocol import BatchStatus, BatchSummary, ItemStatus, Phase
from siptui.runs.engine.other_batches import OtherBatch, OtherBatches, Others
from siptui.runs.events import BatchInDoubt, DevicesHeld, Options
from tests.runs.engine.engine_harness import device
from tests.runs.state_builder import AT, EMEA, NOAM, StateBuilder

PHONES = [device(0), device(1), device(2), device(3), device(4, NOAM), device(5, NOAM)]
RUNNING, DONE, FAILED, COMPLETED = Phase.RUNNING, Phase.SUCCEEDED, Phase.FAILED, Phase.COMPLETED
APAC = Region.APAC


def _when(seconds: float) -> datetime:
    return datetime.fromisoformat(AT) + timedelta(seconds=seconds)


def _at(seconds: float) -> str:
    return _when(seconds).isoformat()


def _items(phases: Mapping[int, Phase] | Sequence[int]) -> tuple[ItemStatus, ...]:
    if not isinstance(phases, Mapping):
        phases = dict.fromkeys(phases, RUNNING)
    return tuple(
        ItemStatus(str(PHONES[i].user_name).upper(), str(PHONES[i].hardware_id), "", phase, "")
        for i, phase in phases.items()
    )


def _listed(
    name: str = "Theirs",
    seconds: float = -60.5,
    phase: Phase = RUNNING,
    *,
    region: Region | None = EMEA,
    count: int | None = None,
    requested: str | None = None,
    by: str = "anna",
) -> BatchSummary:
    """A batch as the list has it, begun so long after the plan."""
    when = _at(seconds) if requested is None else requested
    return BatchSummary(name, "", phase, region, when, by, count)


class _Looks:
    """A run's looks at the tenant, whose batches say what `says` was told. `asked` are the ids
    whose status was read since the last look."""

    def __init__(self, *, settle_seconds: float = 300) -> None:
        self.run = StateBuilder(PHONES, Options(batch_size=2, settle_seconds=settle_seconds))
        self.others = OtherBatches()
        self.status: dict[str, BatchStatus] = {}
        self.asked: list[str] = []

    def says(
        self,
        phases: Mapping[int, Phase] | Sequence[int | ItemStatus] = (),
        phase: Phase = RUNNING,
        *,
        name: str = "Theirs",
        region: Region | None = None,
        requested: str = "",
        by: str = "",
        gap: str = "",
        items: tuple[ItemStatus, ...] | None = None,
    ) -> None:
        """What the status of the batch says from now on."""
        found = _items(phases) if items is None else items  # type: ignore[arg-type]
        self.status[name.casefold()] = BatchStatus(
            name, "", phase, region, requested, by, found, gap=gap
        )

    def silent(self, name: str = "Theirs") -> None:
        """Its status cannot be read from now on."""
        del self.status[name.casefold()]

    def look(
        self, seconds: float, *listed: BatchSummary, region: Region = EMEA, **more: Any
    ) -> Others:
        """A look so long after the plan. `since` and `planned` are seconds after it too."""
        self.asked = []

        async def read(batch_id: str) -> BatchStatus:
            self.asked.append(batch_id)
            if batch_id.casefold() not in self.status:
                raise RejectedError("not there")
            return self.status[batch_id.casefold()]

        for name in ("since", "planned"):
            if name in more:
                more[name] = _when(more[name])
        state, now = self.run.state, _when(seconds)
        return asyncio.run(self.others.look(state, region, listed, now, read, **more))

    def found(self, seconds: float, *listed: BatchSummary, **more: Any) -> OtherBatch:
        """The one batch that a look finds."""
        (other,) = self.look(seconds, *listed, **more).batches
        return other


def _names(others: Others) -> list[str]:
    return [other.batch_id for other in others.batches]


# ---- what takes a slot --------------------------------------------------------------------------


def test_nothing_is_found_where_nothing_is_listed() -> None:
    assert _Looks().look(0) == Others(0, (), news=False)


def test_a_live_batch_takes_a_slot_and_is_told_as_the_service_has_it() -> None:
    looks = _Looks()
    looks.says([0, 1])
    assert looks.look(0, _listed()) == Others(
        1, (OtherBatch("Theirs", EMEA, "anna", _at(-60.5), True, _items([0, 1])),), news=True
    )
    assert looks.asked == ["Theirs"]
    assert not looks.look(5, _listed()).news


@pytest.mark.parametrize(("region", "slots"), [(EMEA, 1), (None, 1), (NOAM, 0)])
def test_it_takes_a_slot_in_its_region_and_anywhere_if_it_tells_none(
    region: Region | None, slots: int
) -> None:
    looks = _Looks()
    looks.says([0, 1])
    others = looks.look(0, _listed(region=region))
    assert others.slots == slots
    assert others.batches[0].region is region
    assert others.batches[0].live


def test_what_the_list_does_not_tell_its_status_tells() -> None:
    looks = _Looks()
    looks.says([0], region=NOAM, requested=_at(-70), by="bert")
    other = looks.found(0, _listed(region=None, requested="", by=""))
    assert (other.region, other.requested, other.by) == (NOAM, _at(-70), "bert")
    other = looks.found(0, _listed())
    assert (other.region, other.requested, other.by) == (EMEA, _at(-60.5), "anna")


def test_of_one_that_tells_nothing_nothing_is_known() -> None:
    other = _Looks().found(0, _listed(region=None, requested="", by=""))
    assert (other.region, other.requested, other.by, other.items) == (None, "", "", ())
    assert (other.live, other.part) == (True, True)


def test_the_run_s_own_batches_are_none_of_others() -> None:
    looks = _Looks()
    looks.run.running(1)
    assert looks.look(0, _listed("id-1"), _listed("ID-1")) == Others(0, ())
    assert looks.asked == []
    looks.says([2])
    assert _names(looks.look(0, _listed("id-1"), _listed())) == ["Theirs"]


def test_the_newest_comes_first_and_those_of_no_time_last() -> None:
    looks = _Looks()
    listed = [
        _listed("None", requested=""),
        _listed("Old", -300),
        _listed("New", -60),
        _listed("Mid", -120),
    ]
    assert _names(looks.look(0, *listed)) == ["New", "Mid", "Old", "None"]


# ---- when a live batch is over ------------------------------------------------------------------


@pytest.mark.parametrize("word", [DONE, FAILED, COMPLETED])
def test_one_that_its_status_calls_over_is_over_whatever_the_list_says(word: Phase) -> None:
    looks = _Looks()
    looks.says({0: DONE}, word)
    assert looks.look(0, _listed()) == Others(0, (), news=True)
    assert looks.asked == ["Theirs"]
    looks.says([0])
    assert looks.look(5, _listed(name="THEIRS")) == Others(0, ())
    assert looks.asked == []


def test_what_was_read_as_it_ended_is_not_read_once_more() -> None:
    looks = _Looks()
    looks.says({0: DONE}, COMPLETED)
    other = looks.found(0, _listed(), since=-3600)
    assert (other.live, other.stuck, other.items) == (False, False, _items({0: DONE}))
    assert looks.asked == ["Theirs"]
    assert looks.found(5, _listed(phase=COMPLETED), since=-3600).items == _items({0: DONE})
    assert looks.asked == []


def test_one_whose_devices_are_all_decided_keeps_its_slot_for_half_a_minute() -> None:
    looks = _Looks()
    looks.says({0: DONE, 1: FAILED})
    slots = [looks.look(seconds, _listed()).slots for seconds in (0, 10, 29.9, 30, 31)]
    assert slots == [1, 1, 1, 0, 0]


def test_the_half_minute_begins_anew_when_a_device_is_undecided_again() -> None:
    looks = _Looks()
    looks.says({0: DONE, 1: DONE})
    assert looks.look(0, _listed()).slots == 1
    looks.says({0: DONE, 1: RUNNING})
    assert looks.look(10, _listed()).slots == 1
    looks.says({0: DONE, 1: DONE})
    slots = [looks.look(seconds, _listed()).slots for seconds in (20, 45, 49.9, 50)]
    assert slots == [1, 1, 1, 0]


@pytest.mark.parametrize("spelt", ["Theirs", "THEIRS"])
def test_the_half_minute_goes_on_however_its_id_is_spelt(spelt: str) -> None:
    looks = _Looks()
    looks.says({0: DONE})
    assert [looks.look(0, _listed()).slots, looks.look(30, _listed(spelt)).slots] == [1, 0]


@pytest.mark.parametrize("gap", ["", "an entry cannot be read"])
@pytest.mark.parametrize("phases", [{}, {0: DONE}])
def test_one_that_may_have_more_devices_is_not_decided(gap: str, phases: Mapping[int, Any]) -> None:
    looks = _Looks()
    looks.says(phases, gap=gap)
    slots = [looks.look(seconds, _listed()).slots for seconds in (0, 60)]
    assert slots == ([1, 0] if phases and not gap else [1, 1])


@pytest.mark.parametrize(("hours", "slots"), [(5.99, 1), (6.01, 0)])
def test_one_of_more_than_six_hours_takes_no_slot(hours: float, slots: int) -> None:
    looks = _Looks()
    looks.says([0, 1])
    listed = _listed(seconds=0.5 - hours * 3600)
    others = looks.look(0, listed)
    assert others.slots == slots
    assert [b.stuck for b in others.batches] == [not slots]


def test_one_without_a_time_is_live_as_long_as_it_is_called_so() -> None:
    looks = _Looks()
    looks.says([0, 1])
    assert looks.look(9 * 3600, _listed(requested="")).slots == 1


def test_one_that_cannot_be_read_is_live() -> None:
    looks = _Looks()
    others = looks.look(0, _listed())
    assert looks.asked == ["Theirs"]
    assert (others.slots, others.news) == (1, False)
    assert others.batches == (OtherBatch("Theirs", EMEA, "anna", _at(-60.5), True, (), part=True),)


def test_what_was_read_of_a_live_batch_counts_while_it_cannot_be_read() -> None:
    looks = _Looks()
    looks.says([0])
    looks.look(0, _listed())
    looks.silent()
    assert looks.found(5, _listed()).items == _items([0])


# ---- what is read again -------------------------------------------------------------------------


@pytest.mark.parametrize(("region", "reads"), [(EMEA, 1), (None, 1), (NOAM, 0)])
def test_one_in_another_region_that_lists_all_is_read_once(
    region: Region | None, reads: int
) -> None:
    looks = _Looks()
    looks.says([0, 1])
    assert looks.found(0, _listed(region=region)).live
    assert len(looks.asked) == 1
    assert looks.found(5, _listed(region=region)).live
    assert len(looks.asked) == reads
    assert looks.found(10, _listed("THEIRS", region=region)).live
    assert len(looks.asked) == reads


@pytest.mark.parametrize(
    ("phases", "count", "gap", "part"),
    [
        ([0, 1], None, "", False),
        ([0, 1], 2, "", False),
        ([0, 1], 1, "", False),
        ([0, 1], 3, "", True),
        ([0, 1], 2, "an entry cannot be read", True),
        ([], None, "", True),
        ([], 0, "", True),
    ],
)
def test_one_that_does_not_list_all_is_read_until_it_does(
    phases: Sequence[int], count: int | None, gap: str, part: bool
) -> None:
    looks = _Looks()
    looks.says(phases, gap=gap)
    listed = _listed(region=NOAM, count=count)
    assert looks.found(0, listed).part is part
    assert looks.found(5, listed).part is part
    assert len(looks.asked) == part
    looks.says([0, 1, 2])
    assert looks.found(10, listed).part is False
    looks.look(15, listed)
    assert looks.asked == []


# ---- which of those that are over are read ------------------------------------------------------


@pytest.mark.parametrize(
    ("requested", "found"),
    [
        (_at(-3599.5), True),
        (_at(-3610.5), False),
        (_when(-13 * 3600).replace(tzinfo=None).isoformat(), True),
        (_when(-20 * 3600).replace(tzinfo=None).isoformat(), False),
        ("", True),
        ("yesterday", True),
    ],
)
def test_one_that_is_over_is_read_if_it_may_have_begun_since(requested: str, found: bool) -> None:
    looks = _Looks()
    looks.says({0: DONE}, COMPLETED)
    listed = _listed(phase=COMPLETED, requested=requested)
    assert _names(looks.look(0, listed)) == []
    others = looks.look(0, listed, since=-3600)
    assert others == Others(0, others.batches if found else (), news=found)
    assert looks.asked == ["Theirs"] * found
    for other in others.batches:
        assert (other.live, other.part, other.stuck) == (False, False, False)
        assert other.items == _items({0: DONE})


def test_one_that_is_over_is_read_once() -> None:
    looks = _Looks()
    looks.says({0: DONE}, COMPLETED)
    listed = _listed(phase=COMPLETED)
    looks.look(0, listed, since=-3600)
    for name in ("Theirs", "THEIRS"):
        others = looks.look(5, _listed(name, phase=COMPLETED), since=-3600)
        assert [b.items for b in others.batches] == [_items({0: DONE})]
        assert looks.asked == []
        assert not others.news


def test_one_that_is_over_and_cannot_be_read_is_tried_again() -> None:
    looks = _Looks()
    listed = _listed(phase=COMPLETED)
    assert looks.look(0, listed, since=-3600) == Others(0, ())
    looks.says({0: DONE}, COMPLETED)
    assert looks.found(5, listed, since=-3600).items == _items({0: DONE})


def test_of_one_that_ended_meanwhile_the_end_is_read() -> None:
    looks = _Looks()
    looks.says([0])
    looks.look(0, _listed())
    looks.says({0: DONE}, COMPLETED)
    assert looks.found(5, _listed(phase=COMPLETED), since=-3600).items == _items({0: DONE})


def test_one_of_this_host_that_is_over_is_not_read() -> None:
    looks = _Looks()
    looks.says({0: DONE}, COMPLETED)
    for phase, seconds in ((COMPLETED, -60.5), (RUNNING, -7 * 3600)):
        listed = _listed(phase=phase, seconds=seconds)
        assert looks.look(0, listed, since=-9 * 3600, here={"theirs"}) == Others(0, ())
    assert looks.asked == []


@pytest.mark.parametrize("region", [EMEA, NOAM])
def test_a_live_one_of_this_host_takes_a_slot_and_its_devices_are_known(region: Region) -> None:
    looks = _Looks()
    others = looks.look(0, _listed(region=region), here={"theirs"})
    assert others.slots == (region is EMEA)
    (other,) = others.batches
    assert (other.here, other.part, other.live) == (True, False, True)


@pytest.mark.parametrize("here", [frozenset(), {"theirs"}])
@pytest.mark.parametrize("held", ["Theirs", "THEIRS", "Another"])
def test_one_that_a_device_waits_for_is_read_whenever_it_began(
    here: frozenset[str], held: str
) -> None:
    looks = _Looks()
    looks.says({0: DONE}, COMPLETED)
    looks.run.tell(DevicesHeld(batch=1, devices=[0], why="other_batch", batch_id=held))
    others = looks.look(0, _listed("theirs", phase=COMPLETED), here=here)
    assert _names(others) == (["theirs"] if held != "Another" else [])


def test_of_those_begun_before_the_plan_the_newest_thirty_are_read() -> None:
    looks = _Looks()
    listed = [_listed(f"Old{i}", -3600 * (i + 1) + 0.5, COMPLETED) for i in range(32)]
    newer = [_listed(f"New{i}", 60.5 + i, COMPLETED) for i in range(3)]
    for one in (*listed, *newer):
        looks.says({0: DONE}, COMPLETED, name=one.batch_id)
    names = [f"Old{i}" for i in range(30)]
    both: dict[str, Any] = {"since": -100 * 3600, "planned": 0}
    assert _names(looks.look(300, *listed, **both)) == names
    assert _names(looks.look(305, *listed, *newer, **both)) == ["New2", "New1", "New0", *names]
    assert looks.asked == ["New2", "New1", "New0"]
    assert _names(looks.look(310, *newer, *listed, since=-100 * 3600)) == names


def test_those_begun_since_the_plan_do_not_count_among_the_thirty() -> None:
    looks = _Looks()
    newer = [_listed(f"New{i}", 60.5 + i, COMPLETED) for i in range(31)]
    older = _listed("Old", -60.5, COMPLETED)
    for one in (*newer, older):
        looks.says({0: DONE}, COMPLETED, name=one.batch_id)
    found = looks.look(300, *newer, older, since=-3600, planned=0)
    assert len(found.batches) == 32


def test_one_that_is_called_running_for_hours_is_read_and_told_so() -> None:
    looks = _Looks()
    looks.says([0])
    other = looks.found(0, _listed(seconds=-7 * 3600))
    assert (other.stuck, other.live) == (True, True)
    assert not looks.found(0, _listed()).stuck


# ---- a status that lags behind the list ---------------------------------------------------------


def test_a_status_may_lag_behind_the_list_for_half_a_minute() -> None:
    looks = _Looks()
    looks.says({0: RUNNING, 1: DONE})
    listed = _listed(phase=COMPLETED)
    found = [looks.found(s, listed, since=-3600) for s in (0, 29.9, 30, 31)]
    assert [other.live for other in found] == [True, True, False, False]
    assert looks.asked == []
    assert looks.found(35, _listed("THEIRS", phase=COMPLETED), since=-3600).live is False


def test_the_half_minute_of_the_lag_goes_on_however_the_id_is_spelt() -> None:
    looks = _Looks()
    looks.says([0, 1])
    assert looks.found(0, _listed(phase=COMPLETED), since=-3600).live
    assert not looks.found(30, _listed("THEIRS", phase=COMPLETED), since=-3600).live


def test_while_it_lags_it_is_read_again() -> None:
    looks = _Looks()
    looks.says([0])
    listed = _listed(phase=COMPLETED, count=2)
    assert looks.found(0, listed, since=-3600).part
    looks.says({0: DONE, 1: FAILED}, COMPLETED)
    other = looks.found(5, listed, since=-3600)
    assert (other.live, other.part, other.items) == (False, False, _items({0: DONE, 1: FAILED}))
    looks.look(10, listed, since=-3600)
    assert looks.asked == []


@pytest.mark.parametrize("phase", [RUNNING, COMPLETED])
@pytest.mark.parametrize("item", [RUNNING, DONE])
@pytest.mark.parametrize("ended", [True, False])
def test_a_status_lags_only_where_it_and_a_device_go_on(
    phase: Phase, item: Phase, ended: bool
) -> None:
    looks = _Looks()
    items = (ItemStatus("ROOM0@CONTOSO.EXAMPLE", str(PHONES[0].hardware_id), "", item, "", ended),)
    looks.says(phase=phase, items=items)
    other = looks.found(0, _listed(phase=COMPLETED, count=2), since=-3600)
    goes_on = phase is RUNNING and item is RUNNING and not ended
    assert (other.live, other.part) == (goes_on, goes_on)


# ---- devices that are not told ------------------------------------------------------------------


def test_devices_that_are_not_told_are_waited_for_as_long_as_a_lost_batch() -> None:
    looks = _Looks(settle_seconds=120)
    found = [looks.found(10 + s, _listed(name)) for s, name in ((0, "a"), (119, "a"), (120, "A"))]
    assert [(other.part, other.untold) for other in found] == [
        (True, False),
        (True, False),
        (False, True),
    ]
    assert found[-1].live


def test_one_that_tells_them_is_not_given_up() -> None:
    looks = _Looks(settle_seconds=0)
    looks.says([0])
    assert not looks.found(0, _listed()).untold


# ---- batches that may be one whose answer was lost ----------------------------------------------


def _lost(*known: str, batch: int = 1) -> _Looks:
    looks = _Looks()
    looks.run.submitting(batch, known).tell(BatchInDoubt(batch=batch, why="lost"))
    return looks


def test_a_new_batch_may_be_the_lost_one_and_takes_no_slot_of_its_own() -> None:
    looks = _lost()
    for name in "ABC":
        looks.says([2], name=name)
    slots = [looks.look(0, *map(_listed, "ABC"[:count])).slots for count in range(4)]
    assert slots == [0, 0, 1, 2]


@pytest.mark.parametrize("lost", [1, 2])
def test_each_lost_batch_may_be_one_of_them(lost: int) -> None:
    looks = _lost()
    if lost == 2:
        looks.run.submitting(2).tell(BatchInDoubt(batch=2, why="lost"))
    assert looks.look(0, *map(_listed, "ABC")).slots == 3 - lost


@pytest.mark.parametrize("known", ["Theirs", "THEIRS"])
def test_one_that_was_there_before_is_not_the_lost_one(known: str) -> None:
    looks = _lost("Odd", known)
    looks.says([0, 1])
    others = looks.look(0, _listed())
    assert (others.slots, _names(others)) == (1, ["Theirs"])


def test_one_that_was_there_before_one_of_two_lost_ones_is_none_of_them() -> None:
    looks = _lost("Theirs")
    looks.run.submitting(2).tell(BatchInDoubt(batch=2, why="lost"))
    assert looks.look(0, _listed()).slots == 1


def test_a_batch_lost_in_another_region_is_not_sought_here() -> None:
    looks = _lost(batch=3)
    looks.says([4, 5])
    others = looks.look(0, _listed())
    assert (others.slots, _names(others)) == (1, ["Theirs"])
    others = looks.look(0, _listed(region=NOAM), region=NOAM)
    assert (others.slots, _names(others)) == (0, [])


def test_one_in_another_region_is_not_the_lost_one() -> None:
    looks = _lost()
    looks.says([0, 1])
    assert _names(looks.look(0, _listed(region=APAC))) == ["Theirs"]


def test_while_none_is_lost_each_takes_a_slot() -> None:
    looks = _Looks()
    looks.run.running(1)
    assert looks.look(0, _listed(), _listed("More")).slots == 2


@pytest.mark.parametrize(
    ("phases", "left_out"), [([0, 1], True), ([1], True), ([1, 2], False), ([2, 3], False)]
)
@pytest.mark.parametrize("phase", [RUNNING, COMPLETED])
def test_one_of_devices_of_the_lost_batch_alone_is_left_to_the_search(
    phases: Sequence[int], left_out: bool, phase: Phase
) -> None:
    looks = _lost()
    looks.says(phases, phase)
    others = looks.look(0, _listed(phase=phase), since=-3600)
    assert _names(others) == ([] if left_out else ["Theirs"])


def test_of_two_lost_batches_one_that_has_its_devices_is_enough() -> None:
    looks = _lost()
    looks.run.submitting(2).tell(BatchInDoubt(batch=2, why="lost"))
    looks.says([2, 3])
    assert _names(looks.look(0, _listed())) == []


def test_one_that_may_be_the_lost_one_and_tells_no_devices_holds_up_nothing() -> None:
    looks = _lost()
    other = looks.found(0, _listed())
    assert (other.part, other.untold) == (False, False)
    other = looks.found(9 * 60, _listed())
    assert (other.part, other.untold) == (False, False)


def test_times_without_a_zone_are_ordered_as_if_they_were_of_one() -> None:
    naive = datetime(2026, 3, 2, 7, 58, 30, tzinfo=UTC).replace(tzinfo=None).isoformat()
    listed = [_listed("Old", -120.5), _listed("Naive", requested=naive), _listed("New", -60.5)]
    assert _names(_Looks().look(0, *listed)) == ["New", "Naive", "Old"]
