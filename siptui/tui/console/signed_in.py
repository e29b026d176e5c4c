"""Devices that are signed in as the list wants it: submitted once more only where it is chosen."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from siptui.domain.device import DeviceKey
from siptui.domain.text import plural, visible
from siptui.tui.console.view import Ask
from siptui.tui.dialogs.ask import Choice
from siptui.tui.dialogs.help_text import Topic
from siptui.tui.widgets.text_lines import Line

if TYPE_CHECKING:
    from siptui.runs.conflicts import Overlap


async def again_chosen(
    ask: Ask, done: "Sequence[Overlap]", *, others: int
) -> tuple[frozenset[DeviceKey], bool] | None:
    """The rows of `done` that are left out, and whether they are submitted once more instead; none
    if the operator goes back. `others` rows are submitted either way."""
    if not done:
        return frozenset(), False
    newest = max(done, key=lambda one: one.at)
    many = plural(len(done), "device")
    text: list[Line] = [
        (
            (
                f"{many} {'is' if len(done) == 1 else 'are'} signed in as the list wants it, last "
                f"in run {visible(newest.where)}.",
                "normal",
            ),
        ),
        (("Submitted once more, the passwords of their accounts are reset again.", "strong"),),
    ]
    rest = f"submit the other {plural(others, 'device')}" if others else "nothing is submitted"
    choices = [
        ("out", "leave them out", rest),
        ("again", "submit them once more", f"{many}, with all that follows from it"),
    ]
    chosen = await ask(Choice("Signed in already", choices, text, topic=Topic.SIGNED_IN))
    if chosen is None:
        return None
    keys = frozenset(one.device.key for one in done)
    return (frozenset(), True) if chosen == "again" else (keys, False)
