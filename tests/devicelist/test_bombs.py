"""Workbooks made to take all memory, in a real process: what it may take is the product's word."""

from collections.abc import Callable
from pathlib import Path

import pytest

from siptui.devicelist.cells import MAX_ANSWER
from tests.fuzz import bombs

pytestmark = pytest.mark.skipif("sys.platform == 'win32'", reason="the system counts otherwise")

_MB = 2**20
#: How each ends: how many devices are read, or the code of the refusal.
_SMALL: dict[str, tuple[Callable[[], bytes], int | str]] = {
    "entities": (lambda: bombs.entities(8), "damaged"),
    "an entity": (bombs.an_entity_in_a_text, "damaged"),
    "a file": (lambda: bombs.an_entity_in_a_text(b'SYSTEM "file:///etc/hostname"'), "damaged"),
    "repeated": (lambda: bombs.repeated_cells(1_048_000, 16_384), "too_many_cells"),
    "far": (lambda: bombs.last_cell(1_048_576, 16_384), "too_many_cells"),
    "wide": (lambda: bombs.columns(16_384), "too_many_columns"),
    "sheets": (lambda: bombs.many_sheets(1_000), 2),
    "merged": (lambda: bombs.merged_everywhere(20_000), 2),
    "name": (lambda: bombs.one_large_name(1_000_000), "damaged"),
}
_LARGE: dict[str, tuple[Callable[[], bytes], int | str]] = {
    "cells": (lambda: bombs.one_text_in_many_cells(32_000, MAX_ANSWER // 32_000 + 1), "too_large"),
    "merged": (
        lambda: bombs.one_text_in_merged_cells(_MB // 2, MAX_ANSWER * 2 // _MB + 1),
        "too_large",
    ),
}


def _read(folder: Path, made: dict[str, tuple[Callable[[], bytes], int | str]]) -> bombs.Reading:
    paths = []
    for number, (make, _) in enumerate(made.values()):
        data = make()
        paths.append(folder / f"{number}.{'ods' if b'content.xml' in data else 'xlsx'}")
        paths[-1].write_bytes(data)
    reading = bombs.read_apart(paths)
    told = dict(zip(made, (said for said, _ in reading.found), strict=True))
    assert told == {name: end for name, (_, end) in made.items()}, reading.found
    for path, (said, words) in zip(paths, reading.found, strict=True):
        assert isinstance(said, int) or str(path) in words
    return reading


def test_what_is_known_before_it_is_unpacked_takes_hardly_any_memory(tmp_path: Path) -> None:
    reading = _read(tmp_path, _SMALL)
    assert reading.parent < MAX_ANSWER
    assert reading.child < MAX_ANSWER


def test_a_text_in_very_many_cells_takes_no_more_memory_than_an_answer_may(tmp_path: Path) -> None:
    reading = _read(tmp_path, _LARGE)
    bombs.check_memory(reading)
    assert reading.parent < MAX_ANSWER  # what is too much was not even sent
