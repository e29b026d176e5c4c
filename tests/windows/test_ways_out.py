"""By which way a worker comes out of the job of a session, and that it is out."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from siptui.host.processes import process_lives
from siptui.host.windows import detached
from siptui.host.windows.security import my_sid
from tests.windows.jobs import Session
from tests.windows.service import service, start

_SAID = """
import json, os, sys
from siptui.host.windows.security import my_sid
order = sys.stdin.readline()
print(json.dumps([os.getpid(), order, os.getcwd(), os.environ.get("ONE"), my_sid(), "Z:" in
    os.environ.get("PYTHONPATH", "")]), flush=True)
sys.stdin.read()
import time
time.sleep(60)
"""
_STARTER = f"""
import json, os, sys
from siptui.host.processes import WorkerEnd, read_line, start_detached, worker_end
from siptui.host.windows import detached
if only := os.environ.get("ONLY"):
    detached.way_out = lambda: getattr(detached, only)
way = detached.way_out()
said = []
if way:
    child = start_detached([sys.executable, "-c", {_SAID!r}], {{**os.environ, "ONE": "grün"}})
    child.stdin.write(b"an order\\n")
    child.stdin.close()
    said = json.loads(read_line(child.stdout, 60))
    said.append([child.pid, child.outlives_terminal])
good = worker_end() is WorkerEnd.NOTHING
print(json.dumps([way.__name__ if way else "", good, *said]), flush=True)
sys.stdin.read()
"""


def _started(session: Session, environ: Mapping[str, str] | None = None) -> tuple[Any, Any]:
    """A starter in `session`, and what it said."""
    process = session.start(
        [sys.executable, "-c", _STARTER],
        {**os.environ, **(environ or {})},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout
    return process, json.loads(process.stdout.readline())


def _closed(session: Session, process: Any) -> None:
    session.close()
    process.communicate(timeout=60)
    time.sleep(0.2)


def _lives_on(session: Session, process: Any, said: Any) -> bool:
    """Whether what was started has all it needs, and lives when the session is closed."""
    _, outlives, pid, order, folder, one, sid, path, (told_pid, told) = said
    assert outlives
    assert told
    assert pid == told_pid
    assert (order, one, sid, path) == ("an order\n", "grün", my_sid(), True)
    assert Path(folder) == detached.NEUTRAL_FOLDER
    _closed(session, process)
    assert process.returncode is not None
    lives = process_lives(pid)
    if lives:
        os.kill(pid, 15)
    return lives


def test_over_openssh_it_leaves() -> None:
    session = Session(leave=True)
    process, said = _started(session)
    assert said[0] == "_leaving"
    assert _lives_on(session, process, said)


def test_in_a_virtual_environment_over_openssh_a_launcher_leaves() -> None:
    """Wine lets the starter itself leave both jobs; Windows is said to refuse that."""
    session = Session(leave=True, virtual=True)
    process, said = _started(session, {"ONLY": "_by_stepping"})
    assert _lives_on(session, process, said)


def test_in_a_terminal_that_lets_none_go_the_service_starts_it(tmp_path: Path) -> None:
    session = Session(leave=False)
    with service(tmp_path) as wmi:
        process, said = _started(session, wmi.environ)
        assert said[0] == "_by_service"
        assert _lives_on(session, process, said)
    assert len(wmi.asked) == 2  # one that is tried, and the one that is needed
    assert "an order" not in "".join(wmi.asked)


def test_what_the_service_starts_within_the_job_is_seen_to_be_there() -> None:
    """Wine's own WMI does so."""
    session = Session(leave=False)
    process, said = _started(session)
    assert said == ["", False]
    _closed(session, process)


def _never(line: str, folder: str) -> int:
    return os.getpid()


def _refused(line: str, folder: str) -> int:
    return 0


def _another(line: str, folder: str) -> int:
    """Opens both pipes and says nothing of use."""
    orders, answers = line.split()[-2:]
    code = (
        f"a = open({answers!r}, 'wb', 0); o = open({orders!r}, 'rb', 0); o.readline(); "
        "a.write(b'{}\\n'); import time; time.sleep(60)"
    )
    return start(subprocess.list2cmdline([sys.executable, "-c", code]), folder)


@pytest.mark.parametrize("how", [_never, _refused, _another])
def test_where_the_service_starts_none_it_is_known(
    tmp_path: Path, how: Callable[[str, str], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = "\nfrom siptui.host.windows import detached\ndetached._LIMIT = 6.0\n"
    session = Session(leave=False)
    with service(tmp_path, how) as wmi:
        place = tmp_path / "sitecustomize.py"
        place.write_text(place.read_text("utf-8") + limit, "utf-8")
        process, said = _started(session, wmi.environ)
        assert said == ["", False]
        assert len(wmi.asked) == 1
    _closed(session, process)
