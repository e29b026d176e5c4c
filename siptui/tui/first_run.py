"""The first run, without a profile: a few questions, then a profile, or the demo."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

from textual import events, work
from textual.app import ComposeResult
from textual.screen import Screen

from siptui.domain.errors import SiptuiError
from siptui.domain.region import Region
from siptui.domain.text import visible
from siptui.tui.base_app import ThemedApp
from siptui.tui.dialogs.ask import Choice
from siptui.tui.dialogs.help_text import Topic
from siptui.tui.dialogs.new_profile import ask_profile
from siptui.tui.stale_size import passed_by
from siptui.tui.widgets.text_lines import Line, Surface

First = Literal["profile", "demo"]
#: Writes the profile: tenant, cloud, region. Raises `SiptuiError` for what is not allowed.
MakeProfile = Callable[[str, str, Region | None], object]


class FirstRun(ThemedApp[First]):
    """Asks what to begin with. The answer: a profile was made, the demo, or nothing.

    `clouds` are their names with what is to be known of each; `config` is the file that `make`
    writes the profile to.
    """

    ENABLE_COMMAND_PALETTE = False

    def __init__(
        self,
        clouds: Mapping[str, str],
        config: Path,
        make: MakeProfile,
        *,
        theme: str = "siptui-dark",
        themes_folder: Path | None = None,
    ) -> None:
        super().__init__(theme, themes_folder)
        self.clouds, self.config, self.make = clouds, config, make

    def get_default_screen(self) -> Screen[None]:
        """An empty one; the questions are laid over it."""
        return _Ground()

    def on_mount(self) -> None:
        """Begin to ask."""
        self.heed_signals()
        self.ask()

    @work(group="flow", exclusive=True)
    async def ask(self) -> None:
        """One question after the other; Escape goes a step back."""
        problem: Line | None = None
        while True:
            text: list[Line] = [problem] if problem else []
            chosen = await self.push_screen_wait(
                Choice("siptui", _BEGIN, [*text, _WELCOME], topic=Topic.FIRST_RUN)
            )
            if chosen is None:
                self.exit()
            elif chosen == "demo":
                self.exit("demo")
            else:
                try:
                    if not await self._profile():
                        continue
                except SiptuiError as error:
                    problem = ((visible(f"{error.message} {error.remedy}"), "failed"),)
                    continue
                self.exit("profile")
            return

    async def _profile(self) -> bool:
        new = await ask_profile(self.push_screen_wait, self.clouds, self.config)
        if new is None:
            return False
        self.make(new.tenant, new.cloud, new.region)
        return True


class _Ground(Screen[None]):
    def compose(self) -> ComposeResult:
        yield Surface(id="header", classes="bar")

    def on_resize(self, event: events.Resize) -> None:
        if passed_by(self, event):
            return
        self.query_one(Surface).show([((" siptui  ", "accent"), ("first run", "muted"))])


_BEGIN = [
    ("profile", "make a profile", "for your tenant; nothing is sent anywhere yet"),
    ("demo", "try the demo", "an emulated tenant: no account, no network"),
]
_WELCOME: Line = (
    (
        "Signs SIP phones in to Microsoft Teams SIP Gateway, hundreds at a time. siptui does not "
        "know your tenant yet.",
        "normal",
    ),
)
