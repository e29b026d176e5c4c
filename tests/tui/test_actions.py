"""The one table of actions."""

import subprocess
import sys

import pytest

from siptui.domain.errors import UsageError
from siptui.tui.actions import ACTIONS, UNFIT, keys_table, resolve_keys

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
    code = "import sys, siptui.tui.actions as a; a.main(); assert 'textual' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == keys_table()
    assert all(action.help in done.stdout for action in ACTIONS if action.keys)
