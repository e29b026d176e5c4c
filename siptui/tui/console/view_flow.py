"""How it looks: order, columns and theme, kept for next time, and the run as a whole."""

from dataclasses import replace

from textual import work

from siptui.tui.base_app import ThemedApp
from siptui.tui.console.screen import MainScreen
from siptui.tui.console.sorting import sort_key
from siptui.tui.console.table_rows import EXTRA, FIXED
from siptui.tui.dialogs.ask import Choice
from siptui.tui.dialogs.live_page import Content, LivePage, as_of
from siptui.tui.preferences import read_kept, write_kept
from siptui.tui.widgets.text_lines import Line


class Looks(MainScreen):
    """The main screen, with columns, order and theme to choose."""

    def on_mount(self) -> None:
        """As it was left."""
        kept = read_kept(self.session.options.save_folder)
        self.hidden = frozenset(kept.hidden) - FIXED
        self.session.board.extra = kept.extra
        super().on_mount()

    @work(group="flow", exclusive=True)
    async def action_sort(self) -> None:
        """Choose a column; the same one again turns the order round."""
        if not self.may("sort"):
            return
        now, columns = self.grid.sorted_by, self.session.board.columns
        choices = [(column.key, column.title, "") for column in columns]
        at = next((i for i, c in enumerate(columns) if now and now[0] == c.key), 0)
        column = await self.app.push_screen_wait(Choice("Sort by", choices, at=at))
        if isinstance(column, str):
            reverse = now is not None and now[0] == column and not now[1]
            self.grid.sort(column, sort_key(column, self.session.board), reverse=reverse)

    @work(group="flow", exclusive=True)
    async def action_columns(self) -> None:
        """Choose the columns, the list's own among them."""
        if not self.may("columns"):
            return
        board = self.session.board
        own = [c for c in board.columns if c.key not in FIXED and not c.key.startswith(EXTRA)]
        names = board.extra_names()
        choices = [(c.key, c.title, "") for c in own]
        choices += [(EXTRA + name, name, "of the list") for name in names]
        shown = {c.key for c in own if c.key not in self.hidden}
        shown |= {EXTRA + name for name in names if name in board.extra}
        text: Line = (("User, hardware id and status are always shown.", "muted"),)
        from siptui.tui.dialogs.columns import ColumnChoice

        chosen = await self.app.push_screen_wait(ColumnChoice(choices, shown, [text]))
        if chosen is None:
            return
        self.hidden = frozenset(c.key for c in own if c.key not in chosen)
        others = [name for name in board.extra if name not in names]  # of lists open another time
        board.extra = (*others, *(name for name in names if EXTRA + name in chosen))
        folder = self.session.options.save_folder
        kept = replace(read_kept(folder), hidden=tuple(sorted(self.hidden)), extra=board.extra)
        write_kept(folder, kept)
        self.show_all()

    @work(group="flow", exclusive=True)
    async def action_theme(self) -> None:
        """Choose a theme; it is used at once."""
        names = sorted(self.app.available_themes)
        choices = [(name, name, "") for name in names]
        at = names.index(self.app.theme) if self.app.theme in names else 0
        chosen = await self.app.push_screen_wait(Choice("Theme", choices, at=at))
        if isinstance(chosen, str):
            self.use_theme(chosen)

    def use_theme(self, name: str) -> None:
        """Use that theme, now and next time."""
        self.app.theme = self.app.fitting(name) if isinstance(self.app, ThemedApp) else name
        folder = self.session.options.save_folder
        write_kept(folder, replace(read_kept(folder), theme=name))

    def action_summary(self) -> None:
        """The run as a whole."""
        from siptui.tui.console.run_summary import summary

        session, run = self.session, self.session.run
        if not self.may("summary") or run is None:
            return

        def content() -> Content:
            read_only = session.options.read_only
            text = summary(run, session.events, self.key_of, read_only=read_only)
            return Content("Summary" if run.finished else as_of("Summary", run.last_at), text)

        self.app.push_screen(LivePage(content))

    def action_redraw(self) -> None:
        """Draw the whole screen anew, as after another program wrote onto it."""
        if isinstance(self.app, ThemedApp):
            self.app.action_redraw()
