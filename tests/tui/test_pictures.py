"""Pictures of every screen. `pytest tests/tui/test_pictures.py --snapshot-update` renews them after
a change that was meant; look at each before you commit it."""

from dataclasses import replace
from pathlib import Path

import pytest

from siptui.domain.region import Region
from siptui.emulator.scenario import read_scenario
from siptui.runs import events as ev
from tests.tui.album import Album
from tests.tui.desk import START, list_text, make_devices
from tests.tui.harness import Bench, console
from tests.tui.service import Service
from tests.tui.test_preflight import SCENARIO

BAD = "[/lobby],00-04-F2-00-00-99,EMEA\nx@contoso.com,4.13E+11,EMEA\n"
TEXT = list_text(make_devices(40)) + BAD
TENANT = "1b2c3d4e-5f60-4718-89ab-cdef01234567"
OTHERS = ["siptui-light", "high-contrast", "colour-blind", "ansi-dark", "ansi-light", "mono"]


async def _run(bench: Bench) -> None:
    await bench.submit(40)
    bench.desk.accept(1)
    bench.desk.finish(range(12), seconds=40)
    bench.desk.finish([12, 13], error="User missing phone number assignment", seconds=5)
    bench.desk.finish([14], error="[red]Something nobody knows[/red]")
    await bench.look()
    await bench.press(*"jjjjjjjjjjjj")


async def test_before_a_run(album: Album, tmp_path: Path) -> None:
    service = Service(tmp_path)
    options = {"tenant_id": TENANT, "memory": service.memory, "checks": service.checks}
    async with console(tmp_path, text=TEXT, desk=service.desk, size=(80, 24), **options) as bench:
        await album.take(bench, "list")
        for name, keys in {
            "help": ["question_mark"],
            "urls": ["u", "j", "j", "j"],
            "columns": ["c"],
            "confirm": ["s"],
            "about": ["s", "question_mark"],
            "filter": ["slash", *"!lobby.0001"],
            "batches": ["b"],
        }.items():
            await bench.press(*keys)
            await album.take(bench, name)
            await bench.press(*["escape"] * (1 + (name == "about")))
        await bench.press("b", "j", "enter", "j")
        await album.take(bench, "batch")
        await bench.press("escape", "escape")
        await album.take(bench, "small", sizes=[(50, 12)])


async def test_a_run(album: Album, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("secrets.token_hex", lambda _: "1f3a")  # in the run's id
    async with console(tmp_path, text=TEXT, size=(80, 24)) as bench:
        await _run(bench)
        await album.take(bench, "running")
        for name, keys in {
            "details": ["enter"],
            "summary": ["t"],
            "causes": ["R"],
            "retry": ["r"],
            "export": ["e"],
            "sort": ["S"],
            "runs": ["h"],
        }.items():
            await bench.press(*keys)
            await album.take(bench, name)
            await bench.press("escape")
        await bench.pilot.resize_terminal(80, 24)
        for theme in OTHERS:
            bench.console.use_theme(theme)
            await bench.settle()
            album.keep(bench, f"theme-{theme}")
        bench.console.use_theme("siptui-dark")
        await bench.press("space", "k", "k", "k", "v")
        await album.take(bench, "marked")


async def test_doubt(album: Album, tmp_path: Path) -> None:
    async with console(tmp_path, text=TEXT, size=(80, 24)) as bench:
        await bench.submit(40)
        bench.desk.write(ev.BatchSubmitting(batch=1, region=Region.EMEA, devices=40))
        bench.desk.write(ev.BatchInDoubt(batch=1, why="the connection broke after sending"))
        bench.desk.write(ev.BatchUnsettled(batch=1, why="two match", candidates=["9b1c", "44e0"]))
        await bench.look()
        await bench.press("a")
        await album.take(bench, "doubt")


async def test_a_check(album: Album, tmp_path: Path) -> None:
    service = Service(tmp_path, scenario=read_scenario(SCENARIO, "picture"))
    options = {"tenant_id": TENANT, "memory": service.memory, "checks": service.checks}
    async with console(tmp_path, text=TEXT, desk=service.desk, size=(80, 24), **options) as bench:
        await bench.press("p")
        screen = bench.console
        made = screen.session.preflight
        assert made is not None
        made = replace(made, report=replace(made.report, made=START))  # not the time of the test
        screen.session.take_preflight(made)
        screen.log_pane.clear()
        screen._show_findings(made.report)
        await bench.press("j", "j", "j")
        await album.take(bench, "checked")
        await bench.press("p", "j", "j")
        await album.take(bench, "preflight")
        await bench.press("escape", "F")
        await album.take(bench, "fix")


async def test_empty(album: Album, tmp_path: Path) -> None:
    async with console(tmp_path, size=(80, 24)) as bench:
        await album.take(bench, "empty", sizes=[(80, 24)])
