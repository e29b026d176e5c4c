"""Files that the operator names, in folders that a neighbour may write."""

import os
import shutil
from pathlib import Path

import pytest

from tests.neighbour.world import NEEDS_ROOT, PRECIOUS, TARGETS, World, removed
from tests.support.two_users import (
    NEIGHBOUR,
    OPERATOR,
)
from tests.support.two_users import as_neighbour as done_by

pytestmark = NEEDS_ROOT


@pytest.mark.parametrize("name", TARGETS)
def test_nothing_is_written_where_they_lead_and_what_is_written_is_closed(
    world: World, ran: Path, name: str
) -> None:
    env = {"SIPTUI_STATE_DIR": str(ran)}
    for folder in (world.open, world.shared):
        words, target = world.writing(name, folder)
        for kind in ("link", "pipe", "file", "name"):
            world.plant(target, kind)
            with removed(target):
                done = world.siptui(*words, **env)
                assert done.exit_code in (1, 2), (kind, done.text)
                assert target.name in done.text, done.text
                world.untouched(target, kind)
                if kind not in ("file", "name"):  # which --force is there to replace
                    done = world.siptui(*words, "--force", **env)
                    assert done.exit_code in (1, 2), (kind, done.text)
                    world.untouched(target, kind)
                elif kind == "name":
                    world.siptui(*words, "--force", **env)
        with removed(target):
            done = world.siptui(*words, **env)
            assert target.exists(), done.text
            assert target.stat().st_mode & 0o777 == 0o600
            assert target.stat().st_uid == OPERATOR
        assert not [path for path in folder.iterdir() if ".tmp" in path.name]


@pytest.mark.parametrize("kind", ["link", "pipe", "file", "name"])
def test_the_audit_log_is_not_written_where_they_lead(world: World, ran: Path, kind: str) -> None:
    """A file of an auditor is another user's, too; but not in a folder that everyone may write."""
    planted = world.open / f"audit-{kind}"
    config = world.home / "config"
    mine = world.home / f"audited-{kind}"
    shutil.copytree(config, mine)
    text = (mine / "config.toml").read_text()
    named = f'[profiles.lab]\naudit_log = "{planted}"\n'
    (mine / "config.toml").write_text(text.replace("[profiles.lab]\n", named))
    for path in (mine, mine / "config.toml"):
        os.chown(path, OPERATOR, OPERATOR)
    world.plant(planted, kind)
    env = {"SIPTUI_CONFIG_DIR": str(mine), "SIPTUI_STATE_DIR": str(ran)}
    with removed(planted):
        number = 700 + 2 * ["link", "pipe", "file", "name"].index(kind)
        done = world.siptui("run", world.phones(number), "--yes", **env)
        assert done.exit_code == 0, done.text
        why = "it has another name" if kind == "name" else "it is a"
        assert f"the audit log cannot be written ({planted}: {why}" in done.text
        world.untouched(planted, kind)


def test_hand_over_lists_lie_in_folders_of_the_operator_alone(world: World, ran: Path) -> None:
    folder = world.open / "new" / "handover"
    done = world.siptui("handover", "@last", "-o", folder, SIPTUI_STATE_DIR=str(ran))
    assert done.exit_code == 0, done.text
    assert {path.stat().st_mode & 0o077 for path in (folder, folder.parent)} == {0}


@pytest.mark.parametrize("name", TARGETS)
def test_nothing_is_written_through_a_folder_that_they_lead_elsewhere(
    world: World, ran: Path, name: str
) -> None:
    """A link in the place of a folder leads every name in it to the operator's own files."""
    env = {"SIPTUI_STATE_DIR": str(ran)}
    kind = name.replace(" ", "-")
    mine = world.home / f"mine-{kind}"
    mine.mkdir()
    os.chown(mine, OPERATOR, OPERATOR)
    for folder in (world.open, world.shared):
        link = folder / f"led-{kind}"
        done_by(lambda link=link: link.symlink_to(mine))
        words, place = world.writing(name, link)
        target = mine / place.name
        target.write_bytes(PRECIOUS)
        os.chown(target, OPERATOR, OPERATOR)
        for more in ([], ["--force"]) if name not in ("bundle", "recording") else ([],):
            done = world.siptui(*words, *more, **env)
            assert done.exit_code in (1, 2), done.text
            assert target.read_bytes() == PRECIOUS
        target.unlink()
        done = world.siptui(*words, **env)
        assert done.exit_code in (1, 2), done.text
        assert f"another user ({NEIGHBOUR})" in done.text
        assert not list(mine.iterdir())
        link.unlink()
        link.symlink_to(mine)  # the operator's own
        os.chown(link, OPERATOR, OPERATOR, follow_symlinks=False)
        world.siptui(*words, **env)
        assert target.exists()
        target.unlink()


def test_hand_over_lists_are_not_put_where_they_lead(world: World, ran: Path) -> None:
    mine, link = world.home / "mine-handover", world.open / "led-handover"
    mine.mkdir()
    os.chown(mine, OPERATOR, OPERATOR)
    done_by(lambda: link.symlink_to(mine))
    for folder in (link, link / "new"):
        world.siptui("handover", "@last", "-o", folder, SIPTUI_STATE_DIR=str(ran))
        assert not list(mine.iterdir())


def test_the_audit_log_is_not_written_in_a_folder_that_they_lead_elsewhere(
    world: World, ran: Path
) -> None:
    mine, link = world.home / "mine-audit", world.open / "led-audit"
    config = world.home / "audited-led"
    shutil.copytree(world.home / "config", config)
    named = f'[profiles.lab]\naudit_log = "{link}/audit"\n'
    text = (config / "config.toml").read_text().replace("[profiles.lab]\n", named)
    (config / "config.toml").write_text(text)
    mine.mkdir()
    (mine / "audit").write_bytes(PRECIOUS)
    for path in (config, config / "config.toml", mine, mine / "audit"):
        os.chown(path, OPERATOR, OPERATOR)
    done_by(lambda: link.symlink_to(mine))
    env = {"SIPTUI_CONFIG_DIR": str(config), "SIPTUI_STATE_DIR": str(ran)}
    done = world.siptui("run", world.phones(770), "--yes", **env)
    assert done.exit_code == 0, done.text
    assert "the audit log cannot be written" in done.text
    assert (mine / "audit").read_bytes() == PRECIOUS
