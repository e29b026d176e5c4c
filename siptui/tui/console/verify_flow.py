"""Following the device inventory after a run, until its phones are seen signed in."""

import asyncio
from datetime import UTC, datetime, timedelta

from siptui.domain.device import Device
from siptui.domain.state import DeviceState
from siptui.domain.text import plural, visible
from siptui.domain.times import local_time, zone
from siptui.runs.rollout.verify import Sight, Verification
from siptui.tui.console.model import Session
from siptui.tui.console.view import SignIn, View
from siptui.tui.dialogs.live_page import Content, LivePage
from siptui.tui.dialogs.verify import VerifyPage
from siptui.tui.widgets.text_lines import Line


class VerifyFlow:
    """Reads the inventory again and again in the background; its page can be left meanwhile."""

    def __init__(self, view: View, session: Session, sign_in: SignIn) -> None:
        self.view = view
        self.session = session
        self._sign_in = sign_in
        self._found: Verification | None = None
        self._run = ""
        self._until = datetime.now(UTC)
        self._following: asyncio.Task[None] | None = None
        self._ended = ""

    async def verify(self) -> None:
        """Begin to follow the inventory, or show how far that is."""
        run = self.session.run
        if not self.view.may("verify") or run is None:
            return
        if self._run != run.run:
            self._end("another run was opened")
            if not await self._sign_in.signed_in():
                self.view.say("verify: not signed in, so the inventory cannot be read.", "unknown")
                return
            self._begin()
        self.view.app.push_screen(
            VerifyPage(self._content, self._going_on, self._end_it, self._begin)
        )

    def _begin(self) -> None:
        run = self.session.run
        if run is None:
            return
        self._end("")
        signed_in = [r.device for r in run.devices if r.state is DeviceState.SUCCEEDED]
        self._found, self._run, self._ended = Verification(signed_in), run.run, ""
        seconds = self.session.options.verify_seconds
        self._until = datetime.now(UTC) + timedelta(seconds=seconds)
        self.view.start(self._follow, group="verify")

    async def _follow(self) -> None:
        found, reads = self._found, self.session.options.status
        if found is None or reads is None:
            return
        seconds = self.session.options.verify_seconds
        self._following = asyncio.create_task(found.follow(reads.inventory, seconds, self._look))
        try:
            await self._following
        except asyncio.CancelledError:
            if self._found is found and not self._ended:
                raise  # the console is being left
            return
        if not self._ended:
            late = f"the {seconds / 60:.0f} minutes are over" if seconds >= 60 else "time is over"
            self._ended = "all are seen" if found.complete else late
        said = f"verify: {_seen(found)}."
        self.view.log_pane.append([((said, "ok" if found.complete else "unknown"),)])
        if self.view.in_use:
            self.view.say(f"{said} {self.view.key_of['verify']} shows them.", "accent")
        self._look()

    def _look(self) -> None:
        if isinstance(page := self.view.app.screen, LivePage):
            page.look()

    def _going_on(self) -> bool:
        return self._following is not None and not self._following.done()

    def _end_it(self) -> None:
        self._end("you ended it")
        self._look()

    def _end(self, why: str) -> None:
        if self._following is not None and not self._following.done():
            self._ended = why or "begun again"
            self._following.cancel()
        self._following = None

    def _content(self) -> Content:
        found = self._found
        if found is None:
            return Content("Verify", ())
        return Content(f"Verify: run {self._run}", [*self._progress(found), *_not_seen(found)])

    def _progress(self, found: Verification) -> list[Line]:
        lines: list[Line] = [((f"{_seen(found)}.", "ok" if found.complete else "strong"),)]
        if not found.complete:
            said = "The service says success of all of them; the inventory may be late."
            lines.append(((said, "muted"),))
        source, now = found.source, datetime.now(UTC)
        looks = f"Read {plural(found.looks, 'time')}" if found.looks else "Reading"
        if source is not None and source.error:
            text = f"The inventory could not be read. {visible(source.error)}"
            lines.append(((text, "unknown"),))
        if self._ended:
            lines.append(((f"{looks}; ended: {self._ended}. r begins again.", "muted"),))
        else:
            until = f"{local_time(self._until, now)} {zone(now)}"
            text = f"{looks}; goes on until all are seen, at most until {until}, also when you "
            lines.append(((f"{text}leave this page. x ends it.", "muted"),))
        return lines


def _seen(found: Verification) -> str:
    seen, all_of = len(found.signed_in()), len(found.wanted)
    verb = "is" if all_of == 1 else "are"
    return f"{seen:,} of {plural(all_of, 'phone')} {verb} seen signed in as their accounts"


def _not_seen(found: Verification) -> list[Line]:
    if not found.looks:
        return []
    lines: list[Line] = []
    for device in found.wanted:
        sight, user = found.sight(device)
        if sight is Sight.NOT_YET:
            text = "the service says success, the inventory not yet"
            if device.hardware_id.mac != device.hardware_id:
                text = "a port: the inventory has one account for the whole adapter"
            lines.append(_row(device, "?", text, "unknown"))
        elif sight is Sight.OTHER:
            lines.append(_row(device, "✗", f"signed in as {visible(user)}", "failed"))
    return [(), *lines] if lines else []


def _row(device: Device, symbol: str, text: str, tone: str) -> Line:
    who = f"{symbol} {visible(device.user_name)}  {device.hardware_id}  "
    return ((who, tone), (text, "normal"))
