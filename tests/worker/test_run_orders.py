"""`siptui pause RUN` and `siptui stop RUN` with real workers; `siptui show RUN` beside them."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from siptui.app.worker_start import start_worker
from siptui.domain.state import DeviceState
from siptui.runs.events import Order
from siptui.runs.journal.journal import Journal
from tests.worker.installation import LONG_OVER, Installation, installed, until, write_list

_HOW = ("--region", "EMEA", "--yes", "--batch-size", "3", "--slots", "1")
_SCENARIO = """
[timing]
device = [20, 40]
"""


@pytest.fixture
def working(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Installation, str]]:
    """A worker with a live batch of three slow phones; three more phones wait for its slot."""
    folder = tmp_path_factory.mktemp("orders")
    file = write_list(folder / "list.csv", range(6))
    with installed(folder / "lab", _SCENARIO) as installation:
        installation.emulator.tell("devices", match="*", slow=100)
        viewer = installation.process("run", str(file), *_HOW)
        (run,) = until(installation.runs, "the run")
        until(lambda: installation.state(run).batches[1].batch_id, "the first batch")
        viewer.kill()
        viewer.communicate()
        yield installation, run


def _answer(installation: Installation, *args: str, code: int = 0) -> dict[str, Any]:
    done = installation.run(*args, "--json")
    assert done.exit_code == code, done.output
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def _orders(installation: Installation, run: str) -> list[Order]:
    with Journal(installation.journal) as journal:
        return [one.event for one in journal.read(run) if isinstance(one.event, Order)]


def _first_batch_ends(installation: Installation, run: str) -> None:
    installation.emulator.tell("devices", match="*", slow=1)
    installation.emulator.forward(LONG_OVER)
    until(lambda: not installation.state(run).open_batches(), "the end of the first batch")


def test_a_paused_run_submits_nothing_until_it_goes_on(working: tuple[Installation, str]) -> None:
    installation, run = working
    assert _answer(installation, "pause", run, "--off")["ordered"] is False
    paused = _answer(installation, "pause", "@last")
    assert (paused["run"], paused["ordered"], paused["paused"]) == (run, True, True)
    assert (paused["queued"], paused["live_batches"]) == (3, 1)
    assert f"siptui pause {run} --off" in paused["next"]
    assert _answer(installation, "pause", run)["ordered"] is False
    assert [(one.what, one.how) for one in _orders(installation, run)] == [
        ("pause", "siptui pause")
    ]

    _first_batch_ends(installation, run)
    shown = _answer(installation, "show", run)
    assert (shown["state"], shown["paused"]) == ("running", True)
    assert any("siptui pause" in wait["why"] for wait in shown["waits"])
    assert f"Go on submitting: siptui pause {run} --off" in shown["next"]
    assert [batch["state"] for batch in shown["batches"]] == ["finished", "queued"]
    assert len(installation.times()) == 3
    assert installation.holder(run)

    assert _answer(installation, "pause", run, "--off")["ordered"] is True
    until(lambda: installation.state(run).finished or not _tick(installation), "the end")
    assert set(installation.times().values()) == {1}
    assert len(installation.times()) == 6
    over = _answer(installation, "pause", run)
    assert (over["ordered"], over["next"]) == (False, "")
    assert "finished" in over["message"]


def _tick(installation: Installation) -> bool:
    installation.emulator.forward(60)
    return True


def test_a_stopped_run_follows_what_is_live_and_ends(working: tuple[Installation, str]) -> None:
    installation, run = working
    stopped = _answer(installation, "stop", run)
    assert (stopped["ordered"], stopped["stopping"], stopped["live_batches"]) == (True, True, 1)
    assert _answer(installation, "stop", run)["ordered"] is False
    # To go on would lift the stop, which needs the word that a submit needs.
    refused = _answer(installation, "pause", run, "--off", code=2)
    assert refused["error"]["code"] == "stopped"
    assert [(one.what, one.how) for one in _orders(installation, run)] == [("stop", "siptui stop")]

    _first_batch_ends(installation, run)
    state = installation.over(run)
    assert state.counts[DeviceState.QUEUED] == 3
    assert len(installation.times()) == 3

    # Without a worker there is nothing to order.
    before = state.last_seq
    for command in ("stop", "pause"):
        answer = _answer(installation, command, run)
        assert answer["ordered"] is False
        assert "No process works on run" in answer["message"]
        assert f"siptui resume {run}" in answer["next"]
    assert _answer(installation, "pause", run, "--off", code=2)["error"]["code"] == "no_worker"
    assert installation.state(run).last_seq == before
    shown = _answer(installation, "show", run)
    assert (shown["state"], shown["held_by"]) == ("stopped", "")
    assert f"Go on with: siptui resume {run}" in " ".join(shown["next"])
    assert "3 devices" in shown["needs"]


def test_a_worker_that_starts_later_finds_the_order(working: tuple[Installation, str]) -> None:
    """A run that has no worker yet and one whose worker was killed look alike."""
    installation, run = working
    installation.kill(run)
    stopped = _answer(installation, "stop", run)
    assert (stopped["ordered"], stopped["stopping"], stopped["held_by"]) == (True, True, "")
    assert "No process works on run" in stopped["message"]
    assert stopped["next"] == f"Go on with: siptui resume {run}"
    assert _answer(installation, "stop", run)["ordered"] is False
    start_worker(installation.selected, run, account="")
    _first_batch_ends(installation, run)
    assert installation.over(run).counts[DeviceState.QUEUED] == 3
    assert len(installation.times()) == 3
    done = installation.run("resume", "@last", "--yes")
    assert installation.over(run).finished, done.output
    assert set(installation.times().values()) == {1}
    assert len(installation.times()) == 6


def test_a_read_only_profile_gives_no_orders(working: tuple[Installation, str]) -> None:
    installation, run = working
    config = installation.folder / "config" / "config.toml"
    config.write_text(
        config.read_text().replace("[profiles.lab]", "[profiles.lab]\nread_only=true")
    )
    for command in ("pause", "stop"):
        assert _answer(installation, command, run, code=2)["error"]["code"] == "read_only"
    assert _orders(installation, run) == []
    assert _answer(installation, "show", run)["held_by"]
