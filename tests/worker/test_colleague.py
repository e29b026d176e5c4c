"""A second operator, or a journal that was lost, as real processes with folders of their own."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from siptui.runs.journal.sqlite_file import COMPANIONS
from tests.worker.installation import (
    Installation,
    each_type,
    hardware_id,
    installed,
    json_lines,
    until,
    write_list,
)

#: Emulated seconds that a batch takes: minutes here, unless the tests let them pass.
_TAKES = 10_000
_LIVE = f"""
[timing]
device = [{_TAKES}, {_TAKES}]
[auth]
accept = "any"
user = "other@contoso.example"
"""
_RUN = ("--region", "EMEA", "--yes", "--json")


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Installation]:
    """A tenant in which a batch is over when the test says so."""
    with installed(tmp_path / "lab", _LIVE, speed=50) as found:
        yield found


def _second(live: Installation) -> dict[str, str]:
    return {"SIPTUI_STATE_DIR": str(live.folder / "second")}


def test_at_one_moment_for_another_region_and_by_another_name_of_the_tenant(
    live: Installation, tmp_path: Path
) -> None:
    config = live.folder / "config" / "config.toml"
    config.write_text(
        config.read_text() + '[profiles.other]\ntenant = "contoso.example"\ncloud = "lab"\n'
    )
    live.emulator.tell("faults", kind="slow", call="createbatch", seconds=100)
    file = write_list(tmp_path / "list.csv", range(3))
    how = ("--yes", "--json", "--no-account-check")
    both = [
        live.process("run", str(file), *how, "--profile", profile, "--region", region, env=env)
        for profile, region, env in (("lab", "EMEA", {}), ("other", "NOAM", _second(live)))
    ]
    until(lambda: len(live.times()) == 3, "the submit of one")
    live.emulator.forward(_TAKES)
    assert [process.wait(90) for process in both] == [0, 0]
    assert set(live.times().values()) == {1}


@pytest.mark.slow
def test_two_operators_with_a_list_each_submit_each_phone_once(
    live: Installation, tmp_path: Path
) -> None:
    file = write_list(tmp_path / "list.csv", range(6))
    first = live.process("run", str(file), *_RUN)
    until(lambda: len(live.times()) == 6, "the first operator's submit")
    more = write_list(tmp_path / "more.csv", range(3, 9))
    dry = live.run("run", str(more), *_RUN, "--dry-run", **_second(live))
    plan = json.loads(dry.stdout)
    assert {h["hardware_id"] for h in plan["held"]} == {hardware_id(n) for n in (3, 4, 5)}
    assert {h["by"] for h in plan["held"]} == {"other@contoso.example"}
    assert any("Would be held back" in note for note in plan["notes"])
    second = live.process("run", str(more), *_RUN, env=_second(live))
    until(lambda: len(live.times()) == 9, "what only the second has")
    assert set(live.times().values()) == {1}
    live.emulator.forward(_TAKES)
    out, _ = second.communicate(timeout=120)
    first.communicate(timeout=120)
    assert (first.returncode, second.returncode) == (0, 0), out
    lines = json_lines(out)
    (held,) = each_type(lines, "devices_held")
    assert [d["hardware_id"] for d in held["devices"]] == [hardware_id(n) for n in (3, 4, 5)]
    (left_out,) = each_type(lines, "devices_left_out")
    assert left_out["batch_id"] == held["batch_id"]
    assert set(live.times().values()) == {1}
    assert live.emulator.ask("ledger")["violations"] == []


@pytest.mark.slow
def test_two_folders_at_the_same_instant_submit_each_phone_once(
    live: Installation, tmp_path: Path
) -> None:
    for number in range(4):
        file = write_list(tmp_path / f"{number}.csv", range(10 * number, 10 * number + 3))
        how = (*_RUN, "--no-account-check")
        both = [live.process("run", str(file), *how, env=env) for env in ({}, _second(live))]
        until(lambda: len(live.times()) == 3 * (number + 1), "the submit of one")  # noqa: B023
        live.emulator.forward(_TAKES)
        outs = [process.communicate(timeout=200)[0] for process in both]
        assert [process.returncode for process in both] == [0, 0], outs
        ends = [json_lines(out)[-1] for out in outs]
        assert [end["succeeded"] for end in ends] == [3, 3]
    assert set(live.times().values()) == {1}
    assert live.emulator.ask("ledger")["violations"] == []


@pytest.mark.slow
@pytest.mark.parametrize("lost", ["log", "journal", "folder"])
def test_what_a_lost_journal_submitted_is_not_submitted_again(
    live: Installation, tmp_path: Path, lost: str
) -> None:
    file = write_list(tmp_path / "list.csv", range(6))
    viewer = live.process("run", str(file), *_RUN, "--batch-size", "3", "--slots", "1")
    until(lambda: len(live.times()) == 3, "the first submit")
    (run,) = live.runs()
    live.kill(run)
    viewer.communicate()
    folder = live.journal.parent
    if lost == "folder":
        shutil.rmtree(folder)
    else:
        for path in folder.glob("journal.db*"):
            if lost == "journal" or path.name.endswith((*COMPANIONS, ".copy")):
                path.unlink()
    live.run("runs", "--acknowledge")  # what was told of the damage
    runs = live.runs()
    live.emulator.tell("devices", match="*", slow=0.001)
    live.emulator.forward(_TAKES)
    args = ("resume", runs[0], "--yes", "--json") if runs else ("run", str(file), *_RUN)
    done = live.run(*args)
    assert done.exit_code == 0, done.output
    assert {n: live.times().get(hardware_id(n)) for n in range(6)} == dict.fromkeys(range(6), 1)
    assert live.emulator.ask("ledger")["violations"] == []


@pytest.mark.slow
def test_without_a_sign_in_a_dry_run_says_that_it_did_not_look(
    live: Installation, tmp_path: Path
) -> None:
    file = write_list(tmp_path / "list.csv", range(2))
    done = live.run("run", str(file), *_RUN, "--dry-run", SIPTUI_ACCESS_TOKEN="")
    assert done.exit_code == 0, done.output
    body = json.loads(done.stdout)
    assert body["held"] == []
    assert any("Not compared" in note for note in body["notes"])
    looked = json.loads(live.run("run", str(file), *_RUN, "--dry-run").stdout)
    assert any("none has these devices" in note for note in looked["notes"])
    assert live.times() == {}
