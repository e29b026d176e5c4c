"""Forms in which device lists are really held, each read to the same devices."""

from pathlib import Path

import pytest

from siptui.devicelist import DeviceList, ListError, read
from siptui.domain.region import Region
from tests.devicelist.support import pairs, read_text, rules

LISTS = Path(__file__).parent.parent / "lists"
THREE = [
    (2, "FirstFloorLobby@contoso.com", "00-04-F2-81-24-B3"),
    (3, "SecondFloorLobby@contoso.com", "00-04-F2-81-24-B4"),
    (4, "Kitchen.3@contoso.com", "64-16-7F-0A-11-02"),
]


@pytest.mark.parametrize(
    ("name", "encoding", "delimiter"),
    [
        ("plain.csv", "utf-8", ","),
        ("article-header-with-space.csv", "utf-8", ","),
        ("cisco-dots-and-sep.csv", "utf-8", ","),
        ("excel-semicolon-bom.csv", "utf-8-sig", ";"),
        ("powershell-utf16.csv", "utf-16-le", "\t"),
    ],
)
def test_sample_lists_hold_the_same_three_devices(name: str, encoding: str, delimiter: str) -> None:
    found = read(LISTS / name, region=Region.NOAM)
    assert pairs(found) == THREE
    assert (found.encoding, found.delimiter) == (encoding, delimiter)
    assert found.faults == ()
    assert {d.region for d in found.devices} == {Region.NOAM}


def test_further_columns_are_kept_and_unnamed_empty_ones_are_not() -> None:
    found = read(LISTS / "excel-semicolon-bom.csv", region=Region.EMEA)
    assert found.devices[0].extra == {"Raum": "R0", "Bemerkung": "Böden 0"}
    assert read(LISTS / "cisco-dots-and-sep.csv", region=Region.EMEA).devices[0].extra == {
        "Site": "HQ"
    }


def test_a_prefix_that_was_removed_is_named() -> None:
    found = read(LISTS / "cisco-dots-and-sep.csv", region=Region.EMEA)
    assert any("SEP prefix removed on 1 row (line 3" in note for note in found.notes)


def test_the_ports_of_an_adapter_are_devices_of_their_own() -> None:
    found = read(LISTS / "ata-ports.csv", region=Region.EMEA)
    assert [d.hardware_id.port for d in found.devices] == list(range(1, 9))
    assert found.faults == ()


def test_all_faults_are_reported_at_once() -> None:
    found = read(LISTS / "faults.csv", region=Region.EMEA)
    assert rules(found) == [
        (2, "HardwareId", "duplicate"),
        (3, "Username", "no_at_sign"),
        (4, "Username", "missing"),
        (5, "HardwareId", "missing"),
        (6, "HardwareId", "length"),
        (7, "HardwareId", "not_hexadecimal"),
        (8, "HardwareId", "excel_number"),
        (9, "HardwareId", "look_alike"),
        (11, "HardwareId", "duplicate"),
        (13, "Username", "swapped"),
    ]
    assert rules(found, "warning") == [(15, "Username", "account_repeated")]
    assert [line for line, _, _ in pairs(found)] == [12, 14, 15]
    assert [row.line for row in found.invalid] == [2, 3, 4, 5, 6, 7, 8, 9, 11, 13]
    by_line = {fault.line: fault.message for fault in found.faults}
    assert "Excel" in by_line[8]
    assert "line 2" in by_line[11]
    assert "line 11" in by_line[2]
    assert "line 14" in by_line[15]


HEAD = "Username,HardwareId\n"
ROW = "a@contoso.com,0004F28124B3\n"
ONE = [(2, "a@contoso.com", "00-04-F2-81-24-B3")]


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"],
)
def test_unicode_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    text = HEAD.replace("\n", ",Ort\n") + ROW.replace("\n", ",Zürich\n")
    found = read_text(tmp_path, text, encoding=encoding)
    assert pairs(found) == ONE
    assert found.devices[0].extra == {"Ort": "Zürich"}
    assert found.faults == ()


def test_windows_1252_is_the_last_resort_and_said_so(tmp_path: Path) -> None:
    text = "Username;HardwareId;Ort\na@contoso.com;0004F28124B3;Zürich – 3 €\n"
    found = read_text(tmp_path, text, encoding="cp1252")
    assert found.devices[0].extra == {"Ort": "Zürich – 3 €"}
    assert found.encoding == "cp1252"
    assert rules(found, "warning") == [(1, "", "encoding")]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Username;HardwareId\na@contoso.com;0004F28124B3", 2),
        ("Username\tHardwareId\r\na@contoso.com\t0004F28124B3\r\n", 2),
        ("Username|HardwareId\ra@contoso.com|0004F28124B3\r", 2),
        ("sep=;\nUsername;HardwareId\na@contoso.com;0004F28124B3\n", 3),
        ('"sep=|"\nUser name|MAC\na@contoso.com|0004F28124B3\n', 3),
        ("\n\n  \nUsername,HardwareId\n\n\na@contoso.com,0004F28124B3\n\n", 7),
        (";;\nUsername;HardwareId;\n;;\na@contoso.com;0004F28124B3;\n;;\n", 4),
        ('#TYPE System.Object\n"upn","mac_address"\n"a@contoso.com","0004f28124b3"\n', 3),
        ('Username , "HardwareId"\n a@contoso.com , "0004F28124B3"\n', 2),
        ("USER-PRINCIPAL NAME,Mac Address\na@contoso.com,'0004F28124B3\n", 2),
        ('Benutzer;MAC-Adresse\na@contoso.com;="0004F28124B3"\n', 2),
        ('SIP address,Device Name\nsip:a@contoso.com,"=""0004F28124B3"""\n', 2),
        ("Email,MAC\n\u200b\xa0a@contoso.com\xa0,\u202a0004F28124B3\ufeff\n", 2),
        ('Note,HardwareId,Username\n"one\ntwo",0004F28124B3,a@contoso.com\n', 2),
        ('Username,HardwareId,Note\n,,\n"a@contoso.com",0004F28124B3,"x\ny"\n', 3),
    ],
)
def test_forms_of_a_list(tmp_path: Path, text: str, line: int) -> None:
    found = read_text(tmp_path, text)
    assert pairs(found) == [(line, "a@contoso.com", "00-04-F2-81-24-B3")]
    assert found.faults == ()


def test_the_line_of_a_row_is_where_it_starts(tmp_path: Path) -> None:
    text = (
        'Username,HardwareId,"Note\nand more"\na@contoso.com,0004F28124B3,"1\n2\n3"\n\nb@c.de,x,\n'
    )
    found = read_text(tmp_path, text)
    assert [d.line for d in found.devices] == [3]
    assert rules(found) == [(7, "HardwareId", "not_hexadecimal")]
    assert found.devices[0].extra == {"Note and more": r"1\x0a2\x0a3"}


def test_the_delimiter_can_be_named(tmp_path: Path) -> None:
    text = "Username/HardwareId\na@contoso.com/0004F28124B3\n"
    assert pairs(read_text(tmp_path, text, delimiter="/")) == ONE
    for name in ("tab", "\\t", "\t"):
        assert pairs(read_text(tmp_path, text.replace("/", "\t"), delimiter=name)) == ONE
    with pytest.raises(ListError, match="cannot be a delimiter"):
        read_text(tmp_path, text, delimiter="ab")


def test_regions_come_from_the_row_else_from_the_caller(tmp_path: Path) -> None:
    text = (
        "Username,HardwareId,Region\na@c.de,0004F28124B3,apac\nb@c.de,0004F28124B4,\n"
        "c@c.de,0004F28124B5,EU\n"
    )
    found = read_text(tmp_path, text, region=Region.NOAM)
    assert [d.region for d in found.devices] == [Region.APAC, Region.NOAM]
    assert rules(found) == [(4, "Region", "region")]
    found = read_text(tmp_path, text, region=None)
    assert rules(found) == [(3, "Region", "region_missing"), (4, "Region", "region")]


def test_extra_headers_that_are_the_same_are_told_apart(tmp_path: Path) -> None:
    text = "Note,Username,Note,HardwareId,Note (2),Note\n1,a@contoso.com,2,0004F28124B3,3,4\n"
    extra = read_text(tmp_path, text).devices[0].extra
    assert list(extra.values()) == ["1", "2", "3", "4"]
    assert next(iter(extra)) == "Note"
    assert len(set(extra)) == 4


def whole(found: DeviceList) -> tuple[list[tuple[int, str, str]], list[tuple[int, str, str]]]:
    return pairs(found), rules(found)


def test_swapped_headers_are_named_as_such(tmp_path: Path) -> None:
    text = "Username,HardwareId\n0004F28124B3,a@c.de\n0004F28124B4,b@c.de\n"
    found = read_text(tmp_path, text)
    assert whole(found) == (
        [],
        [(1, "Username", "swapped_header"), (2, "Username", "swapped"), (3, "Username", "swapped")],
    )


def test_repeated_devices_and_accounts(tmp_path: Path) -> None:
    text = (
        "Username,HardwareId\na@c.de,0004F28124B3\nA@C.de,0004F28124B3\nb@c.de,00:04:f2:81:24:b3\n"
        "a@c.de,0004F28124B4\nnobody,0004F28124B5\nc@c.de,0004F28124B5\n"
    )
    found = read_text(tmp_path, text)
    assert [line for line, _, _ in pairs(found)] == [5, 7]
    assert rules(found) == [
        (2, "HardwareId", "duplicate"),
        (3, "HardwareId", "duplicate"),
        (4, "HardwareId", "duplicate"),
        (6, "Username", "no_at_sign"),
    ]
    assert "lines 2, 3, for another account" in found.faults[2].message


@pytest.mark.parametrize(
    ("rows", "kept", "faults"),
    [
        (
            ("a@c.de,0004F28124B3,EMEA", "A@c.de,00:04:f2:81:24:b3,NOAM"),
            [],
            [(2, "HardwareId", "duplicate_region"), (3, "HardwareId", "duplicate_region")],
        ),
        (
            ("a@c.de,0004F28124B3,", "a@c.de,0004F28124B3,APAC"),  # the first takes the default
            [],
            [(2, "HardwareId", "duplicate_region"), (3, "HardwareId", "duplicate_region")],
        ),
        (
            ("a@c.de,0004F28124B3,emea", "a@c.de,0004F28124B3,EMEA "),
            [2],
            [(3, "HardwareId", "duplicate_row")],
        ),
        (
            ("a@c.de,0004F28124B3,EMEA", "lobby–1@c.de,0004F28124B3,EMEA"),
            [],
            [
                (2, "HardwareId", "duplicate"),
                (3, "HardwareId", "duplicate"),
                (3, "Username", "look_alike"),
            ],
        ),
        (
            ("a@c.de,0004F28124B3,EMEA", "b c@c.de,0004F28124B3,EMEA"),
            [],
            [
                (2, "HardwareId", "duplicate"),
                (3, "HardwareId", "duplicate"),
                (3, "Username", "character"),
            ],
        ),
        (
            ("a@c.de,0004F28124B3,EMEA", ",0004F28124B3,EMEA"),  # it names no other account
            [2],
            [(3, "Username", "missing")],
        ),
    ],
)
def test_of_rows_that_contradict_each_other_none_is_taken(
    tmp_path: Path, rows: tuple[str, ...], kept: list[int], faults: list[tuple[int, str, str]]
) -> None:
    found = read_text(tmp_path, "\n".join(["Username,HardwareId,Region", *rows, ""]))
    assert [line for line, _, _ in pairs(found)] == kept
    assert sorted(rules(found)) == faults


def test_the_bare_address_of_an_adapter_beside_its_ports(tmp_path: Path) -> None:
    text = (
        "Username,HardwareId\na@c.de,00908F000031:002\nb@c.de,00-90-8F-00-00-31\n"
        "c@c.de,00-90-8F-00-00-31:001\nd@c.de,0004F28124B3\n"
    )
    found = read_text(tmp_path, text)
    assert [line for line, _, _ in pairs(found)] == [2, 4, 5]
    assert rules(found) == [(3, "HardwareId", "port_missing")]
    assert "line 2 names a port" in found.faults[0].message
    assert "00-90-8F-00-00-31:001" in found.faults[0].message


def test_of_rows_that_say_the_same_the_first_is_taken(tmp_path: Path) -> None:
    text = (
        "Username,HardwareId\na@c.de,0004F28124B3\nA@C.de,00:04:f2:81:24:b3\na@c.de,0004F28124B4\n"
    )
    found = read_text(tmp_path, text)
    assert [line for line, _, _ in pairs(found)] == [2, 4]
    assert rules(found) == [(3, "HardwareId", "duplicate_row")]
    assert rules(found, "warning") == [(4, "Username", "account_repeated")]


def test_a_row_that_begins_with_a_number_sign_is_a_comment(tmp_path: Path) -> None:
    text = (
        "Username,HardwareId\n#spare@c.de,0004F28124B3\n # b@c.de,0004F28124B4\n"
        "//c@c.de,0004F28124B5\n'#d@c.de,0004F28124B6\ne@c.de,0004F28124B7\n"
    )
    found = read_text(tmp_path, text)
    assert pairs(found)[-1] == (6, "e@c.de", "00-04-F2-81-24-B7")
    assert "Lines 2, 3, 4 left out: a comment" in found.notes
    assert rules(found) == [(5, "Username", "comment")]
    found = read_text(tmp_path, "Site,Username,HardwareId\nHQ,#spare@c.de,0004F28124B3\n")
    assert (rules(found), pairs(found)) == ([(2, "Username", "comment")], [])
    assert "did you mean spare@c.de?" in found.faults[0].message


def test_rows_of_another_shape(tmp_path: Path) -> None:
    text = (
        "Username,HardwareId,Note\na@c.de,0004F28124B3\nb@c.de\nc@c.de,0004F28124B4,x,y\n"
        'd@c.de,0004F28124B5,x,,\n"e@c.de,0004F28124B6,x\nf@c.de,0004F28124B7,x\n'
        'g@c.de,"0004F28124B8"x,y\n'
    )
    found = read_text(tmp_path, text)
    assert [line for line, _, _ in pairs(found)] == [2, 5, 7]
    assert rules(found) == [
        (3, "HardwareId", "missing"),
        (4, "", "too_many_cells"),
        (6, "", "quotes"),
        (8, "", "quotes"),
    ]
    assert rules(found, "warning") == [
        (2, "Note", "too_few_cells"),
        (3, "HardwareId", "too_few_cells"),
    ]


def test_adapter_ports_past_those_served_and_bad_dates_are_warnings(tmp_path: Path) -> None:
    text = (
        "Username,HardwareId,Model,Onboarded At\na@c.de,00908F112233:006,MP-118,2025-03-31\n"
        "b@c.de,00908F112233:007,AudioCodes MP118,31.31.2025\nc@c.de,00908F112233:008,MP1288,\n"
        "d@c.de,00908F112234:004,mp 114 FXS,2025-03-31T10:00:00+02:00\n"
    )
    found = read_text(tmp_path, text)
    assert len(found.devices) == 4
    assert rules(found, "warning") == [
        (3, "Model", "port_not_served"),
        (3, "Onboarded At", "date"),
        (5, "Model", "port_not_served"),
    ]
    assert found.devices[0].extra["Model"] == "MP-118"


def test_an_apostrophe_of_a_user_name_is_not_dropped_in_silence(tmp_path: Path) -> None:
    found = read_text(
        tmp_path, "Username,HardwareId\n'o@c.de,0004F28124B3\n'+1@c.de,0004F28124B4\n"
    )
    assert [user for _, user, _ in pairs(found)] == ["o@c.de", "+1@c.de"]
    assert rules(found, "warning") == [
        (2, "Username", "apostrophe"),
        (3, "Username", "unusual_character"),
    ]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf\r\n \n", "empty"),
        (b"%PDF-1.7", "binary"),
        (b"\x1f\x8b\x08", "binary"),
        (b"<!DOCTYPE html><html>", "other_format"),
        (
            b"<?xml version='1.0'?><?mso-application progid='Excel.Sheet'?><Workbook>",
            "other_format",
        ),
        (b"<?xml version='1.0'?><devices><d/></devices>", "other_format"),
        (b'{"devices": [{"Username": "a@c.de"}]}', "other_format"),
        (b'[["Username", "HardwareId"], ["a@c.de", "x"]]', "other_format"),
        (b"From: x\nMIME-Version: 1.0\nX-Document-Type: Workbook\n\n", "other_format"),
        (b"ID;PWXL;N;E\nC;Y1;X1\n", "other_format"),
        (bytes(range(256)) * 8, "binary"),
        (b"Username,HardwareId\n\x81\x8d", "encoding"),
        (b"a@contoso.com,0004F28124B3\nb@contoso.com,0004F28124B4\n", "no_header"),
        (b"Room,Phone\n1,2\n", "header"),
        (b"Username,Phone\na@contoso.com,2\n", "header"),
        (b";;;\n,,,\n", "no_header"),
    ],
)
def test_what_is_no_list_is_refused_as_a_whole(tmp_path: Path, data: bytes, code: str) -> None:
    with pytest.raises(ListError) as caught:
        read_text(tmp_path, data)
    assert caught.value.code == code
    assert caught.value.remedy
    assert caught.value.exit_code == 2


def test_a_missing_header_is_spelled_out(tmp_path: Path) -> None:
    with pytest.raises(ListError) as caught:
        read_text(tmp_path, "HQ;00:04:F2:81:24:B3;a@contoso.com\n")
    assert caught.value.remedy.endswith("…;HardwareId;Username")


def test_a_header_without_devices_is_an_error(tmp_path: Path) -> None:
    assert rules(read_text(tmp_path, HEAD)) == [(1, "", "no_devices")]


def test_limits_and_what_is_no_file(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(HEAD + ROW * 3)
    for code, options in (("too_large", {"max_bytes": 50}), ("too_many_rows", {"max_rows": 2})):
        with pytest.raises(ListError) as caught:
            read(path, region=Region.EMEA, **options)
        assert caught.value.code == code
    for name, code in (("none.csv", "not_found"), ("", "is_a_directory"), ("a\0b", "unreadable")):
        with pytest.raises(ListError) as caught:
            read(tmp_path / name)
        assert caught.value.code == code


def test_a_file_over_the_limit_is_not_even_read(tmp_path: Path) -> None:
    path = tmp_path / "big.csv"
    with path.open("wb") as file:
        file.truncate(10 * 2**30)  # a sparse file: reading it would show
    with pytest.raises(ListError, match="larger than 20 MB"):
        read(path)
