"""Run from a folder into which a stranger has put Python modules: none of them is loaded."""

import json
import os
import subprocess
import sys
import sysconfig
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from siptui.identity.environment import EnvironmentToken
from siptui.identity.registration import Registration
from siptui.identity.store import FileStore, StoreKind
from tests.worker.installation import Installation, installed, json_lines, write_list

_OWN_PYTHON = pytest.mark.own_python
_PLANTED = """
import os, sys
with open({marker!r}, "a") as file:
    file.write(__name__ + " in " + " ".join(sys.orig_argv)[:200] + "\\n")
raise SystemExit(77)
"""
_SCRIPT = Path(sysconfig.get_path("scripts")) / "siptui"


@pytest.fixture(scope="module")
def importable() -> list[str]:
    """The name of everything that could be imported, our own included."""
    ours = {"siptui", "sitecustomize", "usercustomize"}
    names = {*sys.stdlib_module_names, *packages_distributions(), *ours}
    return [name for name in names if name.isidentifier()]


@pytest.fixture
def planted(tmp_path: Path, importable: list[str]) -> Path:
    """A folder with a module by each of these names."""
    folder = tmp_path / "shared"
    folder.mkdir()
    text = _PLANTED.format(marker=str(tmp_path / "loaded"))
    for name in importable:
        (folder / f"{name}.py").write_text(text)
    return folder


def _loaded(folder: Path) -> str:
    marker = folder.parent / "loaded"
    return marker.read_text() if marker.exists() else ""


def _siptui(
    installation: Installation, folder: Path, *args: str, **env: str
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [str(_SCRIPT), *args],
        cwd=folder,
        env={**os.environ, **installation.env, **env},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


@_OWN_PYTHON
def test_a_whole_run_loads_nothing_from_the_folder_and_its_worker_stands_elsewhere(
    tmp_path: Path, planted: Path
) -> None:
    with installed(tmp_path / "lab", "healthy") as installation:
        write_list(planted / "phones.csv", range(3))
        seen = tmp_path / "seen"
        tell = f"cat >/dev/null; pwd >> {seen}; echo ${{PYTHONPATH-none}} >> {seen}"
        config = installation.folder / "config" / "config.toml"
        config.write_text(
            f"notify_command = {json.dumps(['sh', '-c', tell])}\n{config.read_text()}"
        )
        get = f"sh -c 'pwd >> {seen}; echo ${{PYTHONPATH-none}} >> {seen}; echo any'"
        env = {"SIPTUI_ACCESS_TOKEN": "", "SIPTUI_ACCESS_TOKEN_COMMAND": get}
        done = _siptui(
            installation, planted, "run", "phones.csv", "--region", "EMEA", "--yes", "--json", **env
        )
        assert done.returncode == 0, done.stderr
        assert json_lines(done.stdout)[-1]["succeeded"] == 3
        installation.over(installation.runs()[0])
    assert not _loaded(planted)
    folders, paths = seen.read_text().splitlines()[::2], seen.read_text().splitlines()[1::2]
    assert len(folders) > 2  # asked by the command, asked by the worker, told
    assert set(folders) == {"/"}
    assert set(paths) == {installation.env["PYTHONPATH"]}  # the operator's, with nothing of ours


def test_relative_paths_of_the_environment_hold_for_the_worker(tmp_path: Path) -> None:
    with installed(tmp_path / "lab", "healthy") as installation:
        here = tmp_path / "here"
        here.mkdir()
        write_list(here / "phones.csv", range(3))
        (here / "token").write_text("any")
        (here / "token.sh").write_text("#!/bin/sh\ncat ${0%.sh}\n")
        (here / "token.sh").chmod(0o700)
        for number, given in enumerate(
            ({"SIPTUI_ACCESS_TOKEN_FILE": "token"}, {"SIPTUI_ACCESS_TOKEN_COMMAND": "./token.sh"})
        ):
            env = {
                "SIPTUI_ACCESS_TOKEN": "",
                "SIPTUI_CONFIG_DIR": os.path.relpath(installation.folder / "config", here),
                "SIPTUI_STATE_DIR": f"state{number}",
                **given,
            }
            run = ("run", "phones.csv", "--region", "EMEA", "--yes", "--json")
            with installation.process(*run, env=env, cwd=here) as process:
                out, _ = process.communicate(timeout=60)
            assert process.returncode == 0, out
            assert (here / f"state{number}" / "lab" / "journal.db").exists()


@pytest.fixture(scope="module")
def loaded_before() -> list[str]:
    """What Python itself loads before the first line of ours; with -m our own package, too."""
    code = "import re, runpy, pkgutil, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return [*done.stdout.split(), "siptui", "sitecustomize", "usercustomize"]


@_OWN_PYTHON
@pytest.mark.parametrize(
    ("words", "path", "as_module"),
    [
        (words, path, (row + column) % 2)
        for row, words in enumerate(("--version", "urls", "info", "check phones.csv"))
        for column, path in enumerate((None, ":/nowhere", "."))
    ],
)
def test_commands_load_nothing_from_the_folder(
    tmp_path: Path,
    planted: Path,
    loaded_before: list[str],
    words: str,
    path: str | None,
    as_module: int,
) -> None:
    """Started as a script or as a module; with a PYTHONPATH that names the folder, too."""
    program = [sys.executable, "-m", "siptui"] if as_module else [str(_SCRIPT)]
    write_list(planted / "phones.csv", range(3), lambda _: "EMEA")
    for name in loaded_before:
        (planted / f"{name}.py").unlink(missing_ok=True)
    env = {**os.environ, "SIPTUI_STATE_DIR": str(tmp_path), "SIPTUI_CONFIG_DIR": str(tmp_path)}
    if path is not None:
        env["PYTHONPATH"] = path
    done = subprocess.run(
        [*program, *words.split()],
        cwd=planted,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 4), done.stderr
    assert not _loaded(planted)


@_OWN_PYTHON
def test_the_keyring_child_loads_nothing_from_the_folder(
    tmp_path: Path, planted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("keyring")
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "tests.identity.keyrings.Shelf")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    monkeypatch.setenv("TEST_KEYRING", str(tmp_path / "keyring.json"))
    monkeypatch.chdir(planted)
    store = FileStore(tmp_path / "state", StoreKind.KEYRING)
    with store.locked():
        store.write(b"content")
    assert FileStore(tmp_path / "state", StoreKind.KEYRING).read() == b"content"
    assert not _loaded(planted)


@_OWN_PYTHON
def test_a_token_command_in_python_loads_nothing_from_the_folder(
    planted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(planted)
    command = f"""{sys.executable} -c 'import json; print(json.dumps({{"accessToken": "any"}}))'"""
    registration = Registration("https://localhost:1", "contoso.example")
    token = EnvironmentToken(registration, "SIPTUI_ACCESS_TOKEN_COMMAND", command).read()
    assert token == "any"
    assert not _loaded(planted)
