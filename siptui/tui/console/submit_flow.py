"""Submits rows of a list as a new run: asks what it must, then makes one call of the service of
runs."""

from collections.abc import Collection, Sequence
from functools import partial
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from siptui.domain.device import Device, DeviceKey
from siptui.domain.errors import SiptuiError, UsageError
from siptui.domain.region import Region
from siptui.domain.text import plural, visible
from siptui.preflight.finding import Result
from siptui.runs.events import Options
from siptui.runs.rollout.verify import Sight, seen_as
from siptui.runs.waves import Waves
from siptui.tui import sentences
from siptui.tui.console import waves
from siptui.tui.console.before_submit import BeforeSubmit, unnamed_left_out
from siptui.tui.console.cursor_line import on_its_line
from siptui.tui.console.first_few import first_few
from siptui.tui.console.model import (
    NOT_SELECTED,
    SIGNED_IN_ALREADY,
    SIGNED_IN_AS_ANOTHER,
    Session,
    read_list,
)
from siptui.tui.console.selection import Selection, Which, about, what
from siptui.tui.console.status_rows import Standings
from siptui.tui.console.table_rows import Board
from siptui.tui.console.to_do import Part, part_chosen
from siptui.tui.console.view import Orders, ReadList, SignedIn, View
from siptui.tui.console.waves import ask_waves
from siptui.tui.dialogs.ask import Choice
from siptui.tui.dialogs.help_text import Topic
from siptui.tui.dialogs.submit import FIRST, PASSING, WAVES, ConfirmSubmit
from siptui.tui.widgets.text_lines import Line


class _Confirmed(Struct, frozen=True):
    """What was confirmed: the devices, how they are submitted, and what is kept with the run."""

    devices: Sequence[Device]
    options: Options
    notes: Sequence[str]


class SubmitFlow:
    """Asks for what is missing, then for a confirmation, then submits."""

    def __init__(
        self,
        view: View,
        session: Session,
        read_list: ReadList,
        signed_in: SignedIn,
        before: BeforeSubmit,
        orders: Orders,
    ) -> None:
        self.view = view
        self.session = session
        self._read_list = read_list
        self._signed_in = signed_in
        self._before = before
        self._orders = orders

    async def submit(self) -> None:
        """Ask for what is missing, then for a confirmation, then submit."""
        session, standings = self.session, self.session.status
        if not self.view.may("submit"):
            return
        chosen: Selection | None = self.view.selection() if standings is not None else None
        rest = session.rest_of_list
        submitted = rest or (chosen is not None and session.run is not None)
        if submitted and not await self._read_rest():
            return
        if standings is not None and chosen is not None:
            chosen = standings.rows_of(chosen, session.board)
        else:
            chosen = await self._with_regions(self._or_rest(rest))
        if chosen is None:
            return
        devices = self.session.devices_of(chosen)
        if not devices:
            self.view.say(f"submit: {what(chosen, len(chosen.keys))}: no valid device.", "muted")
            return
        if not await self._signed_in():
            return
        if standings is not None:
            part = await self._part(standings, devices)
        else:
            part = await self._part_by_looking(devices)
        if part is None:
            return
        devices, done, again = list(part.devices), part.left_out, part.again
        if not devices:
            self.view.say("submit: every row was left out; nothing was submitted.", "muted")
            return
        without, unread = await self._before.left_out(devices)
        if without is None:
            return
        devices = [device for device in devices if device.key not in without]
        if not devices:
            self.view.say("submit: every row was left out; nothing was submitted.", "muted")
            return
        notes = [*session.decided(), *part.notes, *unread, *unnamed_left_out(without)]
        notes += part.said()
        confirmed = await self._confirmed(chosen, devices, notes, again=again)
        if confirmed is not None:
            why = dict.fromkeys((one.key for one in session.devices()), NOT_SELECTED)
            for device in confirmed.devices:
                del why[device.key]
            why |= dict.fromkeys(without, "may be a personal account")
            why |= done
            order = partial(
                session.submit, why, again=again, options=confirmed.options, notes=confirmed.notes
            )
            self._orders.give(order, new_run=True)

    async def _part(self, standings: Standings, devices: Sequence[Device]) -> Part | None:
        """What of the rows is submitted by where they stand; none if the operator goes back."""
        try:
            part = await part_chosen(self.view.ask, standings, devices)
            # What this host decided since that was read, such as in another window.
            return part and part.without_new(self.session.run_service.new_only(part.devices))
        except SiptuiError as error:
            self.view.tell(error)
            return None

    async def _part_by_looking(self, devices: Sequence[Device]) -> Part | None:
        """The same by the runs of this host and a look at the inventory."""
        seen, other, notes = await self._seen_signed_in(devices)
        asked = await self._before.asked_again(devices, seen=seen, other=other)
        if asked is None:
            return None
        done, again = asked
        why = {key: SIGNED_IN_AS_ANOTHER if key in other else SIGNED_IN_ALREADY for key in done}
        return Part([d for d in devices if d.key not in done], why, again, notes)

    async def _seen_signed_in(
        self, devices: Sequence[Device]
    ) -> tuple[frozenset[DeviceKey], dict[DeviceKey, str], list[str]]:
        """The devices that the inventory has signed in as the list wants it, by whomever; those
        that it has signed in as another account, with that; and a note where it could not be
        read."""
        reads = self.session.options.status
        if reads is None:
            return frozenset(), {}, []
        self.view.say("looking at the device inventory …", "muted")
        seen, source = await reads.inventory()
        self.view.clear_notice()
        self.view.show_bars()
        if source.error:
            note = f"The inventory was not looked at: {visible(source.error)}"
            return frozenset(), {}, [note]
        sights = {device.key: seen_as(device, seen) for device in devices}
        signed_in = frozenset(k for k, (sight, _) in sights.items() if sight is Sight.SIGNED_IN)
        other = {k: account for k, (sight, account) in sights.items() if sight is Sight.OTHER}
        return signed_in, other, []

    async def _with_regions(self, chosen: Selection) -> Selection | None:
        """The same rows once each has a region, which is asked for where one lacks it; none if
        the operator goes back."""
        board, path = self.session.board, self.session.path
        lacking = sum(board.lacks_region(key) for key in chosen.keys)
        if not lacking or path is None:
            return chosen
        region = await self._ask_region(lacking, of=board.lacking_region())
        lines = {board.line(key) for key in chosen.keys}
        marked = lines if chosen.which is Which.MARKED else set[int]()
        if region is None or not await self._read_for(path, region, marked):
            return None
        keys = [row.key for row in self.view.grid.index.rows if board.line(row.key) in lines]
        return replace(chosen, keys=tuple(keys))

    async def _read_for(self, path: Path, region: Region, marked: Collection[int]) -> bool:
        """Read the list anew for rows of `region`, with the rows of these lines marked, wherever
        they stand now; whether that went well."""
        if not await self._read_same(path, region):
            return False
        board, grid = self.session.board, self.view.grid
        for row in grid.index.rows if marked else ():
            if board.line(row.key) in marked:
                grid.index.toggle(row.key)
        if marked:
            grid.refresh()
        return True

    async def _read_same(self, path: Path, region: Region | None) -> bool:
        """Read the list anew; whether that went well and it is what it was. One that was changed,
        by whomever, is shown to be looked at: its lines are other rows, and whoever decided to
        submit decided on what was shown."""
        before = self.session.digest
        return await self._read_list(path, region) and self.session.digest == before

    async def region(self) -> None:
        """Choose, or change, the region of the rows that name none."""
        session, view = self.session, self.view
        if not view.may("region") or (path := session.path) is None:
            return
        bare = Board()
        read = partial(read_list, path, None, session.list_options(path))
        try:
            bare.take_list(await view.in_thread(read))
        except SiptuiError as error:
            view.tell(error)
            return
        if not (lacking := bare.lacking_region()):
            view.say("region: every row names its own.", "muted")
            return
        region = await self._ask_region(lacking, session.region)
        if region is None:
            return
        marked = {session.board.line(key) for key in view.grid.index.marks}
        if await self._read_for(path, region, marked):
            rows = f"{plural(lacking, 'row')} without a region"
            view.say(f"{rows} {'is' if lacking == 1 else 'are'} {region} now.", "accent")

    async def _read_rest(self) -> bool:
        """Show the list again, of which a part was submitted; what was checked, marked and done
        stays known."""
        session, index = self.session, self.view.grid.index
        board, left_out, checked = session.board, session.left_out, session.preflight
        outcomes = board.outcomes()
        marked = {d.key for k in index.marks if (d := board.device(k) or board.left_out(k))}
        with on_its_line(self.view, session):
            if session.path is None or not await self._read_same(session.path, session.region):
                return False
            session.take_preflight(checked)
            board.remember(outcomes)
            session.take_left_out(left_out)
            index.marks.clear()  # a row's key in a run is another one's in the list
            self.view.show_all()
        index.marks |= {r.key for r in index.rows if (d := board.device(r.key)) and d.key in marked}
        self.view.show_all()
        return True

    def _or_rest(self, rest: frozenset[DeviceKey]) -> Selection:
        """The rows that are selected; where none are, those of `rest` if there are any: what the
        run before was not given."""
        chosen, board = self.view.selection(), self.session.board
        if chosen.which is not Which.ALL or not rest:
            return chosen
        keys = [k for k in chosen.keys if (d := board.device(k)) is not None and d.key in rest]
        return replace(chosen, which=Which.REST, keys=tuple(keys))

    async def _confirmed(
        self, chosen: Selection, devices: list[Device], notes: list[str], *, again: bool
    ) -> "_Confirmed | None":
        """The devices that are to be submitted and how, as confirmed; none if it was not."""
        session, only, in_waves = self.session, "", _waves(self.session.options.run_options)
        left_out = len(chosen.keys) - len(self.session.devices_of(chosen))
        if (found := session.board.list) is None:
            return None
        await self._before.worker_note()
        role = await self._before.role_end()
        while True:
            try:
                said = session.run_service.notes(devices, again=again)
            except SiptuiError as error:
                self.view.tell(error)
                return None
            try:
                options = in_waves.over(
                    session.options.run_options, found, session.run_service.now()
                )
            except UsageError as error:  # the window was left open too long
                self.view.tell(error)
                return None
            names = [str(device.user_name) for device in devices]
            which = f"{about(chosen, names)} {only}".strip()
            question = sentences.submit_question(
                devices,
                session.tenant,
                options,
                left_out=left_out,
                checked=self._before.prerequisites(devices),
                more=f"{session.headers_read()} {which}".strip(),  # in one, as room is short
                notes=[*waves.notes(devices, options, session.run_service, role), *said, *notes],
            )
            passing = self._passing(devices)
            dialog = ConfirmSubmit("Submit", question, len(devices), passing=len(passing))
            answer = await self.view.ask(dialog)
            if answer == PASSING:
                devices, only = passing, f"{only} Only those that fail no check.".strip()
            elif answer == FIRST:
                fewer = await first_few(self.view.ask, devices, session.board.extra_names())
                if fewer is not None:
                    devices, only = fewer[0], f"{only} {fewer[1]}".strip()
            elif answer == WAVES:
                in_waves = await ask_waves(self.view.ask, session, devices, in_waves) or in_waves
            else:
                part = (
                    [f"Part of the list: {which}"] if len(devices) < len(session.devices()) else []
                )
                kept = [*part, *session.retyped()]
                return _Confirmed(devices, options, kept) if answer is True else None

    def _passing(self, devices: Sequence[Device]) -> list[Device]:
        """Those of the devices that were checked and fail nothing."""
        report = self.session.board.report
        if report is None:
            return []
        found = ((device, report.by_key.get(device.key)) for device in devices)
        return [device for device, one in found if one and one.result is not Result.FAIL]

    async def _ask_region(
        self, rows: int, now: Region | None = None, *, of: int = 0
    ) -> Region | None:
        """The region of so many rows, which are taken for one already where it is named; `of` are
        all that name none, for which it counts."""
        taken = f"{'It is' if rows == 1 else 'They are'} taken for {now} now. " if now else ""
        if of > rows:
            key = self.view.key_of["region"]
            taken = f"It counts for all {of:,} rows that name none; {key} changes it. "
        text: Line = (
            (
                f"{plural(rows, 'row')} of the list "
                f"{'names' if rows == 1 else 'name'} no region. "
                f"{taken}A device lives in exactly one; in another it is not found.",
                "normal",
            ),
        )
        choices = [(region, str(region), sentences.REGIONS[region]) for region in Region]
        chosen = await self.view.ask(Choice("Region", choices, [text], topic=Topic.REGION, at=None))
        return chosen if isinstance(chosen, Region) else None


def _waves(options: Options) -> Waves:
    """What the console's own options say."""
    return Waves(options.by, options.first, options.max_failures)
