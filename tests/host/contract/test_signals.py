"""Being told that the terminal goes."""

import subprocess
import sys
from pathlib import Path

import pytest

_WORKS = """
import sys, time
from siptui.host.signals import ending_as_interrupted
from tests.support.terminal_end import send
try:
    with ending_as_interrupted(lambda: sys.argv[1] == "here"):
        send(sys.argv[2])
        for _ in range(100):
            time.sleep(0.1)
except KeyboardInterrupt:
    sys.exit(7)
sys.exit(8)
"""
_CONSOLE = """
import asyncio, sys
from siptui.host.signals import on_terminal_end
from tests.support.terminal_end import send
async def main():
    told = asyncio.get_running_loop().create_future()
    on_terminal_end(asyncio.get_running_loop(), lambda *said: told.set_result(said))
    send(sys.argv[1])
    return await asyncio.wait_for(told, 60)
code, gone = asyncio.run(main())
assert gone is (sys.argv[1] == "close")
raise SystemExit(code)
"""
_WORKER = """
import asyncio, os, sys, time
from siptui.host.signals import begin_worker, on_order_to_end
from tests.support.terminal_end import send
begin_worker()
async def main():
    task = asyncio.ensure_future(asyncio.sleep(60))
    on_order_to_end(asyncio.get_running_loop(), task.cancel)
    send("end")
    try:
        await task
    except asyncio.CancelledError:
        return 5
raise SystemExit(asyncio.run(main()))
"""
_ROOT = Path(__file__).parents[3]


def _ended(code: str, *args: str) -> int:
    return subprocess.run(
        [sys.executable, "-c", code, *args], cwd=_ROOT, timeout=120, check=False
    ).returncode


@pytest.mark.parametrize("what", ["end", "close"])
def test_what_is_worked_on_here_is_interrupted(what: str) -> None:
    assert _ended(_WORKS, "here", what) == 7


def test_what_is_worked_on_elsewhere_is_left_at_once() -> None:
    assert _ended(_WORKS, "elsewhere", "end") not in (
        0,
        7,
        *([] if sys.platform == "win32" else [8]),
    )


@pytest.mark.parametrize(("what", "code"), [("end", 143), ("close", 129)])
def test_a_console_is_told_and_leaves_by_itself(what: str, code: int) -> None:
    assert _ended(_CONSOLE, what) == code


def test_a_worker_ends_in_order() -> None:
    assert _ended(_WORKER) == 5
