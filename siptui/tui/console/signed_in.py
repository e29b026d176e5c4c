"""Devices that are signed in as the list wants it: submitted once more only where it is chosen."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from siptui.domain.device import Device, DeviceKey
from siptui.domain.text import plural, visible
from siptui.tui.console.view import Ask
from siptui.tui.dialogs.ask import Choice
from siptui.tui.dialogs.help_text import Topic
from siptui.tui.widgets.text_lines import Line

if TYPE_CHECKING:
    from siptui.runs.conflicts import Overlap


async def again_chosen(
    ask: Ask,
    done: "Sequence[Overlap]",
    devices: Sequence[Device],
    seen: Collection[DeviceKey] = (),
) -> tuple[frozenset[DeviceKey], bool] | None:
    """The rows that are left out, and whether they are submitted once more instead; none if the
    operator goes back. Of `devices` the runs of this host call `done` signed in, the inventory
    those in `seen`."""
    keys = frozenset(one.device.key for one in done) | frozenset(seen)
    if not keys:
        return frozenset(), False
    newest = max(done, key=lambda one: one.at, default=None)
    by = f"last in run {visible(newest.where)}" if newest else "by the device inventory"
    beside = len(keys) - len(done)
    if newest and beside:
        by += f"; of {beside:,} of them the device inventory says so"
    many, others = plural(len(keys), "device"), len(devices) - len(keys)
    text: list[Line] = [
        (
            (
                f"{many} {'is' if len(keys) == 1 else 'are'} signed in as the list wants it, {by}.",
                "normal",
            ),
        ),
        (("Submitted once more, the passwords of their accounts are reset again.", "strong"),),
    ]
    rest = f"the other {plural(others, 'device')}" if others else "none: nothing is submitted"
    choices = [
        ("out", "only what is to do", rest),
        ("again", "submit them once more", f"{many}, with all that follows from it"),
    ]
    chosen = await ask(Choice("Signed in already", choices, text, topic=Topic.SIGNED_IN))
    if chosen is None:
        return None
    return (frozenset(), True) if chosen == "again" else (keys, False)
