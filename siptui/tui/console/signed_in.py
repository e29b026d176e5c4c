"""Devices that are signed in as the list wants it: submitted once more only where it is chosen."""

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
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
    other: Mapping[DeviceKey, str] = MappingProxyType({}),
) -> tuple[frozenset[DeviceKey], bool] | None:
    """The rows that are left out, and whether they are submitted once more instead; none if the
    operator goes back. Of `devices` the runs of this host call `done` signed in, the inventory
    those in `seen`, and those in `other` signed in as another account."""
    keys = frozenset(one.device.key for one in done) | frozenset(seen)
    taken = frozenset(other) - keys
    if not (keys or taken):
        return frozenset(), False
    newest = max(done, key=lambda one: one.at, default=None)
    by = f"last in run {visible(newest.where)}" if newest else "by the device inventory"
    beside = len(keys) - len(done)
    if newest and beside:
        by += f"; of {beside:,} of them the device inventory says so"
    out = keys | taken
    many, others = plural(len(out), "device"), len(devices) - len(out)
    text: list[Line] = []
    if keys:
        said = f"{plural(len(keys), 'device')} {'is' if len(keys) == 1 else 'are'}"
        again = "Submitted once more, the passwords of their accounts are reset again."
        text += [((f"{said} signed in as the list wants it, {by}.", "normal"),)]
        text += [((again, "strong"),)]
    if taken:
        first = next(d for d in devices if d.key in taken)
        said = f"{plural(len(taken), 'phone')} {'is' if len(taken) == 1 else 'are'}"
        such = f"{first.hardware_id} as {visible(other[first.key])}"
        text += [((f"{said} signed in as another account: {such}.", "normal"),)]
        text += [(("Submitted, it is signed out of that one.", "strong"),)]
    rest = f"the other {plural(others, 'device')}" if others else "none: nothing is submitted"
    choices = [
        ("out", "only what is to do", rest),
        (
            "again",
            "submit them once more" if keys else "submit them, too",
            f"{many}, with all that follows from it",
        ),
    ]
    chosen = await ask(Choice("Signed in already", choices, text, topic=Topic.SIGNED_IN))
    if chosen is None:
        return None
    return (frozenset(), True) if chosen == "again" else (out, False)
