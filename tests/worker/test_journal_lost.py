"""A killed worker's journal that lost its newest entries: nothing is submitted again for that."""

import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from siptui.domain.state import BatchState
from tests.worker.installation import (
    LONG_OVER,
    Installation,
    hardware_id,
    installed,
    json_lines,
    until,
    write_list,
)

_COUNT = 6


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    with installed(tmp_path / "lab", "healthy") as found:
        yield found


def _halve(log: Path) -> None:
    log.write_bytes(log.read_bytes()[: log.stat().st_size // 2])


def _zero(log: Path) -> None:
    log.write_bytes(bytes(log.stat().st_size))


def _delete_all(log: Path) -> None:
    for file in log.parent.glob("journal.db*"):
        if file.suffix != ".copy":
            file.unlink()


@pytest.mark.slow
@pytest.mark.parametrize("lose", [_halve, _zero, Path.unlink, _delete_all])
def test_what_is_live_is_followed_and_the_rest_waits_for_the_operators_word(
    installation: Installation, lose: Callable[[Path], None]
) -> None:
    installation.emulator.tell("devices", match="*", slow=100)
    file = write_list(installation.folder / "list.csv", range(_COUNT))
    viewer = installation.process(
        *("run", str(file), "--region", "EMEA", "--yes", "--json"),
        *("--batch-size", "2", "--slots", "1"),
    )
    (run,) = until(installation.runs, "the run")
    until(lambda: installation.state(run).batches[1].batch_id, "the answer to the first submit")
    viewer.kill()
    viewer.communicate()
    installation.kill(run, signal.SIGKILL)
    lose(Path(f"{installation.journal}-wal"))

    # Whichever command comes first, the next ones tell it, too, and a script submits nothing.
    (head,) = json.loads(installation.run("runs", "--json").stdout)["runs"]
    assert head["run"] == run
    for args in (
        ("runs",),
        ("resume", run, "--yes", "--json"),
        ("run", str(file), "--region", "EMEA", "--yes"),
    ):
        done = installation.run(*args)
        assert "journal" in done.stderr, done.output
        assert "siptui runs --acknowledge" in done.stderr
        assert bool(done.exit_code) == (args != ("runs",)), done.output
    state = installation.state(run)
    assert [b.state for b in state.batches.values()] == [
        BatchState.RUNNING,
        BatchState.QUEUED,
        BatchState.QUEUED,
    ]
    assert installation.emulator.ask("ledger")["calls"]["createbatch"] == 1

    done = installation.run("runs", "--acknowledge", "--json")
    assert "Acknowledged: The journal" in done.stderr
    installation.emulator.tell("devices", match="*", slow=1)
    installation.emulator.forward(LONG_OVER)
    done = installation.run("resume", run, "--yes", "--json")
    assert done.exit_code == 0, done.output
    assert json_lines(done.stdout)[-1]["type"] == "run_finished"
    assert installation.times() == {hardware_id(n): 1 for n in range(_COUNT)}
    assert "journal" not in installation.run("runs").stderr


def test_a_lock_beside_a_journal_that_knows_no_run_is_told_of(installation: Installation) -> None:
    file = write_list(installation.folder / "list.csv", range(2))
    assert installation.run("run", str(file), "--region", "EMEA", "--yes").exit_code == 0
    (run,) = installation.runs()
    for left in installation.journal.parent.glob("journal.db*"):
        left.unlink()
    for _ in range(2):
        done = installation.run("runs")
        assert f"does not know 1 run(s) that were worked on here: {run}" in done.stderr
    done = installation.run("run", str(file), "--region", "EMEA", "--yes", "--json")
    assert json.loads(done.stdout)["error"]["code"] == "journal_repaired"
    assert set(installation.times().values()) == {1}
    assert installation.run("runs", "--acknowledge").exit_code == 0
    assert installation.run("runs").stderr == ""
