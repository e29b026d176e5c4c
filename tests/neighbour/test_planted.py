"""What a neighbour of the operator planted in their folders is neither run, obeyed nor written to,
and nothing of the operator's is theirs to read."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from siptui.host.pipe import send_line
from siptui.host.private_files import PrivateFileError
from tests.neighbour.world import NEEDS_ROOT, World, removed
from tests.support.two_users import (
    NEIGHBOUR,
    OPERATOR,
)
from tests.support.two_users import as_neighbour as done_by
from tests.worker.installation import TOKEN

pytestmark = NEEDS_ROOT


def test_no_code_of_theirs_is_run_and_nothing_secret_is_on_a_command_line(
    world: World, ran: Path
) -> None:
    seen = json.loads((world.base / "seen").read_text())
    assert not (world.open / "ran").exists()
    assert any("worker_main" in line for line in seen["lines"])
    assert not [line for line in seen["lines"] if TOKEN in line]
    assert not seen["opened"]
    assert done_by(lambda: _open_to_me(ran)) == []


@pytest.mark.parametrize("kind", ["folder", "link"])
def test_the_folder_of_turns_made_first_by_them_stops_nothing_and_is_told(
    world: World, kind: str
) -> None:
    planted = world.shared / f"siptui-{OPERATOR}"
    shutil.rmtree(planted, ignore_errors=True)
    world.plant(planted, kind)
    state = world.state(f"turns-{kind}")
    with removed(planted):
        if kind == "folder":
            done = world.siptui("run", world.phones(200), "--yes", SIPTUI_STATE_DIR=str(state))
            assert done.exit_code == 0
            assert list(state.glob(".waits/*/submits"))  # turns are taken among these
        else:
            done = world.siptui("doctor", SIPTUI_STATE_DIR=str(state))
        world.untouched(planted, kind)
    assert f"{planted} was made by another user ({NEIGHBOUR})" in done.text
    assert f"sudo rm -r {planted}" in done.text


@pytest.mark.parametrize(
    ("what", "kind"),
    [
        *(("config", "folder"), ("config.toml", "file"), ("config.toml", "link")),
        *(("config.toml", "pipe"), ("state", "folder"), ("state", "file"), ("state", "link")),
        *(("state", "pipe"), ("lab", "folder"), ("lab", "file"), ("lab", "link"), ("lab", "pipe")),
    ],
)
def test_folders_of_theirs_are_not_the_operators(world: World, what: str, kind: str) -> None:
    variable = "SIPTUI_CONFIG_DIR" if what.startswith("config") else "SIPTUI_STATE_DIR"
    if what in ("config", "state"):
        folder, planted = world.shared, world.shared / what
        env = {variable: str(planted)}
    else:
        folder = world.operator.folder(world.base / f"was-open-{what}-{kind}")
        planted = folder / what
        env = {variable: str(folder)}
    world.plant(planted, kind)
    if (what, kind) == ("config", "folder"):
        text = 'notify_command = ["x"]\n[profiles.lab]\ntenant = "x.example"\n'
        done_by(lambda: (planted / "config.toml").write_text(text))
    with removed(planted):
        # An open folder is closed by the first command, and the next finds what was planted.
        for _ in range(2):
            done = world.siptui("run", world.phones(300), "--yes", "--json", **env)
            assert done.exit_code in (1, 2), done.text
            assert str(folder) in done.text
            assert json.loads(done.stdout)["error"]["next"]
        if what != "config":
            world.untouched(planted, kind)


#: What lies in a folder of state: how it is planted, the command that would use it, and whether it
#: goes on without.
_OF_STATE = (
    ("lab/journal.db", "file", "run", False),
    ("lab/journal.db", "pipe", "run", False),
    ("lab/journal.db-wal", "file", "run", False),
    ("lab/journal.db-shm", "link", "run", False),
    ("lab/journal.db.copy", "file", "run", False),
    ("lab/journal.db.copy", "pipe", "run", False),
    ("lab/journal.db.warnings.json", "pipe", "run", False),
    ("lab/journal.db.forgetting.lock", "file", "run", True),
    ("lab/tokens.json", "file", "auth status", True),
    ("lab/fixes.jsonl", "pipe", "fix", True),
    ("lab/tenant.json", "link", "profiles", True),
    ("lab/console.json", "pipe", "profiles", True),
    ("siptui.log", "file", "doctor", True),
    ("siptui.log", "pipe", "doctor", True),
    (".waits", "link", "profiles", True),
    ("lab/held", "folder", "run", False),
    ("lab/held", "link", "run", False),
    (".submitting.lock", "file", "run", False),
    (".submitting.lock", "pipe", "run", False),
)


@pytest.mark.slow  # a command or two for each file of the folder
def test_what_they_put_into_a_folder_of_state_that_was_open_is_not_written_to(
    world: World,
) -> None:
    """Closing the folder does not take out of it what was put there: who has it open still reads
    and writes it."""
    for number, (name, kind, words, goes_on) in enumerate(_OF_STATE):
        state = world.operator.folder(world.base / f"was-open-{number}")
        place = state / name
        if place.parent != state:
            world.operator.folder(place.parent)
        world.plant(place, kind)
        full: list[Any] = words.split()
        if words in ("run", "fix"):
            full += [world.phones(400 + 2 * number), "--yes"]
        if words == "doctor":
            full += ["--bundle", world.home / f"bundle-{number}.zip"]
        done = world.siptui(*full, SIPTUI_STATE_DIR=str(state))
        world.untouched(place, kind)
        if not goes_on:
            assert done.exit_code in (1, 2), (name, done.text)
            assert place.name in done.text, (name, done.text)
        world.siptui("info", "--data", SIPTUI_STATE_DIR=str(state))
        world.untouched(place, kind)


def test_a_folder_above_that_everyone_may_write_is_refused(world: World) -> None:
    state = world.open / "state"
    done = world.siptui("run", world.phones(500), "--yes", SIPTUI_STATE_DIR=str(state))
    assert done.exit_code == 1
    assert f"chmod o-w {world.open}" in done.text


def _open_to_me(folder: Path) -> list[str]:
    """What of it this process can read, write or enter, the folder itself included."""
    rights = (os.R_OK, os.W_OK, os.X_OK)
    places = (folder, *folder.rglob("*"))
    return [f"{path} {right}" for path in places for right in rights if os.access(path, right)]


@pytest.mark.parametrize("kind", ["file", "link"])
def test_no_token_of_theirs_is_used(world: World, ran: Path, kind: str) -> None:
    """It may be of another tenant, which would be told who has which phone."""
    for folder in (world.open, world.shared):
        planted = folder / "token"
        world.plant(planted, kind)
        if kind == "file":
            done_by(lambda planted=planted: planted.write_text(TOKEN) and planted.chmod(0o644))
        else:
            (world.home / "token").write_text(TOKEN)
            os.chown(world.home / "token", OPERATOR, OPERATOR)
            planted.unlink()
            done_by(lambda planted=planted: planted.symlink_to(world.home / "token"))
        env = {"SIPTUI_ACCESS_TOKEN": None, "SIPTUI_ACCESS_TOKEN_FILE": str(planted)}
        with removed(planted):
            done = world.siptui("batches", SIPTUI_STATE_DIR=str(ran), **env)
            assert done.exit_code == 4, done.text
            assert f"of another user ({NEIGHBOUR})" in done.text
            planted.unlink()
            planted.write_text(TOKEN)  # as root, for the operator
            assert world.siptui("batches", SIPTUI_STATE_DIR=str(ran), **env).exit_code == 0


def test_a_folder_of_theirs_above_is_refused_although_it_has_the_sticky_bit(world: World) -> None:
    """Its owner may rename what is in it all the same: a journal would be lost, and with it what
    was submitted."""
    theirs = world.base / "their-shared"
    theirs.mkdir()
    os.chown(theirs, NEIGHBOUR, NEIGHBOUR)
    theirs.chmod(0o1777)
    state = theirs / "state"
    done = world.siptui("run", world.phones(510), "--yes", SIPTUI_STATE_DIR=str(state))
    assert done.exit_code == 1, done.text
    assert f"{theirs} belongs to another user ({NEIGHBOUR})" in done.text
    assert not list(state.glob("*"))


def test_a_folder_above_that_they_left_where_everyone_may_write_is_refused(world: World) -> None:
    """However little others may do in it by its mode, which does not tell access lists."""
    theirs = world.shared / "theirs"
    done_by(lambda: theirs.mkdir(mode=0o755))
    state = world.operator.folder(theirs / "state")
    with removed(theirs):
        done = world.siptui("run", world.phones(520), "--yes", SIPTUI_STATE_DIR=str(state))
        assert done.exit_code == 1, done.text
        assert f"{theirs} belongs to another user ({NEIGHBOUR})" in done.text
        assert not list(state.iterdir())


def test_no_sign_in_is_handed_to_a_pipe_of_theirs(world: World) -> None:
    """As this process, which is root and owns none of the two's."""
    pipe = world.shared / "x.hand"
    world.plant(pipe, "pipe")
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        with removed(pipe), pytest.raises(PrivateFileError, match="not a pipe of this user alone"):
            send_line(pipe, b"secret")
        assert not os.read(reading, 100)
    finally:
        os.close(reading)
