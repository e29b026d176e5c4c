"""Journals and records that earlier versions wrote: opened, reported on and gone on with.

Each folder of `journals/` was made by the code of that version (see `journals/make.py`).
"""

import contextlib
import json
import shutil
import sqlite3
from pathlib import Path
from typing import Any, get_args

import pytest
from click.testing import CliRunner

from siptui.cli.group import cli
from siptui.domain.state import BatchState, DeviceState
from siptui.preflight.change_log import Record, Step
from siptui.runs.events import AnyEvent, RunFinished
from siptui.runs.journal.journal import SCHEMA_VERSION, Journal
from siptui.runs.orders import Changed
from siptui.runs.state_load import load
from tests.runs.engine.engine_harness import EngineHarness
from tests.runs.journals.make import make, told
from tests.support import emulated_time
from tests.worker.installation import write_list

_VERSIONS = sorted(Path(__file__).with_name("journals").glob("schema-*"))


@pytest.fixture(params=_VERSIONS, ids=lambda path: path.name)
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of a version's files, private as they were."""
    return _copy(request.param, tmp_path)


def _copy(version: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "state" / "lab"
    copy.mkdir(parents=True, mode=0o700)
    for file in version.iterdir():
        shutil.copyfile(file, copy / file.name)
        (copy / file.name).chmod(0o600)
    return copy


def _env(folder: Path, tmp_path: Path) -> dict[str, str]:
    """A profile `lab` whose journal is in the folder; the environment in which it is found."""
    config = tmp_path / "config" / "config.toml"
    config.parent.mkdir(mode=0o700)
    config.write_text('[profiles.lab]\ntenant = "contoso.example"\n')
    return {"SIPTUI_CONFIG_DIR": str(config.parent), "SIPTUI_STATE_DIR": str(folder.parent)}


def _expected(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "expected.json").read_text())
    return found


@pytest.mark.parametrize("read_only", [False, True])
def test_it_reads_as_that_version_read_it(folder: Path, read_only: bool) -> None:
    expected = _expected(folder)
    with Journal(folder / "journal.db", read_only=read_only) as journal:
        assert journal.notice == ""
        assert set(journal.runs()) == {one["run"] for one in expected.values()}
        for one in expected.values():
            found = told(load(journal, one["run"]))
            assert {"run": one["run"], **json.loads(json.dumps(found))} == one


def test_its_runs_go_on_where_they_stood(folder: Path) -> None:
    """What waits is submitted once; what was on its way is looked for and not submitted again."""
    expected = _expected(folder)
    harness = EngineHarness(folder)

    async def main() -> None:
        stopped, lost = expected["stopped"]["run"], expected["lost"]["run"]
        harness.run_service.resume(stopped)
        end = await harness.work(stopped)
        assert isinstance(end, RunFinished)
        assert end.succeeded == len(expected["stopped"]["devices"])
        before = {
            d["hardware_id"] for d in expected["stopped"]["devices"] if d["state"] != "queued"
        }
        assert before.isdisjoint(hardware_id for _, hardware_id in harness.ledger.times)

        on_its_way = {d["hardware_id"] for d in expected["lost"]["devices"] if d["batch"] == 1}
        end = await harness.work(lost)
        assert isinstance(end, RunFinished)
        state = harness.state(lost)
        assert state.batches[1].state is BatchState.UNSETTLED
        unknown = {r.device.hardware_id for r in state.devices if r.state is DeviceState.UNKNOWN}
        assert unknown == on_its_way
        assert on_its_way.isdisjoint(hardware_id for _, hardware_id in harness.ledger.times)
        assert set(harness.ledger.times.values()) == {1}

    emulated_time.run(main())
    harness.run_service.close()


def test_what_was_decided_in_it_holds(folder: Path) -> None:
    """A stopped site, a batch that was given up, an account that was not named, a correction, a
    row that was forgotten: nothing of them goes out without the operator's word, with it once."""
    expected = _expected(folder)
    harness = EngineHarness(folder, seed=2)  # batch ids of its own
    service, times = harness.run_service, harness.ledger.times

    def left(name: str, *states: str) -> list[int]:
        devices = expected[name]["devices"]
        return [n for n, one in enumerate(devices) if one["state"] in states]

    async def main() -> None:
        failed = left("every_kind", "failed")
        for name in ("given_up", "personal", "sites"):
            if name not in expected:
                continue
            run, before = expected[name]["run"], harness.state(expected[name]["run"])
            await harness.work(run)
            if name != "sites":  # a worker alone waits for what is held, and asks nothing else
                assert not times
            if name == "given_up":
                service.resubmit(run, devices=left(name, "unknown"))
            elif name == "personal":
                held = [str(before.devices[i].device.user_name) for i in before.held]
                assert len(held) == 2
                service.resume(run, Changed(personal=tuple(held)))
            else:
                service.resume(run)
                await harness.work(run)
                service.retry(run, left(name, "failed"))
            end = await harness.work(run)
            assert isinstance(end, RunFinished)
            assert end.succeeded == len(before.devices)
            sent = {str(phone) for _, phone in times}
            state = harness.state(run)
            ordered = left(name, "unknown", "queued", "failed")
            assert sent == {str(state.devices[i].device.hardware_id) for i in ordered}
            times.clear()
        if failed:
            service.retry(expected["every_kind"]["run"], failed)
            end = await harness.work(expected["every_kind"]["run"])
            assert isinstance(end, RunFinished)
            assert (end.succeeded, end.failed) == (len(expected["every_kind"]["devices"]), 0)
            assert list(times.values()) == [1] * len(failed)

    emulated_time.run(main())
    service.close()


def test_commands_report_on_it(folder: Path, tmp_path: Path) -> None:
    expected = _expected(folder)
    env = _env(folder, tmp_path)

    def siptui(*args: str) -> str:
        done = CliRunner().invoke(cli, args, env=env)
        assert done.exit_code == 0, done.output
        return done.stdout

    states = {one["run"]: one["state"] for one in json.loads(siptui("runs", "--json"))["runs"]}
    assert states == {
        one["run"]: "finished" if one["finished"] else "stopped" for one in expected.values()
    }
    for one in expected.values():
        shown = json.loads(siptui("show", one["run"], "--json"))
        assert (shown["run"], shown["state"]) == (one["run"], states[one["run"]])
        out = tmp_path / f"{one['run']}.json"
        siptui("export", one["run"], "-o", str(out))
        results = json.loads(out.read_text())["devices"]
        assert [d["state"] for d in results] == [d["state"] for d in one["devices"]]
    changes = json.loads(siptui("fix", "--history", "--json"))["changes"]
    assert {change["id"] for change in changes} == set(Record(folder).changes())


def test_there_is_a_journal_of_each_schema() -> None:
    found = {}
    for folder in _VERSIONS:
        address = f"{(folder / 'journal.db').as_uri()}?immutable=1"
        with contextlib.closing(sqlite3.connect(address, uri=True)) as db:
            found[folder.name] = db.execute("PRAGMA user_version").fetchone()[0]
    assert found == {f"schema-{n}": n for n in range(1, SCHEMA_VERSION + 1)}


def test_every_kind_of_entry_was_judged() -> None:
    """A kind that is no entry of the newest journal kept is new. Would a version that passes it
    over submit otherwise, the schema needs a step, which makes it refuse the file; else the kind
    is named here."""
    harmless: set[str] = set()
    with Journal(_VERSIONS[-1] / "journal.db", read_only=True) as journal:
        kept = {type(s.event) for run in journal.runs() for s in journal.read(run)}
    assert {kind.__name__ for kind in set(get_args(AnyEvent)) - kept} == harmless


@pytest.mark.slow
def test_what_makes_them_makes_every_kind_of_entry(tmp_path: Path) -> None:
    made = tmp_path / "made"
    made.mkdir(mode=0o700)
    make(made)
    folder = _copy(made, tmp_path)
    with Journal(folder / "journal.db", read_only=True) as journal:
        assert len(journal.runs()) == len(_expected(folder))


@pytest.mark.parametrize("words", ["runs", "show @last", "export @last", "resume --yes", "status"])
def test_a_journal_of_a_newer_version_is_told_and_left_as_it_is(tmp_path: Path, words: str) -> None:
    folder = _copy(_VERSIONS[-1], tmp_path)
    with contextlib.closing(sqlite3.connect(folder / "journal.db")) as db:
        db.execute(f"PRAGMA user_version={SCHEMA_VERSION + 1}")
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    listed = [str(write_list(tmp_path / "list.csv", range(3))), "--region", "EMEA"]
    more = listed if words == "status" else []
    done = CliRunner().invoke(cli, [*words.split(), *more], env=_env(folder, tmp_path))
    assert done.exit_code == (5 if words == "status" else 1), done.output
    said = " ".join(done.output.split())
    assert f"was written by a newer siptui (schema {SCHEMA_VERSION + 1}" in said
    assert {name: (folder / name).read_bytes() for name in before} == before
    assert not [file.name for file in folder.iterdir() if "damaged" in file.name]


def test_its_record_of_fixes_reads_as_ever(folder: Path) -> None:
    if not (folder / "fixes.jsonl").exists():
        assert folder.joinpath("expected.json").exists()
        return  # there were no fixes yet
    steps = [one.step for one in Record(folder).changes().values()]
    assert steps.count(Step.UNDONE) == 1
    assert set(steps) == {Step.UNDONE, Step.SEEN}
