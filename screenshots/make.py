"""Make the pictures of this folder from the real console on the emulated tenant.

    python screenshots/make.py

takes about three minutes: the phones sign in as fast as in `siptui demo`. The animated picture of
the README is made with them (`cast.py`).
"""

import asyncio
import os
import runpy
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from siptui.tui.launch import prepare_environment

prepare_environment()  # Textual reads it when it is imported

from textual.pilot import Pilot  # noqa: E402
from textual.widgets import Input  # noqa: E402

from siptui.commands.console_sign_in import ConsoleSignIn  # noqa: E402
from siptui.commands.demo_desk import demo_tenant  # noqa: E402
from siptui.commands.session import Selected  # noqa: E402
from siptui.domain.state import DeviceState  # noqa: E402
from siptui.emulator.demo import DEMO_FILE, demo_list  # noqa: E402
from siptui.emulator.emulator import Emulator  # noqa: E402
from siptui.emulator.entra_beside import authority_beside  # noqa: E402
from siptui.settings.folders import Folders  # noqa: E402
from siptui.settings.load import Settings  # noqa: E402
from siptui.settings.model import Cloud, Profile  # noqa: E402
from siptui.tui.app import SiptuiApp  # noqa: E402
from siptui.tui.first_run import FirstRun  # noqa: E402
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

    async def take(self, name: str, sizes: Sequence[tuple[int, int]] = SIZES) -> None:
        for theme in THEMES:
            self.app.theme = theme
            for width, height in sizes:
                await self.pilot.resize_terminal(width, height)
                await self.pilot.pause(0.2)
                shade = "-light" if theme == "siptui-light" else ""
                file = f"{name}{shade}-{width}x{height}.svg"
                picture = self.app.export_screenshot(simplify=True)
                (HERE / file).write_text(picture, encoding="utf-8")
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


#: What is taken after the run, and the keys that lead there.
AFTER = {
    "details": ("enter",),
    "causes": ("R",),
    "help": ("question_mark",),
    "runs": ("h",),
    "summary": ("t",),
    "columns": ("c",),
    "sort": ("S",),
    "export": ("e",),
    "palette": ("colon", *"theme"),
}


async def main() -> None:
    """Walk through the console as a person would, and take pictures on the way."""
    with tempfile.TemporaryDirectory(prefix="siptui-pictures-") as name:
        await first_run(Path(name))
        await sign_in(Path(name))
        await demo(Path(name))


async def first_run(folder: Path) -> None:
    """The questions of the first run."""
    clouds = {"public": "almost all tenants", "gcc": "US government, moderate"}
    config = Path("~/.config/siptui/config.toml")
    async with FirstRun(clouds, config, lambda *_: None).run_test(size=SIZES[0]) as pilot:
        await Photographer(pilot).take("first-run")


async def sign_in(folder: Path) -> None:
    """A sign-in with a code, at the emulated authority."""
    folder = folder / "sign-in"
    folder.mkdir()
    emulator = Emulator("demo")
    with authority_beside(emulator, folder) as beside:
        os.environ["SSL_CERT_FILE"] = str(beside.authority)
        tenant = emulator.scenario.tenant
        cloud = Cloud("emulated", beside.address, "https://emulator.invalid")
        where = Folders(folder / "config", folder / "state", folder / "logs")
        selected = Selected(Settings(where), Profile("contoso", tenant.id, cloud), {})
        ways = ConsoleSignIn(selected, {})
        options = ConsoleOptions(save_folder=folder, sign_in=ways)
        desk = demo_tenant(folder).desk
        async with SiptuiApp(desk, options).run_test(size=SIZES[0]) as pilot:
            photographer = Photographer(pilot)
            await photographer.press("i")
            await pilot.pause(1)
            if len(pilot.app.screen.query(Input)) == 0:  # asked where to keep the tokens
                await photographer.press("enter")
            await pilot.pause(3)
            await photographer.take("sign-in")
            await photographer.press("escape")
        desk.close()
        del os.environ["SSL_CERT_FILE"]


async def demo(folder: Path) -> None:
    """A run of the demo tenant, from its list to its end."""
    file = folder / DEMO_FILE
    file.write_bytes(demo_list())
    demo = demo_tenant(folder)
    options = ConsoleOptions(
        save_folder=folder, tenant_id=demo.tenant_id, memory=demo.memory, checks=demo.checks
    )
    async with SiptuiApp(demo.desk, options).run_test(size=SIZES[0]) as pilot:
        photographer = Photographer(pilot)
        await photographer.take("empty")
        photographer.console.read(file)
        await pilot.pause(1)
        await photographer.take("list")
        await photographer.take("small", sizes=[(50, 12)])
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
        await photographer.press("question_mark")
        await photographer.take("about")
        await photographer.press("escape")
        pilot.app.screen.query_one(Input).value = "59"  # the one that may be personal is left out
        await photographer.press("enter")
        await photographer.until(0.55)
        await photographer.press("g", "j", "j", "j", "j", "j")
        await photographer.take("main")
        await photographer.ended()
        await photographer.press("slash", *"cause:offline")
        await photographer.take("filter")
        await photographer.press("escape", "f")
        await photographer.take("failed")
        for name, keys in AFTER.items():
            await photographer.press(*keys)
            await photographer.take(name)
            await photographer.press("escape")
    demo.desk.close()


if __name__ == "__main__":
    asyncio.run(main())
    runpy.run_path(str(HERE / "cast.py"), run_name="__main__")
