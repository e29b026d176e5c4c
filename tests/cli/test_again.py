"""What is signed in is submitted again only on the operator's word: run, resume and retry alike."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.worker.installation import (
    FAST,
    Installation,
    each_type,
    hardware_id,
    installed,
    json_lines,
    until,
    write_list,
)
from tests.worker.terminal import Terminal

_HALF = """
[timing]
device = [40, 200]
[[devices]]
match = "00-04-F2-00-00-01"
online = false
until_attempt = 2
"""
_RUN = ("--region", "EMEA", "--yes", "--json")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Installation]:
    with installed(tmp_path / "lab", _HALF, speed=FAST) as found:
        yield found


def test_a_stopped_run_does_not_reset_what_another_signed_in(
    place: Installation, tmp_path: Path
) -> None:
    file = write_list(tmp_path / "list.csv", [2, 3, 4])
    config = place.folder / "config" / "config.toml"
    good = config.read_text()
    config.write_text(good.replace(place.emulator.url, "http://127.0.0.1:1"))
    how = {"SIPTUI_QUICK": "200"}
    stopped = place.run("run", str(file), *_RUN, "--no-account-check", **how)
    assert stopped.exit_code == 1, stopped.output
    config.write_text(good)
    (first,) = place.runs()
    assert place.run("run", str(file), *_RUN).exit_code == 0
    resumed = place.run("resume", first, "--yes", "--json")
    assert resumed.exit_code == 0, resumed.output
    lines = json_lines(resumed.stdout)
    (left_out,) = each_type(lines, "devices_left_out")
    assert [d["hardware_id"] for d in left_out["devices"]] == [hardware_id(n) for n in (2, 3, 4)]
    assert each_type(lines, "batch_submitting") == []
    assert lines[-1]["type"] == "run_finished"
    assert set(place.times().values()) == {1}
    heads = json.loads(place.run("runs", "--json").stdout)["runs"]
    assert {head["state"] for head in heads} == {"finished"}


def test_a_script_says_whether_what_is_done_goes_out_again(
    place: Installation, tmp_path: Path
) -> None:
    file = write_list(tmp_path / "list.csv", [1, 2, 3])
    assert place.run("run", str(file), *_RUN).exit_code == 3  # 1 was offline
    for more in ((), ("--dry-run",)):
        done = place.run("run", str(file), *_RUN, *more)
        body = json.loads(done.stdout)
        if more:
            assert done.exit_code == 0
            assert any("would be refused: 2 devices are signed in" in n for n in body["notes"])
        else:
            assert (done.exit_code, body["error"]["code"]) == (2, "signed_in")
            assert "--new-only" in body["error"]["next"]
    assert len(place.runs()) == 1
    both = place.run("run", str(file), *_RUN, "--again", "--new-only")
    assert both.exit_code == 2
    plan = place.run("run", str(file), *_RUN, "--new-only", "--dry-run")
    assert [b["devices"][0]["line"] for b in json.loads(plan.stdout)["batches"]] == [2]
    done = place.run("run", str(file), *_RUN, "--new-only")
    assert done.exit_code == 0, done.output
    assert each_type(json_lines(done.stdout), "run_planned")[0]["skipped"] == 2
    assert [place.times()[hardware_id(n)] for n in (1, 2, 3)] == [2, 1, 1]
    nothing = place.run("run", str(file), *_RUN, "--new-only")
    assert nothing.exit_code == 0
    assert json.loads(nothing.stdout)["type"] == "nothing_to_do"
    assert len(place.runs()) == 2
    # The first run's failure is signed in by now: nothing is left of it to retry.
    retried = place.run("retry", place.runs()[-1], "--yes", "--json")
    assert retried.exit_code == 0, retried.output
    assert json_lines(retried.stdout)[-1]["type"] == "run_finished"
    assert [place.times()[hardware_id(n)] for n in (1, 2, 3)] == [2, 1, 1]
    again = place.run("run", str(file), *_RUN, "--again")
    assert again.exit_code == 0, again.output
    assert [place.times()[hardware_id(n)] for n in (1, 2, 3)] == [3, 2, 2]


@pytest.mark.slow
@pytest.mark.parametrize("word", ["again", ""])
def test_at_a_terminal_it_is_asked(place: Installation, tmp_path: Path, word: str) -> None:
    assert place.run("run", str(write_list(tmp_path / "one.csv", [2, 3])), *_RUN).exit_code == 0
    file = write_list(tmp_path / "list.csv", [2, 3, 4])
    window = Terminal(place, "run", str(file), "--region", "EMEA")
    until(lambda: window.shows("2 devices are signed in as the list wants it"), "the question")
    window.types(f"{word}\n")
    count = 3 if word else 1
    until(lambda: window.shows(f"Type {count} to go on"), "the confirmation")
    window.types(f"{count}\n")
    assert window.ends() == 0
    assert [place.times()[hardware_id(n)] for n in (2, 3, 4)] == ([2, 2, 1] if word else [1, 1, 1])
