"""Textual bindings made from the table of actions."""

from textual.binding import Binding, BindingType

from siptui.tui.actions import ACTIONS


def bindings(*, of_table: bool) -> list[BindingType]:
    """The bindings of all actions of a table, or of all others; own keys come later, by id."""
    return [
        Binding(
            ",".join(action.keys),
            f"grid_{action.id}" if of_table else f"perform('{action.id}')",
            action.title,
            show=False,
            id=action.id,
            tooltip=action.help,
        )
        for action in ACTIONS
        if (action.owner == "grid") is of_table and action.keys
    ]
