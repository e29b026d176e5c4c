"""A paste whose marks a console host took off: keys that come too fast for fingers."""

import asyncio
from pathlib import Path

import pytest
from textual.events import Key
from textual.widgets import Input

from siptui.tui.typed_pastes import pasted
from tests.tui.harness import ConsoleHarness, console, in_one_piece
from tests.tui.scripted_runs import ScriptedRuns, list_text, make_devices

_NAMES = "".join(f"{name}@contoso.com\n" for name in ("sam.q", "fay", "quinn", "pat", "xena"))


def _typed(text: str) -> list[Key]:
    return [Key("enter", "\r") if sign in "\r\n" else Key(sign, sign) for sign in text]


def _names(text: str) -> list[str]:
    return ["enter" if sign == "\n" else sign for sign in text]


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        (_NAMES, True),
        ("0004F2000001\n0004F2000002\n", True),
        ("0004F2000001\t0004F2000002\tEMEA\tBerlin", True),
        ("/Poly\r", False),
        ("s40\r", False),
        ("j" * 200, False),
        ("jk" * 40, False),
        ("/anna.smith\r", False),
        ("/room\rjj", False),
        ("", False),
    ],
)
def test_a_list_is_told_from_keys_that_were_typed_ahead(text: str, whole: bool) -> None:
    found = pasted(_typed(text))
    assert bool(found) is whole
    assert not whole or found == text.replace("\r", "\n")


async def _pasted_in(harness: ConsoleHarness, text: str) -> None:
    await in_one_piece(harness, _names(text))


@pytest.mark.parametrize("text", [_NAMES, "s\n40\nFP\nxq\n40\n" * 3])
async def test_names_pasted_into_the_table_start_nothing(tmp_path: Path, text: str) -> None:
    runs = ScriptedRuns(tmp_path)
    async with console(tmp_path, text=list_text(make_devices(40)), runs=runs) as harness:
        before = len(harness.app.screen_stack)
        await _pasted_in(harness, text)
        assert len(harness.app.screen_stack) == before
        assert "Pasted text does nothing here" in harness.text
        assert not runs.journal.runs()


async def test_names_that_trickle_in_start_nothing(tmp_path: Path) -> None:
    """Some milliseconds apart, as a console host hands them on: the first key alone may be one, and
    what it opens takes the rest as text, line ends included."""
    runs = ScriptedRuns(tmp_path)
    async with console(tmp_path, text=list_text(make_devices(40)), runs=runs) as harness:
        for name in _names("sam\n40\nfay\n40\nquinn\n40\n"):
            harness.app.post_message(Key(name, "\r" if name == "enter" else name))
            await asyncio.sleep(0.004)
        await harness.settle()
        assert not runs.journal.runs()
        assert len(harness.app.screen_stack) <= 2


async def test_names_pasted_into_a_field_are_its_text_and_no_enter(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(40))) as harness:
        await harness.pilot.press("slash")
        await harness.settle()
        before = len(harness.app.screen_stack)
        await _pasted_in(harness, _NAMES)
        assert len(harness.app.screen_stack) == before
        assert isinstance(harness.app.focused, Input)
        assert harness.app.focused.value.startswith("sam.q@contoso.com")
