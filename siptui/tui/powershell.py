"""PowerShell: the line that helps a device which failed, and what a submit or a look at the
service is called there. Each line can be pasted as it stands."""

import re

from siptui.domain.device import Device
from siptui.domain.outcome import Outcome
from siptui.domain.text import visible
from siptui.gateway.tenant_model import NumberType
from siptui.preflight.numbers import wanted_number
from siptui.preflight.remedies import quoted
from siptui.runs import events as ev
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
    return outcome.powershell.replace("{user}", _argument(visible(user_name)))


#: All batches that the tenant's list has.
ALL_BATCHES = "Get-CsSdgBulkSignInRequestsSummary"


def batch_file(batch: int) -> str:
    """What the file with the devices of a batch is called: an export of it is proposed as that."""
    return f"batch-{batch}.csv"


def one_batch(batch_id: str) -> str:
    """The status of a batch and its devices."""
    return f"Get-CsSdgBulkSignInRequestStatus -Batchid {_argument(batch_id)}"


def equivalent(event: ev.Event) -> str:
    """What PowerShell would do where `event` submits, or begins to look at the service."""
    match event:
        case ev.BatchSubmitting():
            details = f"-DeviceDetailsFilePath {batch_file(event.batch)}"
            return f"New-CsSdgBulkSignInRequest {details} -Region {event.region}"
        case ev.BatchAccepted():
            return one_batch(event.batch_id)
        case ev.BatchInDoubt():
            return ALL_BATCHES
    return ""


def _argument(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else quoted(visible(text))


def _with_number(line: str, device: Device) -> str:
    """The line with the number that the list has for the account, and where that comes from."""
    usual = NumberType.DIRECT_ROUTING
    wanted = wanted_number(device, usual)
    if isinstance(wanted, str):
        return line
    return line.replace(_NUMBER, wanted.number).replace(usual, wanted.kind)
