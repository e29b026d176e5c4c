"""Long lists: the quick way says what the rules say, and takes most rows."""

from pathlib import Path

import pytest

from siptui.devicelist import DeviceList, reading, vector
from siptui.devicelist.header import Header
from siptui.devicelist.lines import Record
from siptui.devicelist.rules import Changes
from siptui.domain.device import Device
from siptui.domain.region import Region
from tests.devicelist.support import pairs, read_text, rules

ROWS = reading.QUICK_FROM
HEAD = "Username,HardwareId,Site\n"


def mac(number: int) -> str:
    digits = f"{number + 65536:012x}"
    return ":".join(digits[i : i + 2] for i in range(0, 12, 2))


def rows(quote: str = "") -> list[str]:
    return [
        ",".join(quote + cell + quote for cell in (f"phone{n}@contoso.com", mac(n), f"Room {n}"))
        for n in range(ROWS)
    ]


@pytest.mark.parametrize("quote", ["", '"'])
def test_plain_rows_take_the_quick_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quote: str
) -> None:
    left: list[int] = []
    original = vector.quick

    def counted(
        lines: list[str], header: Header, region: Region | None, changes: Changes
    ) -> tuple[list[Device], list[Record]] | None:
        found = original(lines, header, region, changes)
        assert found is not None
        left.append(len(found[1]))
        return found

    monkeypatch.setattr(vector, "quick", counted)
    found = read_text(tmp_path, HEAD + "\n".join(rows(quote)))
    assert left == [0]
    assert len(found.devices) == ROWS
    assert found.faults == ()
    assert found.devices[7].extra == {"Site": "Room 7"}
    assert f"on {ROWS} rows" in found.notes[0]


def test_faults_among_very_many_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = rows()
    lines[10] = "phone10@contoso.com,4.13E+11,x"
    lines[20] = lines[5]
    lines[30] = "PHONE6@contoso.com,00-00-00-00-00-77,x"
    lines[40] = f'"phone40@contoso.com",SEP{mac(40).replace(":", "")},"a, ""b"""'
    lines[50] = ""
    text = HEAD + "\n".join(lines)
    found = read_text(tmp_path, text)
    assert rules(found) == [(12, "HardwareId", "excel_number"), (22, "HardwareId", "duplicate_row")]
    assert rules(found, "warning") == [(32, "Username", "account_repeated")]
    assert len(found.devices) == ROWS - 3
    assert found.devices[38].extra == {"Site": 'a, "b"'}
    monkeypatch.setattr(reading, "QUICK_FROM", 10**9)
    assert read_text(tmp_path, text) == found


def test_a_quote_across_lines_is_left_to_the_other_way(tmp_path: Path) -> None:
    lines = rows()
    lines[3] += '\n"phone@contoso.com",0004F28124B3,"two\nlines"'
    found: DeviceList = read_text(tmp_path, HEAD + "\n".join(lines))
    assert len(found.devices) == ROWS + 1
    assert (6, "phone@contoso.com", "00-04-F2-81-24-B3") in pairs(found)
    assert found.devices[-1].line == ROWS + 3


def test_a_tab_inside_a_quoted_cell_is_the_same_on_both_ways(tmp_path: Path) -> None:
    head, row = "Username\tHardwareId\tSite\n", f'"a@contoso.com"\t"{mac(1)}"\t"\t"\n'
    more = "".join(row.replace("a@", f"b{n}@").replace(mac(1), mac(n + 2)) for n in range(ROWS))
    few, many = (read_text(tmp_path, head + text) for text in (row, row + more))
    assert len(many.devices) == ROWS + 1
    assert {d.extra["Site"] for d in (*few.devices, *many.devices)} == {""}
