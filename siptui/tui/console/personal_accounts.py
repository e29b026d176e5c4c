"""Accounts that may be personal: not submitted unless each is named."""

from collections.abc import Iterable, Sequence

from siptui.domain.device import Device, DeviceKey
from siptui.domain.text import plural, visible
from siptui.preflight.finding import Report
from siptui.tui.console.view import Ask
from siptui.tui.dialogs.ask import Choice, Prompt
from siptui.tui.dialogs.help_text import Topic
from siptui.tui.widgets.text_lines import Line

_SHOWN = 6


async def left_out(
    ask: Ask, reports: Iterable[Report], devices: Sequence[Device], *, whole: bool = False
) -> frozenset[DeviceKey] | None:
    """The rows that are not to be submitted because their accounts may be personal and were not
    named; none if the operator goes back altogether.

    Of a `whole` no row can be left out: every name is typed, or nothing goes on.
    """
    keys = {device.key for device in devices}
    found = (one for report in reports for one in report.personal if one.key in keys)
    names = {one.user_name.casefold(): one.user_name for one in found}
    if not names:
        return frozenset()
    some = ", ".join(visible(name) for name in list(names.values())[:_SHOWN])
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    text: list[Line] = [
        (
            (
                f"{plural(len(names), 'account')} without a common area phone policy of "
                f"{'its' if len(names) == 1 else 'their'} own, so perhaps personal: {some}{more}.",
                "failed",
            ),
        ),
        (("The password of a personal account would be reset to an unknown value.", "strong"),),
    ]
    choices = [("name", "name each one", "type every name that is to be submitted")]
    if whole:
        choices = [("name", "name each one", "none can be left out of it; Escape goes back")]
    else:
        choices.insert(0, ("out", "leave them out", "submit the others"))
    chosen = await ask(Choice("Personal accounts?", choices, text, topic=Topic.PERSONAL_ACCOUNTS))
    if chosen is None:
        return None
    out = set(names)
    if chosen == "name":
        for key, name in names.items():
            if await _named(ask, name, whole=whole):
                out.discard(key)
            elif whole:
                return None
    return frozenset(device.key for device in devices if device.user_name.casefold() in out)


async def _named(ask: Ask, name: str, *, whole: bool) -> bool:
    other = "go back" if whole else "leave it out"
    text: list[Line] = [
        ((f"{visible(name)} has no common area phone policy of its own.", "failed"),),
        ((f"Type the account's name to submit it, Escape to {other}:", "accent"),),
    ]

    def check(typed: str) -> str:
        same = typed.strip().casefold() == visible(name).casefold()
        return "" if same else f"That is not {visible(name)}. Nothing was submitted."

    leaving = "goes back" if whole else "leaves it out"
    typed = await ask(Prompt("A personal account?", text, check=check, leaving=leaving))
    return typed is not None
