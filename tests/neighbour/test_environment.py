"""An environment that leads to the folders of another user."""

import os
import subprocess
import sysconfig
from pathlib import Path

import pytest

from tests.neighbour.world import NEEDS_ROOT, World
from tests.support.two_users import (
    AS_OPERATOR,
    NEIGHBOUR,
    OPERATOR,
)
from tests.support.two_users import as_neighbour as done_by

pytestmark = NEEDS_ROOT


#: The variables by which folders are found without those of siptui.
_FOUND = {"SIPTUI_CONFIG_DIR": None, "SIPTUI_STATE_DIR": None}


@pytest.mark.parametrize("home", [True, False])
def test_the_environment_of_another_user_leads_to_none_of_their_files(
    world: World, home: bool
) -> None:
    """As after `su` or `sudo` that kept HOME, or the XDG variables."""
    theirs = world.base / f"theirs-{home}"
    theirs.mkdir()
    os.chown(theirs, NEIGHBOUR, NEIGHBOUR)

    def planted() -> None:
        os.umask(0o022)
        for folder in (theirs / ".config/siptui", theirs / ".local/state/siptui/lab"):
            folder.mkdir(parents=True)
        ran = theirs / "ran"
        text = f'notify_command = ["touch", "{ran}"]\n[profiles.lab]\ntenant = "x.example"\n'
        (theirs / ".config/siptui/config.toml").write_text(text)

    done_by(planted)
    env = {"XDG_CONFIG_HOME": str(theirs / ".config"), "XDG_STATE_HOME": f"{theirs}/.local/state"}
    if home:
        env = {"HOME": str(theirs)}
    for words in (("run", world.phones(780), "--yes"), ("profiles",), ("doctor",), ("info",)):
        done = world.siptui(*words, **_FOUND, **env)
        assert "x.example" not in done.text
        assert f"belongs to another user ({NEIGHBOUR})" in done.text, done.text
    assert not [p for p in theirs.rglob("*") if p.lstat().st_uid != NEIGHBOUR]
    # A state folder of theirs beside a configuration of the operator's.
    config = {"SIPTUI_CONFIG_DIR": str(world.home / "config"), "SIPTUI_STATE_DIR": None}
    done = world.siptui("run", world.phones(780), "--yes", **config, **env)
    assert done.exit_code == 1
    assert f"another user ({NEIGHBOUR})" in done.text
    assert not [p for p in theirs.rglob("*") if p.lstat().st_uid != NEIGHBOUR]


def test_root_by_sudo_leaves_no_file_of_its_own_among_the_operators(world: World) -> None:
    """With HOME kept, a file of root's would lock the operator out of their own folder."""
    script = str(Path(sysconfig.get_path("scripts")) / "siptui")
    before = sorted(world.home.rglob("*"))
    for words in (["run", str(world.phones(790)), "--yes"], ["profiles"], ["doctor"], ["fix"]):
        done = subprocess.run(
            [script, *words], env=world.operator.env, capture_output=True, text=True, check=False
        )
        assert done.returncode in (1, 2), done.stdout
        assert f"belongs to another user ({OPERATOR})" in done.stdout + done.stderr
    assert sorted(world.home.rglob("*"))[: len(before)]
    assert not [p for p in world.home.rglob("*") if p.lstat().st_uid not in (OPERATOR, NEIGHBOUR)]


def test_a_folder_for_short_lived_files_that_everyone_may_write_is_not_relied_on(
    world: World,
) -> None:
    """TMPDIR without the sticky bit: what is made there is anybody's to replace."""
    state = world.state("short-lived")
    before = set(world.open.iterdir())
    env = {"TMPDIR": str(world.open), "SIPTUI_STATE_DIR": str(state)}
    script = str(Path(sysconfig.get_path("scripts")) / "siptui")
    done = subprocess.run(
        [*AS_OPERATOR, script, "run", str(world.phones(796)), "--yes"],
        env={**world.operator.env, **env},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert list(state.glob(".waits/*/submits"))
    assert set(world.open.iterdir()) == before
    doctor = [*AS_OPERATOR, script, "doctor"]
    told = subprocess.run(
        doctor, env={**world.operator.env, **env}, capture_output=True, text=True, check=False
    )
    assert f"chmod o-w {world.open}" in " ".join(told.stdout.split())


def test_where_another_user_owns_the_folder_for_short_lived_files_its_variable_is_named(
    world: World,
) -> None:
    """As in containers without root, where no user of the container owns `/tmp`: there the demo's
    folders would lie."""
    theirs = world.base / "theirs"
    theirs.mkdir()
    os.chown(theirs, NEIGHBOUR, NEIGHBOUR)
    theirs.chmod(0o1777)
    env = {"TMPDIR": str(theirs), "SIPTUI_STATE_DIR": str(theirs / "state")}
    script = str(Path(sysconfig.get_path("scripts")) / "siptui")

    def submitted(**more: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [*AS_OPERATOR, script, "run", str(world.phones(798)), "--yes"],
            env={**world.operator.env, **env, **more},
            capture_output=True,
            text=True,
            check=False,
        )

    refused = submitted()
    assert refused.returncode == 1
    assert f"{theirs} belongs to another user" in refused.stderr
    assert "with TMPDIR, SIPTUI_CONFIG_DIR or" in " ".join(refused.stderr.split())
    assert submitted(SIPTUI_STATE_DIR=str(world.state("of-mine"))).returncode == 0
