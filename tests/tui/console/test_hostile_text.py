"""Foreign text in every place where it can stand: shown as it is, never obeyed."""

import os
import random
import re
import sys
from pathlib import Path

import pytest
from textual_fspicker.parts import DirectoryNavigation

from siptui.domain.device import Device
from siptui.domain.hardware_id import HardwareId
from siptui.domain.region import Region
from siptui.domain.user_name import UserName
from siptui.runs import events as ev
from siptui.runs.events import Options
from tests.tui.harness import ConsoleHarness, CountingDriver, console
from tests.tui.scripted_runs import ScriptedRuns

EVIL = [
    "[/foo]",
    "[bold red]x[/]",
    "[@click=app.quit]x[/]",
    "a\x1b]52;c;aGk=\x07b",
    "\x1b[2J\x9b1m",
    "\u202etxt.exe",
    "\x00\r\n\t",
    "$status-ok {x}",
]


#: What reorders or hides text: bidi controls, joiners, separators of lines and paragraphs.
BIDI = {*range(0x200B, 0x2010), *range(0x2028, 0x202F), *range(0x2060, 0x2070), 0x061C, 0xFEFF}


def some_evil(seed: int) -> str:
    """Control, format and markup characters at random, with a word to be found by."""
    rnd = random.Random(seed)
    nasty = [*range(0x20), 0x7F, *range(0x80, 0xA0), *BIDI, 0x2066, 0x1F600, 0x0301]
    text = [
        chr(rnd.choice(nasty)) if rnd.random() < 0.6 else rnd.choice("[]/{}$@ax;") for _ in "x" * 40
    ]
    return "".join(text)


def harmless(text: str) -> None:
    """Nothing in it steers a terminal or reorders a line."""
    bad = [c for c in map(ord, text) if c < 0x20 or 0x7F <= c < 0xA0 or c in BIDI]
    assert not bad, (bad, text)


def look_over(harness: ConsoleHarness) -> None:
    """Every line on the screen, every notification, and the title of the terminal."""
    for strip in harness.app.screen._compositor.render_strips():
        harmless(strip.text)
    for notification in harness.app._notifications:
        harmless(notification.message.replace("\n", ""))
    harmless(harness.app.title)
    driver = harness.app._driver
    assert isinstance(driver, CountingDriver)
    for title in re.findall("\x1b\\][012];([^\x07]*)(?:\x07|\x1b\\\\)", driver.sent):
        harmless(title)


@pytest.mark.parametrize("evils", [EVIL[:4], EVIL[4:], [*map(some_evil, range(4))]])
async def test_foreign_text_is_data(tmp_path: Path, evils: list[str]) -> None:
    runs = ScriptedRuns(tmp_path, tenant=f"Contoso {evils[0]}")
    devices = [
        Device(
            n + 2,
            UserName(f"{evil}{n}@contoso.com"),
            HardwareId.parse(f"00-04-F2-00-00-0{n}"),
            Region.EMEA,
            {evils[0]: evil},
        )
        for n, evil in enumerate(evils)
    ]
    run = runs.create(
        devices, file=f"{evils[0]}.csv", sha256="", skipped=0, options=Options(batch_size=1)
    )
    for n, evil in enumerate(evils, 1):
        runs.write(ev.BatchSubmitting(batch=n, region=Region.EMEA, devices=1))
        runs.write(ev.BatchAccepted(batch=n, batch_id=evil, correlation_id=evil))
        runs.finish([n - 1], error=evil)
        runs.write(ev.Note(level="warning", text=evil), ev.Waiting(why=evil, until=evil))
        runs.write(ev.BatchRejected(batch=n, code=evil, message=evil))
    async with console(tmp_path, runs=runs, run=run, counting=True) as harness:
        assert isinstance(harness.app._driver, CountingDriver)
        for keys in (["R", "escape"], ["r", "escape"], ["h", "escape"]):
            await harness.press(keys[0])
            look_over(harness)
            await harness.press(*keys[1:])
        for _ in evils:
            await harness.press("enter")
            look_over(harness)
            await harness.press("escape", "y", "j")
        for evil in evils:
            runs.write(ev.RunStopped(code=evil, message=evil, remedy=evil))
            await harness.look()
            harness.console.say(evil)
            await harness.settle()
            look_over(harness)
        shown = harness.app._driver.take()
        for hidden in ("\x1b]52;c;aGk=", "\x1b[2J", "\x9b", "\u202e", "\x00", "\x07b"):
            assert hidden not in shown
        assert "Contoso" in harness.text


async def test_file_names_are_data(tmp_path: Path) -> None:
    folder = tmp_path / "[" / "foo]"
    folder.mkdir(parents=True)
    (folder / "[x].csv").write_text("Username,HardwareId,Region\na@b.com,00-04-F2-00-00-01,EMEA\n")
    (folder / "a\x1b[2Jb.csv").write_text("")
    (folder / "[red]dir").mkdir()
    async with console(tmp_path, counting=True) as harness:
        assert isinstance(harness.app._driver, CountingDriver)
        await harness.press("o")
        await harness.until(lambda: isinstance(harness.app.focused, DirectoryNavigation))
        await harness.press("tab")
        harness.fill(str(folder))
        harness.app._driver.take()
        await harness.press("enter")
        await harness.until(lambda: "[x].csv" in harness.text)
        assert "[red]dir" in harness.text
        assert "\x1b[2J" not in harness.app._driver.take()
        await harness.press("down", "down", "enter")
        assert "1 device ready" in harness.text


def one_phone(file: Path) -> None:
    file.write_text("Username,HardwareId,Region\na@b.com,00-04-F2-00-00-01,EMEA\n")


@pytest.mark.skipif(sys.platform == "darwin", reason="file names are Unicode there")
async def test_a_list_whose_name_is_no_text_is_submitted_like_any_other(tmp_path: Path) -> None:
    file = Path(os.fsdecode(os.fsencode(tmp_path) + b"/x\xff.csv"))
    one_phone(file)
    async with console(tmp_path, file=file) as harness:
        await harness.submit(1)
        assert harness.console.session.run is not None
        assert "\\udcff.csv" in harness.console.session.file
