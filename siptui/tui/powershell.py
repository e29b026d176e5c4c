"""The PowerShell line that helps a device which failed, with what is known put in."""

import re

from siptui.domain.device import Device
from siptui.domain.outcome import Outcome
from siptui.domain.text import visible
from siptui.gateway.tenant_model import NumberType
from siptui.preflight.numbers import wanted_number
from siptui.preflight.remedies import quoted
from siptui.runs.state import DeviceRecord

_NUMBER = "<number>"
#: What PowerShell takes for one argument as it stands.
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]*")


def powershell(record: DeviceRecord) -> str:
    """The PowerShell line that helps, with the account and the list's number, or nothing."""
    if record.outcome is None:
        return ""
    line = powershell_line(record.outcome, record.device.user_name)
    return _with_number(line, record.device) if _NUMBER in line else line


def powershell_line(outcome: Outcome, user_name: str) -> str:
    """The PowerShell line of `outcome` for that account, or nothing."""
    user = visible(user_name)
    return outcome.powershell.replace("{user}", user if _PLAIN.fullmatch(user) else quoted(user))


def _with_number(line: str, device: Device) -> str:
    """The line with the number that the list has for the account, and where that comes from."""
    usual = NumberType.DIRECT_ROUTING
    wanted = wanted_number(device, usual)
    if isinstance(wanted, str):
        return line
    return line.replace(_NUMBER, wanted.number).replace(usual, wanted.kind)
