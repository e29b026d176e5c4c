"""Questions of a check and its fixes: the phones' public addresses, the kind of numbers."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from siptui.domain.device import Device
from siptui.domain.errors import UsageError
from siptui.domain.public_address import parse_all, shown
from siptui.gateway.tenant_model import NumberType
from siptui.preflight.facts import Missing
from siptui.preflight.public_ip import network_of, uncovered
from siptui.tui.console.view import Ask
from siptui.tui.dialogs.ask import Choice, Prompt
from siptui.tui.dialogs.help_text import Topic
from siptui.tui.widgets.text_lines import Line

if TYPE_CHECKING:
    from siptui.preflight.facts import Facts

_NONE = "none"
_SHOWN = 6
_ABOUT = {
    NumberType.DIRECT_ROUTING: "numbers of a session border controller of yours",
    NumberType.CALLING_PLAN: "numbers that Microsoft sells",
    NumberType.OPERATOR_CONNECT: "numbers of an operator that Teams is connected to",
}


async def ask_addresses(
    ask: Ask, now: Sequence[str], facts: "Facts", devices: Iterable[Device]
) -> tuple[str, ...] | None:
    """The phones' public addresses as typed; nothing if the operator goes back."""
    text: list[Line] = [
        (
            (
                "The public addresses or ranges that the phones' traffic comes from, with commas "
                "between: 203.0.113.7, 198.51.100.0/28.",
                "normal",
            ),
        ),
        (("They are looked for among the trusted IPs; what lacks can be added.", "normal"),),
    ]
    if seen := not_trusted(facts, devices):
        more = f" and {len(seen) - _SHOWN:,} more" if len(seen) > _SHOWN else ""
        where = f"The inventory saw phones at {', '.join(seen[:_SHOWN])}{more}, not trusted: "
        text.append(((f"{where}name those that are yours.", "unknown"),))
    if now:
        text.append(((f"Type {_NONE} to forget them.", "muted"),))

    def check(typed: str) -> str:
        try:
            parse_all("" if typed.casefold() == _NONE else typed)
        except UsageError as error:
            return error.message
        return ""

    prompt = Prompt("Public addresses", text, value=", ".join(now), check=check)
    typed = await ask(prompt)
    if typed is None:
        return None
    return () if typed.casefold() == _NONE else tuple(shown(one) for one in parse_all(typed))


async def ask_number_type(ask: Ask, now: str) -> str | None:
    """Where the list's numbers come from; nothing if the operator goes back."""
    text: list[Line] = [
        (("Where do the numbers of the list come from? A NumberType column beats this.", "normal"),)
    ]
    kinds = list(NumberType)
    choices = [(str(kind), str(kind), _ABOUT[kind]) for kind in kinds]
    at = next((place for place, kind in enumerate(kinds) if kind == now), 0)
    chosen = await ask(Choice("Kind of numbers", choices, text, topic=Topic.NUMBER_TYPE, at=at))
    return None if chosen is None else str(chosen)


def not_trusted(facts: "Facts", devices: Iterable[Device]) -> list[str]:
    """Public addresses that the inventory saw these phones at and that are not trusted."""
    trusted, listed = facts.tenant.trusted_ips, facts.devices
    if isinstance(trusted, Missing) or isinstance(listed, Missing):
        return []
    if any(network_of(one) is None for one in trusted):
        return []  # what cannot be read may cover them
    found: dict[str, None] = {}
    for device in devices:
        one = listed.get(str(device.hardware_id))
        if one is None or not one.public_ip or one.public_ip in found:
            continue
        try:
            networks = parse_all(one.public_ip)
        except UsageError:
            continue
        found.update(dict.fromkeys(map(shown, uncovered(trusted, networks))))
    return list(found)
