"""Gives orders to the service of runs, and shows what came of them."""

from collections.abc import Callable
from contextlib import nullcontext
from functools import partial

from siptui.domain.errors import SiptuiError
from siptui.tui.console.cursor_line import on_its_line
from siptui.tui.console.model import Session
from siptui.tui.console.view import View


class OrderFlow:
    """Gives orders; those of its own ask nothing."""

    def __init__(self, view: View, session: Session) -> None:
        self.view = view
        self.session = session

    def give(self, order: Callable[[], object], *, new_run: bool = False) -> None:
        """Give an order to the service of runs and show what came of it; errors are told."""
        with on_its_line(self.view, self.session) if new_run else nullcontext():
            self._give(order, new_run=new_run)

    def _give(self, order: Callable[[], object], *, new_run: bool) -> None:
        try:
            order()
        except SiptuiError as error:
            self.view.tell(error)
            return
        self.view.clear_notice()
        with self.view.in_one_frame():
            if new_run:
                self.view.grid.clear_marks()  # of rows that have other places now
                self.view.show_all()
                self.view.log_events()
            self.view.look()
            self.view.look_for_worker()
            self.view.show_bars()

    def pause(self) -> None:
        """Pause, or continue."""
        run = self.session.run
        self.view.look_for_worker()  # an order that no worker would carry out is refused
        if self.view.may("pause") and run is not None:
            run_service = self.session.run_service
            order = run_service.go_on if run.paused else run_service.pause
            self.give(partial(order, run.run, how=f"{self.view.key_of['pause']} in the console"))

    def try_now(self) -> None:
        """End the waits of the run and of the service."""
        run = self.session.run
        if self.view.may("try_now") and run is not None:
            self.give(partial(self.session.run_service.try_now, run.run))
