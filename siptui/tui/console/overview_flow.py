"""All profiles of this host, and the way from this one to another."""

from collections.abc import Callable

from siptui.domain.errors import SiptuiError
from siptui.domain.text import visible
from siptui.tui.console.model import Session
from siptui.tui.console.view import View
from siptui.tui.dialogs.ask import Choice
from siptui.tui.dialogs.help_text import Topic
from siptui.tui.dialogs.new_profile import ask_profile
from siptui.tui.dialogs.overview import ADD, OverviewPage
from siptui.tui.options import Destination, Profiles
from siptui.tui.sentences import list_name
from siptui.tui.widgets.text_lines import Line

#: Seconds between two looks at the journals of this host.
_LOOKS = 2.0


class OverviewFlow:
    """Shows all profiles; goes to a run of this one, or leaves the console for another.

    It is opened from the table alone, so nothing is being confirmed then, and a run that a worker
    works on goes on without this console.
    """

    def __init__(self, view: View, session: Session, attach: Callable[[str], bool]) -> None:
        self.view = view
        self.session = session
        self._attach = attach

    async def overview(self) -> None:
        """Show them, and go where Enter was pressed."""
        options = self.session.options
        if not self.view.may("overview") or options.profiles is None:
            return
        seconds = max(_LOOKS, 1 / options.refresh_hz)
        adds = not options.read_only
        page = OverviewPage(options.profiles, here=options.profile, seconds=seconds, adds=adds)
        chosen = await self.view.ask(page)
        if chosen == ADD:
            chosen = await self._added(options.profiles)
        if not isinstance(chosen, Destination):
            return
        if chosen.profile != options.profile:
            await self._leave_for(chosen)
        elif not chosen.run:
            self.view.say(f"{visible(chosen.profile)} has no run yet.", "muted")
        elif self.session.run is None or self.session.run.run != chosen.run:
            self._attach(chosen.run)

    async def _added(self, profiles: Profiles) -> Destination | None:
        """Ask for a further profile, and write it."""
        try:
            new = await ask_profile(self.view.ask, profiles.clouds(), profiles.config())
            if new is None:
                return None
            return Destination(profiles.add(new.tenant, new.cloud, new.region), made=True)
        except SiptuiError as error:
            self.view.tell(error)
            return None

    async def _leave_for(self, chosen: Destination) -> None:
        """Leave this console for that profile, unless something here would end by it."""
        app, session, name = self.view.app, self.session, visible(chosen.profile)
        if any(one.group == "fix" and not one.is_finished for one in app.workers):
            text = f"{name}: not while changes are being made in {session.tenant}; O again later."
            self.view.say(text, "unknown")
            return
        if session.run is None and not session.board.empty:
            text = f"{list_name(session.file)} is open in {session.tenant} and not submitted."
            lines: list[Line] = [((visible(text), "normal"),)]
            choices = [
                ("stay", "stay", "nothing is changed"),
                ("go", f"go to {name}", "the list is closed; nothing is submitted"),
            ]
            asked = Choice("Another profile", choices, lines, topic=Topic.OTHER_PROFILE)
            if await self.view.ask(asked) != "go":
                return
        app.exit(chosen)
