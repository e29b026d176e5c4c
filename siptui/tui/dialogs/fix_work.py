"""Changes that are made in the tenant, or taken back, while the console is used for other things.

Reading back what was written takes minutes. The page that shows the changes may be left meanwhile;
what came of them is kept here until it was shown.
"""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Protocol

from msgspec import Struct

from siptui.domain.errors import SiptuiError
from siptui.domain.text import plural
from siptui.preflight.change_log import Change, Step
from siptui.preflight.fix_plan import Fix, FixPlan
from siptui.preflight.fix_runner import FixOutcome
from siptui.tui.options import Checks

#: A change that can be taken back stands so.
UNDOABLE = frozenset({Step.SEEN, Step.NOT_SEEN, Step.IN_DOUBT, Step.UNDO_NOT_SEEN})
_READ_BACK = frozenset({Step.SEEN})
_DONE = frozenset({Step.SEEN, Step.SENT})


class Start(Protocol):
    """Begins work that goes on whatever page is shown."""

    def __call__(self, work: Callable[[], Awaitable[None]], /) -> None: ...


class FixOf(Struct, frozen=True):
    """What changes are about: `which` rows (nothing for all) and a sentence `of` them, and the
    tenant that a script of them is `pinned` to."""

    which: str
    of: str
    pinned: str


class FixWork:
    """The changes of `plan` by their places in it, and what became of each.

    `changed` hears of places with news, `ended` when what was begun has ended.
    """

    def __init__(
        self,
        plan: FixPlan,
        about: FixOf,
        checks: Checks,
        start: Start,
        ended: Callable[["FixWork"], None],
    ) -> None:
        self.plan = plan
        self.about = about
        self.outcomes: dict[int, FixOutcome] = {}
        self.working = False
        #: Whether anything was sent, so that a check says something new.
        self.sent = False
        #: One sentence on what goes on or came of it, and its tone.
        self.said: tuple[str, str] = ("", "normal")
        self.changed: Callable[[Sequence[int]], None] = _no_one
        self._checks = checks
        self._start = start
        self._ended = ended

    def left_of(self, places: Sequence[int]) -> list[int]:
        """Those that are not made yet."""
        found = self.outcomes
        return [k for k in places if k not in found or found[k].step not in _DONE]

    def undoable(self) -> list[int]:
        """What was made and can be taken back, the last made first."""
        return [k for k, outcome in reversed(self.outcomes.items()) if outcome.step in UNDOABLE]

    def standing(self) -> str:
        """How all changes of the plan stand, in numbers that its rows agree with."""
        steps = [outcome.step for outcome in self.outcomes.values()]
        counts = {
            "read back": sum(step in _READ_BACK for step in steps),
            "undone": steps.count(Step.UNDONE),
            "failed": steps.count(Step.FAILED),
            "not sent": len(self.plan.fixes) - len(steps) + steps.count(Step.INTENDED),
        }
        open_ = len(self.plan.fixes) - sum(counts.values())
        parts = [f"{count:,} {word}" for word, count in counts.items() if count]
        if open_:
            parts.insert(1 if counts["read back"] else 0, f"{open_:,} not read back yet")
        return f"{', '.join(parts)} of {plural(len(self.plan.fixes), 'change')}"

    def carry_out(self, places: Sequence[int], named: Sequence[str]) -> None:
        """Begin to make these changes; `named` are accounts whose names were typed."""
        self.sent = True
        said = "working: what was written is read back, which takes up to two minutes …"
        self._begin(said, partial(self._carry_out, places, named))

    def take_back(self, places: Sequence[int]) -> None:
        """Begin to take these changes back."""
        self._begin("undoing: what is gone is read back, too …", partial(self._undo, places))

    def _begin(self, said: str, work: Callable[[], Awaitable[None]]) -> None:
        self.working = True
        self.said = (said, "muted")
        self.changed(())
        self._start(partial(self._to_its_end, work))

    async def _to_its_end(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except SiptuiError as error:
            self.said = (f"{error.title}: {error.message} {error.remedy}".strip(), "failed")
        finally:
            self.working = False
            self.changed(())
            self._ended(self)

    async def _carry_out(self, places: Sequence[int], named: Sequence[str]) -> None:
        fixes: list[Fix] = [self.plan.fixes[place] for place in places]
        waiting: dict[tuple[str, str, str], list[int]] = {}
        for place, fix in zip(places, fixes, strict=True):
            waiting.setdefault(_key(fix.change), []).append(place)

        def heard(outcome: FixOutcome) -> None:
            for place in waiting.get(_key(outcome.change), ()):
                self._put(place, outcome)

        outcomes = await self._checks.fix(fixes, named, heard)
        for place, outcome in zip(places, outcomes, strict=True):
            self._put(place, outcome)
        good = sum(outcome.good for outcome in outcomes)
        tone = "ok" if good == len(outcomes) else "unknown"
        self.said = (f"{good:,} of {plural(len(outcomes), 'change')} read back as wanted.", tone)

    async def _undo(self, places: Sequence[int]) -> None:
        place_of = {self.outcomes[place].fix_id: place for place in places}

        def heard(outcome: FixOutcome) -> None:
            self._put(place_of[outcome.fix_id], outcome)

        outcomes = await self._checks.undo(list(place_of), heard)
        for outcome in outcomes:
            heard(outcome)
        undone = sum(outcome.step is Step.UNDONE for outcome in outcomes)
        why = next((o.detail for o in outcomes if o.step is not Step.UNDONE), "")
        said = f"{undone:,} of {plural(len(outcomes), 'change')} undone. {why}".strip()
        self.said = (said, "ok" if undone == len(outcomes) else "unknown")

    def _put(self, place: int, outcome: FixOutcome) -> None:
        if self.outcomes.get(place) != outcome:
            self.outcomes[place] = outcome
            self.changed((place,))


def _no_one(_: Sequence[int]) -> None:
    """No page shows it."""


def _key(change: Change) -> tuple[str, str, str]:
    return str(change.kind), change.target.casefold(), str(change.value)
