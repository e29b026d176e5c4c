"""What an operator decides about a batch that was really lost, with the commands of siptui."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from siptui.domain.state import BatchState, DeviceState
from tests.worker.installation import (
    Installation,
    each_type,
    hardware_id,
    installed,
    json_lines,
    until,
    write_list,
)
from tests.worker.terminal import Terminal

_TWICE = """
[timing]
device = [40, 400]
[[faults]]
call = "createbatch"
kind = "hang"
moment = "after"
nth = 1
"""


@pytest.fixture
def lossy(tmp_path: Path) -> Iterator[Installation]:
    with installed(tmp_path / "lab", "lossy", quick=25) as found:
        yield found


def _run(installation: Installation, count: int, *args: str) -> str:
    file = write_list(installation.folder / "list.csv", range(count))
    how = ("--region", "EMEA", "--yes", "--json", "--batch-size", "2", "--slots", "1")
    done = installation.run("run", str(file), *how, *args)
    assert done.exit_code == 5, done.output
    return installation.runs()[0]


@pytest.mark.slow
def test_a_batch_nobody_has_is_submitted_again_by_the_number_typed(lossy: Installation) -> None:
    run = _run(lossy, 10, "--settle", "30")
    state = lossy.state(run)
    # Two never arrived; the others whose answers were lost were found by their devices.
    lost = [b.number for b in state.unsettled_batches()]
    assert lost == [2, 5]
    assert sum(b.adopted for b in state.batches.values()) >= 2
    unknown = [r.device.hardware_id for r in state.devices if r.state is DeviceState.UNKNOWN]
    before = lossy.times()
    assert before == {hardware_id(n): 1 for n in range(10) if hardware_id(n) not in unknown}

    # Neither to go on, nor half a word, nor a wrong id is a decision.
    assert lossy.run("resume", run, "--yes").exit_code == 5
    which = lossy.run("resume", run, "--adopt", "no-such-batch", "--yes")
    assert which.exit_code == 2
    assert "Batches 2, 5" in which.output
    done = lossy.run("resume", run, "--adopt", "nothing", "--batch", "2", "--yes", "--json")
    assert done.exit_code == 5, done.output
    assert "was not adopted" in each_type(json_lines(done.stdout), "note")[-1]["text"]
    assert lossy.run("resume", run, "--resubmit", "--no-input").exit_code == 2
    window = Terminal(lossy, "resume", run, "--resubmit")
    until(lambda: window.shows("Type 4 to go on"), "the question")
    window.types("2\r")
    assert window.ends() == 2
    assert lossy.times() == before

    for number, code in (lost[0], {5}), (lost[1], {0, 3}):
        window = Terminal(lossy, "resume", run, "--resubmit", "--batch", str(number))
        until(lambda window=window: window.shows("Type 2 to go on"), "the question")
        assert window.shows("is not known")
        window.types("2\r")
        assert window.ends() in code, window.shown
        assert lossy.state(run).batches[number].state is BatchState.ABANDONED
    state = lossy.state(run)
    assert state.finished
    assert lossy.times() == {hardware_id(n): 1 for n in range(10)}
    assert lossy.differences(state) == []


@pytest.mark.slow
def test_of_two_batches_alike_the_operator_names_one(tmp_path: Path) -> None:
    with installed(tmp_path / "lab", _TWICE) as installation:
        file = write_list(installation.folder / "list.csv", range(4))
        how = ("--region", "EMEA", "--yes", "--batch-size", "2", "--slots", "1")
        viewer = installation.process("run", str(file), *how)
        (run,) = until(installation.runs, "the run")
        until(installation.times, "the submit")
        installation.kill(run, signal.SIGKILL)
        viewer.kill()
        viewer.communicate()
        items = [[f"room{n}@contoso.example", hardware_id(n)] for n in range(2)]
        installation.emulator.tell("foreign", at=0, region="EMEA", items=items)

        done = installation.run("resume", run, "--yes", "--json")
        assert done.exit_code == 5, done.output
        state = installation.state(run)
        (batch,) = state.unsettled_batches()
        assert len(batch.candidates) == 2
        ours = installation.emulator.ask("ledger")["submits"][0]["batch_id"]
        assert ours in batch.candidates

        window = Terminal(installation, "resume", run, "--adopt", ours)
        until(lambda: window.shows("Type 2 to go on"), "the question")
        assert window.shows("Nothing is submitted")
        window.types("2\r")
        assert window.ends() in (0, 3)
        state = installation.state(run)
        assert state.finished
        assert state.batches[batch.number].batch_id == ours
        assert state.counts[DeviceState.UNKNOWN] == 0
        assert len(installation.emulator.ask("ledger")["submits"]) == 2
