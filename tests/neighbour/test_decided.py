"""What a neighbour changes between a decision and its submit, or in what it is made from."""

import json
import os
import shutil
import time
from pathlib import Path

import pytest

from tests.neighbour.world import NEEDS_ROOT, World
from tests.support.two_users import (
    AS_OPERATOR,
    NEIGHBOUR,
    OPERATOR,
)
from tests.support.two_users import as_neighbour as done_by
from tests.worker.installation import hardware_id

pytestmark = NEEDS_ROOT


@pytest.mark.parametrize("what", ["list", "plan"])
def test_what_is_submitted_is_what_was_confirmed_whatever_they_put_in_its_place(
    world: World, ran: Path, what: str
) -> None:
    """Where the list, or the plan, lies in a folder that is theirs to write, while the question
    waits for its answer."""
    env = {"SIPTUI_STATE_DIR": str(ran)}
    first = 740 + 10 * (what == "plan")
    mine, other = (world.open / f"{word}-{what}" for word in ("mine", "other"))
    shutil.copy(world.phones(first + 2), other)
    shutil.copy(world.phones(first), mine)
    for path in (mine, other):
        os.chown(path, OPERATOR, OPERATOR)  # of the operator's own, so that no owner tells
        path.chmod(0o644)
    words = [str(mine)]
    if what == "plan":
        for path in (mine, other):
            plan = path.with_suffix(".json")
            assert world.siptui("run", path, "--plan-to", plan, **env).exit_code == 0
        mine, other = mine.with_suffix(".json"), other.with_suffix(".json")
        words = ["--plan", str(mine)]
    from tests.worker.terminal import Terminal  # not on Windows

    terminal = Terminal(world.operator, "run", *words, before=AS_OPERATOR, env=env)
    try:
        while not terminal.shows("Type 2 to go on"):
            assert terminal.process.poll() is None, terminal.shown
            time.sleep(0.02)
        done_by(lambda: other.rename(mine) and None)
        terminal.types("2\r")
        assert terminal.ends() == 0
    finally:
        terminal.close()
    done = world.siptui("export", "@last", "--format", "json", **env)
    submitted = {row["hardware_id"] for row in json.loads(done.stdout)["devices"]}
    assert submitted == {hardware_id(n) for n in (first, first + 1)}


def test_a_plan_of_theirs_is_not_carried_out(world: World, ran: Path) -> None:
    """Its digest fits, whoever wrote it: what tells it from a plan that was looked at is whose it
    is."""
    env = {"SIPTUI_STATE_DIR": str(ran)}
    plan, theirs = world.open / "mine.json", world.open / "theirs.json"
    assert world.siptui("run", world.phones(720), "--plan-to", plan, **env).exit_code == 0
    content = plan.read_text()

    def planted() -> None:
        theirs.write_text(content)
        (world.open / "link.json").symlink_to(plan)
        plan.rename(world.open / "moved.json")  # the folder lets them
        (world.open / "mine.json").write_text(content)

    done_by(planted)
    for path in (theirs, plan, world.open / "link.json"):
        done = world.siptui("run", "--plan", path, "--yes", "--json", **env)
        assert done.exit_code == 2, done.text
        error = json.loads(done.stdout)["error"]
        assert f"{path} belongs to another user ({NEIGHBOUR})" in error["message"]
        assert "look at what is in it" in error["next"]
    moved = world.open / "moved.json"
    moved.chmod(0o666)
    done = world.siptui("run", "--plan", moved, "--yes", "--json", **env)
    assert f"chmod go-w {moved}" in json.loads(done.stdout)["error"]["next"]
    moved.chmod(0o600)
    done = world.siptui("run", "--plan", moved, "--dry-run", **env)
    assert done.exit_code == 0, done.text


def test_a_backup_is_what_was_looked_at_and_nothing_beside_it(world: World, ran: Path) -> None:
    env = {"SIPTUI_STATE_DIR": str(ran)}
    backup = world.shared / "backup.db"
    assert world.siptui("backup", backup, **env).exit_code == 0

    def planted() -> None:
        os.mkfifo(world.shared / "pipe.db")
        for suffix in ("-wal", "-journal", "-shm"):
            backup.with_name(backup.name + suffix).write_bytes(b"\xd9\xd5\x05\xf9" * 200)

    done_by(planted)
    for path, why in ((world.shared / "pipe.db", "is no file"), (Path("/dev/zero"), "is no file")):
        done = world.siptui("restore", path, **env)
        assert done.exit_code == 2
        assert f"{path} {why}" in done.text
    done = world.siptui("restore", backup, **env)
    assert "has all of it already" in done.text, done.text
    done = world.siptui("restore", backup, SIPTUI_STATE_DIR=str(world.state("restored")))
    assert done.exit_code == 0, done.text
