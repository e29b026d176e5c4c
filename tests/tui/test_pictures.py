"""Pictures of every screen. `pytest tests/tui/test_pictures.py --snapshot-update` renews them after
a change that was meant; look at each before you commit it."""

from pathlib import Path

import pytest

from siptui.domain.region import Region
from siptui.emulator.scenario import read_scenario
from siptui.runs import events as ev
from tests.support.replace import replace
from tests.tui.console.test_preflight import SCENARIO
from tests.tui.harness import ConsoleHarness, console
from tests.tui.screenshots import Screenshots
from tests.tui.scripted_runs import START, list_text, make_devices
from tests.tui.service import Service

BAD = "[/lobby],00-04-F2-00-00-99,EMEA\nx@contoso.com,4.13E+11,EMEA\n"
TEXT = list_text(make_devices(40)) + BAD
TENANT = "1b2c3d4e-5f60-4718-89ab-cdef01234567"
OTHERS = ["siptui-light", "high-contrast", "colour-blind", "ansi-dark", "ansi-light", "mono"]


async def _run(harness: ConsoleHarness) -> None:
    await harness.submit(40)
    harness.runs.accept(1)
    harness.runs.finish(range(12), seconds=40)
    harness.runs.finish([12, 13], error="User missing phone number assignment", seconds=5)
    harness.runs.finish([14], error="[red]Something nobody knows[/red]")
    await harness.look()
    await harness.press(*"jjjjjjjjjjjj")


async def test_before_a_run(screenshots: Screenshots, tmp_path: Path) -> None:
    service = Service(tmp_path)
    options = {
        "tenant_id": TENANT,
        "tenant_batches": service.tenant_batches,
        "checks": service.checks,
    }
    async with console(tmp_path, text=TEXT, runs=service.runs, size=(80, 24), **options) as harness:
        await screenshots.take(harness, "list")
        for name, keys in {
            "help": ["question_mark"],
            "urls": ["u", "j", "j", "j"],
            "columns": ["c"],
            "confirm": ["s"],
            "about": ["s", "question_mark"],
            "filter": ["slash", *"!lobby.0001"],
            "batches": ["b"],
        }.items():
            await harness.press(*keys)
            await screenshots.take(harness, name)
            await harness.press(*["escape"] * (1 + (name == "about")))
        await harness.press("b", "j", "enter", "j")
        await screenshots.take(harness, "batch")
        await harness.press("escape", "escape")
        await screenshots.take(harness, "small", sizes=[(50, 12)])


async def test_a_run(
    screenshots: Screenshots, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("secrets.token_hex", lambda _: "1f3a")  # in the run's id
    async with console(tmp_path, text=TEXT, size=(80, 24)) as harness:
        await _run(harness)
        await screenshots.take(harness, "running")
        for name, keys in {
            "details": ["enter"],
            "summary": ["t"],
            "causes": ["R"],
            "retry": ["r"],
            "export": ["e"],
            "sort": ["S"],
            "runs": ["h"],
        }.items():
            await harness.press(*keys)
            await screenshots.take(harness, name)
            await harness.press("escape")
        await harness.pilot.resize_terminal(80, 24)
        for theme in OTHERS:
            harness.console.view_flow.use_theme(theme)
            await harness.settle()
            screenshots.keep(harness, f"theme-{theme}")
        harness.console.view_flow.use_theme("siptui-dark")
        await harness.press("space", "k", "k", "k", "v")
        await screenshots.take(harness, "marked")


async def test_doubt(screenshots: Screenshots, tmp_path: Path) -> None:
    async with console(tmp_path, text=TEXT, size=(80, 24)) as harness:
        await harness.submit(40)
        harness.runs.write(ev.BatchSubmitting(batch=1, region=Region.EMEA, devices=40))
        harness.runs.write(ev.BatchInDoubt(batch=1, why="the connection broke after sending"))
        harness.runs.write(ev.BatchUnsettled(batch=1, why="two match", candidates=["9b1c", "44e0"]))
        await harness.look()
        await harness.press("a")
        await screenshots.take(harness, "doubt")


async def test_a_check(screenshots: Screenshots, tmp_path: Path) -> None:
    service = Service(tmp_path, scenario=read_scenario(SCENARIO, "picture"))
    options = {
        "tenant_id": TENANT,
        "tenant_batches": service.tenant_batches,
        "checks": service.checks,
    }
    async with console(tmp_path, text=TEXT, runs=service.runs, size=(80, 24), **options) as harness:
        await harness.press("p")
        screen = harness.console
        made = screen.session.preflight
        assert made is not None
        made = replace(made, report=replace(made.report, made=START))  # not the time of the test
        screen.session.take_preflight(made)
        screen.log_pane.clear()
        screen.flows.tenant.show_findings(made.report)
        await harness.press("j", "j", "j")
        await screenshots.take(harness, "checked")
        await harness.press("p", "j", "j")
        await screenshots.take(harness, "preflight")
        await harness.press("escape", "F")
        await screenshots.take(harness, "fix")


async def test_empty(screenshots: Screenshots, tmp_path: Path) -> None:
    async with console(tmp_path, size=(80, 24)) as harness:
        await screenshots.take(harness, "empty", sizes=[(80, 24)])
