"""Correcting a failed row whose names are wrong in the list."""

from functools import partial

from siptui.devicelist.one_row import check_row
from siptui.domain.device import Device
from siptui.domain.errors import SiptuiError
from siptui.domain.text import visible
from siptui.runs.state import DeviceRecord
from siptui.tui.console import personal_accounts
from siptui.tui.console.model import Session
from siptui.tui.console.view import Orders, View
from siptui.tui.dialogs.correct import Checked, Correct
from siptui.tui.widgets.text_lines import Line


class CorrectFlow:
    """Has the operator type the right names of the row under the cursor, and writes them down."""

    def __init__(self, view: View, session: Session, orders: Orders) -> None:
        self.view = view
        self.session = session
        self._orders = orders

    async def correct(self) -> None:
        """Correct user name or hardware id of the failed row under the cursor."""
        if not self.view.may("correct"):
            return
        run, record = self.session.run, self.session.board.record(self.view.grid.cursor)
        if run is None or record is None:
            self.view.say("correct: the row under the cursor is no device of the run.", "muted")
            return
        if why := run.why_not_corrected(record.index):
            self.view.say(f"correct: {visible(record.device.user_name)}: {why}.", "muted")
            return
        device = await self.view.ask(
            Correct(record.device, [_said(record), _WHAT], partial(self._checked, record.device))
        )
        if device is None or not await self._not_personal(device):
            return
        order = partial(
            self.session.run_service.correct,
            run.run,
            record.index,
            device.user_name,
            device.hardware_id,
        )
        self._orders.give(order)
        if record.device.key == device.key:
            key = self.view.key_of["retry"]
            self.view.say(f"line {device.line} corrected: {key} retries it.", "accent")

    def _checked(self, row: Device, user_name: str, hardware_id: str) -> Checked:
        device, faults = check_row(row, user_name, hardware_id, self._beside())
        told = [f"{visible(fault.column)}: {visible(fault.message)}." for fault in faults]
        if device is None:
            return Checked(None, wrong=" ".join(told))
        return Checked(device, worth=" ".join(told))

    def _beside(self) -> list[Device]:
        """The devices of the run, and of the list those that are no part of it."""
        found = {one.line: one for one in self.session.devices()}
        listed = self.session.board.list
        for one in listed.devices if listed is not None else ():
            found.setdefault(one.line, one)
        return list(found.values())

    async def _not_personal(self, device: Device) -> bool:
        """Whether the account may be submitted: it is none that may be personal, or was named."""
        options = self.session.options
        if options.checks is None or not options.looks_for_personal:
            return True
        self.view.say("looking for personal accounts …", "muted")
        try:
            report = await options.checks.look([device])
        except SiptuiError:
            return True  # the question before a retry looks again, and says what it could not read
        finally:
            self.view.clear_notice()
            self.view.show_bars()
        without = await personal_accounts.left_out(self.view.ask, [report], [device], whole=True)
        if without is None:
            self.view.say("nothing was changed.", "muted")
        return without is not None


def _said(record: DeviceRecord) -> Line:
    text = f"The service said: {visible(record.error)}"
    return ((text, "failed"),)


_WHAT: Line = (
    (
        "What is typed here is submitted by the next retry in place of what the list has. "
        "Nothing is submitted now.",
        "normal",
    ),
)
