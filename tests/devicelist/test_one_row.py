"""A row that is typed anew: held to the rules of a list, and to the rows beside it."""

import pytest

from siptui.devicelist.one_row import check_row
from siptui.domain.device import Device
from siptui.domain.region import Region
from tests.runs.engine.engine_harness import device
from tests.support.replace import replace

ROW = replace(device(0), region=Region.NOAM, extra={"Site": "HQ"})
OTHER = device(1)
MAC = str(OTHER.hardware_id)
USER = "new@contoso.example"


def _checked(
    user: str, hardware: str, *others: Device, row: Device = ROW
) -> tuple[Device | None, list[tuple[str, str]]]:
    """The device, and severity and rule of each fault."""
    found, faults = check_row(row, user, hardware, others)
    return found, [(fault.severity, fault.rule) for fault in faults]


def test_new_names_keep_the_rest_of_the_row() -> None:
    found, faults = _checked(f" {USER} ", "'0004f2-0000ff'", OTHER, ROW)
    assert faults == []
    assert found == Device(ROW.line, found.user_name, found.hardware_id, Region.NOAM, ROW.extra)  # type: ignore[union-attr]
    assert (found.user_name, found.hardware_id) == (USER, "00-04-F2-00-00-FF")  # type: ignore[union-attr]
    assert found.extra == {"Site": "HQ"}  # type: ignore[union-attr]
    # Its own old names are no other row's.
    assert _checked(USER, str(ROW.hardware_id), ROW)[1] == []
    assert _checked(str(ROW.user_name), "00-04-F2-00-00-FF", ROW)[1] == []


def test_what_is_wrong_is_told_by_the_columns_that_are_typed() -> None:
    found, faults = check_row(ROW, "no-at-sign", "x", ())
    assert found is None
    assert [(f.line, f.column, f.rule) for f in faults] == [
        (ROW.line, "Username", "no_at_sign"),
        (ROW.line, "HardwareId", "not_hexadecimal"),
    ]
    # With an error, what is only unusual does not matter.
    assert _checked("ro+m@contoso.example", "x") == (None, [("error", "not_hexadecimal")])
    found, faults = check_row(ROW, "ro+m@contoso.example", MAC, ())
    assert found is not None
    assert [(f.severity, f.column, f.rule) for f in faults] == [
        ("warning", "Username", "unusual_character")
    ]


@pytest.mark.parametrize(
    ("user", "rule"),
    [(USER, "duplicate"), (str(OTHER.user_name).upper(), "duplicate_region")],
)
def test_the_hardware_id_of_another_row_is_refused(user: str, rule: str) -> None:
    assert _checked(user, MAC, OTHER, device(2)) == (None, [("error", rule)])
    for line in (1, 9):  # what is told is told of the row that is typed
        _, (fault,) = check_row(replace(ROW, line=line), user, MAC, [OTHER])
        assert fault.line == line
        assert f"line {OTHER.line}" in fault.message


@pytest.mark.parametrize("lines", [(2, 9), (9, 2)])
def test_the_same_device_once_more_is_refused_wherever_it_stands(lines: tuple[int, int]) -> None:
    row, other = replace(ROW, line=lines[0]), replace(OTHER, line=lines[1], region=Region.NOAM)
    assert _checked(str(OTHER.user_name), MAC, other, row=row) == (
        None,
        [("error", "duplicate_row")],
    )


def test_the_account_of_another_row_is_pointed_out() -> None:
    row = replace(ROW, line=9)
    others = (OTHER, replace(OTHER, line=5, hardware_id=device(5).hardware_id))
    found, faults = check_row(row, str(OTHER.user_name), "00-04-F2-00-00-FF", others)
    assert found is not None
    assert [(f.line, f.rule, f.severity) for f in faults] == [(9, "account_repeated", "warning")]
    assert f"line {OTHER.line}" in faults[0].message


@pytest.mark.parametrize(
    ("model", "hardware", "expected"),
    [
        ("", MAC, []),
        ("T46U", MAC, []),
        ("MP-114", MAC, [("error", "port_missing")]),
        (" MP-114 ", f"{MAC}:002", []),
        ("MP-114", f"{MAC}:004", [("warning", "port_not_served")]),
    ],
)
def test_the_model_of_the_row_counts(
    model: str, hardware: str, expected: list[tuple[str, str]]
) -> None:
    row = replace(ROW, extra={"Model": model})
    found, faults = _checked(USER, hardware, row=row)
    assert faults == expected
    assert (found is None) is (("error", "port_missing") in expected)


def test_the_ports_of_an_adapter_and_its_bare_address_are_not_mixed() -> None:
    port = replace(OTHER, hardware_id=OTHER.hardware_id.with_port(1))
    assert _checked(USER, MAC, port) == (None, [("error", "port_missing")])
    assert _checked(USER, f"{MAC}:002", OTHER) == (None, [("error", "port_missing")])
    assert _checked(USER, f"{MAC}:002", port, device(3))[1] == []
    # What is amiss between others is not of this row.
    assert _checked(USER, "00-04-F2-00-00-FF", OTHER, port)[1] == []


@pytest.mark.parametrize("typed", ["04F200000101", "04-F2-00-00-01-01"])
def test_a_second_port_beside_its_adapter_is_refused(typed: str) -> None:
    assert _checked(USER, typed, OTHER) == (None, [("error", "second_port")])
    assert _checked(USER, typed)[1] == []
