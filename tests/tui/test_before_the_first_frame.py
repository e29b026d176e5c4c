"""What is asked of the console before its first frame fails in words, on a terminal or without."""

import os
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest

from siptui.domain.errors import ExitCode
from tests.tui.terminal import Terminal

_THEMES = "The themes are ansi-colour-blind, ansi-dark"
_CASES: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "a misspelt theme": ("", ("--theme", "nope"), ("there is no theme 'nope' (--theme)", _THEMES)),
    "a misspelt theme in config.toml": (
        'theme = "nope"\n',
        (),
        ("there is no theme 'nope' (theme in ", "config.toml)", _THEMES),
    ),
    "a misspelt theme for a run": ("", ("attach", "--theme", "nope"), ("There is no run",)),
    "a misspelt theme for the demo": ("", ("demo", "--theme", "nope"), ("'nope'", _THEMES)),
    "a broken theme": ("", ("--theme", "broken"), ("theme broken.toml: ",)),
    "no such list": ("", ("nosuch.csv",), ("There is no file nosuch.csv.",)),
    "a folder": ("", ("/",), ("/ is a folder.",)),
    "standard input": ("", ("-",), ("not a list", "siptui run -")),
    "no such run": ("", ("attach", "nosuch"), ("no run is called 'nosuch'",)),
    "keys that clash": ('[keys]\nsubmit = "r"\n', (), ("r is both",)),
}

Place = Callable[[str], dict[str, str]]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Folders of a user with one profile and a theme that is broken; the environment for them."""

    def made(config: str) -> dict[str, str]:
        folder, state = tmp_path / "config", tmp_path / "state"
        for one in (folder, state, folder / "themes"):
            one.mkdir(mode=0o700)
        text = f'default_profile = "c"\n{config}[profiles.c]\ntenant = "contoso.com"\n'
        if config.startswith("["):
            text = f'default_profile = "c"\n[profiles.c]\ntenant = "contoso.com"\n{config}'
        (folder / "config.toml").write_text(text)
        (folder / "config.toml").chmod(0o600)
        (folder / "themes" / "broken.toml").write_text("dark = 3\n")
        return {"SIPTUI_CONFIG_DIR": str(folder), "SIPTUI_STATE_DIR": str(state)}

    return made


def _flat(text: bytes) -> str:
    return "".join(text.decode().split())


@pytest.mark.parametrize("case", _CASES)
def test_without_a_terminal(case: str, place: Place) -> None:
    config, words, wanted = _CASES[case]
    done = subprocess.run(
        [sys.executable, "-m", "siptui", *words],
        env=os.environ | place(config),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == ExitCode.USAGE, done.stderr
    for one in wanted:
        assert "".join(one.split()) in _flat(done.stderr)


@pytest.mark.parametrize("case", _CASES)
def test_on_a_terminal(case: str, place: Place) -> None:
    config, words, wanted = _CASES[case]
    terminal = Terminal(*words, command="", **place(config))
    try:
        assert terminal.leave() == ExitCode.USAGE
        assert b"\x1b[?1049h" not in terminal.sent
        for one in wanted:
            assert "".join(one.split()) in _flat(terminal.sent)
    finally:
        terminal.close()


def test_a_theme_that_was_chosen_and_is_gone_is_passed_over(place: Place) -> None:
    environ = place("")
    folder = Path(environ["SIPTUI_STATE_DIR"]) / "c"
    folder.mkdir(mode=0o700)
    (folder / "console.json").write_text('{"theme": "gone"}')
    terminal = Terminal(command="", **environ)
    try:
        assert "theme broken.toml: Expected" in terminal.shows("No device list yet", "broken.toml")
        terminal.write("q")
        assert terminal.leave() == 0
    finally:
        terminal.close()


def test_a_folder_that_was_deleted_is_no_fault(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    script = str(Path(sysconfig.get_path("scripts")) / "siptui")
    left = 'cd "$0" && rmdir "$0" && exec "$@"'
    terminal = Terminal(argv=["sh", "-c", left, str(gone), script, "demo"])
    try:
        terminal.shows("60 devices ready")
        terminal.write("o")
        terminal.shows("Open a device list")
        terminal.write("qq")
        assert terminal.leave() == 0
    finally:
        terminal.close()
