"""Which runs are of one rollout, by their devices, from a real journal."""

from collections.abc import Sequence
from pathlib import Path

from siptui.domain.device import Device
from siptui.runs import events as ev
from siptui.runs.rollout.run_groups import run_groups
from tests.tui.scripted_runs import ScriptedRuns, make_devices

_DEVICES = make_devices(200)


class _Journal:
    def __init__(self, folder: Path) -> None:
        self.runs = ScriptedRuns(folder)

    def run(self, name: str, devices: Sequence[Device], seconds: float = 60) -> str:
        self.runs.clock.pass_(seconds)
        run = self.runs.create(
            devices, file=f"/lists/{name}.csv", sha256="", skipped=0, options=ev.Options()
        )
        over = ev.RunFinished(succeeded=0, failed=0, unknown=0, skipped=0, seconds=1)
        self.runs.write(over, seconds=min(1.0, seconds))
        return run

    def groups(self) -> list[tuple[str, list[str]]]:
        return [(g.file, [head.run for head in g.heads]) for g in run_groups(self.runs)]


def test_lists_made_from_one_are_with_it_and_others_are_not(tmp_path: Path) -> None:
    journal = _Journal(tmp_path)
    assert journal.groups() == []
    pilot = journal.run("pilot", _DEVICES[:3])
    other = journal.run("munich", _DEVICES[100:150])
    whole = journal.run("berlin", _DEVICES[:60])
    failed = journal.run("berlin-failed", _DEVICES[50:60])
    # A corrected copy has most of the devices, and one phone of the lab that others have, too.
    copy = journal.run("berlin corrected", [*_DEVICES[2:62], _DEVICES[100]])
    lab = journal.run("paris", [*_DEVICES[160:190], _DEVICES[0], _DEVICES[100]])
    assert journal.groups() == [
        ("/lists/paris.csv", [lab]),
        ("/lists/berlin corrected.csv", [copy, failed, whole, pilot]),
        ("/lists/munich.csv", [other]),
    ]
    # Two rollouts become one by a list that has the devices of both.
    both = journal.run("germany", _DEVICES[:150])
    assert journal.groups()[0] == (
        "/lists/germany.csv",
        [both, copy, failed, whole, other, pilot],
    )
    journal.runs.close()


def test_the_same_list_again_is_the_same_rollout(tmp_path: Path) -> None:
    journal = _Journal(tmp_path)
    runs = [journal.run("lobby", _DEVICES[:40]) for _ in range(3)]
    assert journal.groups() == [("/lists/lobby.csv", runs[::-1])]
    assert {one.rollout for one in run_groups(journal.runs)} == {runs[0]}
    journal.runs.close()


def test_runs_of_one_second_are_in_the_order_they_were_made_in(tmp_path: Path) -> None:
    journal = _Journal(tmp_path)
    whole = journal.run("lobby", _DEVICES[:40], 0.01)
    parts = [journal.run("part", _DEVICES[n : n + 3], 0.01) for n in range(12)]
    assert {run[:15] for run in (whole, *parts)} == {whole[:15]}
    assert journal.groups() == [("/lists/lobby.csv", [*reversed(parts), whole])]
    assert {one.rollout for one in run_groups(journal.runs)} == {whole}
    assert journal.runs.journal.first_runs()[parts[-1]] == {whole: 3}
    journal.runs.close()
