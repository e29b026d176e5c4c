"""`siptui.exe` as pip makes it from the wheel."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.windows.wine import ROOT

#: Modules that Python, click or siptui import; one that runs ends the process with 9.
_PLANTED = ("json", "click", "runpy", "sitecustomize", "encodings", "siptui", "ctypes", "msgspec")


@pytest.fixture(scope="module")
def siptui(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command, installed from the wheel into a folder of its own."""
    folder = tmp_path_factory.mktemp("installed here")
    build = f"import hatchling.build as b; print(b.build_wheel({str(folder)!r}))"
    built = subprocess.run(
        [sys.executable, "-c", build], cwd=ROOT, check=True, capture_output=True, text=True
    )
    wheel = folder / built.stdout.splitlines()[-1]
    install = (
        "install",
        "-q",
        "--no-deps",
        "--no-index",
        "--no-compile",
        "--prefix",
        str(folder / "here"),
    )
    done = subprocess.run(
        [sys.executable, "-m", "pip", *install, str(wheel)], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return folder / "here" / "Scripts" / "siptui.exe"


def _said(siptui: Path, *args: str, cwd: Path, **env: str) -> str:
    """What it wrote to standard output; as installed it finds siptui in its own folder alone."""
    place = siptui.parents[1] / "Lib" / "site-packages"
    folders = {"SIPTUI_CONFIG_DIR": str(cwd / "config"), "SIPTUI_STATE_DIR": str(cwd / "state")}
    done = subprocess.run(
        [str(siptui), *args],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(place), **folders, **env},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout.decode(errors="replace")  # of help there is what the code page has


def test_the_command_runs_and_nothing_of_the_current_folder_does(
    siptui: Path, tmp_path: Path
) -> None:
    for name in _PLANTED:
        (tmp_path / f"{name}.py").write_text("import os; os._exit(9)")
    assert "There is no run yet" in _said(siptui, "runs", cwd=tmp_path)


def test_powershell_is_told_what_completes_a_word(siptui: Path, tmp_path: Path) -> None:
    source = _said(siptui, cwd=tmp_path, _SIPTUI_COMPLETE="powershell_source")
    assert source.startswith("Register-ArgumentCompleter -Native -CommandName siptui ")
    asked = {"COMP_LINE": "siptui pre", "COMP_WORD": "pre"}
    found = _said(siptui, cwd=tmp_path, _SIPTUI_COMPLETE="powershell_complete", **asked)
    assert [line.partition("\t")[0] for line in found.splitlines()] == ["preflight"]
