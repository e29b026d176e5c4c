"""Pictures of the main states. `pytest tests/tui/test_pictures.py --snapshot-update` renews them
after a change that was meant; look at each before you commit it."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from siptui.domain.region import Region
from siptui.emulator.scenario import Scenario, read_scenario
from siptui.runs import events as ev
from siptui.tui.app import SiptuiApp
from siptui.tui.options import ConsoleOptions
from tests.tui.desk import START, ScriptedDesk, list_text, make_devices
from tests.tui.harness import SELDOM, SIZES, Bench
from tests.tui.service import Service
from tests.tui.test_preflight import SCENARIO

Compare = Callable[..., bool]
Walk = Callable[[Bench], Awaitable[None]]
BAD = "[/lobby],00-04-F2-00-00-99,EMEA\nx@contoso.com,4.13E+11,EMEA\n"


async def _nothing(bench: Bench) -> None:
    await bench.settle()


async def _running(bench: Bench) -> None:
    await bench.submit(40)
    bench.desk.accept(1)
    bench.desk.finish(range(12), seconds=40)
    bench.desk.finish([12, 13], error="User missing phone number assignment", seconds=5)
    bench.desk.finish([14], error="[red]Something nobody knows[/red]")
    await bench.look()
    await bench.press(*"jjjjjjjjjjjj")


async def _confirm(bench: Bench) -> None:
    await bench.press("s")


async def _details(bench: Bench) -> None:
    await _running(bench)
    await bench.press("enter")


async def _doubt(bench: Bench) -> None:
    await bench.submit(40)
    bench.desk.write(ev.BatchSubmitting(batch=1, region=Region.EMEA, devices=40))
    bench.desk.write(ev.BatchInDoubt(batch=1, why="the connection broke after sending"))
    bench.desk.write(ev.BatchUnsettled(batch=1, why="two match", candidates=["9b1c", "44e0"]))
    await bench.look()
    await bench.press("a")


async def _urls(bench: Bench) -> None:
    await bench.press("u", "j", "j", "j")


async def _batches(bench: Bench) -> None:
    await bench.press("b")


async def _batch(bench: Bench) -> None:
    await bench.press("b", "j", "enter", "j")


async def _checked(bench: Bench) -> None:
    await bench.press("p")
    console = bench.console
    made = console.session.preflight
    assert made is not None
    made = replace(made, report=replace(made.report, made=START))  # not the time of the test
    console.session.take_preflight(made)
    console.log_pane.clear()
    console._show_findings(made.report)
    await bench.press("j", "j", "j")


async def _preflight(bench: Bench) -> None:
    await _checked(bench)
    await bench.press("p", "j", "j")


async def _fix(bench: Bench) -> None:
    await _checked(bench)
    await bench.press("F")


async def _help(bench: Bench) -> None:
    await bench.press("question_mark")


STATES: dict[str, Walk] = {
    "list": _nothing,
    "confirm": _confirm,
    "running": _running,
    "details": _details,
    "doubt": _doubt,
    "urls": _urls,
    "batches": _batches,
    "batch": _batch,
    "checked": _checked,
    "preflight": _preflight,
    "fix": _fix,
    "help": _help,
}


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("state", STATES)
def test_picture(snap_compare: Compare, tmp_path: Path, state: str, size: tuple[int, int]) -> None:
    checked = state in ("checked", "preflight", "fix")
    scenario = read_scenario(SCENARIO, "picture") if checked else "demo"
    app = _app(tmp_path, scenario)
    assert snap_compare(app, terminal_size=size, run_before=_walk(STATES[state]))


@pytest.mark.parametrize(
    "theme", ["siptui-light", "high-contrast", "colour-blind", "ansi-dark", "ansi-light", "mono"]
)
def test_theme(snap_compare: Compare, tmp_path: Path, theme: str) -> None:
    app = _app(tmp_path, theme=theme)
    assert snap_compare(app, terminal_size=(80, 24), run_before=_walk(_running))


def test_empty(snap_compare: Compare, tmp_path: Path) -> None:
    app = SiptuiApp(ScriptedDesk(tmp_path), ConsoleOptions(refresh_hz=SELDOM))
    assert snap_compare(app, terminal_size=(80, 24), run_before=_walk(_nothing))


def _app(folder: Path, scenario: str | Scenario = "demo", **options: Any) -> SiptuiApp:
    file = folder / "lobby.csv"
    file.write_text(list_text(make_devices(40)) + BAD, encoding="utf-8")
    options.setdefault("refresh_hz", SELDOM)
    options.setdefault("tenant_id", "1b2c3d4e-5f60-4718-89ab-cdef01234567")
    service = Service(folder, scenario=scenario)
    options |= {"memory": service.memory, "checks": service.checks}
    return SiptuiApp(service.desk, ConsoleOptions(file=file, **options))


def _walk(walk: Walk) -> Callable[[Pilot[Any]], Awaitable[None]]:
    async def run(pilot: Pilot[Any]) -> None:
        desk = pilot.app.session.desk  # type: ignore[attr-defined]  # it is a SiptuiApp
        bench = Bench(pilot, desk)
        await bench.settle()
        await walk(bench)

    return run
