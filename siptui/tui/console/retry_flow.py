"""Retries failed devices, and resumes a run without a worker."""

from collections.abc import Sequence
from functools import partial

from msgspec.structs import replace

from siptui.domain.errors import SiptuiError
from siptui.domain.text import plural, visible
from siptui.runs.state import DeviceRecord
from siptui.tui import sentences
from siptui.tui.console.before_submit import BeforeSubmit, done_left_out, unnamed_left_out
from siptui.tui.console.model import (
    Session,
)
from siptui.tui.console.selection import Selection, Which, about, what
from siptui.tui.console.view import Orders, SignedIn, View
from siptui.tui.dialogs.ask import Confirm
from siptui.tui.dialogs.causes import Causes
from siptui.tui.dialogs.help_text import Topic
from siptui.tui.dialogs.retry import CORRECTED, ConfirmRetry
from siptui.tui.widgets.text_lines import Paragraph


class RetryFlow:
    """Asks what a retry or a resume must, then orders it."""

    def __init__(
        self,
        view: View,
        session: Session,
        signed_in: SignedIn,
        before: BeforeSubmit,
        orders: Orders,
    ) -> None:
        self.view = view
        self.session = session
        self._signed_in = signed_in
        self._before = before
        self._orders = orders

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

    async def retry_one(self, record: DeviceRecord) -> None:
        """Retry this device alone."""
        await self._retry([record], f"This row alone: {visible(record.device.user_name)}.")

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

    async def resume(self) -> None:
        """Resume the run, after a question where something is submitted by it."""
        session = self.session
        if session.run is None or not await self._signed_in():
            return
        run, waiting = session.run, session.waiting()
        asked = await self._before.asked_again(waiting, run.run)
        if asked is None:
            return
        done, again = asked
        waiting = [device for device in waiting if device.key not in done]
        if waiting:
            await self._before.worker_note()
            try:
                notes = session.run_service.notes(waiting, run=run.run, again=again)
            except SiptuiError as error:
                self.view.tell(error)
                return
            without, unread = await self._before.left_out(waiting, whole=True)
            if without is None:
                return
            notes = [*notes, *unread, *done_left_out(done)]
            role = await self._before.role_end()
            question = sentences.resume_question(
                run,
                session.tenant,
                waiting,
                session.run_service.batch_time(),
                session.run_service.now(),
                notes,
                more=session.headers_read(),
                role=role,
            )
            if not await self.view.ask(
                Confirm("Resume", question, len(waiting), topic=Topic.RESUME)
            ):
                return
        self._orders.give(partial(session.run_service.resume, run.run, again=again))

    def _about(self, chosen: Selection, records: Sequence[DeviceRecord], others: str = "") -> str:
        if chosen.which is Which.ALL:  # of which those that failed are meant
            chosen = replace(chosen, keys=tuple(record.index for record in records))
        names = [str(record.device.user_name) for record in records]
        return about(chosen, names, others, kind="failed ")

    async def _retry(self, records: list[DeviceRecord], note: str) -> None:
        session = self.session
        if session.run is None or not await self._signed_in():
            return
        asked = await self._before.asked_again(
            [record.device for record in records], session.run.run
        )
        if asked is None:
            return
        done, again = asked
        left_out = [record for record in records if record.device.key in done]
        records = [record for record in records if record not in left_out]
        if left_out and not records:  # that they are done is written down; nothing is submitted
            self._orders.give(partial(session.retry, left_out))
            return
        without, unread = await self._before.left_out([record.device for record in records])
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
        told = filter(None, [await self._before.worker_note()])
        notes = [*told, *unread, *unnamed_left_out(without), *done_left_out(done)]
        role = await self._before.role_end()
        time, now = session.run_service.batch_time(), session.run_service.now()

        def question(size: int) -> list[Paragraph]:
            asked = sentences.retry_question(
                run,
                records,
                session.tenant,
                size,
                time,
                now,
                correct=correct,
                more=more,
                role=role,
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
            self._orders.give(partial(session.retry, [*records, *left_out], size, again=again))
            self.view.grid.clear_marks()  # the same keys could be pressed again unseen
