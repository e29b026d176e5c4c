"""Results are written whole, never over another file, and read again as a device list."""

import csv
import io
import json
import os
import stat
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from siptui.devicelist import (
    DeviceList,
    ResultRow,
    WriteError,
    csv_text,
    json_text,
    read,
    write_csv,
    write_json,
)
from siptui.devicelist.cells import FORMULA, clean, guard
from siptui.devicelist.writing import BLOCK, LIST
from siptui.domain.region import Region
from tests.devicelist.support import read_text, rules

NASTY = st.text(max_size=12) | st.sampled_from(
    [
        "=1+1",
        "x;=1",
        "x|'=1",
        '"";=1',
        "＝1",
        "'=1",
        "''=1",
        '="x"',
        '="="y""',
        "+1",
        "-1",
        "@x",
        "\t=1",
        "\r",
        "\n",
        '"',
        ",",
        ";",
        "a\nb",
        "\x1b]52;",
        "\u202e",
        "[/x]",
        "'",
        "é",
        " x ",
        "\ufeff",
    ]
)
NAMES = st.text(max_size=8) | st.sampled_from(["Site", "State", "Error", "=Room", "Email", "Line"])


def results(found: DeviceList, error: str = "") -> list[ResultRow]:
    return [
        ResultRow(
            device.line,
            device.user_name,
            device.hardware_id,
            device.region.value,
            batch_id="=b",
            state="failed",
            attempt=1,
            error=error,
            cause="unknown",
            remedy="+x",
            extra=device.extra,
        )
        for device in found.devices
    ]


def listing(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def essence(found: DeviceList) -> list[tuple[str, str, str, dict[str, str]]]:
    return [(d.user_name, d.hardware_id, d.region.value, dict(d.extra)) for d in found.devices]


@st.composite
def lists(draw: st.DrawFn) -> str:
    names = draw(st.lists(NAMES, max_size=3))
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    writer.writerow(["Username", "HardwareId", "Region", *names])
    for number in range(draw(st.integers(1, 4))):
        user = draw(st.sampled_from(["", "+", "-", "o'"])) + f"phone{number}@contoso.com"
        port = draw(st.sampled_from(["", ":001"]))
        extra = [draw(NASTY) for _ in names]
        region = draw(st.sampled_from(["EMEA", "apac", ""]))
        writer.writerow([user, f"0004F281{number:04}{port}", region, *extra])
    return out.getvalue()


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(lists(), st.booleans(), NASTY)
def test_what_was_read_is_read_again_from_what_was_written(
    tmp_path: Path, text: str, raw: bool, error: str
) -> None:
    first = read_text(tmp_path, text.encode("utf-8", "replace"), region=Region.NOAM)
    path = tmp_path / "out.csv"
    write_csv(path, results(first, error), raw=raw, force=True)
    second = read(path)
    if not first.devices:
        assert rules(second) == [(1, "", "no_devices")]
        return
    assert essence(second) == essence(first)
    assert rules(second) == []
    again = tmp_path / "again.csv"
    write_csv(again, results(second, error), raw=raw, force=True)
    assert essence(read(again)) == essence(first)


ROW = ResultRow(
    2,
    "+a@contoso.com",
    "00-04-F2-81-24-B3",
    "EMEA",
    "id-1",
    "failed",
    2,
    'Said "no", twice.\n',
    "unknown",
    "@home",
    {"Büro": "=HYPERLINK(1)", "Note": "-1"},
)


def test_csv_is_quoted_guarded_and_starts_as_a_device_list(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    write_csv(path, [ROW])
    data = path.read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    assert data.endswith(b'"\r\n')
    assert data.count(b"\n") == data.count(b"\r\n") == 2
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    assert rows[0] == [*LIST, *BLOCK, "Büro", "Note"]
    assert tuple(rows[0][:3]) == ("Username", "HardwareId", "Region")
    assert rows[1][0] == "'+a@contoso.com"
    assert rows[1][-2:] == ["'=HYPERLINK(1)", "'-1"]
    assert not any(cell.startswith(FORMULA) for row in rows for cell in row)
    assert 'Said "no", twice.\\x0a' in rows[1]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("Lobby;=HYPERLINK(1)", "Lobby;'=HYPERLINK(1)"),
        ('a|"=1;+2', "a|\"'=1;'+2"),
        ("a; @x", "a; '@x"),
        ("a,=1", "a,'=1"),
        ("Room 3, +49 30 1", "Room 3, +49 30 1"),
        ("＝1", "'＝1"),
        ("a;＠x", "a;'＠x"),
        ("a=b", "a=b"),
    ],
)
def test_a_cell_is_guarded_wherever_another_separator_would_cut_it(
    value: str, written: str
) -> None:
    assert guard(value) == written
    assert clean(written) == value


def test_raw_leaves_values_as_they_are() -> None:
    assert '"+a@contoso.com"' in csv_text([ROW], raw=True)
    assert "'" not in csv_text([ROW], raw=True)


def test_json_has_the_documented_shape(tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    write_json(path, "run-1", [ROW])
    found = json.loads(path.read_text("utf-8"))
    assert found == json.loads(json_text("run-1", [ROW]))
    assert set(found) == {"run", "devices"}
    device = found["devices"][0]
    keys = "line username hardware_id region batch_id state attempt error cause remedy"
    assert list(device) == [*keys.split(), "corrected_from", "extra"]
    assert device["extra"] == ROW.extra


def test_devices_that_were_signed_in_already_are_pointed_out(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    done = ResultRow(3, "b@contoso.com", "00-04-F2-81-24-B4", "EMEA", state="succeeded")
    write_csv(path, [ROW, done])
    found = read(path)
    assert rules(found, "warning") == [
        (2, "Username", "unusual_character"),
        (3, "State", "already_signed_in"),
    ]
    assert [dict(d.extra) for d in found.devices] == [
        {"Büro": "=HYPERLINK(1)", "Note": "-1"},
        {"Büro": "", "Note": ""},
    ]


def test_a_file_that_is_there_is_replaced_only_on_the_users_word(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("mine")
    with pytest.raises(WriteError) as caught:
        write_csv(path, [ROW])
    assert caught.value.code == "exists"
    assert "--force" in caught.value.remedy
    assert path.read_text() == "mine"
    write_csv(path, [ROW], force=True)
    assert path.read_text("utf-8-sig") != "mine"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert listing(tmp_path) == ["out.csv"]


@pytest.mark.parametrize("force", [False, True])
def test_links_and_folders_are_never_written_to(tmp_path: Path, force: bool) -> None:
    target = tmp_path / "target"
    target.write_text("mine")
    for name, point in (("link", target), ("dangling", tmp_path / "none")):
        (tmp_path / name).symlink_to(point)
        with pytest.raises(WriteError) as caught:
            write_csv(tmp_path / name, [ROW], force=force)
        assert caught.value.code == "not_a_file"
    with pytest.raises(WriteError):
        write_csv(tmp_path, [ROW], force=force)
    assert target.read_text() == "mine"
    assert not (tmp_path / "none").exists()


def test_a_file_that_appears_in_the_meantime_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "out.csv"
    sync = os.fsync

    def rival(fd: int) -> None:
        path.write_text("theirs")
        sync(fd)

    monkeypatch.setattr(os, "fsync", rival)
    with pytest.raises(WriteError) as caught:
        write_csv(path, [ROW])
    assert caught.value.code == "exists"
    assert path.read_text() == "theirs"
    assert listing(tmp_path) == ["out.csv"]


def test_without_hard_links_a_file_is_still_never_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", none)
    path = tmp_path / "out.csv"
    write_csv(path, [ROW])
    before = path.read_bytes()
    with pytest.raises(WriteError):
        write_csv(path, [])
    assert path.read_bytes() == before
    assert listing(tmp_path) == ["out.csv"]


@pytest.mark.parametrize("name", ["none/out.csv", "a\0b", "x" * 300])
def test_a_place_that_cannot_be_written_to_is_told(tmp_path: Path, name: str) -> None:
    with pytest.raises(WriteError) as caught:
        write_csv(tmp_path / name, [ROW])
    assert caught.value.code == "unwritable"
    assert listing(tmp_path) == []


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(WriteError, match="No space left"):
        write_csv(tmp_path / "out.csv", [ROW])
    assert listing(tmp_path) == []
