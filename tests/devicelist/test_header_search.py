"""The header is looked for: below titles and comments, on two lines, divided by something else."""

from pathlib import Path

import pytest

from siptui.devicelist import ListError
from siptui.domain.columns import named_headers
from siptui.domain.list_options import ListOptions
from tests.devicelist.support import pairs, read_text, rules

HEAD = "UPN;MAC;Room"
ROWS = "a@c.de;0004F28124B3;R1\nb@c.de;0004F28124B4;R2"
TWO = ["00-04-F2-81-24-B3", "00-04-F2-81-24-B4"]


@pytest.mark.parametrize(
    ("above", "line"),
    [
        ("", 1),
        ("SIP phones, wave 2\n", 2),
        ("SIP phones; wave 2; Berlin\n\n", 3),
        ("version:v1.0;;\n", 2),
        ("# exported 2026-01-14\n# owner: user name list, voice team\n", 3),
        ("// exported\n\n;;;\n", 4),
        ("#TYPE Selected.System\n", 2),
        ('"#TYPE Selected.System"\n', 2),
        ("\n\n\n", 4),
        ("sep=;\n", 2),
        ("sep=,\n", 2),
        ("Account;;Phone\n", 2),
        ("Title\n" * 28, 29),
        ("Contact;admin@c.de;00-04-F2-81-24-00\n", 2),
        ("Report of devices\nCreated by;jane@c.de\nUser;all\n\n", 5),
    ],
)
def test_what_stands_above_it(tmp_path: Path, above: str, line: int) -> None:
    found = read_text(tmp_path, f"{above}{HEAD}\n{ROWS}\n")
    assert [d.hardware_id for d in found.devices] == TWO
    assert found.header_line == line
    assert found.devices[0].line == line + 1
    assert not found.has_errors


def test_it_is_looked_for_in_the_first_rows_alone(tmp_path: Path) -> None:
    with pytest.raises(ListError):
        read_text(tmp_path, "Title\n" * 40 + f"{HEAD}\n{ROWS}\n")


def test_sep_that_is_not_true_is_told(tmp_path: Path) -> None:
    found = read_text(tmp_path, f"sep=|\n{HEAD}\n{ROWS}\n")
    assert "The line sep=| is not true and was passed over" in found.decided


@pytest.mark.parametrize("head", [",", ";", "\t", "|"])
@pytest.mark.parametrize("rows", [",", ";", "\t", "|"])
def test_header_and_rows_may_be_divided_by_different_characters(
    tmp_path: Path, head: str, rows: str
) -> None:
    text = f"{HEAD.replace(';', head)}\n{ROWS.replace(';', rows)}\n"
    found = read_text(tmp_path, text)
    assert [d.hardware_id for d in found.devices] == TWO
    assert [d.extra["Room"] for d in found.devices] == ["R1", "R2"]
    assert bool(found.decided) == (head != rows)


@pytest.mark.parametrize(
    "text",
    [
        '"UPN;MAC;Room"\n"a@c.de;0004F28124B3;R1"\n"b@c.de;0004F28124B4;R2"\n',
        'UPN;MAC;Room\n"a@c.de;0004F28124B3;R1"\nb@c.de;0004F28124B4;R2\n',
        '"UPN;MAC;Room";;\n"a@c.de;0004F28124B3;R1";;\n"b@c.de;0004F28124B4;R2";;\n',
        '"UPN;MAC;Room",,\n"a@c.de;0004F28124B3;R1",,\n"b@c.de;0004F28124B4;R2",,\n',
        'UPN,MAC,Room;;;\na@c.de,0004F28124B3,R1;;;\n"b@c.de,0004F28124B4,""R2""";;;\n',
        '"UPN\tMAC\tRoom";;\n"a@c.de\t0004F28124B3\tR1";;\nb@c.de\t0004F28124B4;;\n',
        "Phones;;\n;;\nUPN,MAC,Room;;\na@c.de,0004F28124B3,R1;;\nb@c.de,0004F28124B4,;;\n",
        '"UPN,MAC,Room";Note\n"a@c.de,0004F28124B3,R1";x\nb@c.de,0004F28124B4;y\n',
        '"UPN,MAC,Room",Note\n"a@c.de,0004F28124B3,R1",x\n"b@c.de,0004F28124B4,R2",y\n',
        'sep=;\n"UPN,MAC,Room";;\na@c.de,0004F28124B3,R1;;\nb@c.de,0004F28124B4,R2;;\n',
        '"UPN;MAC;""Room"""\n"a@c.de;0004F28124B3;""R1"""\n"b@c.de;0004F28124B4;""R2"""\n',
    ],
)
def test_a_cell_may_hold_the_whole_row(tmp_path: Path, text: str) -> None:
    found = read_text(tmp_path, text)
    assert [d.hardware_id for d in found.devices] == TWO
    assert found.devices[0].extra["Room"] == "R1"
    if "Note" in text:
        assert [d.extra["Note"] for d in found.devices] == ["x", "y"]


def test_a_row_that_is_longer_than_its_header_is_told_in_one_cell_too(tmp_path: Path) -> None:
    found = read_text(tmp_path, "UPN,MAC,Room;;\na@c.de,0004F28124B3,R1,R2;;\n")
    assert rules(found) == [(2, "", "too_many_cells")]


def test_a_name_that_holds_a_delimiter_is_no_whole_row(tmp_path: Path) -> None:
    text = '"Last, first";UPN;MAC\n"Berg, Anna";a@c.de;0004F28124B3\n'
    (device,) = read_text(tmp_path, text).devices
    assert device.extra == {"Last, first": "Berg, Anna"}


@pytest.mark.parametrize(
    "head",
    [
        "User;Phone;\nName;MAC;Room",
        "User;;Phone\nname;Display;MAC",
        "Account;Phone;Room\n(UPN);MAC address;\n",
        "UPN;MAC;Room\nrequired;required;optional",
        "UPN;MAC;Room\ntext;hex;text",
        "User;Device;\nprincipal name;MAC;Room",
        "User;Device;\n;;Room",
        '"User\nname";"MAC\naddress";Room',
        '"User \r\nprincipal name";"MAC";"Room"',
    ],
)
def test_a_header_may_stand_on_two_lines(tmp_path: Path, head: str) -> None:
    mac = 2 if "Display" in head else 1
    row = ["a@c.de", "x", "x"]
    row[mac] = "0004F28124B3"
    found = read_text(tmp_path, f"{head}\n{';'.join(row)}\n")
    assert [d.hardware_id for d in found.devices] == TWO[:1]
    assert not found.has_errors


@pytest.mark.parametrize(
    ("below", "why"),
    [
        ("Total;2;", "a totals row"),
        (";;Total: 2", "a totals row"),
        ("Summe;2;", "a totals row"),
        ("Gesamt 2;;", "a totals row"),
        ("Grand Total;2;", "a totals row"),
        ("Total phones: 12;;", "a totals row"),
        ("Number of devices;2;", "a totals row"),
        ("Anzahl Geräte:;2;", "a totals row"),
        ("(2 rows affected);;", "a totals row"),
        ("2 Geräte;;", "a totals row"),
        ("---;---;---", "a ruled line"),
        ("# end", "a comment"),
        ("//c@c.de;0004F28124B5;R3", "a comment"),
        (HEAD, "the header once more"),
    ],
)
def test_what_stands_below_is_left_out_by_its_name(tmp_path: Path, below: str, why: str) -> None:
    found = read_text(tmp_path, f"{HEAD}\n{ROWS}\n\n{below}\n")
    assert [d.hardware_id for d in found.devices] == TWO
    assert found.left_out == {5: why}
    assert not found.has_errors


def test_a_contact_above_the_header_is_told_of(tmp_path: Path) -> None:
    found = read_text(tmp_path, f"Title\nContact;x@c.de;00-04-F2-81-24-00\n{HEAD}\n{ROWS}\n")
    said = "Line 2 looks like a device, but stands above the header: not read"
    assert said in found.decided


@pytest.mark.parametrize("below", ["Count Dracula;0004F2812;R3", "Sum Ting;lobby;R3", "Total;x;R3"])
def test_a_wrong_row_is_no_totals_row(tmp_path: Path, below: str) -> None:
    found = read_text(tmp_path, f"{HEAD}\n{ROWS}\n{below}\n")
    assert [row.line for row in found.invalid] == ([4] if "Total" not in below else [])


@pytest.mark.parametrize("below", ["total@c.de;0004F28124B5;R3", "sum@c.de;0004F28124B5;Total"])
def test_an_account_that_is_called_total_is_none(tmp_path: Path, below: str) -> None:
    assert len(read_text(tmp_path, f"{HEAD}\n{ROWS}\n{below}\n").devices) == 3


def test_the_end_of_a_file_of_dos(tmp_path: Path) -> None:
    found = read_text(tmp_path, f"{HEAD}\r\n{ROWS}\r\n\x1a")
    assert len(found.devices) == 2
    assert not found.faults


def test_a_row_that_is_wrong_is_not_passed_over_as_something_else(tmp_path: Path) -> None:
    found = read_text(tmp_path, f"{HEAD}\nlobby;phone;R0\n{ROWS}\n")
    assert {line for line, _, _ in rules(found)} == {2}
    assert [line for line, _, _ in pairs(found)] == [3, 4]


@pytest.mark.parametrize(
    "head", ["Owner;User;MAC", "MAC;UPN;Room", "Account;Hardware address;Floor"]
)
def test_rows_below_another_header_are_none_of_the_list(tmp_path: Path, head: str) -> None:
    text = "User;Owner;MAC\na@c.de;x@c.de;0004F28124B3\n\nBonn;;\n"
    below = "y@c.de;b@c.de;0004F28124B4\nz@c.de;c@c.de;0004F28124B5\n"
    options = ListOptions(named_headers(["username=User"]))
    found = read_text(tmp_path, f"{text}{head}\n{below}", options=options)
    assert [d.user_name for d in found.devices] == ["a@c.de"]
    assert [line for line, _, rule in rules(found) if rule == "other_header"] == [5, 6, 7]
    again = read_text(tmp_path, f"{text}User;Owner;MAC\n{below}", options=options)
    assert [d.user_name for d in again.devices] == ["a@c.de", "y@c.de", "z@c.de"]
