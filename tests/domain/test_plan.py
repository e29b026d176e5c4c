from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siptui.domain.device import Device
from siptui.domain.hardware_id import HardwareId
from siptui.domain.plan import Batch, make_batches, make_group_batches, may_live_together
from siptui.domain.region import Region
from siptui.domain.user_name import UserName


def device(number: int, account: int, region: Region) -> Device:
    name = UserName.parse(f"{'Phone' if number % 2 else 'phone'}{account}@contoso.com")
    return Device(number + 2, name, HardwareId.parse(f"{number + 65536:012X}"), region)


@st.composite
def lists(draw: st.DrawFn) -> list[Device]:
    rows = draw(
        st.lists(st.tuples(st.integers(0, 40), st.sampled_from(list(Region))), max_size=300)
    )
    return [device(number, account, region) for number, (account, region) in enumerate(rows)]


@given(lists(), st.integers(1, 100), st.integers(0, 20))
def test_every_device_is_in_one_batch_and_every_batch_can_be_submitted(
    devices: Sequence[Device], size: int, first: int
) -> None:
    batches = make_batches(devices, size=size, first=first, start=7)
    assert sorted(d.line for b in batches for d in b.devices) == [d.line for d in devices]
    assert [b.number for b in batches] == list(range(7, 7 + len(batches)))
    for batch in batches:
        assert 1 <= len(batch.devices) <= size
        assert {d.region for d in batch.devices} == {batch.region}
        assert len(batch.accounts) == len(batch.devices)
        lines = [d.line for d in batch.devices]
        assert lines == sorted(lines)
    for one in batches:
        for other in batches:
            if one is not other and one.accounts & other.accounts:
                assert not may_live_together(one.accounts, [other.accounts])
                assert not may_live_together(other.accounts, [one.accounts])


@given(lists(), st.integers(1, 100))
def test_without_repeated_accounts_the_batches_are_full_and_in_order(
    devices: Sequence[Device], size: int
) -> None:
    once = list({d.user_name.key: d for d in devices}.values())
    batches = make_batches(once, size=size)
    for region in Region:
        mine = [b for b in batches if b.region == region]
        assert [d for b in mine for d in b.devices] == [d for d in once if d.region == region]
        assert all(len(b.devices) == size for b in mine[:-1])


@given(lists(), st.integers(1, 100), st.integers(0, 5))
def test_groups_go_in_order_and_each_has_its_first_devices_apart(
    devices: Sequence[Device], size: int, first: int
) -> None:
    def group_of(one: Device) -> str:
        return "ABC"[one.line % 3]

    batches = make_group_batches(devices, group_of, size=size, first=first)
    assert [b.number for b in batches] == list(range(1, 1 + len(batches)))
    expected: list[Batch] = []
    for group in dict.fromkeys(group_of(one) for one in devices):
        members = [one for one in devices if group_of(one) == group]
        for part, probe in ((members[:first], True), (members[first:], False)):
            cut = make_batches(part, size=size, start=len(expected) + 1)
            expected += [Batch(b.number, b.region, b.devices, group, probe) for b in cut]
    assert list(batches) == expected


def test_a_batch_in_groups_has_100_devices_and_none_first_unless_it_is_said() -> None:
    batches = make_group_batches([device(n, n, Region.EMEA) for n in range(150)], lambda _: "A")
    assert [(len(b.devices), b.probe) for b in batches] == [(100, False), (50, False)]


def test_a_first_batch_can_be_small() -> None:
    devices = [device(n, n, Region.EMEA) for n in range(250)]
    assert [len(b.devices) for b in make_batches(devices, first=5)] == [5, 100, 100, 45]
    batches = make_batches(devices)
    assert [(b.number, len(b.devices)) for b in batches] == [(1, 100), (2, 100), (3, 50)]


def test_one_account_on_very_many_devices_is_planned_in_order() -> None:
    devices = [device(n, 1, Region.EMEA) for n in range(20_000)]
    batches = make_batches(devices)
    assert [b.devices[0].line for b in batches] == [d.line for d in devices]


def test_what_cannot_be_planned_is_refused() -> None:
    twice = [device(1, 1, Region.EMEA), device(1, 2, Region.EMEA)]
    with pytest.raises(ValueError, match="occurs twice"):
        make_batches(twice)
    with pytest.raises(ValueError, match="occurs twice"):
        make_group_batches(twice, lambda one: one.user_name)
    for size in (0, 101):
        with pytest.raises(ValueError, match="1 to 100"):
            make_batches([], size=size)
    with pytest.raises(ValueError, match="first batch"):
        make_batches([], first=-1)


def test_an_empty_list_needs_no_batch() -> None:
    assert make_batches([]) == ()
    assert may_live_together(Batch(1, Region.EMEA, ()).accounts, [])
