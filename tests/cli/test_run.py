"""`siptui run`: the whole job without a console, by a worker process, against the emulator."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import Result

from tests.worker.installation import (
    FAST,
    TOKEN,
    Installation,
    each_type,
    hardware_id,
    installed,
    json_lines,
    until,
    write_list,
)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """One installation for all tests that leave the tenant alone, or add devices of their own."""
    with installed(tmp_path_factory.mktemp("lab"), speed=FAST) as found:
        yield found


@pytest.fixture(scope="module")
def big(shared: Installation) -> Result:
    """A run of 250 phones, once for all that look at it."""
    file = write_list(shared.folder / "big.csv", range(250))
    return shared.run("run", str(file), "--region", "EMEA", "--yes", "--json", "--no-account-check")


def test_250_devices_end_as_the_tenant_says(shared: Installation, big: Result) -> None:
    assert big.exit_code == 3, big.output
    lines = json_lines(big.stdout)
    (planned,) = each_type(lines, "run_planned")
    assert (planned["devices"], planned["batches"], planned["skipped"]) == (250, 3, 0)
    assert [(b["batch"], b["devices"]) for b in each_type(lines, "batch_submitting")] == [
        (1, 100),
        (2, 100),
        (3, 50),
    ]
    assert len(each_type(lines, "batch_accepted")) == len(each_type(lines, "batch_finished")) == 3
    last = {line["hardware_id"]: line for line in each_type(lines, "device")}
    mine = {hardware_id(n) for n in range(250)}
    assert set(last) == mine
    truth = shared.truth()
    assert {h: (d["state"], d["error"] or "") for h, d in last.items()} == {
        h: truth[h] for h in mine
    }
    failed = [d for d in last.values() if d["state"] == "failed"]
    assert failed
    assert all(d["cause"] and d["remedy"] for d in failed)
    (finished,) = each_type(lines, "run_finished")
    assert lines[-1] is finished
    assert (finished["failed"], finished["succeeded"]) == (len(failed), 250 - len(failed))
    ledger = shared.emulator.ask("ledger")
    assert {h: n for h, n in shared.times().items() if h in mine} == dict.fromkeys(mine, 1)
    assert ledger["violations"] == []
    assert max(ledger["max_live"].values()) <= 3


def test_every_line_says_what_when_and_of_which_run(big: Result) -> None:
    lines = json_lines(big.stdout)
    runs = {line["run"] for line in lines}
    assert len(runs) == 1
    for line in lines:
        assert line["schema"] == 1
        assert isinstance(line["type"], str)
        assert datetime.fromisoformat(line["at"]).utcoffset() == timedelta(0)
    fields = {"line", "username", "hardware_id", "batch", "state", "attempt", "error", "cause"}
    assert all(fields | {"remedy"} <= set(d) for d in each_type(lines, "device"))
    assert all(d["line"] >= 2 for d in each_type(lines, "device"))


@pytest.fixture
def faulty(tmp_path: Path) -> Path:
    """Two phones that can be signed in and two rows that cannot."""
    file = write_list(tmp_path / "faulty.csv", [1001, 1002])
    file.write_text(file.read_text() + "room9@contoso.example,nonsense\n,00-04-F2-00-09-99\n")
    return file


def test_a_list_with_faults_submits_nothing(shared: Installation, faulty: Path) -> None:
    before = shared.runs()
    done = shared.run("run", str(faulty), "--region", "EMEA", "--yes", "--json")
    assert done.exit_code == 2
    assert json.loads(done.stdout)["error"]["code"] == "faulty_list"
    told = shared.run("run", str(faulty), "--region", "EMEA", "--yes")
    assert told.exit_code == 2
    assert "line 4" in told.stderr
    assert "line 5" in told.stderr
    assert shared.runs() == before
    assert hardware_id(1001) not in shared.times()


def test_faulty_rows_are_left_out_on_demand(shared: Installation, faulty: Path) -> None:
    done = shared.run("run", str(faulty), "--region", "EMEA", "--yes", "--json", "--skip-invalid")
    assert done.exit_code in (0, 3), done.output
    lines = json_lines(done.stdout)
    assert each_type(lines, "run_planned")[0]["skipped"] == 2
    assert each_type(lines, "run_finished")[0]["skipped"] == 2
    assert {d["hardware_id"] for d in each_type(lines, "device")} == {
        hardware_id(1001),
        hardware_id(1002),
    }
    assert shared.times()[hardware_id(1001)] == 1


def test_rows_that_contradict_each_other_are_both_left_out(
    shared: Installation, tmp_path: Path
) -> None:
    file = write_list(tmp_path / "list.csv", [1020, 1021])
    one = file.read_text().splitlines()[1]
    other = one.replace("room1020", "other", 1)
    file.write_text(file.read_text() + other + "\n")
    args = ("run", str(file), "--region", "EMEA", "--yes", "--skip-invalid")
    done = shared.run(*args, "--json")
    assert {d["hardware_id"] for d in each_type(json_lines(done.stdout), "device")} == {
        hardware_id(1021)
    }
    assert "lines 2, 4: one hardware id for two accounts" in done.stderr
    assert hardware_id(1020) not in shared.times()
    file.write_text("\n".join([file.read_text().splitlines()[0], one, other, ""]))
    done = shared.run(*args)
    assert done.exit_code == 2
    assert "lines 2-3: one hardware id for two accounts" in done.stderr


def test_rows_need_a_region(shared: Installation, tmp_path: Path) -> None:
    file = write_list(tmp_path / "list.csv", [1010])
    done = shared.run("run", str(file), "--yes")
    assert done.exit_code == 2
    assert hardware_id(1010) not in shared.times()


def test_a_dry_run_shows_the_plan_and_does_nothing(shared: Installation, tmp_path: Path) -> None:
    file = write_list(tmp_path / "list.csv", range(1100, 1107))
    before = shared.runs()
    args = ("run", str(file), "--region", "APAC", "--dry-run", "--batch-size", "3")
    done = shared.run(*args, "--json")
    assert done.exit_code == 0
    plan = json.loads(done.stdout)
    assert [len(b["devices"]) for b in plan["batches"]] == [3, 3, 1]
    assert {b["region"] for b in plan["batches"]} == {"APAC"}
    assert "Nothing was done" in shared.run(*args).stdout
    assert shared.runs() == before
    assert hardware_id(1100) not in shared.times()


def test_a_dry_run_plans_as_the_profile_will(shared: Installation, tmp_path: Path) -> None:
    config = shared.folder / "config" / "config.toml"
    (tmp_path / "config").mkdir()
    text = config.read_text().replace("[profiles.lab]\n", "[profiles.lab]\nbatch_size = 2\n")
    (tmp_path / "config" / "config.toml").write_text(text)
    file = write_list(tmp_path / "list.csv", range(1110, 1115))
    done = shared.run(
        *("run", str(file), "--region", "APAC", "--dry-run", "--json"),
        SIPTUI_CONFIG_DIR=str(tmp_path / "config"),
    )
    assert [len(b["devices"]) for b in json.loads(done.stdout)["batches"]] == [2, 2, 1]


@pytest.mark.parametrize("more", [(), ("--no-input",), ("--json",)])
def test_without_a_yes_and_nobody_to_ask(
    shared: Installation, tmp_path: Path, more: tuple[str, ...]
) -> None:
    file = write_list(tmp_path / "list.csv", [1200])
    before = shared.runs()
    done = shared.run("run", str(file), "--region", "EMEA", *more)
    assert done.exit_code == 2
    assert "--yes" in done.output
    assert shared.runs() == before


def test_without_a_token_nothing_is_planned(shared: Installation, tmp_path: Path) -> None:
    file = write_list(tmp_path / "list.csv", [1210])
    before = shared.runs()
    done = shared.run(
        "run", str(file), "--region", "EMEA", "--yes", "--json", SIPTUI_ACCESS_TOKEN=""
    )
    assert done.exit_code == 4
    assert json.loads(done.stdout)["error"]["next"]
    assert shared.runs() == before


_STRICT = '[auth]\naccept = "listed"\n[[auth.tokens]]\ntoken = "good"\n'


def test_a_refused_token_stops_the_run_and_a_good_one_goes_on(tmp_path: Path) -> None:
    file = write_list(tmp_path / "list.csv", range(4))
    with installed(tmp_path / "lab", _STRICT, speed=FAST) as strict:
        done = strict.run("run", str(file), "--region", "EMEA", "--yes", "--json")
        assert done.exit_code == 4, done.output
        last = json_lines(done.stdout)[-1]
        assert (last["type"], bool(last["next"])) == ("run_stopped", True)
        assert strict.emulator.ask("ledger")["submits"] == []
        (head,) = json.loads(strict.run("runs", "--json").stdout)["runs"]
        assert head["state"] == "stopped"
        # Right behind it, as a script would: the worker is gone when `run` is.
        resumed = strict.run("resume", "--yes", "--json", SIPTUI_ACCESS_TOKEN="good")
        assert resumed.exit_code == 0, resumed.output
        assert set(strict.times().values()) == {1}


def test_a_service_out_of_reach_loses_nothing(shared: Installation, tmp_path: Path) -> None:
    """Workers give up 60 s after the first failed contact; here a minute is shorter still."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    config = (shared.folder / "config" / "config.toml").read_text()
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "config.toml").write_text(
        config.replace(shared.emulator.url, f"http://127.0.0.1:{port}")
    )
    own = {
        "SIPTUI_CONFIG_DIR": str(tmp_path / "config"),
        "SIPTUI_STATE_DIR": str(tmp_path / "state"),
        "SIPTUI_QUICK": "200",
    }
    file = write_list(tmp_path / "list.csv", range(1300, 1304))
    how = ("--region", "EMEA", "--yes", "--json", "--no-account-check")
    done = shared.run("run", str(file), *how, **own)
    assert done.exit_code == 1, done.output
    lines = json_lines(done.stdout)
    assert lines[-1]["type"] == "run_stopped"
    assert "127.0.0.1" in lines[-1]["message"] + lines[-1]["next"]
    assert each_type(lines, "batch_submitting") == []
    (head,) = json.loads(shared.run("runs", "--json", **own).stdout)["runs"]
    assert (head["state"], head["devices"], head["unknown"]) == ("stopped", 4, 0)


def test_in_the_foreground_no_worker_is_started(shared: Installation, tmp_path: Path) -> None:
    file = write_list(tmp_path / "list.csv", [1400])
    done = shared.run("run", str(file), "--region", "APAC", "--yes", "--json", "--foreground")
    assert done.exit_code in (0, 3), done.output
    lines = json_lines(done.stdout)
    assert lines[-1]["type"] == "run_finished"
    assert shared.times()[hardware_id(1400)] == 1


def test_people_read_batches_failures_and_what_to_do(shared: Installation, tmp_path: Path) -> None:
    file = write_list(tmp_path / "list.csv", range(1500, 1540))
    done = shared.run("run", str(file), "--region", "NOAM", "--yes")
    assert done.exit_code == 3, done.output
    assert "batch 1 accepted" in done.stdout
    assert "✗ failed" in done.stdout
    assert "siptui retry" in done.stdout
    assert TOKEN not in done.output


_SLOW = "[timing]\ndevice = [3000, 3000]\n"


def test_devices_that_are_live_or_queued_in_another_run_are_refused(tmp_path: Path) -> None:
    live = write_list(tmp_path / "live.csv", range(6))
    with installed(tmp_path / "lab", _SLOW, speed=1) as slow:
        first = slow.process(
            *("run", str(live), "--region", "EMEA", "--yes", "--json"),
            *("--batch-size", "2", "--slots", "1"),
        )
        (run,) = until(slow.runs, "the run")
        until(lambda: slow.times(), "the first submit")
        for numbers, what in ((range(2), "live"), (range(4, 6), "queued")):
            again = write_list(tmp_path / f"{what}.csv", numbers)
            done = slow.run("run", str(again), "--region", "EMEA", "--yes", "--json")
            assert done.exit_code == 2, f"{what}: {done.output}"
            error = json.loads(done.stdout)["error"]
            assert error["code"] == "busy_devices"
            assert run in error["message"]
        assert slow.runs() == [run]
        first.kill()
        first.communicate()
        # Killing who watches leaves the worker alone.
        assert slow.holder(run)
        held = slow.run("resume", run, "--yes", "--json")
        assert held.exit_code == 11
        slow.kill(run)
        assert set(slow.times().values()) == {1}
        assert len(slow.times()) == 2


def test_streams_that_are_closed_are_no_fault(shared: Installation) -> None:
    """As programs are started that keep nothing open: `siptui run … <&- >&-`."""
    file = write_list(shared.folder / "closed.csv", [9100])
    argv = f'"{sys.executable}" -m siptui run "{file}" --region EMEA <&- >&-'
    process = subprocess.run(
        ["/bin/sh", "-c", argv],
        env={**os.environ, **shared.env},
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert process.returncode == 2
    assert "there is no terminal to ask on" in process.stderr
