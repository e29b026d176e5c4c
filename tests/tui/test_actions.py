"""The one table of actions."""

import importlib
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from textual.binding import Binding
from textual.dom import DOMNode

import siptui.tui
from siptui.domain.errors import UsageError
from siptui.tui.actions import ACTIONS, UNFIT, keys_text, resolve_keys
from siptui.tui.app import SiptuiApp
from siptui.tui.console.screen import Console
from tests.tui.harness import console
from tests.tui.scripted_runs import list_text, make_devices

#: The keys of the interface page, by action.
PROMISED = {
    "open": "o",
    "submit": "s",
    "retry": "r",
    "retry_cause": "R",
    "preflight": "p",
    "export": "e",
    "urls": "u",
    "runs": "h",
    "pause": "P",
    "help": "question_mark",
    "filter": "slash",
    "clear": "escape",
    "status": "f",
    "mark": "space",
    "mark_all": "asterisk",
    "sort": "S",
    "details": "enter",
    "copy": "y",
    "log": "l",
    "down": "j",
    "up": "k",
    "top": "g",
    "bottom": "G",
    "page_down": "pagedown",
    "page_up": "pageup",
    "quit": "q",
}


def test_the_promised_keys_are_there() -> None:
    keys = resolve_keys()
    assert {action: key for action, key in PROMISED.items() if key in keys[action]} == PROMISED


def test_no_action_needs_a_key_that_does_not_arrive() -> None:
    for action in ACTIONS:
        fit = [k for k in action.keys if k not in UNFIT and not k.startswith(("f1", "shift+"))]
        assert fit or not action.keys, action.id


def test_own_keys() -> None:
    assert resolve_keys({"export": "x", "filter": "/,X"})["filter"] == ("slash", "X")
    with pytest.raises(UsageError, match="x is both"):
        resolve_keys({"export": "x", "runs": "x"})
    with pytest.raises(UsageError, match="no action 'exprot'"):
        resolve_keys({"exprot": "x"})
    with pytest.raises(UsageError, match=r"Ctrl-B \(export\) does not"):
        resolve_keys({"export": "ctrl+b"})


def test_all_that_is_wrong_with_own_keys_is_said_at_once() -> None:
    own = {"exprot": "x", "log": "ctrl+b", "runs": "s", "urls": "o", "help": "ctrl+z"}
    with pytest.raises(UsageError) as caught:
        resolve_keys(own)
    for part in ("exprot", "Ctrl-B (log)", "Ctrl-Z (help)", "s is both submit and runs",
                 "o is both open and urls"):  # fmt: skip
        assert part in caught.value.message
    assert "Choose plain letters. Give each" in caught.value.remedy


def test_the_table_can_be_printed_without_textual() -> None:
    code = (
        "import sys, siptui.tui.actions as a; sys.stdout.write(a.keys_text());"
        "assert 'textual' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == keys_text()
    shown = " ".join(done.stdout.split())
    assert all(action.help in shown for action in ACTIONS if action.keys)


async def test_every_action_reaches_a_method_of_its_owner(tmp_path: Path) -> None:
    """By its first key where it has one; the table and the flows know nothing of each other."""
    async with console(tmp_path, text=list_text(make_devices(3))) as harness:
        screen, grid = harness.console, harness.console.grid
        carried_out: list[str] = []
        for action in ACTIONS:
            if action.owner == "grid":
                name = f"action_grid_{action.id}"
                assert callable(getattr(grid, name, None)), f"{action.id} has no method"
                setattr(grid, name, partial(carried_out.append, action.id))
            else:
                assert callable(screen.actions[action.id]), f"{action.id} has no method"
                screen.actions[action.id] = partial(carried_out.append, action.id)
        for action in ACTIONS:
            for key in action.keys:
                carried_out.clear()
                harness.app.set_focus(grid)
                await harness.pilot.press(key)
                await harness.settle()
                offered = action.id in screen.offers() or carried_out == [action.id]
                assert carried_out == ([action.id] if offered else []), (action.id, key)


def test_every_key_of_every_dialog_reaches_a_method() -> None:
    for found in pkgutil.walk_packages(siptui.tui.__path__, "siptui.tui."):
        importlib.import_module(found.name)
    ours = [kind for kind in _below(DOMNode) if kind.__module__.startswith("siptui.")]
    missing = [
        f"{kind.__module__}.{kind.__name__}: {binding.key} → {binding.action}"
        for kind in ours
        if not set(kind.__subclasses__()) & set(ours)  # others leave methods to those below
        for base in kind.__mro__
        if base in ours
        for binding in Binding.make_bindings(base.__dict__.get("BINDINGS", ()))
        if not _reached(kind, re.sub(r"\(.*", "", binding.action))
    ]
    assert len(ours) > 20
    assert missing == []


def _below(kind: type) -> Iterator[type]:
    for below in kind.__subclasses__():
        yield below
        yield from _below(below)


def _reached(kind: type, action: str) -> bool:
    """Whether the class carries it out; or the application or the screen, where it says so."""
    where, _, name = action.rpartition(".")
    owner = {"": kind, "app": SiptuiApp, "screen": Console}[where]
    return callable(getattr(owner, f"action_{name}", None))
