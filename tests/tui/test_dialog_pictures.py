"""Pictures of what lies over the table, each at two sizes; made and renewed as `test_pictures.py`
says."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.tui.harness import SIZES, Bench
from tests.tui.test_pictures import Compare, Walk, _app, _running, _walk


def _after_a_run(*keys: str) -> Walk:
    async def walk(bench: Bench) -> None:
        await _running(bench)
        await bench.press(*keys)

    return walk


def _keys(*keys: str) -> Callable[[Bench], Awaitable[None]]:
    async def walk(bench: Bench) -> None:
        await bench.press(*keys)

    return walk


WALKS: dict[str, Walk] = {
    "summary": _after_a_run("t"),
    "causes": _after_a_run("R"),
    "retry": _after_a_run("r"),
    "export": _after_a_run("e"),
    "sort": _after_a_run("S"),
    "marked": _after_a_run("space", "k", "k", "k", "v"),
    "columns": _keys("c"),
    "filter": _keys("slash", *"!lobby.0001"),
}


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("state", WALKS)
def test_dialog(snap_compare: Compare, tmp_path: Path, state: str, size: tuple[int, int]) -> None:
    assert snap_compare(_app(tmp_path), terminal_size=size, run_before=_walk(WALKS[state]))


def test_too_small(snap_compare: Compare, tmp_path: Path) -> None:
    assert snap_compare(_app(tmp_path), terminal_size=(50, 12), run_before=_walk(_keys()))
