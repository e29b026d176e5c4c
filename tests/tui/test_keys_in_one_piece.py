"""Keys that arrive in one piece do what they do one by one: whatever opens an input takes them."""

import os
import random
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from itertools import cycle
from pathlib import Path

import pytest
from textual import events

from siptui.domain.region import Region
from siptui.runs import events as ev
from siptui.tui.actions import ACTIONS
from siptui.tui.console.screen import Console
from siptui.tui.dialogs.ask import Choice, Confirm, Prompt
from siptui.tui.dialogs.causes import Causes
from siptui.tui.dialogs.palette import Palette
from tests.tui.harness import ConsoleHarness, console, in_one_piece, key_event
from tests.tui.scripted_runs import ScriptedRuns, list_text, make_devices
from tests.tui.terminal import Terminal

_BY_CHANCE = 4


def _a_run(folder: Path) -> ScriptedRuns:
    """A live run with a device of each outcome, and a batch that waits for a decision."""
    runs = ScriptedRuns(folder)
    options = ev.Options(batch_size=4)
    runs.create(make_devices(12), file="/lists/x.csv", sha256="", skipped=0, options=options)
    runs.accept(1)
    runs.finish([0], error="Device is offline")
    runs.finish([1], error="User missing phone number assignment")
    runs.finish([2])
    runs.write(ev.BatchSubmitting(batch=2, region=Region.EMEA, devices=4))
    runs.write(ev.BatchInDoubt(batch=2, why="the connection broke"))
    runs.write(ev.BatchUnsettled(batch=2, why="two match", candidates=["aaa", "bbb"]))
    return runs


def _walks() -> list[tuple[str, ...]]:
    tails = (("P", "P", "j"), ("j", "enter", "P"), ("x", "P", "enter", "enter"), ("escape", "P"))
    keys = [action.keys[0] for action in ACTIONS if action.keys]
    walks = [(key, *tail) for key, tail in zip(keys, cycle(tails), strict=False)]
    chance = random.Random(20)
    alphabet = [*keys, *"1234567890", *"abc", "enter", "escape", "tab", "backspace"]
    alphabet = [key for key in alphabet if key not in ("q", "ctrl+l")]
    walks += [tuple(chance.choices(alphabet, k=8)) for _ in range(_BY_CHANCE)]
    return walks


#: Walks that one console takes, one after the other.
_TOGETHER = 8


async def _walked(
    folder: Path, walks: Iterable[tuple[str, ...]], *, at_once: bool
) -> list[tuple[str, list[object]]]:
    """What stands on the screen after each of the walks, and what was ordered until then. Each
    begins on the screen of the run; where no escape leads back there, in a new console."""
    found: list[tuple[str, list[object]]] = []
    left = list(walks)
    while left:
        place = folder / str(len(left))
        place.mkdir(parents=True)
        runs = _a_run(place)
        nowhere = Path("/nowhere")  # a path that is proposed is one and the same
        async with console(place, runs=runs, run=runs.newest, export_folder=nowhere) as harness:
            for _ in range(min(_TOGETHER, len(left))):
                walk = left.pop(0)
                for keys in [walk] if at_once else [[key] for key in walk]:
                    await in_one_piece(harness, keys)
                    if harness.app._exit:
                        break
                gone = harness.app._exit
                screen = "left" if gone else _TIMES.sub("", harness.text.replace(str(place), ""))
                stored = runs.journal.read(runs.newest)
                orders = [s.event for s in stored if isinstance(s.event, ev.Order)]
                found.append((screen, [(one.what, one.devices, one.batch) for one in orders]))
                if gone or not await _back(harness):
                    break
    return found


#: When the files of a folder were written: others write there meanwhile.
_TIMES = re.compile(r"\d* +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")


async def _back(harness: ConsoleHarness) -> bool:
    """Whether escapes lead back to the screen of the run."""
    for _ in range(4):
        if isinstance(harness.app.screen, Console) and not harness.console.filter_field.display:
            return True
        await in_one_piece(harness, ["escape"])
    return isinstance(harness.app.screen, Console)


@pytest.mark.slow
@pytest.mark.parametrize("share", range(2))
async def test_in_one_piece_and_one_by_one_come_to_the_same(
    tmp_path: Path, share: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("secrets.token_hex", lambda _: "1f3a")  # in the run's id
    walks = _walks()[share::2]
    one_by_one = await _walked(tmp_path / "slow", walks, at_once=False)
    at_once = await _walked(tmp_path / "fast", walks, at_once=True)
    for walk, slow, fast in zip(walks, one_by_one, at_once, strict=True):
        assert fast == slow, walk


_OPENING = {
    "filter": ("slash", Console),
    "commands": ("colon", Palette),
    "retry": ("r", Confirm),
    "cause": ("R", Causes),
    "settle": ("a", Choice),
    "sort": ("S", Choice),
    "export": ("e", Choice),
}


@pytest.mark.parametrize("what", _OPENING)
async def test_what_is_opened_takes_the_keys_behind_it(tmp_path: Path, what: str) -> None:
    key, opened = _OPENING[what]
    runs = _a_run(tmp_path)
    async with console(tmp_path, runs=runs, run=runs.newest) as harness:
        await in_one_piece(harness, [key, *"Pol"])
        assert isinstance(harness.app.screen, opened)
        if what == "filter":
            assert harness.console.filter_field.value == "Pol"
        assert not harness.console.session.run.paused


async def test_keys_wait_for_a_question_that_a_service_is_asked_about_first(
    tmp_path: Path,
) -> None:
    """The prompt for a path comes after a choice: all of it can be typed ahead."""
    runs = _a_run(tmp_path)
    async with console(tmp_path, runs=runs, run=runs.newest) as harness:
        await in_one_piece(harness, ["e", "j", "enter", *"PPP"])
        assert isinstance(harness.app.screen, Prompt)
        assert harness.app.screen.query_one("Input").value.endswith("PPP")


async def test_what_was_pasted_outside_a_field_does_nothing(tmp_path: Path) -> None:
    runs = _a_run(tmp_path)
    async with console(tmp_path, runs=runs, run=runs.newest) as harness:
        before = runs.journal.read(runs.newest)
        harness.app.post_message(events.Paste("P\nroslq" * 50))
        await harness.settle()
        assert isinstance(harness.app.screen, Console)
        assert "Pasted text does nothing here" in harness.text
        assert runs.journal.read(runs.newest) == before
        harness.app.post_message(key_event("slash"))
        harness.app.post_message(events.Paste("00003\nP"))
        await harness.settle()
        assert harness.console.filter_field.value == "00003"


async def test_who_ordered_a_pause_and_how_is_in_the_log_and_in_the_header(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(2))) as harness:
        await harness.submit(2)
        await harness.press("P")
        order = harness.console.session.events[-1].event
        assert isinstance(order, ev.Order)
        header = harness.text.splitlines()[0]
        assert f"paused 08:00 by {order.actor.os_user} · Contoso Ltd" in header
        who = f"{order.actor.os_user}@{order.actor.host} (admin@contoso.com)"
        assert f"order: pause, by {who}, P in the console" in harness.flat
        await harness.press("P")
        assert "paused" not in harness.text.splitlines()[0]


# -- on a terminal


@contextmanager
def _load(beside: int) -> Iterator[None]:
    """A busy loop on the one core that the process has."""
    busy = "import time\nend = time.monotonic() + 120\nwhile time.monotonic() < end: pass"
    started = subprocess.Popen([sys.executable, "-c", busy])
    try:
        if hasattr(os, "sched_setaffinity"):
            core = min(os.sched_getaffinity(0))
            os.sched_setaffinity(beside, {core})
            os.sched_setaffinity(started.pid, {core})
        yield
    finally:
        started.kill()
        started.wait()


#: Keys in one piece, what must stand on the screen then, and the keys that lead back.
_PIECES = (
    ("/Poly\r", "/Poly  17 of 60", "\x1b"),
    ("/nouser\r", "/nouser  0 of 60", "\x1b"),
    ("/PolP", "PolP", "\x1b"),
    (":words", "words", "\x1b"),
    ("cjj", "Columns", "\x1b"),
    ("Sjj", "Sort by", "\x1b"),
    ("?GP", "Hold Shift while dragging", "q"),
    ("uGPs", " URLs, tenant ", "\x1b"),
    ("hPo", "Started", "\x1b"),
    ("oP", "Open a device list", "\x1b"),
    ("\rPso", "j k scroll", "q"),
)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("situation", "apart"),
    [("idle", (False,)), ("live", (True,)), ("load", (False, True))],
    ids=["idle, one write", "live, key by key", "load, in turn"],
)
def test_on_a_terminal(situation: str, apart: tuple[bool, ...]) -> None:
    terminal = Terminal()
    try:
        with _load(terminal.process.pid) if situation == "load" else nullcontext():
            terminal.shows("60 devices ready")
            if situation != "idle":
                terminal.write("s\r50\r")  # only what is to do
                terminal.until(lambda text: "60 devices ready" not in text and "/50" in text)
            pieces = _PIECES[::2] if situation == "load" else _PIECES
            for (keys, wanted, back), one_by_one in zip(pieces, cycle(apart), strict=False):
                for piece in keys if one_by_one else [keys]:
                    terminal.write(piece)
                text = terminal.shows(wanted)
                assert "paused" not in text, (keys, text)
                terminal.write(back)
                text = terminal.until(lambda text, wanted=wanted: wanted not in text)
                assert "paused" not in text, (keys, text)
            terminal.write("q" if situation == "idle" else "qj\r")
            assert terminal.leave() == 0
    finally:
        terminal.close()
