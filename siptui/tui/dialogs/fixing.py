"""What can be fixed: shown before anything is sent, then confirmed, made, read back."""

from collections.abc import Awaitable, Callable, Hashable, Iterable, Sequence
from pathlib import Path
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType

from siptui.devicelist.writing import write_new
from siptui.domain.errors import SiptuiError
from siptui.domain.text import plural, visible
from siptui.preflight.change_log import Kind, Step
from siptui.preflight.fix_plan import Fix, FixPlan
from siptui.preflight.fix_runner import FixOutcome
from siptui.preflight.script import script_file
from siptui.tui.dialogs.ask import Confirm, Prompt
from siptui.tui.dialogs.help_text import Topic
from siptui.tui.dialogs.save_file import ask_and_write
from siptui.tui.dialogs.tablepage import TablePage
from siptui.tui.options import Checks
from siptui.tui.preflight_text import name_of
from siptui.tui.widgets.column_layout import Column
from siptui.tui.widgets.row_index import GridRow
from siptui.tui.widgets.table import RowGrid
from siptui.tui.widgets.text_lines import Line

_COLUMNS = (
    Column("check", "Check", 14, most=18),
    Column("target", "Of", 16, most=60, flex=2),
    Column("does", "What it does", 16, flex=3),
    Column("state", "State", 12, most=18, fit=False),
)
#: Each step in words, with symbol and tone.
_STEPS = {
    Step.INTENDED: ("not sent", " ", "normal"),
    Step.SENT: ("sent", "…", "normal"),
    Step.IN_DOUBT: ("answer lost", "?", "unknown"),
    Step.SEEN: ("read back", "✓", "ok"),
    Step.NOT_SEEN: ("not seen yet", "?", "unknown"),
    Step.FAILED: ("failed", "✗", "failed"),
    Step.UNDOING: ("undoing", "…", "normal"),
    Step.UNDONE: ("undone", "◌", "queued"),
    Step.UNDO_NOT_SEEN: ("undo not seen", "?", "unknown"),
}
_UNDOABLE = frozenset({Step.SEEN, Step.NOT_SEEN, Step.IN_DOUBT})


class FixPage(TablePage[str]):
    """The answer: `sent` where anything was, so that a check says something new; `addresses` or
    `number_type` to be told of others and be opened again.

    `before` sees to a sign-in; `pinned` is the tenant that a script signs in to. What is marked
    with Space is carried out, else everything.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("x", "apply", "carry out", show=False),
        Binding("U", "undo", "undo", show=False),
        Binding("e", "export", "PowerShell to a file", show=False),
        Binding("a", "other('addresses')", "addresses", show=False),
        Binding("n", "other('number_type')", "kind of numbers", show=False),
    ]

    def __init__(
        self,
        plan: FixPlan,
        checks: Checks,
        tenant: str,
        before: Callable[[], Awaitable[bool]],
        *,
        which: str,
        of: str,
        pinned: str,
        folder: Path,
    ) -> None:
        super().__init__(_COLUMNS, details=6)
        self._plan = plan
        self._checks = checks
        self._tenant = tenant
        self._which, self._of, self._pinned = which, of, pinned
        self._before = before
        self._folder = folder
        self._outcomes: dict[int, FixOutcome] = {}
        self._working = False
        self._sent = False

    def heading(self) -> str:
        """How many, and that nothing was sent; later what came of them."""
        fixes, left = len(self._plan.fixes), len(self._plan.left)
        people = f", {left:,} left to people" if left else ""
        if not self._outcomes:
            of = f" · {self._which}" if self._which else ""
            would = f"{plural(fixes, 'change')} would be made in {self._tenant}{people}"
            return f"{would} · not sent{of}"
        good = sum(outcome.good for outcome in self._outcomes.values())
        done = f"{good:,} of {plural(len(self._outcomes), 'change')} read back"
        return f"{self._tenant}: {done}{people}"

    def rows(self) -> Iterable[GridRow]:
        """The fixes in the order in which they are made, then what cannot be fixed here."""
        for place, fix in enumerate(self._plan.fixes):
            yield self._row(place, fix)
        for place, left in enumerate(self._plan.left):
            who = f"line {left.line}, {left.user_name}" if left.line else "the tenant"
            cells = (name_of(left.check), visible(who), visible(left.why), "for people")
            yield GridRow(-place - 1, cells, "!", "muted")

    def _row(self, place: int, fix: Fix) -> GridRow:
        outcome = self._outcomes.get(place)
        word, symbol, tone = _STEPS[outcome.step if outcome else Step.INTENDED]
        cells = (name_of(fix.check), visible(fix.change.target), visible(fix.title), word)
        return GridRow(place, cells, symbol, tone)

    def details(self, key: Hashable) -> Iterable[Line]:
        """The change in full: before and after, PowerShell line, what became of it."""
        if not isinstance(key, int):
            return
        if key < 0:
            yield ((visible(self._plan.left[-key - 1].why), "normal"),)
            return
        fix = self._plan.fixes[key]
        yield ((visible(fix.title), "strong"),)
        outcome = self._outcomes.get(key)
        change = outcome.change if outcome else fix.change
        yield ((f"before: {visible(change.before) or 'nothing of its own'}", "muted"),)
        yield ((visible(fix.powershell), "accent"),)
        if fix.needs_name:
            text = f"May be a personal account: {visible(fix.needs_name)}. Its name is asked for."
            yield ((text, "unknown"),)
        if fix.lead_time_hours:
            text = f"It may take up to {fix.lead_time_hours} hours to work."
            yield ((text, "unknown"),)
        if outcome is not None and outcome.detail:
            yield ((visible(outcome.detail), "normal"),)

    def keys(self) -> Iterable[tuple[str, str]]:
        """What can be done."""
        keys = [("x", "send"), ("Space", "mark"), ("U", "undo"), ("y", "copy")]
        keys += [("e", "file"), ("a", "address")]
        if any(fix.change.kind is Kind.ASSIGN_NUMBER for fix in self._plan.fixes):
            keys.append(("n", "numbers"))
        return (*keys, ("Esc", "back"))

    def copied(self, key: Hashable) -> str:
        """The PowerShell line."""
        if not isinstance(key, int) or key < 0:
            return ""
        return visible(self._plan.fixes[key].powershell)

    def on_row_grid_marked(self, message: RowGrid.Marked) -> None:
        """Marks are shown by the table itself."""
        message.stop()

    # -- carrying out

    def _chosen(self) -> list[int]:
        marked = [k for k in self.grid.index.marked() if isinstance(k, int) and k >= 0]
        todo = marked or range(len(self._plan.fixes))
        tried = (Step.SEEN, Step.SENT)
        return [k for k in todo if k not in self._outcomes or self._outcomes[k].step not in tried]

    @work(group="flow", exclusive=True)
    async def action_apply(self) -> None:
        """Ask for names and for a confirmation, then carry out."""
        places = self._chosen()
        if self._working or not places:
            self.say("nothing to carry out." if not places else "still working.", "muted")
            return
        named: list[str] = []
        left_out: list[int] = []
        for place in places:
            fix = self._plan.fixes[place]
            if fix.needs_name and fix.change.target not in named:
                if await self._named(fix):
                    named.append(fix.change.target)
                else:
                    left_out.append(place)
        places = [place for place in places if place not in left_out]
        if not places:
            self.say("nothing was changed.", "muted")
            return
        fixes = [self._plan.fixes[place] for place in places]
        text = self._question(fixes, len(left_out))
        if not await self.app.push_screen_wait(
            Confirm("Fix", text, len(fixes), topic=Topic.FIX, otherwise="Nothing was changed.")
        ):
            return
        if await self._before():
            self._carry_out(places, fixes, named)

    async def _named(self, fix: Fix) -> bool:
        name = fix.change.target
        text: list[Line] = [
            ((f"{visible(name)} may be a personal account: {visible(fix.needs_name)}.", "failed"),),
            ((visible(fix.title), "normal"),),
            (("Type the account's name to change it, Escape to leave it out:", "accent"),),
        ]
        typed = await self.app.push_screen_wait(
            Prompt("A personal account?", text, check=names_only(name))
        )
        return typed is not None

    def _question(self, fixes: Sequence[Fix], left_out: int) -> list[str]:
        hours = max((fix.lead_time_hours or 0 for fix in fixes), default=0)
        targets = len({fix.change.target.casefold() for fix in fixes})
        return [
            f"{plural(len(fixes), 'change')} of {targets:,} accounts, policies or settings will be "
            f"made in {visible(self._tenant)}, each written down before it is sent and read back "
            "afterwards. U takes one back where that can be done.",
            self._of,
            *([f"They may take up to {hours} hours to work."] if hours else []),
            *([f"{plural(left_out, 'account')} left out, not named."] if left_out else []),
        ]

    # What takes minutes is no conversation: the page takes keys meanwhile.
    @work(group="fix", exclusive=True)
    async def _carry_out(self, places: list[int], fixes: list[Fix], named: list[str]) -> None:
        self._working = True
        try:
            await self._send(places, fixes, named)
        finally:
            self._working = False

    async def _send(self, places: list[int], fixes: list[Fix], named: list[str]) -> None:
        waiting: dict[tuple[str, str, str], list[int]] = {}
        for place, fix in zip(places, fixes, strict=True):
            waiting.setdefault(_key(fix.change), []).append(place)

        def heard(outcome: FixOutcome) -> None:
            for place in waiting.get(_key(outcome.change), ()):
                self._put(place, outcome)

        self._sent = True
        self.say("working: what was written is read back, which takes up to two minutes …", "muted")
        try:
            outcomes = await self._checks.fix(fixes, named, heard)
        except SiptuiError as error:
            self.tell(error)
            return
        for place, outcome in zip(places, outcomes, strict=True):
            self._put(place, outcome)
        good = sum(outcome.good for outcome in outcomes)
        tone = "ok" if good == len(outcomes) else "unknown"
        self.say(f"{good:,} of {plural(len(outcomes), 'change')} read back as wanted.", tone)

    def _put(self, place: int, outcome: FixOutcome) -> None:
        self._outcomes[place] = outcome
        if self.is_attached:
            self.grid.put([self._row(place, self._plan.fixes[place])])
            self.show_bars()
            self.show_detail()

    @work(group="flow", exclusive=True)
    async def action_undo(self) -> None:
        """Take the change under the cursor back."""
        key = self.grid.cursor
        outcome = self._outcomes.get(key) if isinstance(key, int) else None
        if self._working or not isinstance(key, int) or outcome is None:
            self.say("undo: this was not carried out.", "muted")
            return
        if outcome.step not in _UNDOABLE:
            self.say(f"undo: it is {_STEPS[outcome.step][0]}.", "muted")
            return
        fix = self._plan.fixes[key]
        text = [f"Take back: {visible(fix.title)}"]
        if not await self.app.push_screen_wait(
            Confirm("Undo", text, 1, topic=Topic.UNDO, otherwise="Nothing was changed.")
        ):
            return
        self._take_back(key, outcome.fix_id)

    @work(group="fix", exclusive=True)
    async def _take_back(self, key: int, fix_id: str) -> None:
        self._working = True
        self.say("undoing it …", "muted")
        try:
            self._put(key, await self._checks.undo(fix_id))
        except SiptuiError as error:
            self.tell(error)
            return
        finally:
            self._working = False
        self.say("")

    def action_leave(self) -> None:
        """Back; not while something is on its way, so that it is seen what became of it."""
        if self._working:
            self.say("still working: wait until what was written is read back.", "unknown")
        else:
            self.dismiss("sent" if self._sent else "")

    def action_other(self, what: str) -> None:
        """Ask for other addresses or another kind of numbers, before anything is sent."""
        if self._working or self._sent:
            self.say("changes were made: go back and check again first.", "unknown")
        else:
            self.dismiss(what)

    @work(group="flow", exclusive=True)
    async def action_export(self) -> None:
        """Write the PowerShell lines, for those who must run them themselves."""
        proposed = self._folder / "siptui-fixes.ps1"
        hint = "PowerShell, for the module MicrosoftTeams; nothing is sent by this."
        self.say(*await ask_and_write(self.app, "Write to", hint, proposed, self._write))

    def _write(self, path: Path, force: bool) -> str:
        write_new(path, script_file(self._plan, self._pinned), force=force)
        return f"{plural(len(self._plan.fixes), 'change')} written to {path}"


def names_only(name: str) -> Callable[[str], str]:
    """What is wrong with a typed text that must be that account's name."""

    def check(typed: str) -> str:
        same = typed.strip().casefold() == visible(name).casefold()
        return "" if same else f"That is not {visible(name)}. Nothing was changed."

    return check


def _key(change: object) -> tuple[str, str, str]:
    return (
        str(getattr(change, "kind", "")),
        str(getattr(change, "target", "")).casefold(),
        str(getattr(change, "value", "")),
    )
