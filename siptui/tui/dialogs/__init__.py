"""Dialogs: one question each, answered by the keyboard alone, left with Escape.

The screen and its first flows take them from here (`dialogs.Choice`): the first frame needs none,
and the module of each is imported when it is first named.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from siptui.tui.dialogs.ask import Choice as Choice
    from siptui.tui.dialogs.columns import ColumnChoice as ColumnChoice
    from siptui.tui.dialogs.help_text import LIST_TOPICS as LIST_TOPICS
    from siptui.tui.dialogs.help_text import Topic as Topic
    from siptui.tui.dialogs.live_page import LivePage as LivePage
    from siptui.tui.dialogs.page import Page as Page
    from siptui.tui.dialogs.palette import Command as Command
    from siptui.tui.dialogs.palette import Palette as Palette
    from siptui.tui.dialogs.sign_in import SignIn as SignIn
    from siptui.tui.dialogs.tablepage import TablePage as TablePage

_MODULES = {
    "Choice": "ask",
    "ColumnChoice": "columns",
    "LIST_TOPICS": "help_text",
    "Topic": "help_text",
    "LivePage": "live_page",
    "Page": "page",
    "Command": "palette",
    "Palette": "palette",
    "SignIn": "sign_in",
    "TablePage": "tablepage",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"no dialog is called {name}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
