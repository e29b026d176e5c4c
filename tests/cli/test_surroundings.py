"""Commands where the computer is full, locked, offline or shared: a clear word, nothing lost."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from siptui.runs.journal.journal import Journal
from siptui.runs.journal.sqlite_file import JournalError
from tests.cli.conftest import Finished
from tests.worker.installation import write_list

#: Megabytes that a refusal may need, the interpreter included.
_LITTLE = 120
#: Of this program alone: what `getrusage` tells begins with what the parent had.
_MEASURED = """
import resource, sys
from pathlib import Path
from siptui.cli.main import main
sys.argv = ["siptui", "check", sys.argv[1], "--json", "--region", "EMEA"]
try:
    main()
finally:
    status = Path("/proc/self/status")
    if status.exists():
        most = status.read_text().partition("VmHWM:")[2].split()[0]
    else:
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(most, file=sys.stderr)
"""


def test_a_list_far_over_the_limit_is_refused_at_once_in_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "huge.csv"
    path.write_text("Username,HardwareId,Notes\n")
    os.truncate(path, 50_000 * 10_240)  # as long as 50,000 rows of 10 KB, without filling a disk
    done = subprocess.run(
        [sys.executable, "-c", _MEASURED, str(path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    error = json.loads(done.stdout)["error"]
    assert error["code"] == "too_large"
    assert "MB" in error["message"]
    assert int(done.stderr.split()[-1]) < _LITTLE * 1024


def _siptui(folder: Path, *args: str, **env: str) -> "subprocess.CompletedProcess[str]":
    environ = {
        **os.environ,
        "SIPTUI_CONFIG_DIR": str(folder / "config"),
        "SIPTUI_STATE_DIR": str(folder / "state"),
        "SIPTUI_ACCESS_TOKEN": "any",
        **env,
    }
    return subprocess.run(
        [sys.executable, "-m", "siptui", *args],
        capture_output=True,
        text=True,
        check=False,
        env=environ,
        stdin=subprocess.DEVNULL,
    )


def _profile(folder: Path, admin_api: str) -> None:
    (folder / "config").mkdir()
    (folder / "config" / "config.toml").write_text(
        '[profiles.lab]\ntenant = "contoso.example"\ncloud = "lab"\n'
        f'[clouds.lab]\nauthority = "https://localhost:1"\nadmin_api = "{admin_api}"\n'
    )


def test_a_state_folder_that_cannot_be_written_is_named_and_nothing_is_submitted(
    tmp_path: Path,
) -> None:
    _profile(tmp_path, "http://127.0.0.1:9")
    phones = write_list(tmp_path / "phones.csv", range(3))
    (tmp_path / "state").write_text("in the way")  # root may write wherever modes forbid it
    for args in (["run", str(phones), "--region", "EMEA", "--yes"], ["runs"]):
        done = _siptui(tmp_path, *args)
        assert done.returncode == 1, done.stderr
        assert str(tmp_path / "state") in done.stderr
        assert "Traceback" not in done.stderr
    assert _siptui(tmp_path, "check", str(phones), "--region", "EMEA").returncode == 0


@pytest.mark.skipif(os.geteuid() == 0, reason="modes do not bind root")
def test_a_read_only_state_folder_is_named(tmp_path: Path) -> None:
    _profile(tmp_path, "http://127.0.0.1:9")
    phones = write_list(tmp_path / "phones.csv", range(3))
    (tmp_path / "state").mkdir(mode=0o500)
    done = _siptui(tmp_path, "run", str(phones), "--region", "EMEA", "--yes")
    assert done.returncode == 1, done.stderr
    assert str(tmp_path / "state") in done.stderr
    assert "Traceback" not in done.stderr


def test_without_dns_the_run_says_so_and_submits_nothing(tmp_path: Path) -> None:
    _profile(tmp_path, "https://nowhere.invalid")
    phones = write_list(tmp_path / "phones.csv", range(3))
    quick = str(Path(__file__).parents[1] / "worker" / "quick")
    done = _siptui(
        tmp_path,
        *("run", str(phones), "--region", "EMEA", "--yes", "--json", "--no-account-check"),
        SIPTUI_QUICK="60",
        PYTHONPATH=quick,
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 1, done.stderr
    assert "batch_submitting" not in {line["type"] for line in lines}
    (stopped,) = [line for line in lines if line["type"] == "run_stopped"]
    assert "nowhere.invalid" in stopped["message"]
    listed = json.loads(_siptui(tmp_path, "runs", "--json").stdout)["runs"]
    assert [(r["state"], r["devices"], r["failed"]) for r in listed] == [("stopped", 3, 0)]


def test_two_that_export_to_one_file_leave_one_whole_file(
    finished: Finished, tmp_path: Path
) -> None:
    file = tmp_path / "results.csv"
    for force, winners in (((), 1), (("--force",), 4)):
        exports = [
            finished.installation.process(
                "export", finished.run, "-o", str(file), *force, stderr=subprocess.PIPE
            )
            for _ in range(4)
        ]
        told = [process.communicate()[1] for process in exports]
        codes = [process.returncode for process in exports]
        assert codes.count(0) == winners, told
        assert all("--force" in text for text, code in zip(told, codes, strict=True) if code)
        whole = finished.installation.run("export", finished.run).stdout
        assert file.read_text("utf-8-sig").lstrip("\ufeff") == whole.lstrip("\ufeff")
    assert list(tmp_path.iterdir()) == [file]  # no temporary file stays


#: With so few every command that is refused and every way of it is tried, with more one of them;
#: and always one that is not refused and makes do.
_FEWEST = 6


@pytest.mark.parametrize("limit", [_FEWEST, 9, 12, 30])
def test_too_few_open_files_are_told_before_anything_is_begun(tmp_path: Path, limit: int) -> None:
    _profile(tmp_path, "http://127.0.0.1:9")
    phones = write_list(tmp_path / "phones.csv", range(3))
    words = ["run", str(phones), "--region", "EMEA", "--yes"]
    commands = [[*words, "--foreground"], ["runs"]]
    if limit == _FEWEST:
        commands += [[*words, *how] for how in ([], ["--json"], ["--foreground", "--json"])]
        commands += [["doctor"], ["batches"]]
    for args in commands:
        command = f'ulimit -n {limit}; exec "$0" -m siptui "$@"'
        done = subprocess.run(
            ["/bin/sh", "-c", command, sys.executable, *args],
            env={
                **os.environ,
                "SIPTUI_CONFIG_DIR": str(tmp_path / "config"),
                "SIPTUI_STATE_DIR": str(tmp_path / "state"),
                "SIPTUI_ACCESS_TOKEN": "any",
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        for sign in ("Traceback", "Internal error", "Exception ignored"):
            assert sign not in done.stderr
        if args[0] != "runs":
            assert done.returncode == 1
            assert "ulimit -n" in done.stdout + done.stderr
    done = _siptui(tmp_path, "runs", "--json")
    assert json.loads(done.stdout)["runs"] == []


def test_a_low_limit_of_open_files_is_raised_where_that_is_allowed() -> None:
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (12, 4096)); "
        "from siptui.host.open_files import require_open_files; require_open_files(); "
        "print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1024"]


def test_a_state_path_too_long_for_the_journal_says_so(tmp_path: Path) -> None:
    _profile(tmp_path, "http://127.0.0.1:9")
    phones = write_list(tmp_path / "phones.csv", range(3))
    state = tmp_path / "state" / "d" / ("d" * 200) / ("d" * 200) / ("d" * 200)
    for args in (["run", str(phones), "--region", "EMEA", "--yes"], ["runs"]):
        done = _siptui(tmp_path, *args, SIPTUI_STATE_DIR=str(state))
        assert done.returncode == 1
        assert "too long for SQLite" in done.stderr
        assert "SIPTUI_STATE_DIR" in done.stderr
    wide = tmp_path / ("d" * 300)
    done = _siptui(tmp_path, "runs", SIPTUI_STATE_DIR=str(wide))
    assert done.returncode == 1
    assert "too long" in done.stderr


@pytest.mark.parametrize("size", [440, 468, 471, 472, 473, 490, 505, 520])
def test_a_path_that_is_not_too_long_works_whole(tmp_path: Path, size: int) -> None:
    """At the very limit, a repair beside the journal included."""
    room = size - len(str(tmp_path)) - len("//journal.db")
    folder = tmp_path / ("d" * (room // 2)) / ("e" * (room - room // 2 - 1))
    path = folder / "journal.db"
    try:
        with Journal(path) as journal:
            assert not journal.runs()
    except JournalError as error:
        assert "too long for SQLite" in error.message  # noqa: PT017 - either is right
        return
    path.write_bytes(b"damaged" * 1000)
    with Journal(path) as journal:
        assert journal.notice
