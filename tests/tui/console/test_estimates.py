"""Each question before something is submitted names when that will probably have ended."""

from pathlib import Path

from siptui.runs import events as ev
from tests.tui.harness import console
from tests.tui.scripted_runs import list_text, make_devices


async def test_a_retry_names_the_estimated_end_of_its_batches(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(4))) as harness:
        await harness.submit(4)
        harness.runs.accept(1)
        harness.runs.finish([0, 1], seconds=240)
        harness.runs.finish([2, 3], error="Device is offline")
        harness.runs.end_batch(1, succeeded=2, failed=2)
        await harness.look()
        await harness.press("r")
        assert "Estimated end: about 08:08" in harness.question
        assert "the tenant's last batch took about 4 min" in harness.question
        await harness.press("tab", "ctrl+u")
        await harness.type("1")  # two batches, which go out side by side
        assert "2 batches" in harness.question
        assert "Estimated end: about 08:08" in harness.question


async def test_a_resume_names_that_of_what_waits(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(4))) as harness:
        await harness.submit(4)
        harness.runs.write(ev.RunStopped(code="interrupted", message="It was interrupted."))
        harness.runs.attended = False
        await harness.look()
        await harness.press("r")
        assert "Estimated end: about 08:10" in harness.question
        assert "assuming 10 min a batch" in harness.question
