"""Textual bindings made from the table of actions."""

from textual.binding import Binding, BindingType

from siptui.tui.actions import ACTIONS, Scope


def bindings(scope: Scope, *, prefix: str = "") -> list[BindingType]:
    """The bindings of all actions in `scope`; own keys come later, by id."""
    return [
        Binding(
            ",".join(action.keys),
            prefix + action.id,
            action.title,
            show=False,
            id=action.id,
            tooltip=action.help,
        )
        for action in ACTIONS
        if action.scope == scope and action.keys
    ]
