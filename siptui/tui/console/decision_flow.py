"""Decisions about batches: one of unknown outcome, and one that never ends."""

from functools import partial
from typing import Any

from siptui.domain.state import BatchState
from siptui.domain.text import plural
from siptui.domain.times import clock
from siptui.runs.engine.status_changes import without_outcome
from siptui.tui import sentences
from siptui.tui.console.before_submit import BeforeSubmit, done_left_out
from siptui.tui.console.model import (
    Session,
)
from siptui.tui.console.view import Orders, SignedIn, View
from siptui.tui.dialogs.ask import Choice, Confirm
from siptui.tui.dialogs.help_text import Topic
from siptui.tui.widgets.text_lines import Line


class DecisionFlow:
    """Asks how a batch is to go on, then orders it."""

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
            self._orders.give(partial(session.run_service.adopt, run, number, batch_id))
            return
        lost = {b.number: records for b, records in session.undecided()}.get(number, [])
        if not lost:
            return
        asked = await self._before.asked_again([record.device for record in lost], run)
        if asked is None:
            return
        done, again = asked
        order = partial(session.run_service.resubmit, run, number, again=again)
        lost = [record for record in lost if record.device.key not in done]
        if not lost:  # that they are done is written down; nothing is submitted
            self._orders.give(order)
            return
        without, unread = await self._before.left_out(
            [record.device for record in lost], whole=True
        )
        if without is None:
            return
        question = [
            *sentences.resubmit_question(lost, session.tenant, number, more=session.headers_read()),
            *unread,
            *done_left_out(done),
        ]
        if await self.view.ask(
            Confirm("Submit again", question, len(lost), topic=Topic.SUBMIT_AGAIN)
        ):
            self._orders.give(order)

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
            self._orders.give(partial(session.run_service.give_up, run.run, chosen))


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
