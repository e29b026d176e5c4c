"""`siptui resume RUN --give-up BATCH` with real workers."""

import json
from collections.abc import Iterator

import pytest

from siptui.domain.state import BatchState, DeviceState
from tests.worker.installation import Installation, installed, json_lines, until, write_list

_STUCK = """
[timing]
device = [20, 40]
[[batches]]
nth = 1
stuck = 1.0
"""
_HOW = ("--region", "EMEA", "--yes", "--batch-size", "3", "--slots", "1")


@pytest.fixture
def stuck(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Installation, str]]:
    """A worker whose first batch of three never ends; three more phones wait for its slot."""
    folder = tmp_path_factory.mktemp("stuck")
    file = write_list(folder / "list.csv", range(6))
    with installed(folder / "lab", _STUCK) as installation:
        viewer = installation.process("run", str(file), *_HOW)
        (run,) = until(installation.runs, "the run")
        until(lambda: installation.state(run).batches[1].batch_id, "the first batch")
        viewer.kill()
        viewer.communicate()
        yield installation, run


def test_a_worker_at_work_is_given_the_order(stuck: tuple[Installation, str]) -> None:
    installation, run = stuck
    batch_id = installation.state(run).batches[1].batch_id
    assert installation.holder(run), "it is not asked to let go"
    done = installation.run("resume", run, "--give-up", batch_id[:8], "--yes", "--json")
    assert done.exit_code == 5, done.output
    assert "Nothing is submitted: batch 1" in done.stderr
    assert "3 devices of it are unknown" in done.stderr
    lines = json_lines(done.stdout)
    (given_up,) = [line for line in lines if line["type"] == "batch_given_up"]
    assert (given_up["batch"], given_up["batch_id"], given_up["unknown"]) == (1, batch_id, 3)
    assert lines[-1]["type"] == "run_finished"
    assert (lines[-1]["succeeded"], lines[-1]["unknown"]) == (3, 3)
    causes = {line["cause"] for line in lines if line.get("state") == "unknown"}
    assert causes == {"given_up"}
    assert set(installation.times().values()) == {1}


def test_a_stopped_run_ends_without_a_sign_in(stuck: tuple[Installation, str]) -> None:
    """Nothing is asked of the service when its last live batch is given up."""
    installation, run = stuck
    installation.kill(run)
    done = installation.run("resume", run, "--give-up", "1", "--yes", SIPTUI_ACCESS_TOKEN="")
    assert done.exit_code == 5, done.output
    assert "3 more devices of this run wait and are not submitted by this" in done.stderr
    state = installation.over(run)
    assert state.batches[1].state is BatchState.GIVEN_UP
    assert state.counts[DeviceState.UNKNOWN] == 3
    assert state.counts[DeviceState.QUEUED] == 3
    assert set(installation.times().values()) == {1}


def test_it_needs_a_word_and_a_batch_that_is_live(stuck: tuple[Installation, str]) -> None:
    installation, run = stuck
    before = installation.state(run).last_seq
    for wanted, says in (
        ("1", "no terminal to ask on"),
        ("2", "queued, not live"),
        ("9", "no batch 9"),
    ):
        done = installation.run("resume", run, "--give-up", wanted, "--json")
        assert done.exit_code == 2, done.output
        assert says in json.loads(done.stdout)["error"]["message"]
    for args in (("--adopt", "x"), ("--resubmit",), ("--slots", "2")):
        done = installation.run("resume", run, "--give-up", "1", *args, "--yes")
        assert done.exit_code == 2, done.output
    assert installation.state(run).last_seq == before
    assert installation.holder(run)
