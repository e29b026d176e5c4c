"""Orders for a run: submit, retry, resume, decide, give up, pause. Each asks what it must, then
makes one call of the service of runs.

Over 400 lines because the questions before a submit, a retry and a resume are the same.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from siptui.domain.device import Device, DeviceKey
from siptui.domain.errors import SiptuiError, UsageError
from siptui.domain.region import Region
from siptui.domain.state import BatchState
from siptui.domain.text import plural, visible
from siptui.domain.times import clock
from siptui.preflight.finding import Result
from siptui.runs.engine.status_changes import without_outcome
from siptui.runs.events import Options
from siptui.runs.rollout.verify import Sight, seen_as
from siptui.runs.state import DeviceRecord
from siptui.runs.waves import Waves
from siptui.tui import sentences
from siptui.tui.console import personal_accounts, waves
from siptui.tui.console.first_few import first_few
from siptui.tui.console.model import (
    NOT_SELECTED,
    SIGNED_IN_ALREADY,
    SIGNED_IN_AS_ANOTHER,
    Session,
    read_list,
)
from siptui.tui.console.selection import Selection, Which, about, what
from siptui.tui.console.signed_in import again_chosen
from siptui.tui.console.status_rows import Standings
from siptui.tui.console.table_rows import Board
from siptui.tui.console.to_do import Part, part_chosen
from siptui.tui.console.view import ReadList, SignedIn, View
from siptui.tui.console.waves import ask_waves
from siptui.tui.dialogs.ask import Choice, Confirm
from siptui.tui.dialogs.causes import Causes
from siptui.tui.dialogs.help_text import Topic
from siptui.tui.dialogs.retry import CORRECTED, ConfirmRetry
from siptui.tui.dialogs.submit import FIRST, PASSING, WAVES, ConfirmSubmit
from siptui.tui.preflight_text import sentence
from siptui.tui.widgets.text_lines import Line, Paragraph


@dataclass(frozen=True, slots=True)
class _Confirmed:
    """What was confirmed: the devices, how they are submitted, and what is kept with the run."""

    devices: Sequence[Device]
    options: Options
    notes: Sequence[str]


class SubmitFlow:
    """Submits, and orders what a run does next."""

    def __init__(
        self, view: View, session: Session, read_list: ReadList, signed_in: SignedIn
    ) -> None:
        self.view = view
        self.session = session
        self._read_list = read_list
        self._signed_in = signed_in

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
        without, unread = await self.left_out(devices)
        if without is None:
            return
        devices = [device for device in devices if device.key not in without]
        if not devices:
            self.view.say("submit: every row was left out; nothing was submitted.", "muted")
            return
        notes = [*session.decided(), *part.notes, *unread, *_left_out(without)]
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
            self.give(order, new_run=True)

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
        asked = await self._asked_again(devices, seen=seen, other=other)
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
        region = await self._ask_region(lacking)
        lines = {board.line(key) for key in chosen.keys}
        marked = lines if chosen.which is Which.MARKED else set[int]()
        if region is None or not await self._read_for(path, region, marked):
            return None
        keys = [row.key for row in self.view.grid.index.rows if board.line(row.key) in lines]
        return replace(chosen, keys=tuple(keys))

    async def _read_for(self, path: Path, region: Region, marked: Collection[int]) -> bool:
        """Read the list anew for rows of `region`, with the rows of these lines marked, wherever
        they stand now; whether that went well."""
        if not await self._read_list(path, region):
            return False
        board, grid = self.session.board, self.view.grid
        for row in grid.index.rows if marked else ():
            if board.line(row.key) in marked:
                grid.index.toggle(row.key)
        if marked:
            grid.refresh()
        return True

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
        board, rest, checked = session.board, session.rest_of_list, session.preflight
        outcomes = board.outcomes()
        marked = {d.key for k in index.marks if (d := board.device(k) or board.left_out(k))}
        if session.path is None or not await self._read_list(session.path, session.region):
            return False
        session.take_preflight(checked)
        board.remember(outcomes)
        session.rest_of_list = rest
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
        await self._worker_note()
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
                checked=self.prerequisites(devices),
                more=f"{session.headers_read()} {which}".strip(),  # in one, as room is short
                notes=[*waves.notes(devices, options, session.run_service), *said, *notes],
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

    async def _asked_again(
        self,
        devices: Sequence[Device],
        run: str = "",
        *,
        seen: frozenset[DeviceKey] = frozenset(),
        other: Mapping[DeviceKey, str] = MappingProxyType({}),
    ) -> tuple[frozenset[DeviceKey], bool] | None:
        """The rows that are left out because they are signed in as the list wants it, and whether
        those are submitted once more instead; none if the operator goes back. `seen` are those
        that the inventory has so, `other` those that it has signed in as another account."""
        try:
            done = self.session.run_service.done(devices, run=run)
        except SiptuiError as error:
            self.view.tell(error)
            return None
        chosen = await again_chosen(self.view.ask, done, devices, seen, other)
        if chosen is None:
            self.view.say("nothing was submitted.", "muted")
        return chosen

    async def left_out(
        self, devices: Sequence[Device], *, whole: bool = False
    ) -> tuple[frozenset[DeviceKey] | None, list[str]]:
        """The rows that may be personal accounts and were not named (none at all if the operator
        goes back), and what could not be read of the others.

        Rows that no check was made of are looked at now.
        """
        options, known = self.session.options, self.session.board.report
        reports = [] if known is None else [known]
        unseen = [one for one in devices if known is None or one.key not in known.by_key]
        notes: list[str] = []
        if unseen and options.checks is not None and options.looks_for_personal:
            self.view.say("looking for personal accounts …", "muted")
            try:
                looked = await options.checks.look(unseen)
            except SiptuiError as error:
                notes.append(f"Could not look for personal accounts: {visible(error.message)}")
            else:
                reports.append(looked)
                if many := len(looked.maybe_personal):
                    rows = plural(many, "row")
                    notes.append(f"Could not check whether {rows} may be personal accounts.")
            self.view.clear_notice()
            self.view.show_bars()
        without = await personal_accounts.left_out(self.view.ask, reports, devices, whole=whole)
        if without is None:
            self.view.say("nothing was submitted.", "muted")
        return without, notes

    def prerequisites(self, devices: Sequence[Device]) -> str:
        """What is known of the prerequisites of these devices, for a confirmation."""
        key = self.view.key_of["preflight"] if self.session.options.checks is not None else ""
        return sentence(self.session.board.report, devices, key)

    async def _ask_region(self, rows: int, now: Region | None = None) -> Region | None:
        taken = f"{'It is' if rows == 1 else 'They are'} taken for {now} now. " if now else ""
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

    async def retry(self) -> None:
        """Retry the marked devices, or all failed ones; resume a run without a worker."""
        if not self.view.may("retry"):
            return
        if self.session.resumable:
            await self.resume()
            return
        chosen = self.view.selection()
        wanted = set(chosen.keys)
        records = [record for record in self.session.failed() if record.index in wanted]
        if not records:
            self.view.say(f"retry: of {what(chosen, len(chosen.keys))} none has failed.", "muted")
            return
        await self._retry(records, self._about(chosen, records, "did not fail"))

    def _about(self, chosen: Selection, records: Sequence[DeviceRecord], others: str = "") -> str:
        if chosen.which is Which.ALL:  # of which those that failed are meant
            chosen = replace(chosen, keys=tuple(record.index for record in records))
        names = [str(record.device.user_name) for record in records]
        return about(chosen, names, others, kind="failed ")

    async def retry_one(self, record: DeviceRecord) -> None:
        """Retry this device alone."""
        await self._retry([record], f"This row alone: {visible(record.device.user_name)}.")

    async def resume(self) -> None:
        """Resume the run, after a question where something is submitted by it."""
        session = self.session
        if session.run is None or not await self._signed_in():
            return
        run, waiting = session.run, session.waiting()
        asked = await self._asked_again(waiting, run.run)
        if asked is None:
            return
        done, again = asked
        waiting = [device for device in waiting if device.key not in done]
        if waiting:
            await self._worker_note()
            try:
                notes = session.run_service.notes(waiting, run=run.run, again=again)
            except SiptuiError as error:
                self.view.tell(error)
                return
            without, unread = await self.left_out(waiting, whole=True)
            if without is None:
                return
            notes = [*notes, *unread, *_done_left_out(done)]
            question = sentences.resume_question(
                run,
                session.tenant,
                waiting,
                session.run_service.batch_time(),
                session.run_service.now(),
                notes,
                more=session.headers_read(),
            )
            if not await self.view.ask(
                Confirm("Resume", question, len(waiting), topic=Topic.RESUME)
            ):
                return
        self.give(partial(session.run_service.resume, run.run, again=again))

    async def retry_cause(self) -> None:
        """Choose a cause, then retry its devices."""
        if not self.view.may("retry_cause"):
            return
        chosen = self.view.selection()
        wanted = set(chosen.keys)
        failed = [record for record in self.session.failed() if record.index in wanted]
        if not failed:
            self.view.say(f"retry: of {what(chosen, len(chosen.keys))} none has failed.", "muted")
            return
        causes = await self.view.ask(Causes(failed, what(chosen, len(chosen.keys))))
        if causes:
            records = [one for one in failed if one.outcome and one.outcome.cause in causes]
            await self._retry(records, self._about(chosen, records))

    async def _retry(self, records: list[DeviceRecord], note: str) -> None:
        session = self.session
        if session.run is None or not await self._signed_in():
            return
        asked = await self._asked_again([record.device for record in records], session.run.run)
        if asked is None:
            return
        done, again = asked
        left_out = [record for record in records if record.device.key in done]
        records = [record for record in records if record not in left_out]
        if left_out and not records:  # that they are done is written down; nothing is submitted
            self.give(partial(session.retry, left_out))
            return
        without, unread = await self.left_out([record.device for record in records])
        if without is None:
            return
        records = [record for record in records if record.device.key not in without]
        if not records:
            self.view.say("retry: every row was left out; nothing was submitted.", "muted")
            return
        run = session.run
        if run is None or run.plan is None:
            return

        more = f"{session.headers_read()} {note}".strip()
        told = filter(None, [await self._worker_note()])
        notes = [*told, *unread, *_left_out(without), *_done_left_out(done)]
        time, now = session.run_service.batch_time(), session.run_service.now()

        def question(size: int) -> list[Paragraph]:
            asked = sentences.retry_question(
                run, records, session.tenant, size, time, now, correct=correct, more=more
            )
            return [*asked, *notes]

        correct = self.view.key_of["correct"]
        corrected = [record for record in records if record.corrected]
        usual = run.plan.options.batch_size
        dialog = ConfirmRetry(question, len(records), usual, corrected=len(corrected))
        answer = await self.view.ask(dialog)
        if answer == CORRECTED:
            await self._retry(corrected, f"Only the corrected of {plural(len(records), 'row')}.")
        elif answer:
            size = 0 if dialog.batch_size == usual else dialog.batch_size
            session.filter.keep(record.index for record in records)
            self.give(partial(session.retry, [*records, *left_out], size, again=again))
            self.view.grid.clear_marks()  # the same keys could be pressed again unseen

    async def _worker_note(self) -> str:
        """What ends a worker here. Found out in a thread: it may take seconds, and once it is known
        it is told at once."""
        return await self.view.in_thread(self.session.run_service.worker_note)

    async def settle(self) -> None:
        """Decide about a batch of unknown outcome."""
        session = self.session
        if not self.view.may("settle") or session.run is None:
            return
        run = session.run.run
        choices: list[tuple[Any, str, str]] = []
        for batch, records in session.undecided():
            about = f"{plural(len(records), 'device')}, {batch.region}"
            if batch.state is BatchState.GIVEN_UP:
                followed = (batch.number, batch.batch_id)
                choices.append((followed, f"follow batch {batch.number} again", about))
            choices += [
                (
                    (batch.number, candidate),
                    f"batch {batch.number} is {candidate}",
                    f"follow it; nothing is submitted ({about})",
                )
                for candidate in batch.candidates
            ]
            choices.append(((batch.number, ""), f"submit batch {batch.number} again", about))
        chosen = await self.view.ask(
            Choice("Unknown outcome", choices, [_DOUBT], topic=Topic.UNKNOWN_OUTCOME)
        )
        if not isinstance(chosen, tuple):
            return
        number, batch_id = chosen
        if not await self._signed_in():
            return
        if batch_id:
            self.give(partial(session.run_service.adopt, run, number, batch_id))
            return
        lost = {b.number: records for b, records in session.undecided()}.get(number, [])
        if not lost:
            return
        asked = await self._asked_again([record.device for record in lost], run)
        if asked is None:
            return
        done, again = asked
        order = partial(session.run_service.resubmit, run, number, again=again)
        lost = [record for record in lost if record.device.key not in done]
        if not lost:  # that they are done is written down; nothing is submitted
            self.give(order)
            return
        without, unread = await self.left_out([record.device for record in lost], whole=True)
        if without is None:
            return
        question = [
            *sentences.resubmit_question(lost, session.tenant, number, more=session.headers_read()),
            *unread,
            *_done_left_out(done),
        ]
        if await self.view.ask(
            Confirm("Submit again", question, len(lost), topic=Topic.SUBMIT_AGAIN)
        ):
            self.give(order)

    async def give_up(self) -> None:
        """Give up a batch that never ends, after the number of its open devices was typed."""
        session = self.session
        if not self.view.may("give_up") or session.run is None:
            return
        run = session.run
        choices = [
            (
                batch.number,
                f"batch {batch.number}",
                f"{batch.region}, {plural(len(without_outcome(run, batch)), 'device')} "
                f"without an outcome, last change {clock(batch.changed_at)}",
            )
            for batch in session.live_batches()
        ]
        chosen = await self.view.ask(
            Choice("Give up a batch", choices, [_NEVER], topic=Topic.GIVE_UP_WHICH)
        )
        if not isinstance(chosen, int) or chosen not in run.batches:
            return
        left = without_outcome(run, run.batches[chosen])
        question = sentences.give_up_question(run.batches[chosen], len(left), session.tenant)
        if await self.view.ask(Confirm("Give up", question, len(left), topic=Topic.GIVE_UP)):
            self.give(partial(session.run_service.give_up, run.run, chosen))

    def pause(self) -> None:
        """Pause, or continue."""
        run = self.session.run
        self.view.look_for_worker()  # an order that no worker would carry out is refused
        if self.view.may("pause") and run is not None:
            run_service = self.session.run_service
            order = run_service.go_on if run.paused else run_service.pause
            self.give(partial(order, run.run, how=f"{self.view.key_of['pause']} in the console"))

    def try_now(self) -> None:
        """End the waits of the run and of the service."""
        run = self.session.run
        if self.view.may("try_now") and run is not None:
            self.give(partial(self.session.run_service.try_now, run.run))

    def give(self, order: Callable[[], object], *, new_run: bool = False) -> None:
        """Give an order to the service of runs and show what came of it; errors are told."""
        try:
            order()
        except SiptuiError as error:
            self.view.tell(error)
            return
        self.view.clear_notice()
        with self.view.in_one_frame():
            if new_run:
                self.view.grid.clear_marks()  # of rows that have other places now
                self.view.show_all()
                self.view.log_events()
            self.view.look()
            self.view.look_for_worker()
            self.view.show_bars()


def _waves(options: Options) -> Waves:
    """What the console's own options say."""
    return Waves(options.by, options.first, options.max_failures)


def _left_out(without: Collection[DeviceKey]) -> list[str]:
    if not without:
        return []
    return [f"{plural(len(without), 'row')} left out: may be personal accounts."]


def _done_left_out(done: Collection[DeviceKey]) -> list[str]:
    if not done:
        return []
    return [f"{plural(len(done), 'row')} left out: {SIGNED_IN_ALREADY}."]


_NEVER: Line = (
    (
        "Only a batch that never ends, or that the service no longer knows: it cannot be "
        "cancelled. Others are followed to their end without this.",
        "normal",
    ),
)
_DOUBT: Line = (
    (
        "The answer to a submit was lost, or the service said nothing about some devices. Whether "
        "it acted on them is not known. Look at a phone of the batch and at the tenant's batches, "
        "then decide:",
        "normal",
    ),
)
