"""Children that end with all they started, processes that go on, questions that harm nobody."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from siptui.host import processes
from siptui.host.command_line import has_folder, join, quoted, split
from siptui.host.interpreter import module_command
from siptui.host.mounts import mount_of
from siptui.host.user import user_name

_PARENT = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(child.pid, flush=True)
time.sleep(60)
"""
_STARTER = """
import os, sys
from siptui.host.processes import start_detached, read_line
code = "import sys,os,time; sys.stdin.read(); print(os.getpid(), flush=True); time.sleep(60)"
child = start_detached([sys.executable, "-c", code], os.environ)
child.stdin.close()
print(read_line(child.stdout, 30).decode().strip(), flush=True)
os._exit(0)
"""


def _soon(what: Callable[[], bool], seconds: float = 60) -> bool:
    until = time.monotonic() + seconds
    while not what():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def test_a_child_ends_with_all_that_it_started() -> None:
    child = processes.start_child(
        [sys.executable, "-c", _PARENT], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
    )
    assert child.stdout
    grandchild = int(child.stdout.readline())
    assert processes.process_lives(grandchild)
    processes.end_child(child)
    child.stdout.close()
    assert not processes.process_lives(child.pid)
    assert _soon(lambda: not _runs(grandchild))


def _runs(pid: int) -> bool:
    """Whether it runs: one that is dead and waited for by nobody does not."""
    stat = Path(f"/proc/{pid}/stat")
    if sys.platform == "linux" and stat.exists():
        return stat.read_text().rpartition(")")[2].split()[0] != "Z"
    return processes.process_lives(pid)


def test_what_is_detached_goes_on_when_its_starter_ends() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _STARTER], stdout=subprocess.PIPE, timeout=60, check=True
    )
    pid = int(done.stdout)
    assert processes.process_lives(pid)
    _end(pid)
    assert _soon(lambda: not _runs(pid))


def test_what_is_detached_has_the_given_environment_and_ends_when_told() -> None:
    code = (
        "import json, os, sys; order = sys.stdin.readline(); "
        "print(json.dumps([os.getpid(), order, os.environ.get('ONE'), os.getcwd()]), flush=True); "
        "sys.exit(len(sys.stdin.read()))"
    )
    command = [sys.executable, "-c", code]
    env = {**os.environ, "ONE": "grün"}
    first, second = (processes.start_detached(command, env) for _ in range(2))
    for child in (first, second):
        child.stdin.write(b"an order\n")
        child.stdin.flush()
        pid, order, one, folder = json.loads(processes.read_line(child.stdout, 30))
        assert (order, one, Path(folder)) == ("an order\n", "grün", processes.NEUTRAL_FOLDER)
        assert processes.process_lives(pid)
        expected = processes.worker_end() is processes.WorkerEnd.NOTHING
        assert child.outlives_terminal is expected
    first.stdin.write(b"1234567")
    first.stdin.close()
    assert first.wait() == 7
    second.end()
    assert not processes.process_lives(second.pid)
    second.stdin.close()
    for child in (first, second):
        child.stdout.close()


def _end(pid: int) -> None:
    import signal

    os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))  # on Windows any ends it


def test_asking_whether_a_process_lives_harms_nobody() -> None:
    child = processes.start_child(
        [sys.executable, "-c", "print(1, flush=True); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert child.stdout
    child.stdout.readline()
    assert all(processes.process_lives(child.pid) for _ in range(20))
    assert child.poll() is None
    processes.end_child(child)
    assert not processes.process_lives(child.pid)
    assert processes.process_lives(os.getpid())
    assert not processes.process_lives(0)
    for stream in (child.stdin, child.stdout):
        if stream:
            stream.close()


def test_a_line_that_does_not_come_is_not_waited_for() -> None:
    child = processes.start_child(
        [sys.executable, "-c", "input(); print('x' * 5, flush=True); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert child.stdin
    assert child.stdout
    assert processes.read_line(child.stdout, 0.05) == b""
    processes.end_child(child)


def test_a_module_runs_where_no_one_can_plant_another(tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('planted')")
    code = "import os, json; print(json.dumps(os.getcwd()))"
    child = processes.start_child(
        [sys.executable, "-P", "-c", code], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
    )
    said, _ = child.communicate(timeout=60)
    assert Path(json.loads(said)) == processes.NEUTRAL_FOLDER
    asked = module_command("siptui.identity.keyring_child")
    done = subprocess.run(
        asked, cwd=tmp_path, input=b'{"op": "get"', capture_output=True, check=False
    )
    assert b"planted" not in done.stderr


def test_command_lines_are_taken_apart_and_put_together() -> None:
    words = ["tool", "--name", "a b", 'say "hi"', "C:\\Program Files\\x\\", "", "ü", "--x=1"]
    assert split(join(words)) == words
    assert split("") == []
    assert split('one "two three"') == ["one", "two three"]
    assert split(f"x {quoted('a b')}") == ["x", "a b"]
    try:
        split('open "quote')
    except ValueError:
        pass
    else:
        raise AssertionError("an open quotation mark")
    assert has_folder("./x")
    assert has_folder(str(Path("a") / "b"))
    assert not has_folder("x.csv")


def test_who_and_where(tmp_path: Path) -> None:
    code = "from siptui.host.user import user_name; print(user_name())"
    told = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "USER": "mallory", "LOGNAME": "mallory", "USERNAME": "mallory"},
        stdout=subprocess.PIPE,
        check=True,
    )
    assert user_name()
    assert told.stdout.decode().strip() == user_name()
    mount = mount_of(tmp_path / "not" / "there")
    assert mount.kind
    assert not mount.network
    assert tmp_path.resolve().is_relative_to(mount.place)
