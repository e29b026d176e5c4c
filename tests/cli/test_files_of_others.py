"""Files and folders of other users: neither obeyed, nor followed, nor shown to them."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from siptui.domain.errors import UsageError
from siptui.host.private_files import PrivateFileError, private_folder
from siptui.settings.load import load
from siptui.settings.write import add_profile
from tests.support.emulator import running_emulator
from tests.support.late_start import AFTER_IMPORTS
from tests.support.memory_folder import folder_of_all
from tests.worker.installation import QUICK, installed, json_lines, write_list

_NOBODY = 45678
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")

#: Tells of every folder that is made with a mode for others, as it is made.
_WATCH = f"""
import os, runpy, sys
runpy.run_path({str(QUICK / "sitecustomize.py")!r})
def hook(event, args):
    if event == "os.mkdir" and "state" in os.fspath(args[0]) and args[1] & 0o077:
        with open(os.environ["WATCHED"], "a") as file:
            file.write("%s %o\\n" % args[:2])
sys.addaudithook(hook)
os.umask(0)
"""


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration folder with a profile in it, of modes as an editor leaves them."""
    folder = tmp_path / "dotfiles" / "config"
    folder.mkdir(parents=True)
    for place in (tmp_path / "dotfiles", folder):
        place.chmod(0o755)
    (folder / "config.toml").write_text('[profiles.lab]\ntenant = "contoso.example"\n')
    (folder / "config.toml").chmod(0o644)
    monkeypatch.setenv("SIPTUI_CONFIG_DIR", str(folder))
    monkeypatch.setenv("SIPTUI_STATE_DIR", str(tmp_path / "state"))
    return folder


@pytest.mark.parametrize("mode", [0o020, 0o002, 0o022])
@pytest.mark.parametrize("what", ["config.toml", "."])
def test_a_configuration_that_others_can_write_is_refused(
    config: Path, mode: int, what: str
) -> None:
    place = config / what
    assert "lab" in load().profiles
    place.chmod(place.stat().st_mode | mode)
    with pytest.raises(UsageError, match="can be written by others") as caught:
        load()
    assert f"chmod go-w {place}" in caught.value.remedy
    with pytest.raises((UsageError, PrivateFileError)):
        add_profile(load.__globals__["folders"](), "other", "other.example")
    place.chmod(place.stat().st_mode & ~0o022)
    assert "lab" in load().profiles


@as_root
@pytest.mark.parametrize("what", ["config.toml", "."])
def test_a_configuration_of_another_user_is_refused(config: Path, what: str) -> None:
    os.chown(config / what, _NOBODY, _NOBODY)
    with pytest.raises(UsageError, match=f"belongs to another user .{_NOBODY}.*") as caught:
        load()
    assert "SIPTUI_CONFIG_DIR" in caught.value.remedy


@as_root
@pytest.mark.parametrize("what", ["link", "target", "folder of the target", "folder's link"])
def test_neither_is_one_behind_a_link_that_others_decide_about(
    config: Path, tmp_path: Path, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = tmp_path / "elsewhere" / "siptui.toml"
    real.parent.mkdir()
    (config / "config.toml").rename(real)
    (config / "config.toml").symlink_to(real)
    linked = tmp_path / "linked"
    linked.symlink_to(config)
    monkeypatch.setenv("SIPTUI_CONFIG_DIR", str(linked))
    assert "lab" in load().profiles
    place = {
        "link": config / "config.toml",
        "target": real,
        "folder of the target": real.parent,
        "folder's link": linked,
    }[what]
    os.chown(place, _NOBODY, _NOBODY, follow_symlinks=False)
    with pytest.raises(UsageError, match="belongs to another user"):
        load()


def test_a_pipe_in_the_place_of_the_configuration_is_not_waited_for(config: Path) -> None:
    (config / "config.toml").unlink()
    os.mkfifo(config / "config.toml", 0o600)
    with pytest.raises(UsageError, match="no plain file"):
        load()


@as_root
@pytest.mark.parametrize("above", [False, True])
def test_a_link_of_another_user_is_not_followed_to_a_state_folder(
    tmp_path: Path, above: bool
) -> None:
    mine, link = tmp_path / "mine", tmp_path / "link"
    mine.mkdir(mode=0o755)
    mine.chmod(0o755)
    link.symlink_to(mine)
    wanted = link / "state" if above else link
    assert private_folder(wanted) == wanted  # a link of one's own is followed
    if above:
        (mine / "state").rmdir()
    mine.chmod(0o755)
    os.chown(link, _NOBODY, _NOBODY, follow_symlinks=False)
    with pytest.raises(PrivateFileError, match="symbolic link of another user"):
        private_folder(wanted)
    assert not list(mine.iterdir())
    assert mine.stat().st_mode & 0o777 == 0o755


@pytest.mark.slow
def test_nothing_of_the_state_is_ever_open_to_others(tmp_path: Path) -> None:
    (tmp_path / "watch").mkdir()
    (tmp_path / "watch" / "sitecustomize.py").write_text(AFTER_IMPORTS + _WATCH)
    watched = tmp_path / "watched"
    with installed(tmp_path / "siptui", "healthy") as installation:
        phones = write_list(tmp_path / "phones.csv", range(2))
        env = {"PYTHONPATH": str(tmp_path / "watch"), "WATCHED": str(watched)}
        for folder in ("state/deep/in/it", "state"):
            env["SIPTUI_STATE_DIR"] = str(installation.folder / folder)
            for words in (["doctor"], ["run", str(phones), "--region", "EMEA", "--yes"]):
                done = installation.process(*words, env=env)
                done.communicate()
                assert done.returncode in (0, 1)
        state = installation.folder / "state"
        found = [state, *state.rglob("*")]
        assert any(path.name == "journal.db" for path in found)
        assert not [path for path in found if path.lstat().st_mode & 0o077]
    assert not watched.exists(), watched.read_text()


_SETPRIV = [
    *("setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups"),
    *("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"),  # to reach this Python
]


@as_root
@pytest.mark.skipif(shutil.which("setpriv") is None, reason="needs setpriv of util-linux")
def test_a_user_without_an_entry_runs_and_is_known_by_the_uid() -> None:
    """Neither LOGNAME nor HOME decides who it was."""
    with tempfile.TemporaryDirectory(dir=folder_of_all()) as folder:
        Path(folder).chmod(0o755)
        _run_as_nobody(Path(folder))


def _run_as_nobody(tmp_path: Path) -> None:
    def siptui(env: dict[str, str], *args: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [*_SETPRIV, sys.executable, "-m", "siptui", *args],
            cwd=tmp_path,
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    with running_emulator("healthy", speed=600) as emulator:
        write_list(tmp_path / "phones.csv", range(2)).chmod(0o644)
        config = tmp_path / "owned" / "config"
        config.mkdir(parents=True)
        (config / "config.toml").write_text(
            '[profiles.lab]\ntenant = "contoso.example"\ncloud = "lab"\n'
            f'[clouds.lab]\nauthority = "https://localhost:1"\nadmin_api = "{emulator.url}"\n'
        )
        for path in (tmp_path / "owned", config, config / "config.toml"):
            os.chown(path, _NOBODY, _NOBODY)
        env = {
            "PATH": os.environ["PATH"],
            "LOGNAME": "ceo",
            "USER": "ceo",
            "SIPTUI_CONFIG_DIR": str(config),
            "SIPTUI_STATE_DIR": str(tmp_path / "owned" / "state"),
            "SIPTUI_ACCESS_TOKEN": "any",
            "PYTHONPATH": str(QUICK),
            "SIPTUI_QUICK": "10",
        }
        done = siptui(env, "run", "phones.csv", "--region", "EMEA", "--yes", "--json")
        assert done.returncode == 0, done.stderr
        assert json_lines(done.stdout)[-1]["succeeded"] == 2
        run = json_lines(done.stdout)[-1]["run"]
        done = siptui(env, "export", run, "--format", "md")
        assert f"{_NOBODY}@" in done.stdout
        assert "ceo" not in done.stdout
        done = siptui(env, "doctor", "--bundle", str(tmp_path / "owned" / "bundle.zip"))
        assert (tmp_path / "owned" / "bundle.zip").exists(), done.stderr
    for name in ("SIPTUI_STATE_DIR", "SIPTUI_CONFIG_DIR"):
        found = {k: v for k, v in env.items() if k != name}
        done = siptui(found, "runs", "--json")
        error = json.loads(done.stdout)["error"]
        assert (done.returncode, error["code"]) == (2, "folder")
        assert name in error["next"]
    assert siptui({"PATH": env["PATH"]}, "urls").returncode == 0
