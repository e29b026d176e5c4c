"""Where each row stands: read in the background, shown in place of the run, left again."""

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from siptui.domain.errors import SiptuiError
from siptui.domain.text import plural, visible
from siptui.runs.output.status_file import write_status
from siptui.runs.rollout.evidence import RowStanding
from siptui.tui.console import status_text
from siptui.tui.console.model import Session, read_list
from siptui.tui.console.selection import Which, what
from siptui.tui.console.status_rows import Standings
from siptui.tui.console.view import SignIn, View
from siptui.tui.dialogs.ask import Choice
from siptui.tui.dialogs.help_text import Topic
from siptui.tui.dialogs.live_page import Content, RowPage
from siptui.tui.dialogs.save_file import ask_and_write
from siptui.tui.widgets.table import GridPlace


class StatusFlow:
    """Goes over to where the rows stand and back; nothing of the run's table is lost by it."""

    def __init__(self, view: View, session: Session, sign_in: SignIn) -> None:
        self.view = view
        self.session = session
        self._sign_in = sign_in
        self._left: GridPlace | None = None  # the place in the table of the list or run
        self._places: tuple[Standings, GridPlace] | None = None  # in the one of standings

    async def standing(self) -> None:
        """Show where the rows stand, and read it anew; back again where it is shown."""
        if self.session.status is not None:
            self.leave()
            return
        if not self.view.may("standing"):
            return
        if not await self._sign_in.signed_in():
            self.view.clear_notice()  # what can be read without is shown, and what cannot
        self._enter()
        self.view.start(self._read, group="status")

    def _enter(self) -> None:
        view, session = self.view, self.session
        self._left = view.grid.place
        standings = session.show_standings()
        with view.in_one_frame():
            view.grid.sort(None, None)
            view.show_all()
            if self._places is not None and self._places[0] is standings:
                self._go_back_to(self._places[1])
            view.show_bars()

    def leave(self) -> None:
        """The table as it was left."""
        view, session = self.view, self.session
        if session.status is not None:
            self._places = session.status, view.grid.place
        session.hide_standings()
        view.clear_notice()
        with view.in_one_frame():
            view.grid.sort(None, None)
            view.show_all()
            if self._left is not None:
                self._go_back_to(self._left)
            view.show_bars()

    def _go_back_to(self, place: GridPlace) -> None:
        self.view.sort_by(place.sorted_by)
        self.view.grid.go_back_to(place)

    async def _read(self) -> None:
        """Read in the background; what was read before stays until then."""
        view, session = self.view, self.session
        reads, standings = session.options.status, session.standings
        if reads is None or standings is None:
            return
        told = -1

        def progress(done: int, of: int) -> None:
            nonlocal told
            if (tenths := done * 10 // max(of, 1)) != told:  # each sentence costs a line
                told = tenths
                if session.status is standings:
                    view.say(status_text.reading(done, of), "muted")

        view.say(status_text.reading(0, 0), "muted")
        listed = await self._listed()
        found, evidence = await reads.read(standings.devices, listed, progress)
        if session.standings is not standings:
            return  # another list was opened meanwhile, or another run
        if session.board.list is None:  # of a run alone it is not known what its list had besides
            found = [row for row in found if row.line is not None]
        standings.take(found, evidence, datetime.now(UTC))
        view.log_pane.append(status_text.log_lines(standings))
        if session.status is not standings:
            return  # it was left meanwhile; what was read is kept
        view.clear_notice()
        with view.in_one_frame():
            place = view.grid.place
            view.show_all()
            self._go_back_to(place)
            view.show_bars()

    async def _listed(self) -> Collection[str]:
        """The hardware ids of the whole list, of which a part may be open."""
        session, path = self.session, self.session.path
        opened = session.board.list
        if opened is None or path is None:
            return ()
        options = session.list_options(path)
        if not options.where:
            return opened.hardware_ids
        try:
            whole = replace(options, where=())
            read = partial(read_list, path, session.region, whole)
            return (await self.view.in_thread(read)).hardware_ids
        except SiptuiError as error:
            self.view.tell(error)
            return opened.hardware_ids

    # -- a row, a file

    def open_row(self) -> None:
        """Everything about where the row under the cursor stands."""
        self.view.app.push_screen(RowPage(self._row, self._step, lambda: False, lambda: False))

    def _row(self) -> Content:
        standings, key = self.session.standings, self.view.grid.cursor
        row = standings.row(key) if standings is not None else None
        if standings is None or row is None:
            return Content("Status", ())
        title = f"Status: {visible(row.user_name) or row.hardware_id}"
        return Content(title, status_text.page(standings, key))

    def _step(self, rows: int) -> None:
        grid = self.view.grid
        at = grid.index.position(grid.cursor)
        if at is not None:
            grid.move_to(at + rows)

    async def export(self) -> None:
        """Write where rows stand: the marked ones, those shown, or all."""
        view, session = self.view, self.session
        standings = session.status
        if standings is None or not view.may("export"):
            return
        chosen, every = view.selection(), standings.found
        rows = [row for key in chosen.keys if (row := standings.row(key)) is not None]
        which: Any = "all"
        if chosen.which is not Which.ALL:
            kind = "marked" if chosen.which is Which.MARKED else "shown"
            choices = [
                (kind, f"the rows {kind}", what(chosen, len(rows))),
                ("all", "all rows", plural(len(every), "row")),
            ]
            which = await view.ask(Choice("Export the status", choices, topic=Topic.EXPORT_STATUS))
            if which is None:
                return
        if which == "all":
            rows = every
        name = Path(visible(session.file).replace("\\", "/")).stem or "siptui"
        said, tone = await ask_and_write(
            view.app,
            "Export the status to",
            ".csv for spreadsheets and as a list again, .json for programs.",
            session.export_folder / f"{name}-status-{which}.csv",
            partial(self._write, standings, rows),
        )
        view.say(said, tone)

    def _write(self, standings: Standings, rows: list[RowStanding], path: Path, force: bool) -> str:
        if standings.evidence is None:
            return ""
        file, every = self.session.file, standings.found
        write_status(path, file, every, rows, standings.evidence, force=force)
        return f"{plural(len(rows), 'row')} written to {visible(str(path))}"
