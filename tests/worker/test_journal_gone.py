"""A worker whose journal is taken from under it sends nothing more, and every view says why."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.late_start import AFTER_IMPORTS
from tests.worker.installation import Installation, installed, json_lines, until, write_list
from tests.worker.terminal import Terminal

_COUNT, _BATCH = 12, 2


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    """State in a folder behind a symbolic link, as where home folders are moved about."""
    with installed(tmp_path / "lab", "healthy") as found:
        real = found.folder / "disk-1"
        real.mkdir(mode=0o700)
        (found.folder / "state").symlink_to(real)
        yield found


def _delete(journal: Path, backup: Path) -> None:
    journal.unlink()


def _delete_all(journal: Path, backup: Path) -> None:
    for file in journal.parent.glob("journal.db*"):
        file.unlink()


def _move(journal: Path, backup: Path) -> None:
    journal.rename(journal.with_name("moved.db"))


def _replace_by_a_copy(journal: Path, backup: Path) -> None:
    shutil.copy2(journal, journal.with_name("copy"))
    journal.with_name("copy").replace(journal)


def _link_to_where_it_was_moved(journal: Path, backup: Path) -> None:
    moved = journal.rename(journal.with_name("moved.db"))
    journal.symlink_to(moved)


def _rename_the_folder(journal: Path, backup: Path) -> None:
    journal.parent.rename(journal.parent.with_name("renamed"))


def _swap_the_link(journal: Path, backup: Path) -> None:
    state = journal.parent.parent
    other = state.with_name("disk-2")
    shutil.copytree(state.resolve(), other, ignore=shutil.ignore_patterns("*.hand"))
    state.unlink()
    state.symlink_to(other)


def _restore_in_place(journal: Path, backup: Path) -> None:
    journal.write_bytes(backup.read_bytes())


def _restore_all_in_place(journal: Path, backup: Path) -> None:
    for suffix in ("", "-wal"):
        file = Path(f"{backup}{suffix}")
        Path(f"{journal}{suffix}").write_bytes(file.read_bytes())


def _empty(journal: Path, backup: Path) -> None:
    os.truncate(journal, 0)


def _cut_off(journal: Path, backup: Path) -> None:
    os.truncate(journal, journal.stat().st_size - 4096)


def _delete_the_log(journal: Path, backup: Path) -> None:
    Path(f"{journal}-wal").unlink()


def _delete_the_lock(journal: Path, backup: Path) -> None:
    for lock in (journal.parent / "held").glob("*.lock"):
        lock.unlink()


def _mount_over(journal: Path, backup: Path) -> None:
    (journal.parent.parent / "empty").mkdir()
    args = ["mount", "--bind", str(journal.parent.parent / "empty"), str(journal.parent)]
    if os.geteuid() or subprocess.run(args, capture_output=True).returncode:
        pytest.skip("may not mount here")


#: The ways that a console looks on at as well: each kind of end that it has words for.
_WATCHED = (_delete, _swap_the_link, _restore_in_place, _delete_the_lock)
_WAYS = [
    *(_delete, _delete_all, _move, _replace_by_a_copy, _link_to_where_it_was_moved),
    *(_rename_the_folder, _swap_the_link, _restore_in_place, _restore_all_in_place),
    *(_empty, _cut_off, _delete_the_log, _delete_the_lock, _mount_over),
]


@pytest.mark.parametrize("way", _WAYS, ids=lambda way: way.__name__.strip("_"))
def test_nothing_is_sent_and_all_who_look_are_told(
    installation: Installation, way: Callable[[Path, Path], None], tmp_path: Path
) -> None:
    installation.emulator.tell("devices", match="*", slow=100)
    file = write_list(installation.folder / "list.csv", range(_COUNT))
    viewer = installation.process(
        *("run", str(file), "--region", "EMEA", "--yes", "--json"),
        *("--batch-size", str(_BATCH), "--slots", "1"),
        stderr=subprocess.PIPE,
    )
    (run,) = until(installation.runs, "the run")
    journal, backup = installation.journal, tmp_path / "backup"
    for suffix in ("", "-wal"):
        shutil.copy2(f"{journal}{suffix}", f"{backup}{suffix}")
    until(installation.times, "the first submit")
    until(lambda: installation.state(run).batches[1].batch_id, "its answer")
    window = Terminal(installation, "attach", run) if way in _WATCHED else None
    if window is not None:
        until(lambda: window.shows("1 batch live"), "the console")
    holder = installation.holder(run)
    assert holder
    with contextlib.ExitStack() as after:
        if way is _mount_over:
            after.callback(lambda: subprocess.run(["umount", str(journal.parent)], check=False))
        if way is _link_to_where_it_was_moved:
            after.callback(journal.unlink)
        way(journal, backup)
        calls = installation.emulator.ask("ledger")["calls"]["createbatch"]
        installation.emulator.tell("devices", match="*", slow=1)  # the slot is free in a moment
        until(lambda: not _alive(holder.pid), "the end of the worker")
        out, err = viewer.communicate(timeout=60)
        assert viewer.returncode == 1
        gone = "lock_gone" if way is _delete_the_lock else "journal_gone"
        assert _said(out) == gone, out
        assert "Traceback" not in err
        if window is not None:
            _told(window, lock=way is _delete_the_lock)
        log = "".join(file.read_text() for file in installation.folder.rglob("siptui.log"))
        assert "while it was in use" in log or way is _delete_the_lock
        assert installation.emulator.ask("ledger")["calls"]["createbatch"] == calls == 1


def _told(window: Terminal, *, lock: bool) -> None:
    """The console says it, and can be left."""
    if lock:
        until(lambda: window.shows("was deleted or replaced"), "the console's word")
    else:
        until(lambda: window.shows("while it was in use"), "the console's word")
        until(lambda: window.shows("journal lost"), "the header")
    window.types("q")
    assert window.ends() == 0


def _said(out: str) -> str:
    last = json_lines(out)[-1]
    return str(last["error"]["code"] if "error" in last else last.get("code", ""))


def _alive(pid: int) -> bool:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat")
        return not state.exists() or state.read_text().rsplit(")")[-1].split()[0] != "Z"
    return False


def test_whoever_is_to_be_told_is_told(installation: Installation, tmp_path: Path) -> None:
    heard = tmp_path / "heard.jsonl"
    config = installation.folder / "config" / "config.toml"
    command = ["/bin/sh", "-c", f"cat >> {heard}"]
    config.write_text(f"notify_command = {json.dumps(command)}\n{config.read_text()}")
    installation.emulator.tell("devices", match="*", slow=100)
    file = write_list(installation.folder / "list.csv", range(_COUNT))
    viewer = installation.process("run", str(file), "--region", "EMEA", "--yes", "--json")
    (run,) = until(installation.runs, "the run")
    until(installation.times, "the submit")
    viewer.send_signal(signal.SIGKILL)
    viewer.communicate()
    installation.journal.unlink()
    until(lambda: heard.exists() and heard.read_text().endswith("\n"), "the notice")
    (message,) = json_lines(heard.read_text())
    assert (message["type"], message["code"], message["run"]) == (
        "run_stopped",
        "journal_gone",
        run,
    )


def test_a_run_that_the_journal_does_not_have_gets_no_worker(installation: Installation) -> None:
    """As when another journal was put there between the order and the worker's start."""
    file = write_list(installation.folder / "list.csv", range(2))
    assert installation.run("run", str(file), "--region", "EMEA", "--yes").exit_code == 0
    (run,) = installation.runs()
    done = installation.run("resume", run[:-1] + "x", "--yes", "--json")
    assert done.exit_code == 2
    assert json.loads(done.stdout)["error"]["code"] == "no_such_run"


def test_a_journal_that_goes_while_the_sign_in_is_fetched_is_noticed_before_the_submit_leaves(
    installation: Installation, tmp_path: Path
) -> None:
    """Between the entry in the journal and the request a token may have to be had."""
    go = tmp_path / "go"
    quick = tmp_path / "quick"
    quick.mkdir()
    (quick / "sitecustomize.py").write_text(AFTER_IMPORTS + _SLOW_TOKEN.format(go=go))
    file = write_list(installation.folder / "list.csv", range(2))
    viewer = installation.process(
        *("run", str(file), "--region", "EMEA", "--yes", "--json"),
        env={"PYTHONPATH": str(quick)},
    )
    (run,) = until(installation.runs, "the run")
    until(lambda: installation.state(run).batches[1].submitted_at, "the intent")
    installation.journal.unlink()
    go.touch()
    out, _ = viewer.communicate(timeout=60)
    assert _said(out) == "journal_gone", out
    assert installation.times() == {}


_SLOW_TOKEN = """
import asyncio, os
from siptui.gateway.bulk_client import BulkSignInClient
real = BulkSignInClient.create_batch
async def slow(self, *args, **more):
    while not os.path.exists("{go}"):
        await asyncio.sleep(0.05)
    return await real(self, *args, **more)
BulkSignInClient.create_batch = slow
"""
