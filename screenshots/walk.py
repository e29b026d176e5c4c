"""A walk through the console on the emulated tenant, as a person would take it.

Each scene is taken at two sizes in a dark and a light theme. Pictures come out as cells; `svg`
writes them.
"""

import asyncio
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from textual.pilot import Pilot
from textual.widgets import Input

from screenshots import emulated
from screenshots.capture import screen_cells
from screenshots.cells import Grid, text_of
from screenshots.scenes import AFTER, SIZES, THEMES
from screenshots.svg import Frame
from siptui.app.all_profiles import HostProfiles
from siptui.app.console_sign_in import ConsoleSignIn
from siptui.app.demo_tenant import Demo, demo_tenant
from siptui.app.session import Selected
from siptui.domain.region import Region
from siptui.domain.state import DeviceState
from siptui.emulator.demo import DEMO_FILE, demo_list
from siptui.emulator.emulator import Emulator
from siptui.emulator.entra.beside import authority_beside
from siptui.host.locks import file_lock
from siptui.runs import events as ev
from siptui.runs.journal.locks import lock_path
from siptui.settings.folders import Folders
from siptui.settings.load import Settings
from siptui.settings.model import Cloud, Profile
from siptui.tui.app import SiptuiApp
from siptui.tui.console.screen import Console
from siptui.tui.dialogs.waves import WavesDialog
from siptui.tui.first_run import FirstRun
from siptui.tui.options import ConsoleOptions
from tests.tui.scripted_runs import ScriptedRuns, make_devices

DEMO_SIZE = (100, 30)
_PORT = 9443  # of the emulated authority, whose address is in the picture
_PATIENCE = 600.0  # seconds, emulated or not
_DONE = (DeviceState.SUCCEEDED, DeviceState.FAILED)


class Photographer:
    """Drives a console by keys and keeps its screens by their names."""

    def __init__(self, pilot: Pilot[Any]) -> None:
        self.pilot = pilot
        self.app = pilot.app
        self.taken: dict[str, Grid] = {}

    @property
    def console(self) -> Console:
        """The console's own screen, dialogs above it or not."""
        console = self.app.screen_stack[0]
        assert isinstance(console, Console)
        return console

    async def take(self, name: str, sizes: Sequence[tuple[int, int]] = SIZES) -> None:
        """The screen as it is, in each size and theme."""
        for theme in THEMES:
            await self._take(name, theme, sizes)

    async def take_opened(self, name: str, keys: Sequence[str]) -> None:
        """What these keys open and Escape closes; opened again for each theme, which Textual's own
        screens take over only then."""
        for theme in THEMES:
            self.app.theme = theme
            await self.press(*keys)
            await self._take(name, theme, SIZES)
            await self.press("escape")

    async def _take(self, name: str, theme: str, sizes: Sequence[tuple[int, int]]) -> None:
        self.app.theme = theme
        for width, height in sizes:
            await self.pilot.resize_terminal(width, height)
            await self.pilot.pause(0.5)
            shade = "-light" if theme == "siptui-light" else ""
            self.taken[f"{name}{shade}-{width}x{height}"] = screen_cells(self.app)

    async def press(self, *keys: str) -> None:
        """Press keys one after the other."""
        for key in keys:
            await self.pilot.press(key)
            await self.pilot.pause(0.1)

    async def until(self, reached: Callable[[], bool]) -> None:
        """Until something is so. Raises `TimeoutError`."""
        async with asyncio.timeout(_PATIENCE):
            while not reached():
                await self.pilot.pause(0.2)

    def done(self) -> float:
        """The share of the run's devices that have an outcome."""
        run = self.console.session.run
        return sum(run.counts[s] for s in _DONE) / len(run.devices) if run else 0.0

    def ended(self) -> bool:
        """Whether the run is over."""
        run = self.console.session.run
        return run is not None and run.finished is not None


def pictures(folder: Path) -> dict[str, Grid]:
    """All scenes by name. `folder` is an empty one to work in."""
    with _inside(folder):
        return {
            **emulated.run(_first_run),
            **emulated.run_at_once(_sign_in),
            **emulated.run_at_once(_overview),
            **emulated.run(_demo),
            **emulated.run(_waves),
        }


def demo_frames(folder: Path) -> list[Frame]:
    """A short run of the demo, second by second. `folder` is an empty one to work in."""
    with _inside(folder):
        return emulated.run(_frames)


@contextmanager
def _inside(folder: Path) -> Iterator[None]:
    """Paths on the screen are relative to `folder`: a temporary one has another name each time."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


async def _first_run() -> dict[str, Grid]:
    """The questions of the first run."""
    clouds = {"public": "almost all tenants", "gcc": "US government, moderate"}
    config = Path("~/.config/siptui/config.toml")
    async with FirstRun(clouds, config, lambda *_: None).run_test(size=SIZES[0]) as pilot:
        photographer = Photographer(pilot)
        await photographer.take("first-run")
        return photographer.taken


async def _sign_in() -> dict[str, Grid]:
    """A sign-in with a code, at the emulated authority."""
    folder = Path("sign-in")
    folder.mkdir()
    emulator = Emulator("demo")
    with authority_beside(emulator, folder, _PORT) as beside:
        os.environ["SSL_CERT_FILE"] = str(beside.authority)
        cloud = Cloud("emulated", beside.address, "https://emulator.invalid")
        where = Folders(folder / "config", folder / "state", folder / "logs")
        profile = Profile("contoso", emulator.scenario.tenant.id, cloud)
        ways = ConsoleSignIn(Selected(Settings(where), profile, {}), {})
        demo = demo_tenant(folder)
        options = ConsoleOptions(save_folder=folder, sign_in=ways)
        async with SiptuiApp(demo.run_service, options).run_test(size=SIZES[0]) as pilot:
            photographer = Photographer(pilot)
            await photographer.press("i")
            await photographer.until(lambda: len(pilot.app.screen_stack) > 1)
            await photographer.press("enter")  # where the tokens are kept
            await photographer.until(lambda: "deviceauth" in text_of(screen_cells(pilot.app)))
            await photographer.take("sign-in")
            await photographer.press("escape")
        demo.run_service.close()
        del os.environ["SSL_CERT_FILE"]
        return photographer.taken


def _opened(folder: Path, **more: Any) -> tuple[Demo, SiptuiApp]:
    """The demo as its command opens it."""
    folder.mkdir()
    demo = demo_tenant(folder)
    options = ConsoleOptions(
        save_folder=folder,
        export_folder=Path(),
        tenant_id=demo.tenant_id,
        tenant_batches=demo.tenant_batches,
        checks=demo.checks,
        status=demo.status,
        **more,
    )
    return demo, SiptuiApp(demo.run_service, options)


async def _demo() -> dict[str, Grid]:
    """A run of the demo tenant, from its list to its end."""
    file = Path(DEMO_FILE)
    file.write_bytes(demo_list())
    demo, app = _opened(Path("demo"))
    async with app.run_test(size=SIZES[0]) as pilot:
        photographer = Photographer(pilot)
        await photographer.take("empty")
        console = photographer.console

        async def read() -> None:
            await console.list_flow.read(file, None)

        console.start(read)
        await pilot.pause(1)
        await photographer.take("list")
        await photographer.take("small", sizes=[(50, 12)])
        await photographer.press("u")
        await photographer.take("urls")
        await photographer.press("escape", "p")
        await photographer.until(lambda: photographer.console.session.preflight is not None)
        await photographer.take("checked")
        await photographer.press("p")
        await photographer.take("preflight")
        await photographer.press("F")
        await photographer.take("fix")
        await photographer.press("escape", "b")
        await pilot.pause(1)
        await photographer.take("batches")
        await photographer.press("escape", "s")
        await pilot.pause(2)
        await photographer.press("enter")
        await pilot.pause(0.3)
        await photographer.take("personal")
        await photographer.press("enter")
        await pilot.pause(0.3)
        await photographer.take("confirm")
        await photographer.press("question_mark")
        await photographer.take("about")
        await photographer.press("escape")
        pilot.app.screen.query_one(Input).value = "49"  # the one that may be personal is left out
        await photographer.press("enter")
        await photographer.until(lambda: photographer.done() >= 0.55)
        await photographer.press("g", "j", "j", "j", "j", "j")
        await photographer.take("main")
        await photographer.until(photographer.ended)
        await photographer.press("slash", *"cause:offline")
        await photographer.take("filter")
        await photographer.press("escape", "f")
        await photographer.take("failed")
        for name, keys in AFTER.items():
            await photographer.take_opened(name, keys)
    demo.run_service.close()
    return photographer.taken


async def _overview() -> dict[str, Grid]:
    """What goes on in all profiles of a host, from their journals."""
    folder = Path("host")
    for place in ("config", "state"):
        (folder / place).mkdir(parents=True)
    config = "".join(
        f'[profiles.{name}]\ntenant = "{name}.onmicrosoft.com"\n' for name in sorted(_TENANTS)
    )
    (folder / "config" / "config.toml").write_text(config)
    opened = {name: _journal(folder / "state" / name, name, *of) for name, of in _TENANTS.items()}
    environ = {"SIPTUI_CONFIG_DIR": "config", "SIPTUI_STATE_DIR": "state"}
    environ = {name: str((folder / place).absolute()) for name, place in environ.items()}
    here = opened["contoso"]
    options = ConsoleOptions(save_folder=folder, profile="contoso", profiles=HostProfiles())
    live = lock_path(folder / "state" / "adatum" / "journal.db", opened["adatum"].newest)
    live.parent.mkdir()
    with patch.dict(os.environ, environ), file_lock(live):
        async with SiptuiApp(here, options).run_test(size=SIZES[0]) as pilot:
            photographer = Photographer(pilot)
            await photographer.press("escape", "O")
            await photographer.until(lambda: "15 profiles" in text_of(screen_cells(pilot.app)))
            await photographer.press("j")
            await photographer.take("overview")
            await photographer.press("escape")
    for runs in opened.values():
        runs.close()
    return photographer.taken


#: Tenants: devices of the run, signed in, failed; whether it ended, and whether an answer was lost.
_TENANTS = {
    **dict.fromkeys(("alpine-ski", "coho", "litware", "lucerne"), (0, 0, 0, True, False)),
    **dict.fromkeys(("margies", "proseware", "relecloud", "tailspin"), (0, 0, 0, True, False)),
    "adatum": (100, 61, 3, False, False),
    "contoso": (60, 58, 2, True, False),
    "fabrikam": (40, 10, 0, False, False),
    "humongous": (24, 24, 0, True, False),
    "northwind": (30, 0, 0, False, True),
    "wingtip": (5, 5, 0, True, False),
    "woodgrove": (12, 11, 1, True, False),
}


def _journal(
    folder: Path, name: str, devices: int, good: int, bad: int, ended: bool, lost: bool
) -> ScriptedRuns:
    """A journal as a worker would have left it."""
    folder.mkdir()
    runs = ScriptedRuns(folder, tenant=f"{name}.onmicrosoft.com", file="journal.db")
    if not devices:
        return runs
    runs.create(
        make_devices(devices), file=f"{name}.csv", sha256="", skipped=0, options=ev.Options()
    )
    if lost:
        runs.write(
            ev.BatchSubmitting(batch=1, region=Region.EMEA, devices=devices),
            ev.BatchInDoubt(batch=1, why="the connection broke after sending"),
            ev.BatchUnsettled(batch=1, why="two match", candidates=["9b1c", "44e0"]),
        )
        return runs
    runs.accept(1)
    runs.finish(range(good))
    runs.finish(range(good, good + bad), error="Device is offline.")
    if ended:
        runs.write(ev.RunFinished(succeeded=good, failed=bad, unknown=0, skipped=0, seconds=180.0))
    return runs


async def _waves() -> dict[str, Grid]:
    """A run by site: how it is ordered, and how each site stands while it lives."""
    file = Path(DEMO_FILE)
    demo, app = _opened(Path("waves"), file=file, looks_for_personal=False)
    async with app.run_test(size=SIZES[0]) as pilot:
        photographer = Photographer(pilot)
        await pilot.pause(2)
        await photographer.press("s")
        await pilot.pause(0.5)
        await photographer.press("enter")  # what is signed in already is left out
        await pilot.pause(0.5)
        await photographer.press("w", "right", "down", "3", "down", *["backspace"] * 2, *"35")
        assert isinstance(app.screen, WavesDialog)
        await photographer.take("waves")
        await photographer.press("enter", *"50", "enter")
        await photographer.until(lambda: photographer.done() >= 0.55)
        await photographer.press("t")
        await photographer.take("sites")
    demo.run_service.close()
    return photographer.taken


async def _frames() -> list[Frame]:
    """What is typed, and for how many seconds it is looked at."""
    file = Path(DEMO_FILE)
    file.write_bytes(demo_list())
    demo, app = _opened(Path("recorded"), file=file, looks_for_personal=False)
    frames: list[Frame] = []
    async with app.run_test(size=DEMO_SIZE) as pilot:
        photographer = Photographer(pilot)

        async def show(seconds: float, *keys: str) -> None:
            await photographer.press(*keys)
            await pilot.pause(0.5)
            frames.append(Frame(screen_cells(app), seconds))

        await pilot.pause(2)
        await show(2)
        await show(2.5, "w")
        await show(1, "w")
        await show(2, "s")
        await show(2, "enter")  # only what is to do
        await show(1, *"50")
        await show(1, "enter")
        while not photographer.ended():  # shown quicker than it is
            await pilot.pause(5)
            await show(1)
        await show(3)
        await show(2, "f")
        await show(1, "j")
        await show(2, "j")
        await show(4, "t")
    demo.run_service.close()
    return frames


def standing(frames: Sequence[Frame]) -> int:
    """The frame that says most where nothing moves: a run about half done."""
    return len(frames) // 2
