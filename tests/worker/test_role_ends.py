"""A role ends in the middle of a run and is activated again: the real msal over TLS, a real worker,
a real notify_command, the emulated authority and tenant."""

import json
import shlex
import sys
from pathlib import Path

from siptui.domain.roles import OPERATOR, WITHOUT_BULK
from siptui.runs import events as ev
from siptui.runs.state import needs_role
from tests.worker.installation import json_lines, until, write_list
from tests.worker.signed_in import signed_in_installation

_KEEP = "import sys; open(sys.argv[1], 'a').write(sys.stdin.read())"


def test_the_run_waits_tells_once_and_goes_on_by_itself(tmp_path: Path) -> None:
    with signed_in_installation(tmp_path, "[timing]\ndevice = [60, 200]\n", quick=60) as place:
        told = tmp_path / "told"
        command = [sys.executable, "-c", _KEEP, str(told)]
        config = tmp_path / "config" / "config.toml"
        config.write_text(f"notify_command = {json.dumps(command)}\n{config.read_text()}")
        place.sign_in("--store", "file")
        file = write_list(tmp_path / "phones.csv", range(1, 10))
        options = ("--region", "EMEA", "--batch-size", "3", "--slots", "1", "--yes", "--json")
        with place.process("run", str(file), *options) as process:
            run = str(until(place.runs, "the run")[0])
            until(lambda: place.state(run).batches[1].batch_id, "the first batch")
            place.emulator.tell("roles", roles=list(WITHOUT_BULK))
            until(lambda: needs_role(place.state(run)), "the wait for the role")
            shown = json.loads(place.run("show", run, "--json").stdout)
            (wait,) = shown["waits"]
            assert wait["kind"] == "role"
            assert "your role has ended" in shown["needs"]
            assert any("--now" in line for line in shown["next"])
            overview = place.run("overview", "--json").stdout
            assert "a role is needed" in json.loads(overview)["profiles"][0]["needs"]
            asked = place.authority.requests.copy()
            place.emulator.tell("roles", roles=list(OPERATOR))
            out, _ = process.communicate(timeout=60)
        assert process.returncode == 0, out
        assert place.authority.requests - asked  # a fresh token, which names the role
        waits = [line for line in json_lines(out) if line["type"] == "waiting"]
        assert [w["over"] for w in waits if w["kind"] == "role"] == [False, True]
        state = place.over(run)
        assert state.finished is not None
        assert place.differences(state) == []
        assert place.times() == dict.fromkeys(place.times(), 1)
        assert len(place.times()) == 9
        until(lambda: "run_finished" in told.read_text(), "the last message")
        messages = [json.loads(line) for line in told.read_text().splitlines()]
        assert [m["type"] for m in messages] == ["waiting", "run_finished"], shlex.join(command)
        assert messages[0]["kind"] == "role"
        assert not [e for e in place.events(run) if isinstance(e, ev.RunStopped)]
