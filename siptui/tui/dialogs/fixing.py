"""What can be fixed: shown before anything is sent, then confirmed, made, read back."""

from collections.abc import Awaitable, Callable, Hashable, Iterable, Sequence
from pathlib import Path
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType

from siptui.devicelist.writing import write_new
from siptui.domain.text import plural, visible
from siptui.preflight.change_log import Kind, Step
from siptui.preflight.fix_plan import Fix, Left
from siptui.preflight.script import script_file
from siptui.tui.dialogs.ask import Choice, Confirm, Prompt
from siptui.tui.dialogs.fix_work import FixWork
from siptui.tui.dialogs.help_text import Topic
from siptui.tui.dialogs.save_file import ask_and_write
from siptui.tui.dialogs.tablepage import TablePage
from siptui.tui.preflight_text import name_of, named_by
from siptui.tui.widgets.column_layout import Column
from siptui.tui.widgets.row_index import GridRow
from siptui.tui.widgets.table import RowGrid
from siptui.tui.widgets.text_lines import Line

_COLUMNS = (
    Column("check", "Check", 14, most=18),
    Column("target", "Of", 16, flex=2, most=60, whole=28, tail="@"),
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


class FixPage(TablePage[str]):
    """The answer: `sent` where anything was, so that a check says something new; `addresses` or
    `number_type` to be told of others and be opened again. Left while changes are on their way it
    answers nothing: they go on.

    `before` sees to a sign-in. What is marked with Space is carried out, or taken back, else
    everything.
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
        work: FixWork,
        tenant: str,
        before: Callable[[], Awaitable[bool]],
        *,
        folder: Path,
    ) -> None:
        super().__init__(_COLUMNS, details=6)
        self.work = work
        self._plan = work.plan
        self._tenant = tenant
        self._about = work.about
        self._before = before
        self._folder = folder

    def on_mount(self) -> None:
        """Show what is there, and what is new of it from now on."""
        super().on_mount()
        self.work.changed = self._renew
        if self.work.sent:  # when the table has told of its cursor, which takes what is said away
            self.call_after_refresh(self.say, *self.work.said)

    def on_unmount(self) -> None:
        """Shown no more."""
        if self.work.changed == self._renew:
            self.work.changed = lambda _: None

    def _renew(self, places: Sequence[int]) -> None:
        if not self.is_attached:
            return
        self.grid.put([self._row(place, self._plan.fixes[place]) for place in places])
        if not places:
            self.say(*self.work.said)
        self.show_bars()
        self.show_detail()

    def heading(self) -> str:
        """How many, and that nothing was sent; later what came of them."""
        fixes, left = len(self._plan.fixes), len(self._plan.left)
        people = f", {left:,} left to people" if left else ""
        if not self.work.sent:
            of = f" · {self._about.which}" if self._about.which else ""
            would = f"{plural(fixes, 'change')} would be made in {self._tenant}{people}"
            return f"{would} · not sent{of}"
        return f"{self.work.standing()}{people} · {self._tenant}"

    def rows(self) -> Iterable[GridRow]:
        """The fixes in the order in which they are made, then what cannot be fixed here."""
        for place, fix in enumerate(self._plan.fixes):
            yield self._row(place, fix)
        for place, left in enumerate(self._plan.left):
            who = f"line {left.line}, {left.user_name}" if left.line else "the tenant"
            cells = (name_of(left.check), visible(who), _why(left), "for people")
            yield GridRow(-place - 1, cells, "!", "muted")

    def _row(self, place: int, fix: Fix) -> GridRow:
        outcome = self.work.outcomes.get(place)
        word, symbol, tone = _STEPS[outcome.step if outcome else Step.INTENDED]
        cells = (name_of(fix.check), visible(fix.change.target), visible(fix.title), word)
        return GridRow(place, cells, symbol, tone)

    def details(self, key: Hashable) -> Iterable[Line]:
        """The change in full: before and after, PowerShell line, what became of it."""
        if not isinstance(key, int):
            return
        if key < 0:
            yield ((_why(self._plan.left[-key - 1]), "normal"),)
            return
        fix = self._plan.fixes[key]
        yield ((visible(fix.title), "strong"),)
        outcome = self.work.outcomes.get(key)
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

    def _marked(self) -> list[int]:
        return [k for k in self.grid.index.marked() if isinstance(k, int) and k >= 0]

    @work(group="flow", exclusive=True)
    async def action_apply(self) -> None:
        """Ask for names and for a confirmation, then carry out."""
        places = self.work.left_of(self._marked() or range(len(self._plan.fixes)))
        if self.work.working or not places:
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
            self.work.carry_out(places, named)

    async def _named(self, fix: Fix) -> bool:
        name = fix.change.target
        text: list[Line] = [
            ((f"{visible(name)} may be a personal account: {visible(fix.needs_name)}.", "failed"),),
            ((visible(fix.title), "normal"),),
            (("Type the account's name to change it, Escape to leave it out:", "accent"),),
        ]
        typed = await self.app.push_screen_wait(
            Prompt("A personal account?", text, check=names_only(name), leaving="leaves it out")
        )
        return typed is not None

    def _question(self, fixes: Sequence[Fix], left_out: int) -> list[str]:
        hours = max((fix.lead_time_hours or 0 for fix in fixes), default=0)
        targets = len({fix.change.target.casefold() for fix in fixes})
        what = f"{targets:,} accounts, policies or settings"
        what = "one account, policy or setting" if targets == 1 else what
        return [
            f"{plural(len(fixes), 'change')} of {what} will be made in {visible(self._tenant)}, "
            "each written down before it is sent and read back after it. U takes back what can be.",
            self._about.of,
            *([f"They may take up to {hours} hours to work."] if hours else []),
            *([f"{plural(left_out, 'account')} left out, not named."] if left_out else []),
        ]

    @work(group="flow", exclusive=True)
    async def action_undo(self) -> None:
        """Take back what is marked, else the change under the cursor or all that were made."""
        places = await self._to_undo()
        if not places:
            return
        titles = [self._plan.fixes[place].title for place in places]
        text = [f"Take back: {visible(titles[0])}"]
        if len(places) > 1:
            text = [
                f"Take back {plural(len(places), 'change')} that were made here, those of accounts "
                f"first: {visible(titles[0])}, …"
            ]
        if await self.app.push_screen_wait(
            Confirm("Undo", text, len(places), topic=Topic.UNDO, otherwise="Nothing was changed.")
        ):
            self.work.take_back(places)

    async def _to_undo(self) -> list[int]:
        """The places of the changes to take back; none where there is nothing to do."""
        made, here = self.work.undoable(), self.grid.cursor
        if self.work.working:
            self.say("undo: still working.", "muted")
            return []
        if marked := self._marked():
            if not (places := [place for place in made if place in marked]):
                self.say("undo: nothing that is marked was made.", "muted")
            return places
        if not made:
            self.say("undo: nothing was made here that could be taken back.", "muted")
        elif len(made) > 1:
            choices = [("all", "all that were made", plural(len(made), "change"))]
            if here in made and isinstance(here, int):
                choices.insert(0, ("one", "this one", visible(self._plan.fixes[here].title)))
            answer = await self.app.push_screen_wait(
                Choice("Undo", choices, topic=Topic.UNDO, at=0)
            )
            return made if answer == "all" else [here] if answer and isinstance(here, int) else []
        elif here not in made:
            outcome = self.work.outcomes.get(here) if isinstance(here, int) else None
            word = _STEPS[outcome.step][0] if outcome else "not sent"
            self.say(f"undo: this one is {word}.", "muted")
            return []
        return made

    def action_leave(self) -> None:
        """Back. What is on its way goes on."""
        self.dismiss("sent" if self.work.sent and not self.work.working else "")

    def action_other(self, what: str) -> None:
        """Ask for other addresses or another kind of numbers, before anything is sent."""
        if self.work.sent:
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
        write_new(path, script_file(self._plan, self._about.pinned), force=force)
        return f"{plural(len(self._plan.fixes), 'change')} written to {path}"


def _why(left: Left) -> str:
    return visible(f"{left.why} {named_by(left.lacking)}".strip())


def names_only(name: str) -> Callable[[str], str]:
    """What is wrong with a typed text that must be that account's name."""

    def check(typed: str) -> str:
        same = typed.strip().casefold() == visible(name).casefold()
        return "" if same else f"That is not {visible(name)}. Nothing was changed."

    return check
