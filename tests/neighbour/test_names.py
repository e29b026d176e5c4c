"""Further names (hard links) that a neighbour gave to the operator's own files."""

import os
import shutil
import subprocess

import pytest

from tests.neighbour.world import NEEDS_ROOT, World
from tests.support.two_users import OPERATOR

pytestmark = NEEDS_ROOT


#: What lies in a folder of state, some of it for moments only.
_NAMED = (
    *("lab/journal.db", "lab/journal.db-wal", "lab/journal.db.copy", "lab/journal.db.building"),
    *("lab/journal.db.warnings.json", "lab/fixes.jsonl", "lab/fixes.lock", "lab/tokens.json"),
    *("lab/held/x.lock", "logs/siptui.log", "logs/.siptui.log.lock", ".submitting.lock"),
)


@pytest.mark.slow  # a command or two for each file of the folder
def test_a_name_that_they_gave_in_an_open_folder_to_a_file_of_the_operator_is_told_untilremoved(
    world: World,
) -> None:
    phones = world.phones(1000)
    for name in _NAMED:
        state = world.operator.folder(world.base / f"named-{name.replace('/', '-')}")
        place = state / name
        for folder in reversed([one for one in place.parents if state in one.parents]):
            world.operator.folder(folder)
        world.plant(place, "name")
        run = ("run", phones, "--yes")
        for words in (run, ("auth", "status"), ("fix", phones, "--yes"), run):
            done = world.siptui(*words, SIPTUI_STATE_DIR=str(state))
            world.untouched(place, "name")
            if words[0] == "run":
                assert done.exit_code == 1, done.text
                assert f"{place} " in done.text
                assert "has another name elsewhere" in done.text
                assert "remove" in done.text
        place.unlink()
    done = world.siptui("run", phones, "--yes", SIPTUI_STATE_DIR=str(state))
    assert done.exit_code == 0, done.text
    assert place.parent.stat().st_mode & 0o7777 == 0o700


def test_a_copy_by_hard_links_of_a_folder_that_is_closed_stops_nothing(world: World) -> None:
    """As `cp -al` and programs for backups make them."""
    state, phones = world.state("linked"), world.phones(1100)
    assert world.siptui("run", phones, "--yes", SIPTUI_STATE_DIR=str(state)).exit_code == 0
    copy = world.home / "linked-copy"
    shutil.copytree(state, copy, copy_function=os.link)
    for path in (copy, *copy.rglob("*")):
        os.chown(path, OPERATOR, OPERATOR)
    env = {"SIPTUI_STATE_DIR": str(state)}
    (state / "lab").chmod(0o777)  # until now, for all that siptui knows
    for _ in range(2):
        done = world.siptui("run", world.phones(1102), "--yes", **env)
        assert done.exit_code == 1, done.text
        assert not (state / "lab").stat().st_mode & 0o077
    command = f"chmod 700 {state}/lab"
    assert command in done.text
    subprocess.run(command.split(), check=True)
    done = world.siptui("run", world.phones(1102), "--yes", **env)
    assert done.exit_code == 0, done.text
