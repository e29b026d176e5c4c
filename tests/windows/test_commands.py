"""The commands of the first use, as processes, whatever the code page."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.emulator import emulator_process


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """An emulated tenant with a list and a profile, as the README has it; its environment."""
    folder = tmp_path_factory.mktemp("first use")
    env = {
        "SIPTUI_CONFIG_DIR": str(folder),
        "SIPTUI_STATE_DIR": str(folder / "state"),
        **{f"SIPTUI_{what}_TOKEN": "any" for what in ("ACCESS", "GRAPH", "DEVICES")},
    }
    options = ("--scenario", "prerequisites", "--speed", "100")
    files = ("--list", str(folder / "phönes.csv"), "--config", str(folder / "config.toml"))
    with emulator_process(*options, *files):
        yield env


def _said(
    tried: dict[str, str], *args: str, code_page: str = ""
) -> "subprocess.CompletedProcess[bytes]":
    page = {"PYTHONIOENCODING": code_page} if code_page else {}
    return subprocess.run(
        [sys.executable, "-m", "siptui", *args],
        env={**os.environ, **tried, **page},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=120,
    )


_COMMANDS = (
    (("check", "LIST", "--region", "EMEA"), 0, "cp437"),
    (("info",), 0, "cp1252"),
    (("doctor",), 1, "cp437"),  # the emulated tenant has no authority
    (("preflight", "LIST"), 3, "cp850"),
    (("run", "LIST", "--dry-run"), 0, "cp1252"),
    (("run", "LIST", "--yes"), 3, "cp437"),
    (("runs",), 0, "cp1252"),
    (("urls", "--tenant", "00000000-0000-0000-0000-000000000001"), 0, "cp437"),
)


def test_the_commands_of_the_first_use(tried: dict[str, str]) -> None:
    path = str(Path(tried["SIPTUI_CONFIG_DIR"]) / "phönes.csv")
    for args, code, page in _COMMANDS:
        words = [path if arg == "LIST" else arg for arg in args]
        done = _said(tried, *words, code_page=page)
        said = (done.stdout + done.stderr).decode(page, "replace")
        assert done.returncode == code, f"{args}: {said}"
        assert "Traceback" not in said
        assert "UnicodeEncodeError" not in said
        assert "in siptui itself" not in said


def test_results_are_exported_and_a_target_that_is_open_is_named(
    tried: dict[str, str], tmp_path: Path
) -> None:
    target = tmp_path / "results.csv"
    done = _said(tried, "export", "@last", "-o", str(target))
    assert done.returncode == 0, done.stderr
    before = target.read_bytes()
    assert b"Username" in before
    with target.open("rb"):
        refused = _said(tried, "export", "@last", "-o", str(target), "--force")
    assert refused.returncode != 0
    assert b"results.csv" in refused.stderr
    assert b"close it there" in refused.stderr
    assert target.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["results.csv"]
    device = _said(tried, "export", "@last", "-o", str(tmp_path / "aux.csv"))
    assert b"keeps for a device" in device.stderr


def test_a_planted_module_is_not_run(tried: dict[str, str], tmp_path: Path) -> None:
    for name in ("json.py", "click.py", "sitecustomize.py"):
        (tmp_path / name).write_text("print('planted'); raise SystemExit(9)")
    start = "import runpy, sys; sys.argv[0] = 'siptui'; runpy.run_module('siptui')"
    done = subprocess.run(
        [sys.executable, "-P", "-c", start, "runs"],
        cwd=tmp_path,
        env={**os.environ, **tried},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0
    assert b"planted" not in done.stdout + done.stderr
