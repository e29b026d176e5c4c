"""Each question before something is submitted names when that will probably have ended."""

from datetime import UTC, datetime
from pathlib import Path

from siptui.gateway.tenant_model import RoleEnd
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


async def test_each_question_names_when_the_role_ends(tmp_path: Path) -> None:
    ends = [datetime(2026, 3, 2, hour, minute, tzinfo=UTC) for hour, minute in ((8, 5), (17, 0))]
    asked = [RoleEnd("Authentication Administrator", at) for at in ends]

    async def role_end() -> RoleEnd | None:
        return asked.pop(0) if asked else None

    text = list_text(make_devices(4))
    async with console(tmp_path, text=text, role_end=role_end) as harness:
        await harness.press("s")
        assert "Your role Authentication Administrator ends at 08:05" in harness.question
        assert "before that: activate it for longer, or the run waits" in harness.question
        await harness.press("escape", "s")  # asked anew: it was activated for longer meanwhile
        assert "Your role Authentication Administrator ends at 17:00" in harness.question
        assert "after that." in harness.question
        await harness.press("escape", "s")
        assert "Your role" not in harness.question
        asked.append(RoleEnd("Authentication Administrator", ends[0]))
        await harness.type("4")
        await harness.press("enter")
        harness.runs.accept(1)
        harness.runs.finish([0, 1, 2, 3], error="Device is offline")
        harness.runs.end_batch(1, succeeded=0, failed=4)
        await harness.look()
        await harness.press("r")
        assert "Your role Authentication Administrator ends at 08:05" in harness.question
        await harness.press("escape")


async def test_a_resume_names_when_the_role_ends(tmp_path: Path) -> None:
    async def role_end() -> RoleEnd | None:
        return RoleEnd("Authentication Administrator", datetime(2026, 3, 2, 8, 5, tzinfo=UTC))

    async with console(tmp_path, text=list_text(make_devices(4)), role_end=role_end) as harness:
        await harness.submit(4)
        harness.runs.write(ev.RunStopped(code="interrupted", message="It was interrupted."))
        harness.runs.attended = False
        await harness.look()
        await harness.press("r")
        assert "Your role Authentication Administrator ends at 08:05" in harness.question
