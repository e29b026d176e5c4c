"""The history of runs in the console."""

from pathlib import Path

from siptui.runs import events as ev
from tests.tui.harness import console
from tests.tui.scripted_runs import ScriptedRuns, make_devices


async def test_the_runs_of_a_rollout_stand_together(tmp_path: Path) -> None:
    runs, devices = ScriptedRuns(tmp_path), make_devices(40)
    ended = ev.RunFinished(succeeded=0, failed=2, unknown=0, skipped=0, seconds=1)
    made = []
    for name, some in (
        ("lobby", devices[:20]),
        ("paris", devices[20:]),
        ("lobby-failed", devices[4:6]),
        ("lobby corrected", devices[:20]),
    ):
        file = f"/lists/{name}.csv"
        made.append(runs.create(some, file=file, sha256="", skipped=0, options=ev.Options()))
        runs.write(ended, seconds=60)
    lobby, paris, failed, corrected = made
    async with console(tmp_path, runs=runs, size=(80, 24)) as harness:
        await harness.press("h")
        shown = [(row[2], row[-1]) for row in harness.rows_of_page]
        assert shown == [
            ("lobby corrected.csv", corrected),
            ("├ lobby-failed.csv", failed),
            ("└ lobby.csv", lobby),
            ("paris.csv", paris),
        ]
        await harness.press("j", "j", "enter")
        assert harness.console.session.run is not None
        assert harness.console.session.run.run == lobby
