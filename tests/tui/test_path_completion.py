"""A path is completed as in a shell."""

import os
from pathlib import Path

import pytest

from siptui.tui.path_completion import complete


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("lobby-a.csv", "lobby-b.csv", "Ünna.csv", "odd\x1b[31m.csv", ".hidden.csv"):
        (tmp_path / name).touch()
    (tmp_path / "lists" / "deep").mkdir(parents=True)
    (tmp_path / "lists" / "deep" / "only.csv").touch()
    return tmp_path


@pytest.mark.parametrize(
    ("typed", "text", "names"),
    [
        ("lob", "lobby-", ["lobby-a.csv", "lobby-b.csv"]),
        ("lobby-a", "lobby-a.csv", ["lobby-a.csv"]),
        ("l", "l", ["lists/", "lobby-a.csv", "lobby-b.csv"]),
        ("li", "lists/", ["lists/"]),
        ("lists/", "lists/deep/", ["deep/"]),
        ("lists/deep/o", "lists/deep/only.csv", ["only.csv"]),
        ("Ü", "Ünna.csv", ["Ünna.csv"]),
        ("odd", "odd", []),
        (".h", ".hidden.csv", [".hidden.csv"]),
        ("nothing", "nothing", []),
        ("nowhere/x", "nowhere/x", []),
        ("~nobody-here/x", "~nobody-here/x", []),
        ("\0", "\0", []),
    ],
)
def test_what_is_certain_is_completed(
    folder: Path, typed: str, text: str, names: list[str]
) -> None:
    found = complete(typed.replace("/", os.sep), folder)
    assert found.text == text.replace("/", os.sep)
    assert list(found.names) == [name.replace("/", os.sep) for name in names]


def test_an_absolute_path_is_completed_from_the_root(folder: Path) -> None:
    elsewhere = folder / "lists"
    assert complete(str(folder / "lobby-a"), elsewhere).text == str(folder / "lobby-a.csv")
    assert complete("../lobby-a", elsewhere).text == "../lobby-a.csv"
