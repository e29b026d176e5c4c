"""What a terminal is told beside the frames: title, bell, notification."""

from pathlib import Path

import pytest

from siptui.runs import events as ev
from tests.tui.harness import CountingDriver, console
from tests.tui.scripted_runs import list_text, make_devices


async def test_the_title_counts_and_is_given_back(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(10)), counting=True) as harness:
        driver = harness.app._driver
        assert isinstance(driver, CountingDriver)
        await harness.submit(10)
        harness.runs.accept(1)
        harness.runs.finish(range(6))
        harness.runs.finish([6, 7], error="Device is offline")
        await harness.look()
        sent = driver.take()
        assert sent.count("\x1b[22;2t") == 1
        assert "\x1b]2;siptui 8/10 ✗2\x07" in sent
        await harness.look()
        assert "\x1b]2;" not in driver.take()
        await harness.press("q")
    assert "\x1b]2;\x07\x1b[23;2t" in driver.sent


@pytest.mark.parametrize(
    ("wanted", "inside", "sent"),
    [
        (False, "", ""),
        (True, "", "\x1b]9;siptui: 2 signed in, 1 failed\x07"),
        (True, "TMUX", "\x1bPtmux;\x1b\x1b]9;siptui: 2 signed in, 1 failed\x07\x1b\\"),
        (True, "STY", "\x1bP\x1b]9;siptui: 2 signed in, 1 failed\x07\x1b\\"),
    ],
)
async def test_the_end_rings_and_notifies_where_that_is_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wanted: bool, inside: str, sent: str
) -> None:
    for name in ("TMUX", "STY"):
        monkeypatch.delenv(name, raising=False)
    if inside:
        monkeypatch.setenv(inside, "1")
    text = list_text(make_devices(3))
    async with console(tmp_path, text=text, counting=True, notify_terminal=wanted) as harness:
        driver = harness.app._driver
        assert isinstance(driver, CountingDriver)
        await harness.submit(3)
        harness.runs.accept(1)
        harness.runs.finish(range(2))
        harness.runs.finish([2], error="Device is offline")
        await harness.look()
        driver.take()
        finished = ev.RunFinished(succeeded=2, failed=1, unknown=0, skipped=0, seconds=9.0)
        harness.runs.write(finished)
        await harness.look()
        told = driver.take()
        assert "\x07" in told
        assert sent in told
        assert ("]9;" in told) is wanted
