"""The rules across rows: which of several rows are faults, and what they are told of each other."""

import pytest

from siptui.devicelist.duplicates import Entry, repeated_accounts, repeated_devices, without_port
from siptui.devicelist.row_rules import Layout
from siptui.domain.device import Device
from siptui.domain.hardware_id import HardwareId
from siptui.domain.region import Region
from siptui.domain.user_name import UserName

LAYOUT = Layout(("Account", "MAC"), 0, 1, word="row")
A, B = "00-04-F2-81-24-B3", "00-04-F2-81-24-B4"


def _of(*rows: tuple[str, str] | tuple[str, str, str]) -> dict[int, tuple[str, str]]:
    """Rule and message of each faulty row, by its line; rows begin on line 2."""
    entries = [Entry(line, *row) for line, row in enumerate(rows, 2)]
    found = repeated_devices(entries, LAYOUT)
    for line, fault in found.items():
        assert (fault.line, fault.column, fault.severity) == (line, "MAC", "error")
        assert fault.value == entries[line - 2].hardware
    return {line: (fault.rule, fault.message) for line, fault in found.items()}


def test_rows_of_several_devices_are_no_faults() -> None:
    assert _of((A, "a"), (B, "a"), (f"{A}:001", "a"), (f"{A}:002", "a")) == {}


def test_the_same_row_once_more_is_a_fault_by_itself() -> None:
    assert _of((A, "a", "emea"), (B, "b", "emea"), (A, "a", "emea"), (A, "a", "emea")) == {
        4: ("duplicate_row", "the same device and account as on row 2"),
        5: ("duplicate_row", "the same device and account as on row 2"),
    }


def test_of_two_accounts_on_one_device_neither_is_right() -> None:
    found = _of((A, "a", "emea"), (B, "b"), (A, "b", "emea"), (A, "a", "noam"))
    assert found == {
        2: (
            "duplicate",
            "the same hardware id as on row 4, for another account; correct or remove one of them",
        ),
        4: (
            "duplicate",
            "the same hardware id as on rows 2, 5, for another account; "
            "correct or remove one of them",
        ),
        5: (
            "duplicate",
            "the same hardware id as on row 4, for another account; correct or remove one of them",
        ),
    }


def test_of_two_regions_of_one_device_neither_is_right() -> None:
    assert _of((A, "a", "emea"), (A, "a", "noam")) == {
        line: (
            "duplicate_region",
            f"the same device and account as on row {other}, in another region; "
            "correct or remove one of them",
        )
        for line, other in ((2, 3), (3, 2))
    }


@pytest.mark.parametrize(
    ("many", "shown"),
    [
        (1, "row 3,"),
        (5, "rows 3, 4, 5, 6, 7,"),
        (6, "rows 3, 4, 5, 6, 7 and more,"),
        (9, "rows 3, 4, 5, 6, 7 and more,"),
    ],
)
@pytest.mark.parametrize("alike", [True, False])
def test_of_many_rows_the_first_five_are_named(many: int, shown: str, alike: bool) -> None:
    others = [(A, "b" if alike else f"b{number}") for number in range(many)]
    assert f"as on {shown}" in _of((A, "a"), *others)[2][1]


def test_the_first_rows_are_named_in_their_order() -> None:
    order = ["a", "b", "c", "b", "c", "c", "c"]
    assert "on rows 3, 4, 5, 6, 7 and more," in _of(*((A, name) for name in order))[2][1]


# -- ports


def _device(line: int, mac: str) -> Device:
    user = UserName.parse(f"room{line}@contoso.example")
    return Device(line, user, HardwareId.parse(mac), Region.EMEA)


def test_an_adapter_without_a_port_beside_its_ports_is_a_fault() -> None:
    rows = [_device(2, A), _device(3, f"{A}:002"), _device(4, f"{A}:001"), _device(5, B)]
    (fault,) = without_port(rows, LAYOUT).values()
    assert (fault.line, fault.column, fault.value, fault.rule) == (2, "MAC", A, "port_missing")
    assert fault.message.startswith("row 3 names a port of this address")
    assert fault.message.endswith(f"such as {A}:001")
    assert set(without_port(rows, LAYOUT)) == {2}


def test_devices_without_ports_and_ports_alone_are_no_faults() -> None:
    assert without_port([_device(2, A), _device(3, B)], LAYOUT) == {}
    assert (
        without_port([_device(2, f"{A}:001"), _device(3, f"{A}:002"), _device(4, B)], LAYOUT) == {}
    )


# -- accounts


def test_each_later_row_of_an_account_is_warned_of_by_the_first() -> None:
    entries = [Entry(2, A, "a"), Entry(3, B, "b"), Entry(4, "C", "a"), Entry(5, "D", "a")]
    found = repeated_accounts(entries, LAYOUT)
    assert [(f.line, f.column, f.value, f.rule, f.severity) for f in found] == [
        (line, "Account", "a", "account_repeated", "warning") for line in (4, 5)
    ]
    assert all(f.message.startswith("the same account as on row 2;") for f in found)


def test_what_is_no_account_repeats_none() -> None:
    entries = [Entry(2, A, "x", in_order=False), Entry(3, B, "x", in_order=False)]
    assert repeated_accounts([*entries, Entry(4, "C", "x"), Entry(5, "D", "y")], LAYOUT) == []
