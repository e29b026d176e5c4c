"""The title of the terminal's window."""

from pathlib import Path

from tests.tui.desk import list_text, make_devices
from tests.tui.harness import CountingDriver, console


async def test_the_title_counts_and_is_given_back(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(10)), counting=True) as bench:
        driver = bench.app._driver
        assert isinstance(driver, CountingDriver)
        await bench.submit(10)
        bench.desk.accept(1)
        bench.desk.finish(range(6))
        bench.desk.finish([6, 7], error="Device is offline")
        await bench.look()
        sent = driver.take()
        assert sent.count("\x1b[22;2t") == 1
        assert "\x1b]2;siptui 8/10 ✗2\x07" in sent
        await bench.look()
        assert "\x1b]2;" not in driver.take()
        await bench.press("q")
    assert "\x1b]2;\x07\x1b[23;2t" in driver.sent
