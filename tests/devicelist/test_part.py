"""A part of a list: `--where`."""

import unicodedata
from pathlib import Path

import pytest

from siptui.devicelist.part import EmptyPartError, part_of
from siptui.devicelist.reading import read
from siptui.domain.errors import UsageError
from siptui.domain.region import Region
from siptui.domain.row_filter import NoSuchColumnError, conditions, grouper, in_words

_LIST = """Username,HardwareId,Standort,Floor,Region
a@x.example,00-04-F2-00-00-01,Berlin,1,EMEA
b@x.example,00-04-F2-00-00-02,"Berlin, Mitte",2,EMEA
c@x.example,00-04-F2-00-00-03,HAMBURG ,2,NOAM
d@x.example,00-04-F2-00-00-04,,3,EMEA
e@x.example,no-mac,Berlin,1,EMEA
"""


def part(tmp_path: Path, *texts: str) -> str:
    file = tmp_path / "list.csv"
    file.write_text(_LIST)
    found = part_of(read(file, region=Region.EMEA), conditions(texts))
    assert {f.line for f in found.faults} <= {row.line for row in (*found.devices, *found.invalid)}
    return "".join(d.user_name[0] for d in found.devices) + "!" * len(found.invalid)


@pytest.mark.parametrize(
    ("texts", "rows"),
    [
        ((), "abcd!"),
        (("Standort=Berlin",), "a!"),
        (("standort == berlin",), "a!"),
        (("Site=berlin",), "a!"),
        (("Standort=Berlin, Mitte",), "ab!"),  # several values, or one that holds a comma
        (("Standort=Berlin,Hamburg",), "ac!"),
        (("Standort=Berlin", "Standort=Hamburg"), "ac!"),
        (("Standort!=Berlin",), "bcd"),
        (("Standort!=Berlin", "Standort!=Hamburg"), "bd"),
        (("Standort=",), "d"),
        (("Standort!=",), "abc!"),
        (("Standort=Berlin", "Floor!=1"), ""),
        (("Floor=2", "region=noam"), "c"),
        (("Username=a@X.example",), "a"),
        (("hardware_id=00-04-F2-00-00-03",), "c"),
        (("HardwareId=0004f2000003,00:04:f2:00:00:04",), "cd"),
        (("HardwareId!=0004.f200.0003",), "abd!"),
    ],
)
def test_a_part_is_what_all_conditions_take(
    tmp_path: Path, texts: tuple[str, ...], rows: str
) -> None:
    if not rows:
        with pytest.raises(EmptyPartError):
            part(tmp_path, *texts)
    else:
        assert part(tmp_path, *texts) == rows


def test_a_letter_with_its_mark_is_one_however_it_is_written(tmp_path: Path) -> None:
    file, mac = tmp_path / "list.csv", "00-04-F2-00-00-0"
    names = ("Köln", unicodedata.normalize("NFD", "KÖLN"))
    rows = "".join(f"{n}@x.example,{mac}{n},{name}\n" for n, name in enumerate(names))
    file.write_text("Username,HardwareId,Site\n" + rows, encoding="utf-8")
    found = read(file, region=Region.EMEA)
    for name in names:
        assert len(part_of(found, conditions([f"Site={name}"])).devices) == 2
    assert len(set(map(grouper(found.devices, "Site"), found.devices))) == 1


def test_a_column_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(NoSuchColumnError) as error:
        part(tmp_path, "Buildng=7")
    assert "“Buildng”" in error.value.message
    assert all(name in error.value.remedy for name in ("Username", "HardwareId", "Standort"))


@pytest.mark.parametrize("text", ["Berlin", "=Berlin", "!=Berlin", ""])
def test_nonsense_is_wrong_usage(text: str) -> None:
    with pytest.raises(UsageError):
        conditions([text])


def test_the_part_in_words() -> None:
    wanted = conditions(["Site=Berlin,Hamburg", "Floor!=3"])
    assert in_words(wanted) == "Site = Berlin or Hamburg, Floor is not 3"


def test_what_was_typed_steers_no_terminal(tmp_path: Path) -> None:
    for texts in (("\x1b[2J",), ("\x1b[2J=x",), ("Floor=\u202e9",)):
        with pytest.raises(UsageError) as caught:
            part(tmp_path, *texts)
        assert "\\x1b[2J" in caught.value.message or "\\u202e9" in caught.value.message
        assert caught.value.message.isprintable()
