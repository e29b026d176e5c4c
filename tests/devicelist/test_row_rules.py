"""The rules for one row, on cells: a device, or every reason why it is none."""

from collections.abc import Sequence
from datetime import UTC
from typing import Any

import pytest

from siptui.devicelist.cells import MAX_CELL, NumberText
from siptui.devicelist.changes import Changes
from siptui.devicelist.dates import DateColumn
from siptui.devicelist.row_rules import BROKEN, LONG_CELL, OTHER_HEADER, Judge, Judged, Layout
from siptui.domain.device import Device
from siptui.domain.region import Region

NAMES = ("Account", "MAC")
USER, MAC = "room1@contoso.example", "00-04-F2-81-24-B3"


class Rows:
    """Rows under the headers `names`, each with the faults that it has."""

    def __init__(
        self,
        *names: str,
        region: Region | None = Region.EMEA,
        rows: Sequence[Sequence[str]] = (),
        dates: Sequence[tuple[int, DateColumn]] = (),
        port_named: bool | None = None,
        **places: Any,
    ) -> None:
        places = {"user": 0, "hardware": 1} | places
        places["region"] = places.pop("region_place", None)
        self.changes = Changes()
        named = {} if port_named is None else {"port_named": port_named}
        layout = Layout(names or NAMES, **places)
        self.judge = Judge(layout, region, self.changes, rows, dates=dates, **named)

    def __call__(
        self, *cells: str, broken: str = ""
    ) -> tuple[Device | None, list[tuple[str, ...]]]:
        """The device, and severity, column, rule and value of each fault."""
        found = self.judge.judge(7, list(cells), broken)
        if isinstance(found, Device):
            return found, []
        assert found.faults
        assert all(fault.line == 7 for fault in found.faults)
        said = [(f.severity, f.column, f.rule, f.value) for f in found.faults]
        return found.device, said

    def judged(self, *cells: str, broken: str = "") -> Judged:
        """The row with its faults."""
        found = self.judge.judge(7, list(cells), broken)
        assert isinstance(found, Judged)
        return found

    @property
    def notes(self) -> tuple[str, ...]:
        return self.changes.notes()


# -- the row as a whole


def test_a_row_without_a_fault_is_a_device() -> None:
    rows = Rows()
    found = rows.judge.judge(7, [USER, MAC])
    assert isinstance(found, Device)
    assert (found.line, found.user_name, found.hardware_id) == (7, USER, MAC)
    assert (found.region, found.extra, rows.notes) == (Region.EMEA, {}, ())


def test_a_warning_leaves_the_device_and_an_error_does_not() -> None:
    rows = Rows(region=None)
    device, said = Rows()("ro+m@contoso.example", MAC)
    assert device is not None
    assert said == [("warning", "Account", "unusual_character", "ro+m@contoso.example")]
    device, said = rows("ro+m@contoso.example", MAC)
    assert device is None
    assert said == [
        ("error", "Region", "region_missing", ""),
        ("warning", "Account", "unusual_character", "ro+m@contoso.example"),
    ]


@pytest.mark.parametrize(("user", "hardware"), [(0, 1), (1, 0)])
def test_a_row_that_ends_early_lacks_what_is_behind(user: int, hardware: int) -> None:
    whole = (USER, MAC) if user == 0 else (MAC, USER)
    rows = Rows("One", "Two", user=user, hardware=hardware)
    assert rows(*whole)[0] is not None
    device, said = rows(whole[0])
    assert device is None
    assert ("warning", "Two", "too_few_cells", "") in said
    assert ("error", "Two", "missing", "") in said


def test_further_cells_are_kept_and_those_that_lack_are_empty() -> None:
    rows = Rows(
        *NAMES, "Site", "Room", "Region", extra=(("Site", 2), ("Room", 3)), region_place=None
    )
    device, said = rows(USER, MAC, "HQ")
    assert device is not None
    assert device.extra == {"Site": "HQ", "Room": ""}
    assert said == [("warning", "Room", "too_few_cells", "")]
    judged = rows.judged(USER, "x", "HQ", "1", "")
    assert judged.row.extra == {"Site": "HQ", "Room": "1"}


def test_what_is_wrong_is_shown_as_it_stands() -> None:
    judged = Rows().judged("a@contoso.example", "x")
    assert (judged.row.line, judged.row.user_name, judged.row.hardware_id) == (
        7,
        "a@contoso.example",
        "x",
    )
    assert judged.row.region == "EMEA"
    assert (judged.user_name, judged.hardware_id, judged.device) == (
        "a@contoso.example",
        None,
        None,
    )
    judged = Rows(*NAMES, "Region", region_place=2).judged(USER, MAC, "Mars")
    assert judged.row.region == "Mars"
    assert (judged.user_name, judged.hardware_id) == (USER, MAC)
    assert Rows(region=None).judged(USER, MAC).row.region == ""


def test_a_value_is_repeated_up_to_two_hundred_characters() -> None:
    ((_, _, _, value),) = Rows()("a" * 300, MAC)[1]
    assert value == "a" * 200
    warned = Rows(*NAMES, "Since", dates=[(2, DateColumn("Since", UTC, True))])
    ((_, _, _, value),) = warned(USER, MAC, "x" * 300)[1]
    assert value == "x" * 200


# -- cells that are too many, too few or too long


@pytest.mark.parametrize("broken", ["quotes", "line_too_long", "other_header"])
def test_a_row_that_cannot_be_divided_has_that_fault_alone(broken: str) -> None:
    rows = Rows(region=None)
    judged = rows.judged("y" * (MAX_CELL + 9), "not a MAC", "surplus", broken=broken)
    assert [(f.column, f.rule, f.severity) for f in judged.faults] == [
        ("", broken, "error"),
        ("Region", "region_missing", "error"),
    ]
    assert judged.faults[0].value == "y" * 200
    assert judged.faults[0].message == BROKEN[broken]
    assert judged.row.user_name == "y" * MAX_CELL
    assert judged.row.hardware_id == "not a MAC"
    assert (judged.user_name, judged.hardware_id, judged.device) == (None, None, None)
    assert OTHER_HEADER in BROKEN


def test_of_a_long_cell_the_rest_of_the_row_is_judged() -> None:
    rows = Rows(*NAMES, "Note", extra=(("Note", 2),))
    long = "z" * MAX_CELL
    assert rows(USER, MAC, long)[0] is not None
    assert rows(USER, MAC, long, "")[0] is not None
    judged = rows.judged("no-at-sign", MAC, f"{long}\x07{long}", f"{long}zz", broken=LONG_CELL)
    assert [(f.column, f.rule, f.value, f.message) for f in judged.faults] == [
        ("Note", "cell_too_long", "z" * 200, "65535 characters"),
        ("", "cell_too_long", "z" * 200, "32769 characters"),
        ("", "too_many_cells", "z" * 200, judged.faults[2].message),
        ("Account", "no_at_sign", "no-at-sign", judged.faults[3].message),
    ]
    assert judged.row.extra == {"Note": long}
    assert judged.hardware_id == MAC
    judged = rows.judged(USER, "\x07" * (MAX_CELL + 1), "", broken=LONG_CELL)
    assert judged.faults[0].value == r"\x07" * 50
    assert len(judged.row.hardware_id) == MAX_CELL


def test_cells_without_a_header_are_too_many_unless_they_are_empty() -> None:
    rows = Rows()
    assert rows(USER, MAC, "", "")[0] is not None
    device, said = rows(USER, MAC, "", "surplus")
    assert device is None
    assert said == [("error", "", "too_many_cells", "surplus")]
    (fault,) = rows.judged(USER, MAC, "", "surplus").faults
    assert fault.message.startswith("4 cells under 2 headers")


def test_what_stood_behind_the_list_in_front_of_results_is_too_many() -> None:
    rows = Rows(*NAMES, "", "", "State", results={"State": 4})
    assert rows(USER, MAC, "", "", "failed")[0] is not None
    for cells in ((USER, MAC, "one", "", "failed"), (USER, MAC, "", "one", "failed")):
        assert rows(*cells) == (None, [("error", "", "too_many_cells", "one")])


# -- user names


@pytest.mark.parametrize(
    ("text", "notes", "said"),
    [
        (USER, (), []),
        (f"sip:{USER}", (f"“sip:” removed from the user name on 1 row (line 7: {USER})",), []),
        (f"SIPS:{USER}", (f"“sip:” removed from the user name on 1 row (line 7: {USER})",), []),
        (f"'{USER}", (), [("warning", "Account", "apostrophe", f"'{USER}")]),
        (f"''{USER}", (), [("warning", "Account", "apostrophe", f"''{USER}")]),
    ],
)
def test_what_stands_before_a_user_name(
    text: str, notes: tuple[str, ...], said: list[tuple[str, ...]]
) -> None:
    rows = Rows()
    device, found = rows(text, MAC)
    assert device is not None
    assert (device.user_name, found, rows.notes) == (USER, said, notes)


@pytest.mark.parametrize(
    "text", ["sip:", "sip:room1", f"tel:{USER}", f"sip:sip:{USER}", f"x-sip:{USER}"]
)
def test_what_only_begins_like_an_address_is_refused(text: str) -> None:
    rows = Rows()
    device, said = rows(text, MAC)
    assert device is None
    assert [(severity, column) for severity, column, _, _ in said] == [("error", "Account")]


def test_an_apostrophe_is_named_with_what_is_left() -> None:
    judged = Rows().judged(f"'{USER}", MAC)
    assert judged.faults[0].message.endswith(f"was taken off: {USER}")
    assert judged.user_name == USER


# -- hardware ids


@pytest.mark.parametrize(
    ("text", "note"),
    [
        (MAC, ""),
        (f"'{MAC}'", ""),
        ("0004f28124b3", "Hardware id written as XX-XX-XX-XX-XX-XX on 1 row"),
        ("SEP0004F28124B3", "SEP prefix removed on 1 row"),
        ("sep0004f28124b3", "SEP prefix removed on 1 row"),
        ("ATA0004F28124B3", "ATA prefix removed on 1 row"),
        ("' SEP0004F28124B3 '", "SEP prefix removed on 1 row"),
    ],
)
def test_a_hardware_id_in_another_form_is_noted(text: str, note: str) -> None:
    rows = Rows()
    device, said = rows(USER, text)
    assert device is not None
    assert (device.hardware_id, said) == (MAC, [])
    assert [one.partition(" (")[0] for one in rows.notes] == ([note] if note else [])


def test_a_number_of_a_sheet_is_no_hardware_id() -> None:
    rows = Rows(*NAMES, "Phone", user=0, hardware=2, first_column=1)
    judged = rows.judged(USER, "", NumberText("001122334455"))
    (fault,) = judged.faults
    assert (fault.rule, fault.column, fault.value) == ("excel_number", "Phone", "001122334455")
    assert fault.message.startswith("D7 is a number: Excel")
    assert judged.hardware_id is None
    assert rows(USER, "", "001122334455")[0] is not None
    (fault,) = Rows().judged(USER, NumberText("001122334455")).faults
    assert fault.message.startswith("7 is a number: Excel")


@pytest.mark.parametrize(
    ("user", "hardware", "expected"),
    [
        (MAC, USER, ["swapped"]),
        ("0004F28124B3", "anything@all", ["swapped"]),
        (MAC, "no user name", ["no_at_sign", "not_hexadecimal"]),
        ("room1", USER, ["no_at_sign", "not_hexadecimal"]),
        (USER, "room2@contoso.example", ["not_hexadecimal"]),
    ],
)
def test_the_two_are_swapped_where_each_is_the_other(
    user: str, hardware: str, expected: list[str]
) -> None:
    judged = Rows().judged(user, hardware)
    assert [fault.rule for fault in judged.faults] == expected
    assert judged.faults[0].column == "Account" if "@" not in user else "MAC"
    assert judged.device is None


# -- the second port of an adapter, as CUCM names it

SECOND = "04F28124B301"


@pytest.mark.parametrize("text", [SECOND, f"ATA{SECOND}", f"SEP{SECOND}", "04-F2-81-24-B3-01"])
@pytest.mark.parametrize("first", [MAC, "ATA0004F28124B3", "0004F28124B3:001"])
def test_a_second_port_beside_its_adapter_is_none_of_a_device(text: str, first: str) -> None:
    """In whatever form either is written."""
    cells = [[USER, first], [USER, text]]
    rows = Rows(rows=cells)
    assert rows(*cells[0])[0] is not None
    judged = rows.judged(*cells[1])
    (fault,) = judged.faults
    assert (fault.rule, fault.column, fault.value) == ("second_port", "MAC", text)
    assert fault.message.endswith("did you mean 00-04-F2-81-24-B3:002?")
    assert judged.hardware_id is None


def test_an_address_that_ends_like_one_is_refused_with_the_prefix_of_an_adapter_alone() -> None:
    for text in (SECOND, f"SEP{SECOND}", "04-F2-81-24-B3-01"):
        assert Rows()(USER, text)[0] is not None
    for text in (f"ATA{SECOND}", f"ata{SECOND}"):
        rows = Rows()
        (fault,) = rows.judged(USER, text).faults
        assert fault.rule == "second_port"
        assert "such as 00-04-F2-81-24-B3:002, or this one without ATA" in fault.message
        assert rows.notes == ()


def test_a_port_that_is_named_is_no_second_port_by_its_digits() -> None:
    for text in ("ATA0004F28124B3:001", f"ATA{SECOND}:001"):
        device, said = Rows()(USER, text)
        assert device is not None
        assert (device.hardware_id.port, said) == (1, [])


def test_a_port_that_no_adapter_has_is_refused() -> None:
    assert Rows()(USER, f"{MAC}:288")[0] is not None
    assert Rows()(USER, f"{MAC}:289") == (None, [("error", "MAC", "port", f"{MAC}:289")])
    judged = Rows().judged(USER, f"{MAC}:999")
    assert judged.faults[0].message == "ports go from 001 to 288"
    assert judged.hardware_id is None


# -- regions


@pytest.mark.parametrize(
    ("cell", "default", "region", "said"),
    [
        ("", Region.EMEA, Region.EMEA, []),
        ("noam", Region.EMEA, Region.NOAM, []),
        ("APAC", None, Region.APAC, []),
        ("Mars", Region.EMEA, None, [("error", "Area", "region", "Mars")]),
        ("", None, None, [("error", "Area", "region_missing", "")]),
    ],
)
def test_the_region_of_a_row(
    cell: str, default: Region | None, region: Region | None, said: list[tuple[str, ...]]
) -> None:
    rows = Rows(*NAMES, "Area", region=default, region_place=2)
    for _ in range(2):  # the second time from what was read before
        device, found = rows(USER, MAC, cell)
        assert (device.region if device else None, found) == (region, said)


def test_a_region_by_another_name_is_suggested() -> None:
    rows = Rows(*NAMES, "Area", region_place=2)
    assert rows.judged(USER, MAC, "Europe").faults[0].message.endswith("; did you mean EMEA?")
    assert "did you mean" not in rows.judged(USER, MAC, "Mars").faults[0].message


def test_a_row_that_ends_before_its_region_has_that_of_the_list() -> None:
    rows = Rows(*NAMES, "Area", region_place=2)
    device, said = rows(USER, MAC)
    assert device is not None
    assert (device.region, said) == (Region.EMEA, [("warning", "Area", "too_few_cells", "")])


# -- results of an earlier run


@pytest.mark.parametrize(
    ("results", "cells", "column"),
    [
        ({"State": 2}, ("succeeded",), "A"),
        ({"State": 2}, ("Signed in",), "A"),
        ({"State": 2}, ("failed",), ""),
        ({"State": 2}, ("",), ""),
        ({"Other": 2}, ("succeeded",), ""),
        ({"Status": 2}, ("signed in",), "A"),
        # What was filled in later is the newer word, where it says something.
        ({"State": 2, "Status": 3}, ("succeeded", "failed"), ""),
        ({"State": 2, "Status": 3}, ("failed", "signed in"), "B"),
        ({"State": 2, "Status": 3}, ("succeeded", ""), "A"),
        ({"State": 2, "Status": 3}, ("succeeded",), "A"),
    ],
)
def test_a_row_that_an_earlier_run_signed_in_is_pointed_out(
    results: dict[str, int], cells: tuple[str, ...], column: str
) -> None:
    rows = Rows(*NAMES, "A", "B", results=results)
    device, said = rows(USER, MAC, *cells, *([""] * (2 - len(cells))))
    assert device is not None
    text = cells[ord(column) - ord("A")] if column else ""
    assert said == ([("warning", column, "already_signed_in", text)] if column else [])


def test_a_row_that_ends_before_the_results_has_none() -> None:
    rows = Rows(*NAMES, "A", "B", results={"State": 2, "Status": 3})
    assert [fault.rule for fault in rows.judged(USER, MAC, "succeeded").faults] == [
        "too_few_cells",
        "already_signed_in",
    ]
    assert [fault.rule for fault in rows.judged(USER, MAC).faults] == ["too_few_cells"]


# -- models and ports


def _ports(header: str = "FXS port", **more: Any) -> Rows:
    return Rows(*NAMES, "Model", header, model=2, port=3, **more)


@pytest.mark.parametrize(
    ("mac", "model", "port", "found", "said"),
    [
        (MAC, "MP-114", "2", f"{MAC}:002", []),
        (MAC, "", "2", f"{MAC}:002", []),  # the header says whose port it is
        (MAC, "", "", MAC, []),
        (f"{MAC}:002", "MP-114", "2", f"{MAC}:002", []),
        (f"{MAC}:002", "MP-114", "", f"{MAC}:002", []),
        (f"{MAC}:002", "MP-114", "3", "", [("error", "FXS port", "port_contradicts", "3")]),
        (MAC, "MP-114", "0", "", [("error", "FXS port", "port", "0")]),
        (MAC, "MP-114", "x", "", [("error", "FXS port", "port", "x")]),
        (MAC, "MP-114", "", "", [("error", "MAC", "port_missing", MAC)]),
        (MAC, "ATA 400", "", MAC, []),  # of one port
        (MAC, "ATA 402", "", "", [("error", "MAC", "port_missing", MAC)]),  # of two
        (f"{MAC}:003", "MP-114", "", f"{MAC}:003", []),
        (
            f"{MAC}:004",
            "MP-114",
            "",
            f"{MAC}:004",
            [("warning", "Model", "port_not_served", "MP-114")],
        ),
        (f"{MAC}:009", "a telephone", "", f"{MAC}:009", []),
    ],
)
def test_the_port_of_an_adapter(
    mac: str, model: str, port: str, found: str, said: list[tuple[str, ...]]
) -> None:
    rows = _ports()
    device, faults = rows(USER, mac, model, port)
    assert (str(device.hardware_id) if device else "", faults) == (found, said)
    joined = f"Port joined to the MAC address on 1 row (line 7: {MAC} → {found})"
    assert rows.notes == ((joined,) if found and found != mac else ())


def test_which_of_two_ports_is_meant_is_not_known() -> None:
    assert _ports().judged(USER, f"{MAC}:001", "MP-114", "4").hardware_id is None
    assert _ports().judged(USER, MAC, "MP-114", "x").hardware_id is None


def test_a_faulty_hardware_id_has_no_port() -> None:
    assert [fault.rule for fault in _ports().judged(USER, "", "MP-114", "2").faults] == ["missing"]


def test_a_port_column_of_switches_is_left_alone_unless_it_was_named() -> None:
    for named in (None, False, True):
        rows = Rows(*NAMES, "Port", port=2, port_named=named)
        device, said = rows(USER, MAC, "2")
        assert device is not None
        assert (device.hardware_id, said) == (f"{MAC}:002" if named else MAC, [])
        device, said = rows(USER, MAC, "Gi1/0/7")
        assert said == ([("error", "Port", "port", "Gi1/0/7")] if named else [])


def test_the_same_address_with_ports_of_its_own_is_an_adapter() -> None:
    cells = [[USER, MAC, "1"], [USER, MAC, "2"]]
    rows = Rows(*NAMES, "Port", port=2, rows=cells)
    device, _ = rows(*cells[1])
    assert device is not None
    assert device.hardware_id == f"{MAC}:002"


@pytest.mark.parametrize(
    ("mac", "model", "hint"),
    [
        ("04-F2-81-24-B3-01", "ATA 191", True),
        ("04-F2-81-24-B3-01", "MP-114", False),
        (MAC, "ATA 191", False),
    ],
)
def test_an_address_that_may_be_a_second_port_is_explained(
    mac: str, model: str, hint: bool
) -> None:
    (fault,) = Rows(*NAMES, "Model", model=2).judged(USER, mac, model).faults
    assert fault.rule == "port_missing"
    assert f"such as {mac}:001" in fault.message
    assert ("if CUCM named it" in fault.message) is hint
    assert fault.message.endswith("00-04-F2-81-24-B3:002") is hint


# -- dates


@pytest.mark.parametrize(
    ("text", "kept", "rule", "notes"),
    [
        ("", "", "", 0),
        ("2026-11-25T10:00:00+00:00", "2026-11-25T10:00:00+00:00", "", 0),
        ("2026-11-25", "2026-11-25T00:00:00+00:00", "", 1),
        ("1987-11-25", "1987-11-25T00:00:00+00:00", "date_unlikely", 1),
        ("someday", "someday", "date", 0),
    ],
)
def test_a_date_is_kept_so_that_it_is_read_the_same_from_here_on(
    text: str, kept: str, rule: str, notes: int
) -> None:
    rows = Rows(*NAMES, "Since", dates=[(2, DateColumn("Since", UTC, True))], extra=(("Since", 2),))
    device, said = rows(USER, MAC, text)
    assert device is not None
    assert device.extra == {"Since": kept}
    assert said == ([("warning", "Since", rule, text)] if rule else [])
    assert len(rows.notes) == notes
    assert all(f"(line 7: {text} → {kept})" in note for note in rows.notes)
