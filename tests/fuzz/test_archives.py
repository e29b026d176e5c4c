"""A workbook of which one byte is another, or the end is missing, in every run of the suite."""

import struct
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from siptui.devicelist import ListError, read
from siptui.domain.region import Region
from tests.fuzz.archives import ROWS, check, flipped, outcome, wholes
from tests.support.workbooks import ods, xlsx, zipped


def test_one_bit_at_every_place_of_a_workbook_changes_nothing_without_a_word(
    tmp_path: Path,
) -> None:
    data = wholes()["list.xlsx"]
    path = tmp_path / "list.xlsx"
    headers = data.index(b"PK\x01\x02")
    places = [*range(0, headers, 5), *range(headers, len(data), 3)]  # each field of a header
    read_all_the_same = [check(path, flipped(data, at, at % 8)) for at in places]
    assert 0 < sum(read_all_the_same) < len(places) / 2


def test_a_workbook_that_is_cut_off_anywhere_is_refused(tmp_path: Path) -> None:
    data = wholes()["list.xlsx"]
    for at in range(0, len(data), 7):
        assert outcome(tmp_path / "list.xlsx", data[:at]) is None, at
    assert outcome(tmp_path / "list.xlsx", data[:-1]) is None


@pytest.mark.parametrize("name", wholes())
def test_a_part_that_the_directory_hides_is_missed(tmp_path: Path, name: str) -> None:
    """A length in the directory that is too large makes all parts behind it vanish: styles, by
    which a number is a date, macros, or a picture that belongs into the copy as well."""
    data = wholes()[name]
    at = data.index(b"PK\x01\x02")
    while at >= 0:
        for place in (30, 32):  # of more data, of a comment
            sent = bytearray(data)
            struct.pack_into("<H", sent, at + place, 0x8000)
            assert not check(tmp_path / name, bytes(sent)) or data.find(b"PK\x01\x02", at + 4) < 0
        at = data.find(b"PK\x01\x02", at + 4)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "XL/worksheets/Sheet1.XML"])
def test_a_sheet_that_stands_in_the_workbook_twice_is_not_read(tmp_path: Path, part: str) -> None:
    out, other = BytesIO(xlsx({"S": ROWS})), zipfile.ZipFile(BytesIO(xlsx({"S": ROWS[:2]})))
    with zipfile.ZipFile(out, "a") as target:
        target.writestr(part, other.read("xl/worksheets/sheet1.xml"))
    _refused(tmp_path, out.getvalue(), "twice")


def test_a_part_behind_a_password_is_told_of_as_such(tmp_path: Path) -> None:
    data = xlsx({"S": ROWS})
    for at in (data.index(b"PK\x01\x02"), data.rindex(b"PK\x01\x02")):
        locked = bytearray(data)
        locked[at + 8] |= 1
        _refused(tmp_path, bytes(locked), "protected with a password", "encrypted")


def test_a_workbook_of_two_kinds_is_not_read(tmp_path: Path) -> None:
    both: dict[str, bytes] = {}
    for data in (xlsx({"S": ROWS}), ods({"S": ROWS[:2]})):
        with zipfile.ZipFile(BytesIO(data)) as source:
            both |= {name: source.read(name) for name in source.namelist()}
    _refused(tmp_path, zipped(both), "two kinds of workbook")


def _refused(folder: Path, data: bytes, why: str, code: str = "damaged") -> None:
    path = folder / "list.xlsx"
    path.write_bytes(data)
    with pytest.raises(ListError, match=why) as caught:
        read(path, region=Region.EMEA)
    assert caught.value.code == code
    assert str(path) in caught.value.message


class _Pipe(BytesIO):
    """What cannot be gone back in, so that sizes and checksums stand behind the data."""

    def seekable(self) -> bool:
        return False


def _streamed(parts: zipfile.ZipFile, *, large: bool = False) -> bytes:
    out = _Pipe()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in parts.namelist():
            with target.open(name, "w", force_zip64=large) as file:
                file.write(parts.read(name))
    return out.getvalue()


@pytest.mark.parametrize("form", ["streamed", "zip64", "stored", "comment", "padded"])
def test_archives_of_every_program_are_read(tmp_path: Path, form: str) -> None:
    data = xlsx({"S": ROWS})
    with zipfile.ZipFile(BytesIO(data)) as parts:
        if form in ("streamed", "zip64"):
            data = _streamed(parts, large=form == "zip64")
        elif form == "stored":
            out = BytesIO()
            with zipfile.ZipFile(out, "w") as target:
                for name in parts.namelist():
                    target.writestr(name, parts.read(name))
            data = out.getvalue()
        else:
            out = BytesIO(data)
            with zipfile.ZipFile(out, "a") as target:
                target.comment = b"made by \x00 a program" if form == "comment" else b""
            data = out.getvalue() + bytes(512 if form == "padded" else 0)
    found = outcome(tmp_path / "list.xlsx", data)
    assert found is not None
    assert len(found.devices) == 3
