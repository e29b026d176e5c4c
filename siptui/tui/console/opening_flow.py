"""What the console opens with: the list or the run that was named, or what is unfinished."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from siptui.domain.errors import SiptuiError
from siptui.domain.text import visible
from siptui.tui.console.model import Session
from siptui.tui.console.tenant_urls import opening_lines
from siptui.tui.console.unfinished_runs import Unfinished, unfinished
from siptui.tui.console.view import ReadList, View

if TYPE_CHECKING:
    from siptui.tui.console.run_flow import RunFlow


class OpeningFlow:
    """Begins with what was named on the command line. `run_flow` gives what shows runs."""

    def __init__(
        self, view: View, session: Session, read_list: ReadList, run_flow: "Callable[[], RunFlow]"
    ) -> None:
        self.view = view
        self.session = session
        self._read_list = read_list
        self._run_flow = run_flow

    def begin(self) -> None:
        """Open what was named on the command line, else offer what is unfinished."""
        view, session = self.view, self.session
        options = session.options
        if options.greeting:
            session.welcome = ((visible(options.greeting), "accent"),)
        if not options.file:
            view.log_pane.append(opening_lines(session, view.key_of))
        if notice := session.run_service.notice:
            view.log_pane.append([((visible(notice), "unknown"),)])
            self._run_flow().acknowledge()
        if options.run:
            view.later(partial(self._attach, options.run))
            return
        waiting = self._unfinished()
        if waiting and options.file:
            first = f"Unfinished run of {waiting[0].name}: {waiting[0].about}."
            told = (f"{first} {view.key_of['runs']} attaches.", "unknown")
            session.welcome = (*session.welcome, told)
        if options.file:
            view.start(partial(self._read, options.file))  # the first frame may have it already
        elif waiting:
            view.later(partial(view.start, partial(self._offer, waiting)))

    def _attach(self, run: str) -> None:
        self._run_flow().attach(run)

    async def _read(self, path: Path) -> None:
        await self._read_list(path, self.session.options.region)

    def _unfinished(self) -> list[Unfinished]:
        try:
            return unfinished(self.session.run_service)
        except SiptuiError as error:
            self.view.later(partial(self.view.tell, error))
            return []

    async def _offer(self, waiting: list[Unfinished]) -> None:
        await self._run_flow().offer(waiting)
