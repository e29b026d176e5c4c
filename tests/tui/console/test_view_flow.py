"""Columns, ranges and themes: chosen by keys, and found again the next time."""

import json
from pathlib import Path

import pytest

from siptui.tui.preferences import Kept, read_kept, write_kept
from tests.tui.harness import console
from tests.tui.scripted_runs import list_text, make_devices

TEXT = list_text(make_devices(30)).replace("Region", "Region,Site,Room", 1)
LINES = TEXT.splitlines()
WITH_EXTRA = "\n".join([LINES[0], *(f"{line},Berlin,{n}" for n, line in enumerate(LINES[1:])), ""])


def _head(text: str) -> str:
    return next(line for line in text.splitlines() if "Hardware ID" in line)


async def test_a_range_is_marked_from_the_last_mark_to_the_cursor(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(30))) as harness:
        await harness.press("j", "space", "j", "j", "j", "v")
        assert harness.console.grid.index.marked() == [1, 2, 3, 4, 5]
        await harness.press("G", "k", "v")
        assert len(harness.console.grid.index.marks) == 28
        await harness.press("asterisk", "asterisk", "g", "v")
        assert "30 marked" not in harness.text


async def test_a_range_goes_by_what_is_shown(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(30))) as harness:
        await harness.press("slash")
        await harness.type("2@")
        await harness.press("enter", "space", "G", "v")
        assert harness.console.grid.index.marked() == [2, 12, 22]


async def test_columns_of_the_list_are_shown_and_kept(tmp_path: Path) -> None:
    async with console(tmp_path, text=WITH_EXTRA) as harness:
        assert "Site" not in _head(harness.text)
        await harness.press("c", "G", "k", "space", "enter")
        assert "Site" in _head(harness.text)
        assert "Berlin" in harness.text
        await harness.submit(30)
        harness.runs.accept(1)
        harness.runs.finish([1])
        await harness.look()
        row = next(line for line in harness.text.splitlines() if "lobby.00001" in line)
        assert "Berlin" in row
        assert "signed in" in row
        await harness.press("c", "g", "space", "enter")
        assert "Line" not in _head(harness.text)
    folder = tmp_path / "again"
    folder.mkdir()
    saved = tmp_path / "saved"
    async with console(folder, text=WITH_EXTRA, save_folder=saved) as harness:
        assert "Site" in _head(harness.text)
        assert "Line" not in _head(harness.text)


async def test_the_rows_can_be_sorted_by_a_column_of_the_list(tmp_path: Path) -> None:
    async with console(tmp_path, text=WITH_EXTRA) as harness:
        await harness.press("c", "G", "space", "enter", "S", "G", "enter")
        assert harness.console.grid.sorted_by == ("extra:Room", False)
        order = [row[-1] for row in harness.rows]
        assert order == sorted(order, key=lambda room: (len(room), room))  # 9 before 10
        await harness.submit(30)
        assert harness.console.grid.sorted_by == ("extra:Room", False)


async def test_a_theme_is_kept(tmp_path: Path) -> None:
    async with console(tmp_path) as harness:
        harness.console.view_flow.use_theme("mono")
    assert read_kept(tmp_path / "saved") == Kept(theme="mono")


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"theme": 3, "hidden": "x", "extra": [1]}', "[" * 9000, "\xff"]
)
def test_a_damaged_file_is_passed_over(tmp_path: Path, text: str) -> None:
    (tmp_path / "console.json").write_bytes(text.encode("latin-1"))
    assert read_kept(tmp_path) == Kept()


def test_what_is_kept_is_read_again(tmp_path: Path) -> None:
    kept = Kept("mono", ("line",), ("[/Ort]", "Zimmer \x1b"))
    write_kept(tmp_path / "new", kept)
    assert read_kept(tmp_path / "new") == kept
    file = tmp_path / "new" / "console.json"
    assert json.loads(file.read_text())["theme"] == "mono"
    assert file.stat().st_mode & 0o77 == 0


def test_nowhere_to_keep_is_no_trouble() -> None:
    write_kept(Path("/dev/null/nowhere"), Kept())
    write_kept(None, Kept())
    assert read_kept(None) == Kept()
