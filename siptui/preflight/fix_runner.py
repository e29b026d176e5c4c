"""Carrying fixes out: written down, sent once, read back with patience, and undone on demand.

A fix is sent exactly once. Where its answer is lost, or the service takes its time (30 to 45
seconds until a new assignment shows are normal, as go-teams saw), what is read back decides.

Over 400 lines because making a change and taking it back send, read back and record alike.
"""

import asyncio
import dataclasses
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Sequence

from msgspec import Struct

from siptui.domain.errors import ExitCode, SignInNeededError, SiptuiError, UsageError
from siptui.gateway.errors import (
    AccessDeniedError,
    AnswerLostError,
    Fate,
    GatewayError,
    NotReachedError,
    RejectedError,
    ThrottledError,
    TokenRefusedError,
)
from siptui.gateway.tenant_model import TeamsUser
from siptui.preflight import fix_actions
from siptui.preflight.change_log import Change, Kind, Record, Recorded, Step
from siptui.preflight.fix_plan import Fix
from siptui.preflight.read import PER_ADMIN_CALL, Sources

#: Seconds between the looks at what was written: together about two minutes.
PATIENCE = (1.0, 3.0, 6.0, 10.0, 15.0, 15.0, 20.0, 25.0, 30.0)
#: Every fourth look also asks for the progress of what the service does in its own time.
_ASK_EVERY = 4
#: Looks on end that got no answer, after which it is not looked any longer.
_MUTE = 2
#: Changes of one kind whose answers may be lost, or that may not get through, before the others
#: are not sent at all: a tenant is not changed without seeing the effect.
_LOST = 8
#: Changes at once; no figures are published for writes.
AT_ONCE = 4

Sleep = Callable[[float], Awaitable[None]]


class NotNamedError(UsageError):
    """An account that may be personal was to be changed without its name being typed."""

    title = "Not confirmed"
    code = "personal_account"


class CannotUndoError(SiptuiError):
    """A change cannot be taken back: unknown, taken back before, or overtaken by another."""

    title = "Cannot be undone"
    code = "cannot_undo"
    exit_code = ExitCode.USAGE


class FixOutcome(Struct, frozen=True):
    """What became of one fix. `fix_id` is its name in the record, for `undo`."""

    fix_id: str
    change: Change
    step: Step
    detail: str = ""

    @property
    def good(self) -> bool:
        """Whether it was read back as wanted."""
        return self.step in (Step.SEEN, Step.UNDONE)


OnOutcome = Callable[[FixOutcome], None]


@dataclasses.dataclass
class _Sent:
    """A change on its way."""

    fix_id: str
    change: Change
    outcome: FixOutcome
    needs: str = ""
    where: str = ""  # its progress can be read there
    unread: bool = False  # reading it back came to nothing
    user: TeamsUser | None = dataclasses.field(default=None, repr=False)

    def become(self, step: Step, detail: str = "") -> FixOutcome:
        self.outcome = FixOutcome(self.fix_id, self.change, step, detail)
        return self.outcome


class Fixer:
    """Carries fixes out against one tenant. `on_outcome` hears of each step of each fix."""

    def __init__(
        self,
        sources: Sources,
        record: Record,
        *,
        sleep: Sleep = asyncio.sleep,
        patience: Sequence[float] | None = None,
        on_outcome: OnOutcome | None = None,
    ) -> None:
        self._sources = sources
        self._record = record
        self._sleep = sleep
        self._patience = PATIENCE if patience is None else patience
        self._on_outcome = on_outcome
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def apply(self, fix: Fix, *, named: Collection[str] = ()) -> FixOutcome:
        """One fix; see `apply_all`."""
        return (await self.apply_all([fix], named=named))[0]

    async def apply_all(
        self, fixes: Sequence[Fix], *, named: Collection[str] = ()
    ) -> tuple[FixOutcome, ...]:
        """Carry `fixes` out, tenant before accounts; what became of each, in their order.

        `named` are the accounts whose names the operator typed. Raises `NotNamedError`, before
        anything is sent, when a fix that needs its account's name is not among them, and
        `HeldError` while another process changes things with the same record. What the service
        refuses is an outcome, not an error; what the record has and still stands is not sent again.
        """
        typed = {name.casefold() for name in named}
        if unnamed := [
            fix.change.target
            for fix in fixes
            if fix.needs_name and fix.change.target.casefold() not in typed
        ]:
            raise NotNamedError(
                f"{', '.join(unnamed)}: may be personal, and was not named. Nothing was changed.",
                remedy="Type each account's name, or leave it out.",
            )
        sent = []
        for fix in fixes:
            fix_id = self._new_id()
            outcome = FixOutcome(fix_id, fix.change, Step.INTENDED)
            sent.append(_Sent(fix_id, fix.change, outcome, fix.needs))
        try:
            with self._record.hold():
                await self._all(sent)
        except BaseExceptionGroup as group:
            raise group.exceptions[0] from None
        return tuple(one.outcome for one in sent)

    async def _all(self, sent: "Sequence[_Sent]") -> None:
        tenant = [one for one in sent if one.change.kind not in fix_actions.OF_ACCOUNTS]
        accounts = [one for one in sent if one.change.kind in fix_actions.OF_ACCOUNTS]
        await self._carry_out(tenant)
        made = {one.change.target for one in tenant if one.outcome.good}
        ready = []
        for one in accounts:
            if one.needs and one.needs not in made:
                why = f"Not tried: the policy {one.needs} is not there yet. Nothing was sent."
                self._tell(one.become(Step.FAILED, why))
            else:
                ready.append(one)
        await self._carry_out(ready)

    async def undo(self, name: str) -> FixOutcome:
        """Take back the change that goes by `name` (its id, or the beginning of it).

        An undo that was begun before and is read as gone is undone; nothing is sent for it. Raises
        `CannotUndoError` where it was never done, was undone, cannot be read, or something else
        stands there now; `GatewayError` where the service refuses.
        """
        with self._record.hold():
            return await self._undo(find_change(self._record, name))

    async def undo_all(self, names: Sequence[str]) -> tuple[FixOutcome, ...]:
        """Take several changes back: those of accounts, then those of the tenant that they may
        rest on. What became of each, in the order of `names`.

        One that cannot be taken back stays as it is, its outcome says why, and the others go on.
        Raises `HeldError`, `SignInNeededError` and `TokenRefusedError` as `undo` does.
        """
        with self._record.hold():
            outcomes: dict[str, FixOutcome] = {}
            found = {name: find_change(self._record, name) for name in names}
            of_accounts = [n for n, o in found.items() if o.change.kind in fix_actions.OF_ACCOUNTS]
            for some in (of_accounts, [name for name in found if name not in of_accounts]):
                try:
                    async with asyncio.TaskGroup() as group:
                        for name in some:
                            group.create_task(self._undo_one(name, found[name], outcomes))
                except BaseExceptionGroup as errors:
                    raise errors.exceptions[0] from None
        return tuple(outcomes[name] for name in names)

    async def _undo_one(self, name: str, found: Recorded, outcomes: dict[str, FixOutcome]) -> None:
        async with self._slots:
            try:
                outcomes[name] = await self._undo(found)
            except (SignInNeededError, TokenRefusedError):
                raise
            except SiptuiError as error:
                why = f"Not undone: {error.message} {error.remedy}".strip()
                outcomes[name] = FixOutcome(found.fix, found.change, found.step, why)
                self._tell(outcomes[name])

    async def _undo(self, found: Recorded) -> FixOutcome:
        one = _Sent(found.fix, found.change, FixOutcome(found.fix, found.change, found.step))
        self._refuse_another_s(found)
        await self._know_users([one])
        stands = await self._stands(one)
        if stands is None:
            raise CannotUndoError(
                f"{one.change.target} could not be read. Nothing was changed.",
                remedy="Try again in a while.",
            )
        if not stands:
            if found.step not in _UNDO_BEGUN:
                raise self._not_there(found)
            return self._undone(one, _GONE)
        self._record.note([(one.fix_id, Step.UNDOING, "")])
        begun = found.step in _UNDO_BEGUN
        try:
            if not await self._taken_back(one) and begun:
                return self._undone(one, _GONE)
        except GatewayError as error:
            back = Step.SEEN if begun else found.step
            self._record.note([(one.fix_id, back, f"Not undone: {error.message}")])
            raise
        if await self._watched([one], gone=True):
            return self._undone(one, "")
        self._record.note([(one.fix_id, Step.UNDO_NOT_SEEN, "")])
        self._tell(one.become(Step.UNDO_NOT_SEEN, _UNREAD if one.unread else _LATE))
        return one.outcome

    async def _taken_back(self, one: _Sent) -> bool:
        """Send it; false where the service says that there is none, and it is read as gone.

        Where it is still read as there, the service went by an answer from before it was made:
        nothing was sent, and it is tried again. An answer that was lost counts as sent. Raises
        the `GatewayError` of a definite refusal.
        """
        for last in (*(False,) * _NONE_TRIES, True):
            try:
                await fix_actions.take_back(self._sources, one.change, one.user)
            except RejectedError as error:
                if last or error.status != _NOT_FOUND:
                    raise
                await self._sleep(_NONE_PAUSE)
                if await self._stands(one) is False:
                    return False
            except GatewayError as error:
                if error.fate is not Fate.UNKNOWN:
                    raise
                return True
            else:
                return True
        raise AssertionError("unreachable")

    def _undone(self, one: _Sent, detail: str) -> FixOutcome:
        self._record.note([(one.fix_id, Step.UNDONE, detail)])
        self._tell(one.become(Step.UNDONE, detail))
        return one.outcome

    def _refuse_another_s(self, found: Recorded) -> None:
        """What is there and was seen as another change's is not taken for that of one in doubt."""
        if found.step not in _NOT_KNOWN:
            return
        others = self._record.changes().values()
        made = [o for o in others if o.step is Step.SEEN and _same(o.change) == _same(found.change)]
        if made:
            raise CannotUndoError(
                f"{found.change.target} has what was given by {made[-1].fix}; whether {found.fix} "
                "was ever carried out is not known.",
                remedy=f"Take that one back: siptui fix --undo {made[-1].fix}",
            )

    def _not_there(self, found: Recorded) -> CannotUndoError:
        """Why a change that does not stand cannot be taken back; one that never happened is
        written down as such once it cannot be on its way any more."""
        if found.step not in _NOT_KNOWN:
            return CannotUndoError(
                f"{found.change.target} no longer has what was given then: another person changed "
                "it since, or it was never done.",
                remedy="Look at it before you change it by hand.",
            )
        if self._record.age(found).total_seconds() < _ON_ITS_WAY:
            return CannotUndoError(
                f"{found.change.target} does not have it: whether the change was carried out is "
                "not known, and it may still be on its way.",
                remedy="Try again in a quarter of an hour.",
            )
        self._record.note([(found.fix, Step.FAILED, _NEVER)])
        return CannotUndoError(
            f"{found.change.target} does not have it: the change was never carried out. There is "
            "nothing to undo."
        )

    async def _stands(self, one: _Sent) -> bool | None:
        """Whether what was given is there; a few looks, because answers may be of different age.

        None where none of them told.
        """
        found: bool | None = None
        for pause in (0.0, *self._patience[:5]):
            await self._sleep(pause)
            there = await fix_actions.standing(self._sources, {one.fix_id: one.change})
            if there.get(one.fix_id):
                if one.change.kind in fix_actions.OF_ACCOUNTS:
                    await self._know_users([one])
                if one.user is not None or one.change.kind not in fix_actions.OF_ACCOUNTS:
                    return True
            elif there.get(one.fix_id) is False:
                found = False
        return found

    # -- the way of a change ------------------------------------------------------------------

    async def _carry_out(self, sent: Sequence[_Sent]) -> None:
        await self._know_users(sent, anew=True)
        before = {_same(one.change) for one in self._record.changes().values() if one.holds}
        for one in sent:
            # Another operator, or a process that was killed, may have made it since it was planned.
            known = one.change.kind in fix_actions.OF_ACCOUNTS or _same(one.change) in before
            known = known and one.outcome.step is Step.INTENDED
            if known and await self._there(one):
                self._tell(one.become(Step.SEEN, _THERE))
        refused: dict[Kind, str] = {}
        silent: Counter[Kind] = Counter()
        async with asyncio.TaskGroup() as group:
            for one in sent:
                if one.outcome.step is Step.INTENDED:
                    group.create_task(self._send(one, refused, silent))
        waiting = [one for one in sent if one.outcome.step in (Step.SENT, Step.IN_DOUBT)]
        seen = await self._watched(waiting)
        for one in waiting:
            if one.fix_id not in seen and one.outcome.step is not Step.FAILED:
                lost = one.outcome.step is Step.IN_DOUBT
                step = Step.IN_DOUBT if lost else Step.NOT_SEEN
                why = _UNREAD if one.unread else _LATE
                detail = f"{one.outcome.detail} {why}".strip() if lost else why
                self._record.note([(one.fix_id, step, detail)])
                self._tell(one.become(step, detail))

    async def _there(self, one: _Sent) -> bool:
        """Whether the change stands already, as far as that can be read."""
        try:
            return await fix_actions.stands(self._sources, one.change, one.user)
        except (SignInNeededError, TokenRefusedError):
            raise
        except SiptuiError:
            return False

    async def _know_users(self, sent: Sequence[_Sent], *, anew: bool = False) -> None:
        """The accounts as they are now; of `anew` changes also what they had before."""
        wanted = [one for one in sent if one.change.kind in fix_actions.OF_ACCOUNTS]
        names = list({one.change.target.casefold(): one.change.target for one in wanted}.values())
        users: dict[str, TeamsUser] = {}
        why = ""
        for at in range(0, len(names), PER_ADMIN_CALL):
            try:
                found = await self._sources.admin.users(names[at : at + PER_ADMIN_CALL])
            except (SignInNeededError, TokenRefusedError):
                raise
            except SiptuiError as error:
                why = error.message
            else:
                users |= {user.user_name.casefold(): user for user in found}
        for one in wanted:
            one.user = users.get(one.change.target.casefold())
            if one.user is None:
                detail = (
                    f"The account could not be read{f': {why}' if why else ''}. Nothing was sent."
                )
                self._tell(one.become(Step.FAILED, detail))
            elif anew:
                one.change = fix_actions.with_before(one.change, one.user)

    async def _send(self, one: _Sent, refused: dict[Kind, str], silent: Counter[Kind]) -> None:
        async with self._slots:
            kind = one.change.kind
            if kind in refused:
                self._tell(one.become(Step.FAILED, f"Not tried: {refused[kind]}"))
                return
            self._record.intend([(one.fix_id, one.change)])
            try:
                one.where = await fix_actions.write(self._sources, one.change, one.user)
            except SiptuiError as error:
                fate = error.fate if isinstance(error, GatewayError) else Fate.NOT_SENT
                detail = f"{error.message} {error.remedy}".strip()
                silent[kind] += isinstance(error, AnswerLostError | NotReachedError)
                final = isinstance(error, AccessDeniedError | SignInNeededError | TokenRefusedError)
                if final or isinstance(error, ThrottledError) or silent[kind] >= _LOST:
                    refused[kind] = detail
                one.become(Step.IN_DOUBT if fate is Fate.UNKNOWN else Step.FAILED, detail)
            except asyncio.CancelledError:
                # Between sending and knowing: the record must not look as if nothing happened.
                self._record.note([(one.fix_id, Step.IN_DOUBT, "Interrupted.")])
                raise
            else:
                one.become(Step.SENT)
            self._record.note([(one.fix_id, one.outcome.step, one.outcome.detail)])
            self._tell(one.outcome)

    async def _watched(self, waiting: Sequence[_Sent], *, gone: bool = False) -> set[str]:
        """The ids of those that are read back as wanted (or as gone), looked for with patience."""
        left = list(waiting)
        seen: set[str] = set()
        mute = 0
        for look, pause in enumerate(self._patience):
            if not left or mute >= _MUTE:
                break
            await self._sleep(pause)
            if look % _ASK_EVERY == _ASK_EVERY - 1:
                left = [one for one in left if not await self._failed(one)]
            by_id = {one.fix_id: one.change for one in left}
            there = await fix_actions.standing(self._sources, by_id)
            mute = 0 if any(there.get(key) is not None for key in by_id) else mute + 1
            for one in left:
                one.unread = there.get(one.fix_id) is None
            for one in list(left):
                stands = there.get(one.fix_id)
                if stands is None or stands is gone:
                    continue
                seen.add(one.fix_id)
                left.remove(one)
                if not gone:
                    self._record.note([(one.fix_id, Step.SEEN, "")])
                    self._tell(one.become(Step.SEEN))
        return seen

    async def _failed(self, one: _Sent) -> bool:
        """Whether what the service does in its own time (numbers) came to nothing."""
        if not one.where or not await fix_actions.refused(self._sources, one.where):
            return False
        self._record.note([(one.fix_id, Step.FAILED, _REFUSED)])
        self._tell(one.become(Step.FAILED, _REFUSED))
        return True

    def _tell(self, outcome: FixOutcome) -> None:
        if self._on_outcome is not None:
            self._on_outcome(outcome)

    @staticmethod
    def _new_id() -> str:
        return secrets.token_hex(4)


def _same(change: Change) -> tuple[Kind, str, str]:
    """What two orders of the same change have in common."""
    return change.kind, change.target.casefold(), change.value


#: Steps of a change of which it is not known whether it was carried out, and of an undo that was
#: begun.
_NOT_KNOWN = frozenset({Step.INTENDED, Step.IN_DOUBT})
_UNDO_BEGUN = frozenset({Step.UNDOING, Step.UNDO_NOT_SEEN})
#: Seconds after which a change whose answer was lost cannot be on its way any more: reads show
#: one within a minute, as a rule.
_ON_ITS_WAY = 15 * 60.0
#: What says that there is no such thing, how often it is then tried again, and after how long.
_NOT_FOUND, _NONE_TRIES, _NONE_PAUSE = 404, 4, 10.0
_GONE = "It was read as gone."
_NEVER = "It was never carried out: it was looked for later and was not there."
_THERE = "It was so already. Nothing was sent."
_REFUSED = (
    "The service took the order, then said that it failed: the number may be taken or unknown."
)
_LATE = "Not seen yet when read back; it may take longer. A preflight shows it later."

_UNREAD = (
    "It could not be read back: the service did not answer, or your role has ended. A preflight "
    "shows it later."
)


def find_change(record: Record, name: str) -> Recorded:
    """The change that goes by `name` and can be taken back; `CannotUndoError` otherwise."""
    changes = record.changes()
    found = [one for fix, one in changes.items() if fix.startswith(name)] if name else []
    if len(found) != 1:
        raise CannotUndoError(
            f"“{name}” names {len(found) or 'no'} changes in the record.",
            remedy="“siptui fix --history” lists them.",
        )
    if not found[0].holds:
        raise CannotUndoError(f"{found[0].fix} is {found[0].step}: there is nothing to undo.")
    return found[0]
