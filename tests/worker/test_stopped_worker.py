"""A worker that was stopped by a signal, not ended, is told of as that by every view."""

import json
import os
import signal
import sys
from pathlib import Path

import pytest

from siptui.runs.journal.locks import holder_of
from tests.worker.installation import (
    LONG_OVER,
    hardware_id,
    installed,
    until,
    write_list,
)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc tells it")
def test_it_is_named_with_the_way_to_continue_it(tmp_path: Path) -> None:
    with installed(tmp_path / "lab", "healthy") as place:
        place.emulator.tell("devices", match="*", slow=100)
        file = write_list(place.folder / "list.csv", range(2))
        follower = place.process("run", str(file), "--region", "EMEA", "--yes", "--json")
        (run,) = until(place.runs, "the run")
        until(place.times, "the first submit")
        holder = holder_of(place.selected.journal, run)
        assert holder is not None
        os.kill(holder.pid, signal.SIGSTOP)
        try:
            way = f"kill -CONT {holder.pid}"
            until(lambda: way in place.run("show", run).stdout, "the word of it")
            shown = json.loads(place.run("show", run, "--json").stdout)
            assert any(way in wait["why"] for wait in shown["waits"])
            (profile,) = json.loads(place.run("overview", "--json").stdout)["profiles"]
            assert way in profile["needs"]
            assert follower.stdout is not None
            told = next(line for line in follower.stdout if "was stopped by a signal" in line)
            assert json.loads(told)["kind"] == "worker"
        finally:
            os.kill(holder.pid, signal.SIGCONT)
        over = next(line for line in follower.stdout if '"worker"' in line)
        assert json.loads(over)["over"] is True
        place.emulator.forward(LONG_OVER)
        follower.communicate(timeout=60)
        assert follower.returncode == 0
        assert place.times() == {hardware_id(0): 1, hardware_id(1): 1}
        assert way not in place.run("show", run).stdout
