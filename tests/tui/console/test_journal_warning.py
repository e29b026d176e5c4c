"""What was found wrong with the journal is shown at each start until the operator says to know."""

from pathlib import Path

from siptui.runs.journal.damage_mark import add_mark
from tests.tui.harness import console
from tests.tui.scripted_runs import ScriptedRuns, list_text, make_devices


async def test_it_is_shown_until_it_is_acknowledged(tmp_path: Path) -> None:
    runs = ScriptedRuns(tmp_path)
    add_mark(runs.journal.path, "The journal had lost its newest entries.")
    text = list_text(make_devices(2))
    async with console(tmp_path, runs=runs, text=text) as harness:
        assert "The journal had lost its newest entries." in harness.flat
        assert "acknowledge" in harness.flat
        await harness.press("enter")  # not yet
        assert runs.notice
        assert "2 devices ready" in harness.text
    runs = ScriptedRuns(tmp_path)
    async with console(tmp_path, runs=runs, text=text) as harness:
        await harness.press("down", "enter")
        assert runs.notice == ""
        assert "acknowledged: the warning of the journal" in harness.text
        assert "acknowledge" not in harness.console.offers().values()
    runs = ScriptedRuns(tmp_path)
    async with console(tmp_path, runs=runs, text=text) as harness:
        assert "lost its newest" not in harness.flat
