"""The console on a real terminal: how it leaves it, and where it refuses to open."""

import os
import re
import select
import signal
import termios
import time
from pathlib import Path

import pyte
import pytest

from siptui.domain.errors import ExitCode
from tests.support.late_start import AFTER_IMPORTS
from tests.tui.terminal import PATIENCE, Terminal


def _is_clean(terminal: Terminal) -> bool:
    last = {
        mode: [m.group(2) for m in re.finditer(rb"\x1b\[\?(%d)([hl])" % mode, terminal.sent)][-1:]
        for mode in (1049, 1000, 1003, 1006, 2004)
    }
    off = all(state in ([b"l"], []) for state in last.values())
    return off and termios.tcgetattr(terminal.slave) == terminal.before


@pytest.mark.parametrize("how", ["q", "SIGTERM", "SIGHUP", "SIGINT"])
def test_the_terminal_is_left_as_it_was(how: str) -> None:
    terminal = Terminal()
    try:
        terminal.read_until(b"60 devices ready")
        if how == "q":
            os.write(terminal.master, b"q")
            wanted = {0}
        elif how == "SIGINT":
            terminal.process.send_signal(signal.SIGINT)
            wanted = set(range(256)) | {-signal.SIGINT}
        else:
            number = signal.Signals[how]
            terminal.process.send_signal(number)
            wanted = {128 + number}
        assert terminal.leave() in wanted
        assert b"\x1b[?1049h" in terminal.sent
        if how != "SIGINT":
            assert b"\x1b]2;siptui\x07" in terminal.sent
            assert terminal.sent.rindex(b"\x1b]2;\x07\x1b[23;2t") > terminal.sent.rindex(
                b"siptui\x07"
            )
        assert _is_clean(terminal)
        assert b"Traceback" not in terminal.sent
    finally:
        terminal.close()


def test_without_colour_no_colour_code_is_sent() -> None:
    terminal = Terminal(NO_COLOR="1")
    try:
        terminal.read_until(b"60 devices ready")
        os.write(terminal.master, b"q")
        assert terminal.leave() == 0
        for codes in re.findall(rb"\x1b\[([\d;]*)m", terminal.sent):
            numbers = {int(code or 0) for code in codes.split(b";")} - {39, 49}  # its own colours
            assert not [n for n in numbers if 30 <= n <= 49 or 90 <= n <= 107], codes
    finally:
        terminal.close()


def test_a_dumb_terminal_is_refused_with_the_way_on() -> None:
    terminal = Terminal(TERM="dumb")
    try:
        assert terminal.leave() == ExitCode.USAGE
        assert b"siptui run FILE" in terminal.sent
        assert b"\x1b" not in terminal.sent
    finally:
        terminal.close()


def _stopped(terminal: Terminal) -> bool:
    """Wait until the process stands still."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if select.select([terminal.master], [], [], 0.05)[0]:
            terminal.sent += os.read(terminal.master, 65536)
        pid, status = os.waitpid(terminal.process.pid, os.WNOHANG | os.WUNTRACED)
        if pid and os.WIFSTOPPED(status):
            while select.select([terminal.master], [], [], 0)[0]:
                terminal.sent += os.read(terminal.master, 65536)
            return True
    return False


def test_ctrl_z_gives_the_terminal_back_and_returns_to_the_same_screen() -> None:
    terminal = Terminal()
    try:
        terminal.read_until(b"60 devices ready")
        os.write(terminal.master, b"\x1a")
        assert _stopped(terminal)
        assert _is_clean(terminal)
        seen = len(terminal.sent)
        terminal.process.send_signal(signal.SIGCONT)
        end = time.monotonic() + PATIENCE
        while b"60 devices ready" not in terminal.sent[seen:]:
            assert time.monotonic() < end, terminal.sent[seen:]
            if select.select([terminal.master], [], [], 0.1)[0]:
                terminal.sent += os.read(terminal.master, 65536)
        assert b"\x1b[?1049h" in terminal.sent[seen:]
        os.write(terminal.master, b"q")
        assert terminal.leave() == 0
        assert _is_clean(terminal)
    finally:
        terminal.close()


@pytest.mark.parametrize("term", ["screen", "xterm-16color"])
def test_a_terminal_of_16_colours_gets_no_others(term: str) -> None:
    terminal = Terminal(TERM=term)
    try:
        terminal.read_until(b"60 devices ready")
        os.write(terminal.master, b"q")
        assert terminal.leave() == 0
        for codes in re.findall(rb"\x1b\[([\d;]*)m", terminal.sent):
            parts = set(codes.split(b";"))
            assert not {b"38", b"48"} & parts, codes
            # The cursor is the other way round, not on a grey that swallows a failed row's red.
            assert not {b"%d" % back for back in (*range(40, 48), *range(100, 108))} & parts, codes
        assert re.search(rb"\x1b\[(?:\d+;)*7(?:;\d+)*m", terminal.sent)
    finally:
        terminal.close()


_FAULTS = {
    "in a key": "from siptui.tui.console.view_flow import ViewFlow\n"
    "ViewFlow.log = lambda self: 1 / 0",
    "in work": "from siptui.tui.console.view_flow import ViewFlow\n"
    "async def fail(self): 1 / 0\n"
    "ViewFlow.log = fail",
}


@pytest.mark.parametrize("where", _FAULTS)
def test_a_fault_leaves_the_terminal_clean_and_shows_no_trace(where: str, tmp_path: Path) -> None:
    prepare = "from siptui.tui.run_console import prepare_environment\nprepare_environment()\n"
    (tmp_path / "sitecustomize.py").write_text(AFTER_IMPORTS + prepare + _FAULTS[where])
    terminal = Terminal(PYTHONPATH=str(tmp_path))
    try:
        terminal.read_until(b"60 devices ready")
        os.write(terminal.master, b"l")
        assert terminal.leave() == ExitCode.ERROR
        assert _is_clean(terminal)
        assert b"ZeroDivisionError: this is a fault of siptui" in terminal.sent
        assert b"Traceback" not in terminal.sent
        assert b"locals" not in terminal.sent
    finally:
        terminal.close()


def test_without_the_mouse_nothing_is_asked_of_it() -> None:
    terminal = Terminal("--no-mouse")
    try:
        terminal.read_until(b"60 devices ready")
        os.write(terminal.master, b"q")
        assert terminal.leave() == 0
        assert not re.search(
            rb"\x1b\[\?(9|100[0-6]|1015|1016)h", terminal.sent.replace(b"1004h", b"")
        )
    finally:
        terminal.close()


def test_another_size_while_a_run_goes_on() -> None:
    terminal = Terminal(COLUMNS="80", LINES="24")  # as some shells export them
    try:
        terminal.read_until(b"60 devices ready")
        os.write(terminal.master, b"s\r")  # only what is to do
        terminal.read_until(b"Type 50")
        os.write(terminal.master, b"50\r")
        terminal.read_until(b"live")
        for width, height, wanted in ((300, 80, "Hardware ID"), (40, 10, "40×10 is too small")):
            seen = len(terminal.sent)
            terminal.resize(width, height)
            screen = pyte.Screen(width, height)
            stream = pyte.ByteStream(screen)
            end = time.monotonic() + PATIENCE
            while wanted not in " ".join(screen.display):
                assert time.monotonic() < end, screen.display
                if select.select([terminal.master], [], [], 0.1)[0]:
                    terminal.sent += os.read(terminal.master, 65536)
                    stream.feed(terminal.sent[seen:])
                    seen = len(terminal.sent)
    finally:
        terminal.close()


@pytest.mark.parametrize("size", [(0, 0), (80, 0), (0, 30)])
def test_a_terminal_that_tells_no_size_is_heard_all_the_same(size: tuple[int, int]) -> None:
    terminal = Terminal(size=size)
    try:
        terminal.read_until(b"60 devices ready")
        os.write(terminal.master, b"q")
        assert terminal.leave() == 0
        assert len(terminal.sent) < 40_000
    finally:
        terminal.close()
