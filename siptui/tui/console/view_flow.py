"""How the table is shown: filter, order, columns, log, theme; what is copied; help and commands."""

from collections.abc import Hashable, Sequence
from enum import Enum, auto

from msgspec.structs import replace

from siptui.domain.text import visible
from siptui.help import TOPICS, topic_text
from siptui.tui import dialogs
from siptui.tui.actions import ACTIONS, BY_ID
from siptui.tui.base_app import ThemedApp
from siptui.tui.console import details
from siptui.tui.console.action_state import why_not
from siptui.tui.console.filters import NO_COLUMNS, compile_filter, flaw
from siptui.tui.console.header import where_lines
from siptui.tui.console.help_text import FILTER_HELP, help_lines
from siptui.tui.console.model import Session
from siptui.tui.console.selection import Which, what
from siptui.tui.console.status_rows import STANDING_WORDS
from siptui.tui.console.table_rows import EXTRA, FIXED
from siptui.tui.console.view import View
from siptui.tui.preferences import read_kept, write_kept
from siptui.tui.terminal import copy_text
from siptui.tui.widgets.row_index import GridRow, Test
from siptui.tui.widgets.text_lines import Line

# Before the name of a theme or of a topic of help, in the id of a command of the palette.
_THEME = "theme:"
_TOPIC = "help:"


class LogSize(Enum):
    """How high the log is."""

    SMALL = auto()
    LARGE = auto()
    HIDDEN = auto()


class ViewFlow:
    """Changes how the model is shown, never what it is."""

    def __init__(self, view: View, session: Session) -> None:
        self.view = view
        self.session = session
        self.log_size = LogSize.SMALL
        #: Whether the pane of the row under the cursor may take a part of the table.
        self.row_pane_large = False

    def restore(self) -> None:
        """The columns as they were chosen last time."""
        kept = read_kept(self.session.options.save_folder)
        self.session.hidden = frozenset(kept.hidden) - FIXED
        self.session.board.extra = kept.extra

    # -- the filter

    def filter(self) -> None:
        """Type a filter."""
        if self.view.may("filter"):
            self.view.enter_filter()

    def filter_help(self) -> None:
        """What a filter may be."""
        self.view.app.push_screen(dialogs.Page("About: Filter", FILTER_HELP))

    def clear(self) -> None:
        """Clear the filters."""
        view = self.view
        if self.session.status is not None and not self.session.filter.words:
            view.perform("standing")  # there is nothing to clear: back to the run
            return
        self.session.filter.place = 0
        view.clear_notice()
        if view.filter_field.value:
            view.filter_field.value = ""  # its change clears the rest
        else:
            self.apply_filter()

    def status(self) -> None:
        """The next status filter."""
        if self.view.may("status"):
            self.session.filter.place = self.session.filter.next_place
            self.apply_filter()

    def apply_filter(self) -> None:
        """Show what both filters let through; where that is nothing, the table says so."""
        grid = self.view.grid
        self.session.filter.forget_kept(unless=self.session.filter.words)
        total, by = len(grid.index.rows), visible(self.session.filter.words)
        grid.empty = f"No row matches {by}. Esc shows all {total:,} rows."
        grid.filter(self._test())
        self.view.show_bars()
        self.view.show_detail()

    def _test(self) -> Test | None:
        table, states = self.session.table, self.session.filter.states
        text, kept = self.session.filter.typed, self.session.filter.kept
        typed = compile_filter(text, table.typed_columns() if _names(text) else NO_COLUMNS)
        if typed is None and states is None:
            return None

        def test(row: GridRow) -> bool:
            if row.key in kept:
                return True
            if states is not None and table.state(row.key) not in states:
                return False
            return typed is None or typed(table.probe(row))

        return test

    def flaw(self) -> str:
        """What is wrong with the filter that was typed, or nothing."""
        text, board = self.session.filter.typed, self.session.board
        if not _names(text):
            return ""
        missing = dict[str, str]()
        if (status := self.session.status) is not None:
            of_run = dict.fromkeys(("cause", "batch", "pre", "check"), "not in the status")
            return flaw(text, status.typed_columns(), of_run, STANDING_WORDS)
        if board.run is None:
            missing |= dict.fromkeys(("cause", "batch"), "nothing there before a run")
        if board.report is None:
            checks = f"{self.view.key_of['preflight']} checks first"
            missing |= dict.fromkeys(("pre", "check"), checks)
        return flaw(text, board.typed_columns(), missing)

    # -- order, columns, theme, log

    async def sort(self) -> None:
        """Choose a column; the same one again turns the order round."""
        if not self.view.may("sort"):
            return
        table, now = self.session.table, self.view.grid.sorted_by
        choices = [(c.key, c.title, "") for c in table.columns if not c.key.startswith(EXTRA)]
        choices += [(EXTRA + name, visible(name), "of the list") for name in table.extra_names()]
        at = next((i for i, choice in enumerate(choices) if now and now[0] == choice[0]), 0)
        column = await self.view.ask(
            dialogs.Choice("Sort by", choices, topic=dialogs.Topic.SORT, at=at)
        )
        if isinstance(column, str):
            self.sort_by(column)

    def sort_by(self, column: str) -> None:
        """Sort by that column; the other way round where it is sorted by it already."""
        grid, now = self.view.grid, self.view.grid.sorted_by
        reverse = now is not None and now[0] == column and not now[1]
        grid.sort(column, self.session.sort_key(column), reverse=reverse)
        title = next(
            (c.title for c in self.session.table.columns if c.key == column),
            visible(column.removeprefix(EXTRA)),
        )
        self.view.say(f"sorted by {title}{', backwards' if reverse else ''}.", "muted")

    async def columns(self) -> None:
        """Choose the columns, the list's own among them."""
        if not self.view.may("columns"):
            return
        board, table = self.session.board, self.session.table
        own = [c for c in table.columns if c.key not in FIXED and not c.key.startswith(EXTRA)]
        names = table.extra_names()
        fit, beyond = self.view.grid.shown_columns
        nothing = "nothing in it yet"
        choices = [
            (c.key, c.title, "" if c.key in fit | beyond | self.session.hidden else nothing)
            for c in own
        ]
        choices += [(EXTRA + name, name, "of the list") for name in names]
        shown = {c.key for c in own if c.key not in self.session.hidden}
        shown |= {EXTRA + name for name in names if name in board.extra}
        text: Line = (("User, hardware id and how a row stands are always shown.", "muted"),)
        chosen = await self.view.ask(
            dialogs.ColumnChoice(choices, shown, [text], fit=fit, beyond=beyond)
        )
        if chosen is None:
            return
        elsewhere = self.session.hidden - {c.key for c in own}  # of the other table
        self.session.hidden = elsewhere | {c.key for c in own if c.key not in chosen}
        others = [name for name in board.extra if name not in names]  # of lists open another time
        board.extra = (*others, *(name for name in names if EXTRA + name in chosen))
        folder = self.session.options.save_folder
        hidden = tuple(sorted(self.session.hidden))
        write_kept(folder, replace(read_kept(folder), hidden=hidden, extra=board.extra))
        self.view.show_all()

    async def theme(self) -> None:
        """Choose a theme; it is used at once."""
        names = sorted(self.view.app.available_themes)
        choices = [(name, name, "") for name in names]
        at = names.index(self.view.app.theme) if self.view.app.theme in names else 0
        chosen = await self.view.ask(
            dialogs.Choice("Theme", choices, topic=dialogs.Topic.THEME, at=at)
        )
        if isinstance(chosen, str):
            self.use_theme(chosen)

    def use_theme(self, name: str) -> None:
        """Use that theme, now and next time."""
        app = self.view.app
        app.theme = app.fitting(name) if isinstance(app, ThemedApp) else name
        folder = self.session.options.save_folder
        write_kept(folder, replace(read_kept(folder), theme=name))

    def log(self) -> None:
        """Smaller, larger, hidden."""
        sizes = list(LogSize)
        self.log_size = sizes[(sizes.index(self.log_size) + 1) % len(sizes)]
        self.view.share_height()

    def row_pane(self) -> None:
        """Larger, smaller."""
        self.row_pane_large = not self.row_pane_large
        self.view.share_height()

    def redraw(self) -> None:
        """Draw the whole screen again, as after another program wrote onto it."""
        if isinstance(app := self.view.app, ThemedApp):
            app.action_redraw()

    # -- copying

    def copy(self) -> None:
        """Copy the column of the marked rows; of those that a filter shows, after a question; else
        the cell under the cursor."""
        grid, cell = self.view.grid, self.view.grid.cell
        if not self.view.may("copy") or cell is None:
            return
        chosen = self.view.selection()
        if chosen.which is Which.MARKED:
            self._copy(chosen.keys, what(chosen, len(chosen.keys)))
        elif chosen.which is Which.SHOWN and len(chosen.keys) > 1:
            rows = what(chosen, len(chosen.keys))
            text: Line = ((f"{cell[0].title}, of {rows}.", "normal"),)
            choices = [("rows", "of each row", rows), ("cell", "this cell", cell[1])]

            def answered(answer: Hashable) -> None:
                if answer == "rows":
                    self._copy(chosen.keys, rows)
                elif answer == "cell":
                    self._copy((grid.cursor,))

            title = f"Copy: {cell[0].title}"
            dialog = dialogs.Choice(title, choices, [text], topic=dialogs.Topic.COPY)
            self.view.app.push_screen(dialog, answered)
        else:
            self._copy((grid.cursor,))

    def _copy(self, keys: Sequence[Hashable], rows: str = "") -> None:
        cell = self.view.grid.cell
        if cell is None:
            return
        column, board = cell[0], self.session.board
        if column.key == "result":
            cells = [details.summary(board, key) for key in keys]
        else:
            cells = self.view.grid.cells(keys)
        of = f" of {rows}" if rows else ""
        copied = copy_text(self.view.app, "\n".join(cells))
        self.view.say(f"{column.title}{of}: {copied}", "accent")

    # -- help and commands

    def help(self) -> None:
        """Every key that can be used here."""
        options = self.session.options
        hidden = {a.id for a in ACTIONS if a.changes and options.read_only}
        hidden |= {"preflight", "fix"} if options.checks is None else set()
        hidden |= {"batches"} if options.tenant_batches is None else set()
        hidden |= {"overview"} if options.profiles is None else set()
        hidden |= {"standing", "verify"} if options.status is None else set()
        hidden |= {"sign_in"} if options.sign_in is None else set()
        lines = [*where_lines(self.session), (), *help_lines(self.view.keys, hidden)]
        self.view.app.push_screen(dialogs.Page("Help", lines))

    def palette(self) -> None:
        """Every command by name."""
        self.view.app.push_screen(dialogs.Palette(self._commands()), self._carry_out)

    def _commands(self) -> "list[dialogs.Command]":
        view, session = self.view, self.session
        now = view.offers()
        commands = [
            dialogs.Command(
                action.id,
                f"show {words}" if action.id == "status" else words,
                view.key_of[action.id] if view.keys[action.id] else "",
                action.help,
                action.also,
                "" if action.id in now else why_not(session, action.id, view.key_of),
            )
            for action in ACTIONS
            if action.palette and not (action.changes and session.options.read_only)
            for words in (now.get(action.id, action.title),)
        ]
        commands += [
            dialogs.Command(f"{_THEME}{name}", "theme", "", f"use {name}", "colours colors")
            for name in sorted(view.app.available_themes)
        ]
        commands += [
            dialogs.Command(f"{_TOPIC}{name}", "help", "", f"{name}: {about}", "topic")
            for name, about in TOPICS.items()
            if name != "keys"  # `?`, which knows the operator's own
        ]
        return commands

    async def _carry_out(self, chosen: Hashable) -> None:
        if not isinstance(chosen, str):
            return
        if chosen.startswith(_THEME):
            self.use_theme(chosen.removeprefix(_THEME))
        elif chosen.startswith(_TOPIC):
            self.view.app.push_screen(_topic(chosen.removeprefix(_TOPIC)))
        elif BY_ID[chosen].owner == "grid":
            await self.view.app.run_action(f"grid_{chosen}", self.view.grid)
        else:
            self.view.perform(chosen)


def _topic(name: str) -> "dialogs.Page":
    title, *lines = topic_text(name).splitlines()
    return dialogs.Page(title, [((line, "normal"),) if line else () for line in lines[1:]])


def _names(text: str) -> bool:
    """Whether a filter may name a column."""
    return ":" in text or "=" in text
