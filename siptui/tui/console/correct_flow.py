"""Correcting a failed row whose names are wrong in the list."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from siptui.devicelist.one_row import check_row
from siptui.domain.device import Device
from siptui.domain.errors import SiptuiError
from siptui.domain.hardware_id import HardwareId
from siptui.domain.list_options import ListOptions, Retyped
from siptui.domain.region import Region
from siptui.domain.text import visible
from siptui.domain.user_name import UserName
from siptui.runs.state import DeviceRecord
from siptui.tui.console import personal_accounts
from siptui.tui.console.model import Session
from siptui.tui.console.view import Orders, View
from siptui.tui.dialogs.correct import Checked, Correct
from siptui.tui.widgets.text_lines import Line

#: Reads a list for rows of a region, as these options say, and shows it.
ReadWith = Callable[[Path, Region | None, ListOptions], Awaitable[bool]]


class CorrectFlow:
    """Has the operator type the right names of the row under the cursor, and writes them down."""

    def __init__(self, view: View, session: Session, orders: Orders, read_with: ReadWith) -> None:
        self._read_with = read_with
        self.view = view
        self.session = session
        self._orders = orders

    async def correct(self) -> None:
        """Correct user name or hardware id of the failed row under the cursor, or before any run
        of a row of the list."""
        if not self.view.may("correct"):
            return
        if self.session.run is None:
            await self._correct_in_list()
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

    async def _correct_in_list(self) -> None:
        """Read the list anew with other names for the row under the cursor; the file stays."""
        session, key = self.session, self.view.grid.cursor
        row, path = session.board.device(key) or session.board.invalid(key), session.path
        if row is None or path is None:
            return
        old = (str(row.user_name), str(row.hardware_id))
        region = row.region if isinstance(row, Device) else Region.EMEA  # no rule looks at it here
        shown = Device(row.line, UserName(old[0]), HardwareId(old[1]), region, row.extra)
        why = session.board.why(row.line)
        text: list[Line] = [((visible(why), "failed"),)] if why else []
        device = await self.view.ask(
            Correct(shown, [*text, _IN_LIST], partial(self._checked, shown))
        )
        if device is None:
            return
        options = session.list_options(path)
        before = {one.line: one for one in options.retyped}
        if (known := before.get(row.line)) is not None:
            old = known.old  # what the file has
        before[row.line] = Retyped(row.line, old, (str(device.user_name), str(device.hardware_id)))
        retyped, digest = tuple(before[line] for line in sorted(before)), session.digest
        read = await self._read_with(path, session.region, replace(options, retyped=retyped))
        if read and session.digest == digest:  # else the line may be another row's
            self.view.say(f"line {row.line} corrected here; the file stays as it is.", "accent")

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


_IN_LIST: Line = (
    (
        "What is typed here counts in place of what the list has, as long as it is open. The file "
        "stays as it is; the run and its results have what is typed.",
        "normal",
    ),
)
_WHAT: Line = (
    (
        "What is typed here is submitted by the next retry in place of what the list has. "
        "Nothing is submitted now.",
        "normal",
    ),
)
