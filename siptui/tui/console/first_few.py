"""The first few of the devices that are to be submitted, of each site if wanted."""

from collections import Counter
from collections.abc import Sequence

from siptui.domain.device import Device
from siptui.domain.text import plural, visible
from siptui.tui.console.view import Ask
from siptui.tui.dialogs.ask import Choice, Prompt
from siptui.tui.dialogs.help_text import Topic
from siptui.tui.widgets.text_lines import Line

_WHOLE = ""


async def first_few(
    ask: Ask, devices: Sequence[Device], columns: Sequence[str]
) -> tuple[list[Device], str] | None:
    """The first few, and a sentence that says so; none if the operator goes back. `columns` are
    the list's own: the number may count for each value of one."""

    def check(typed: str) -> str:
        good = typed.isascii() and typed.isdigit() and int(typed) > 0
        return "" if good else "Type a number, 1 or more."

    text: list[Line] = [(("How many? They are the first in the order of the list.", "normal"),)]
    typed = await ask(Prompt("Only the first few", text, check=check))
    if typed is None:
        return None
    number, column = int(typed), _WHOLE
    if columns:
        choices = [(_WHOLE, "of all", f"{min(number, len(devices))} in all")]
        for title in columns:
            values = len({device.extra.get(title, "") for device in devices})
            few = len(first_of(devices, number, title))
            about = f"{plural(values, 'value')}, {plural(few, 'device')}"
            choices.append((title, f"of each {visible(title)}", about))
        chosen = await ask(Choice("Of what?", choices, topic=Topic.FIRST_OF))
        if not isinstance(chosen, str):
            return None
        column = chosen
    each = f" of each {visible(column)}" if column else ""
    return first_of(devices, number, column), f"Only the first {number}{each}."


def first_of(devices: Sequence[Device], number: int, column: str = "") -> list[Device]:
    """The first `number` of the devices, or of those with each value of `column`."""
    seen: Counter[str] = Counter()
    few: list[Device] = []
    for device in devices:
        value = device.extra.get(column, "") if column else ""
        seen[value] += 1
        if seen[value] <= number:
            few.append(device)
    return few
