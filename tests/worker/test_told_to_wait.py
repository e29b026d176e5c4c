"""Waits that the service asks for, over real processes: shared by all, and ended by an order."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.worker.installation import (
    Installation,
    each_type,
    installed,
    json_lines,
    until,
    write_list,
)

#: How much faster the tenant works than the clock of the processes.
SPEED = 30
HOW = ("--region", "EMEA", "--yes", "--json", "--batch-size", "3")
#: Seconds in which a request may have been on its way when the wait was told.
ON_ITS_WAY = 0.5


def _early(place: Installation) -> list[str]:
    told = place.emulator.ask("ledger")["early"]
    return [one["call"] for one in told if one["at"] - one["told"] > ON_ITS_WAY * SPEED]


@pytest.mark.slow
def test_two_workers_and_one_that_is_started_again_wait_alike(tmp_path: Path) -> None:
    with installed(tmp_path / "lab", "healthy", speed=SPEED, quick=1) as place:
        config = tmp_path / "lab" / "config" / "config.toml"
        other = '[profiles.other]\ntenant = "Contoso.Example"\ncloud = "lab"\n'
        config.write_text(config.read_text() + other)
        # During the first a worker is started again, which takes its time.
        waits = (("batchstatus", 2, 4), ("createbatch", 3, 2), ("batchsummaries", 5, 2))
        for call, nth, seconds in waits:
            place.emulator.tell(
                "faults", kind="status", call=call, status=429, retry_after=seconds * SPEED, nth=nth
            )
        lists = [write_list(tmp_path / f"{n}.csv", range(n, n + 9)) for n in (0, 100)]
        profiles = ("lab", "other")
        work = [
            place.process("run", str(file), *HOW, "--profile", profile)
            for file, profile in zip(lists, profiles, strict=True)
        ]
        (run,) = until(place.runs, "the run")
        until(lambda: place.state(run).waiting, "the wait")
        place.kill(run)
        work.append(place.process("resume", run, "--yes", "--json", "--profile", "lab"))
        codes = [process.wait(90) for process in work]
        assert codes[1:] == [0, 0]
        assert _early(place) == []
        assert set(place.times().values()) == {1}
        assert len(place.times()) == 18


def test_a_wait_is_seen_with_other_folders_of_state(tmp_path: Path) -> None:
    with installed(tmp_path / "lab", "healthy", speed=SPEED, quick=1) as place:
        seconds = 4 * SPEED
        place.emulator.tell(
            "faults", kind="status", call="batchstatus", status=429, retry_after=seconds, times=1
        )
        lists = [write_list(tmp_path / f"{n}.csv", range(n, n + 3)) for n in (0, 100)]
        first = place.process("run", str(lists[0]), *HOW)
        (run,) = until(place.runs, "the run")
        until(lambda: place.state(run).waiting, "the wait")
        own = {"SIPTUI_STATE_DIR": str(tmp_path / "own")}
        second = place.process("run", str(lists[1]), *HOW, env=own)
        assert place.run("batches", **own).exit_code == 0
        assert [first.wait(90), second.wait(90)] == [0, 0]
        assert _early(place) == []
        assert set(place.times().values()) == {1}


def test_an_order_ends_a_wait_of_years(tmp_path: Path) -> None:
    with installed(tmp_path / "lab", "healthy", speed=600) as place:
        place.emulator.tell(
            "faults",
            kind="status",
            call="batchsummaries",
            status=503,
            retry_after_text="1000000000",
            times=1,
        )
        file = write_list(tmp_path / "list.csv", range(4))
        place.process("run", str(file), *HOW)
        (run,) = until(place.runs, "the run")
        waiting = until(lambda: place.state(run).waiting, "the wait")
        began = datetime.fromisoformat(place.state(run).planned_at)
        assert datetime.fromisoformat(waiting.until) - began < timedelta(minutes=20)
        done = place.run("resume", run, "--now", "--json")
        assert done.exit_code == 0, done.output
        (end,) = each_type(json_lines(done.stdout), "run_finished")
        assert end["succeeded"] == 4
        assert set(place.times().values()) == {1}
