"""Make the pictures of this folder from the real console on the emulated tenant.

    python screenshots/make.py

takes about two minutes: the phones sign in as fast as in `siptui demo`. The animated picture of the
README is made with them (`cast.py`).
"""

import asyncio
import runpy
import sys
import tempfile
from pathlib import Path

from siptui.tui.launch import prepare_environment

prepare_environment()  # Textual reads it when it is imported

from textual.pilot import Pilot  # noqa: E402
from textual.widgets import Input  # noqa: E402

from siptui.commands.demo_desk import demo_tenant  # noqa: E402
from siptui.domain.state import DeviceState  # noqa: E402
from siptui.emulator.demo import DEMO_FILE, demo_list  # noqa: E402
from siptui.tui.app import SiptuiApp  # noqa: E402
from siptui.tui.flows import Console  # noqa: E402
from siptui.tui.options import ConsoleOptions  # noqa: E402

HERE = Path(__file__).parent
SIZES = ((120, 40), (80, 24))
THEMES = ("siptui-dark", "siptui-light")


class Photographer:
    """Takes each picture in every size and theme."""

    def __init__(self, pilot: "Pilot[int]") -> None:
        self.pilot = pilot
        self.app = pilot.app

    @property
    def console(self) -> Console:
        console = self.app.screen_stack[0]
        assert isinstance(console, Console)
        return console

    async def take(self, name: str) -> None:
        for theme in THEMES:
            self.app.theme = theme
            for width, height in SIZES:
                await self.pilot.resize_terminal(width, height)
                await self.pilot.pause(0.2)
                shade = "-light" if theme == "siptui-light" else ""
                file = f"{name}{shade}-{width}x{height}.svg"
                self.app.save_screenshot(file, path=str(HERE))
                if sys.__stdout__:
                    sys.__stdout__.write(f"{file}\n")

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.pilot.press(key)
            await self.pilot.pause(0.1)

    async def until(self, share: float) -> None:
        """Until that share of the devices has an outcome."""
        run = self.console.session.run
        assert run is not None
        while sum(run.counts[s] for s in _DONE) < share * len(run.devices):
            await self.pilot.pause(0.2)

    async def checked(self) -> None:
        """Until the prerequisites are known."""
        while self.console.session.preflight is None:
            await self.pilot.pause(0.2)

    async def ended(self) -> None:
        run = self.console.session.run
        while run is None or run.finished is None:
            await self.pilot.pause(0.2)


_DONE = (DeviceState.SUCCEEDED, DeviceState.FAILED)


async def main() -> None:
    """Walk through the console as a person would, and take pictures on the way."""
    with tempfile.TemporaryDirectory(prefix="siptui-pictures-") as name:
        folder = Path(name)
        file = folder / DEMO_FILE
        file.write_bytes(demo_list())
        demo = demo_tenant(folder)
        desk = demo.desk
        options = ConsoleOptions(
            save_folder=folder, tenant_id=demo.tenant_id, memory=demo.memory, checks=demo.checks
        )
        app = SiptuiApp(desk, options)
        async with app.run_test(size=SIZES[0]) as pilot:
            photographer = Photographer(pilot)
            await photographer.take("empty")
            photographer.console.read(file)
            await pilot.pause(1)
            await photographer.take("list")
            await photographer.press("u")
            await photographer.take("urls")
            await photographer.press("escape", "p")
            await photographer.checked()
            await photographer.take("checked")
            await photographer.press("p")
            await photographer.take("preflight")
            await photographer.press("F")
            await photographer.take("fix")
            await photographer.press("escape", "b")
            await pilot.pause(1)
            await photographer.take("batches")
            await photographer.press("escape", "s")
            await photographer.take("personal")
            await photographer.press("enter")
            await pilot.pause(0.3)
            await photographer.take("confirm")
            app.screen.query_one(Input).value = "59"  # the one that may be personal is left out
            await photographer.press("enter")
            await photographer.until(0.55)
            await photographer.press("g", "j", "j", "j", "j", "j")
            await photographer.take("main")
            await photographer.ended()
            await photographer.press("f")
            await photographer.take("failed")
            await photographer.press("enter")
            await photographer.take("details")
            await photographer.press("escape", "R")
            await photographer.take("causes")
            await photographer.press("escape", "escape", "question_mark")
            await photographer.take("help")
            await photographer.press("escape", "h")
            await photographer.take("runs")
            await photographer.press("escape", "t")
            await photographer.take("summary")
            await photographer.press("escape", "c")
            await photographer.take("columns")
            await photographer.press("escape")
        desk.close()


if __name__ == "__main__":
    asyncio.run(main())
    runpy.run_path(str(HERE / "cast.py"), run_name="__main__")
