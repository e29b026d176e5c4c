"""A neighbour who puts something in the place of a file while it is written."""

import contextlib
import errno
import os
import shutil
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from siptui.devicelist.writing import WriteError, write_new
from siptui.host.files import open_appending, open_given, open_private
from siptui.host.private_files import PrivateFileError, read_own
from tests.neighbour.world import NEEDS_ROOT, PRECIOUS, TARGETS, THEIRS, World
from tests.support.two_users import (
    NEIGHBOUR,
    OPERATOR,
    neighbour_at_it,
)

pytestmark = NEEDS_ROOT


#: Tries to put something in the place of a file before it gets its name: more than are needed.
_RACES = 40
#: Seconds for a file to be on the disk, in which there is something to be swapped.
_DISK = 0.02
#: Seconds after which the neighbour looks again: where something stays for long, and where not.
_SOON, _AT_ONCE = 0.001, 0.0002


def _swapped(folder: Path, name: str, away: Path, lead: str) -> None:
    """Take away what is about to become `name`, and leave a link to `lead` in its place."""
    for entry in os.scandir(folder):
        if entry.name.startswith(f".{name}.") and not entry.is_symlink():
            Path(entry.path).rename(away / entry.name)
            Path(entry.path).symlink_to(lead)


@pytest.mark.slow  # a race, tried until it was won
@pytest.mark.parametrize(
    ("name", "force"),
    [
        *((name, False) for name in TARGETS if name != "recording"),
        *((name, True) for name in ("export -o", "backup")),
    ],
)
def test_what_they_put_in_the_place_of_a_file_that_is_written_is_not_called_written(
    world: World, ran: Path, name: str, force: bool
) -> None:
    """In a folder that all may write, without the sticky bit, names are anybody's to move."""
    folder, away = (world.base / f"raced-{word}-{name.split()[-1]}-{force}" for word in "ab")
    for one in (folder, away):
        one.mkdir()
        one.chmod(0o777)
    words, target = world.writing(name, folder)
    words += ["--force"] * force
    lost = 0
    precious = str(world.precious)
    with neighbour_at_it(lambda: _swapped(folder, target.name, away, precious), _SOON):
        for _ in range(_RACES):
            if force:
                target.unlink(missing_ok=True)
                target.write_bytes(b"of before")
                os.chown(target, OPERATOR, OPERATOR)
            done = world.siptui(*words, SIPTUI_STATE_DIR=str(ran), disk=_DISK)
            if "another user put something else there" in done.text:
                assert target.name in done.text
                assert done.exit_code in (1, 2)
                lost += 1
            elif done.exit_code == 0 or (name == "bundle" and "cannot be written" not in done.text):
                assert target.lstat().st_uid == OPERATOR, done.text
            target.unlink(missing_ok=True)
            for left in (*away.iterdir(), *folder.iterdir()):
                shutil.rmtree(left) if left.is_dir() and not left.is_symlink() else left.unlink()
            if lost:
                break
    assert lost


def test_a_backup_is_built_out_of_their_reach(world: World, ran: Path) -> None:
    """SQLite opens what it writes by name and follows links: in the place of a folder that they can
    rename they could put one with a link to any database of the operator's."""
    folder, seen = world.base / "backup-in", world.open / "seen"
    folder.mkdir()
    folder.chmod(0o777)

    def act() -> None:
        for entry in os.scandir(folder):
            if entry.is_dir():
                Path(entry.path).rename(folder / "away")
                seen.touch()

    with neighbour_at_it(act, _AT_ONCE):
        for number in range(5):
            backup = folder / f"{number}.db"
            done = world.siptui("backup", backup, SIPTUI_STATE_DIR=str(ran))
            assert done.exit_code == 0, done.text
            assert backup.stat().st_mode & 0o777 == 0o600
            done = world.siptui("restore", backup, SIPTUI_STATE_DIR=str(ran))
            assert "has all of it already" in done.text, done.text
    assert not seen.exists()
    assert len(list(folder.iterdir())) == 5


@pytest.mark.parametrize("kind", ["link", "name", "file"])
def test_a_worker_adds_to_no_file_that_they_put_in_the_place_of_a_recording(
    world: World, ran: Path, kind: str
) -> None:
    """The command makes it, and the worker that it starts opens it once more."""
    folder = world.base / f"recording-{kind}"
    folder.mkdir()
    folder.chmod(0o777)
    recording, mine = folder / "wire.jsonl", world.base / f"recorded-{kind}"
    mine.write_bytes(PRECIOUS)
    os.chown(mine, OPERATOR, OPERATOR)
    mine.chmod(0o666)  # so that fs.protected_hardlinks lets them give it a name

    def act() -> None:
        if recording.stat().st_uid != OPERATOR or recording.samefile(mine):
            return
        recording.rename(folder / "away")
        if kind == "link":
            recording.symlink_to(mine)
        elif kind == "name":
            os.link(mine, recording)
        else:
            recording.write_bytes(THEIRS)

    words = ("run", world.phones(800 + 2 * len(kind)), "--yes", "--record", recording)
    with neighbour_at_it(act, _SOON):
        done = world.siptui(*words, SIPTUI_STATE_DIR=str(ran))
    assert (folder / "away").exists()  # the race was won
    assert "Traceback" not in done.text
    assert mine.read_bytes() == PRECIOUS
    if kind == "file":
        assert recording.read_bytes() == THEIRS


def _flipped(folder: Path, lead: Path) -> None:
    """Have `sub` in the folder lead elsewhere for a moment."""
    (folder / "sub").rename(folder / "real")
    (folder / "sub").symlink_to(lead)
    time.sleep(_AT_ONCE)
    (folder / "sub").unlink()
    (folder / "real").rename(folder / "sub")


@pytest.mark.parametrize("name", ["export -o", "backup", "recording"])
def test_no_file_gets_elsewhere_while_they_swap_the_folder_on_the_way(
    world: World, ran: Path, name: str
) -> None:
    folder, mine = (world.base / f"flipped-{name.split()[-1]}-{word}" for word in ("in", "mine"))
    for one in (folder, mine, folder / "real", folder / "sub"):
        one.mkdir()
        os.chown(one, OPERATOR, OPERATOR)
        one.chmod(0o777 if one == folder else 0o700)
    words, target = world.writing(name, folder / "sub")
    words += ["--force"] if name != "recording" else []
    precious = mine / target.name
    if name != "recording":
        precious.write_bytes(PRECIOUS)
        os.chown(precious, OPERATOR, OPERATOR)
    before = sorted(mine.iterdir())
    (folder / "real").rmdir()
    with neighbour_at_it(lambda: _flipped(folder, mine), _AT_ONCE):
        for _ in range(_RACES // 2):
            world.siptui(*words, SIPTUI_STATE_DIR=str(ran))
            for left in set(mine.iterdir()) - set(before):  # made there before it was noticed
                assert left.name.startswith(f".{target.name}") or not left.stat().st_size, left
                left.unlink()
            if before:
                assert precious.read_bytes() == PRECIOUS


@pytest.mark.parametrize("opened", [open_appending, open_given])
def test_no_file_elsewhere_is_opened_while_they_swap_the_folder_on_the_way(
    world: World, opened: Callable[[Path], int]
) -> None:
    """An audit log, a token; in this process, as root."""
    folder, mine = (world.base / f"{opened.__name__}-{word}" for word in ("in", "mine"))
    for one in (folder, mine, folder / "sub"):
        one.mkdir()
        one.chmod(0o777 if one == folder else 0o755)
        if one != folder:
            (one / "file").write_bytes(PRECIOUS)
    elsewhere, opens, errors = (mine / "file").stat(), 0, 0
    with neighbour_at_it(lambda: _flipped(folder, mine), _AT_ONCE):
        for number in range(200_000):
            if number >= 2000 and min(opens, errors) >= 100:
                break  # the neighbour came to it
            try:
                fd = opened(folder / "sub" / "file")
            except OSError:
                errors += 1
                continue
            found, opens = os.fstat(fd), opens + 1
            os.close(fd)
            assert not os.path.samestat(found, elsewhere)
    assert opens
    assert errors


#: Whether a call of this kind, with so many before it, sees a link in the place of the folder.
Sight = Callable[[str, int], bool]
#: The calls by which a file is looked at or opened, and those by which names are changed.
_LOOKS, _CHANGES = ("open", "stat", "lstat", "readlink"), ("rename", "replace", "link", "unlink")


class _Swapping:
    """`sub` in `folder`, which a neighbour has lead to `mine` for the calls that are to see it."""

    def __init__(self, folder: Path, mine: Path, calls: tuple[str, ...]) -> None:
        self.sub, self._link, self._away = folder / "sub", folder / "link", folder / "away"
        self._link.symlink_to(mine)
        os.chown(self._link, NEIGHBOUR, NEIGHBOUR, follow_symlinks=False)
        self._calls = calls
        self._count, self._swapped, self._rename = 0, False, os.rename

    @contextlib.contextmanager
    def to(self, monkeypatch: pytest.MonkeyPatch, sees_link: Sight) -> Iterator[None]:
        """While the block runs each call sees what it is to see."""
        self._count = 0
        with monkeypatch.context() as patched:
            for name in self._calls:
                patched.setattr(os, name, partial(self._called, name, getattr(os, name), sees_link))
            yield
        self._swap_to(False)

    def outcomes_of(self, outcome: Callable[[Sight], str]) -> set[str]:
        """What comes of it where calls of some kinds see the link, or those from one to another."""
        calls, kinds = self._count, self._calls
        for number in range(1, 2 ** len(kinds)):
            seeing = {name for place, name in enumerate(kinds) if number >> place & 1}
            outcome(lambda kind, _: kind in seeing)  # noqa: B023 - called at once
        found = set()
        for first, last in combinations(range(calls + 1), 2):
            found.add(outcome(lambda _, at: first <= at < last))  # noqa: B023
        return found

    def _swap_to(self, wanted: bool) -> None:
        if wanted != self._swapped:
            there, back = (self.sub, self._away), (self._link, self.sub)
            for one, other in (there, back) if wanted else (back[::-1], there[::-1]):
                self._rename(one, other)
            self._swapped = wanted

    def _called(
        self, name: str, call: Callable[..., Any], sees_link: Sight, *args: Any, **more: Any
    ) -> Any:
        is_look = name == "stat" and not more.get("follow_symlinks", True)
        self._swap_to(sees_link("lstat" if is_look else name, self._count))
        self._count += 1
        return call(*args, **more)


def _cut_off(path: Path) -> int:
    return open_private(path, os.O_RDWR | os.O_TRUNC)


def _added_to(path: Path) -> int:
    return open_private(path, os.O_RDWR | os.O_APPEND)


def _decided(path: Path) -> int:
    assert read_own(path, 100) != PRECIOUS
    return os.open(os.devnull, os.O_RDONLY)


@pytest.mark.parametrize("opened", [open_appending, open_given, _cut_off, _added_to, _decided])
@pytest.mark.parametrize("linked", [False, True])
def test_no_file_elsewhere_is_opened_whichever_call_sees_the_folder_swapped(
    world: World, monkeypatch: pytest.MonkeyPatch, opened: Callable[[Path], int], linked: bool
) -> None:
    """Each kind of call may see another one, and so may the calls from any to any."""
    folder, mine = (world.base / f"seen-{opened.__name__}-{linked}-{word}" for word in ("in", "my"))
    for one in (folder, mine, folder / "sub"):
        one.mkdir()
        one.chmod(0o777 if one == folder else 0o755)
    swapping = _Swapping(folder, mine, _LOOKS)
    sub = swapping.sub
    path = sub / "file"
    if linked:  # by the user; what is written is not opened by its own link
        lead = world.base / f"led-{opened.__name__}"
        by_itself = opened in (open_appending, open_given, _decided)
        lead.symlink_to(path if by_itself else sub)
        path = lead if by_itself else lead / "file"

    def outcome(sees_link: Sight) -> str:
        for one, content in ((sub, b"meant"), (mine, PRECIOUS)):
            (one / "file").write_bytes(content)
        elsewhere = (mine / "file").stat()
        with swapping.to(monkeypatch, sees_link):
            try:
                fd = opened(path)
            except (OSError, PrivateFileError):
                fd = -1
        assert (mine / "file").read_bytes() == PRECIOUS
        if fd < 0:
            return "refused"
        found = os.fstat(fd)
        os.close(fd)
        assert not os.path.samestat(found, elsewhere)
        return "opened"

    assert outcome(lambda *_: False) == "opened"
    assert swapping.outcomes_of(outcome) == {"refused", "opened"}


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("without_links", [False, True])
def test_no_file_elsewhere_is_replaced_whichever_call_sees_the_folder_swapped(
    world: World, monkeypatch: pytest.MonkeyPatch, force: bool, without_links: bool
) -> None:
    """Nor taken away, where a file system has no hard links to name a file by."""
    folder, mine = (world.base / f"new-{force}-{without_links}-{word}" for word in ("in", "my"))
    for one in (folder, mine, folder / "sub"):
        one.mkdir()
        one.chmod(0o777 if one == folder else 0o755)
    (mine / "file").write_bytes(PRECIOUS)
    swapping = _Swapping(folder, mine, _LOOKS + _CHANGES)
    if without_links:

        def refused(*_: object, **__: object) -> None:
            raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

        monkeypatch.setattr(os, "link", refused)

    def outcome(sees_link: Sight) -> str:
        with swapping.to(monkeypatch, sees_link):
            try:
                write_new(swapping.sub / "file", b"new", force=force)
                done = "written"
            except WriteError:
                done = "refused"
        assert (mine / "file").read_bytes() == PRECIOUS
        if done == "written":
            assert (swapping.sub / "file").read_bytes() == b"new"
        for left in swapping.sub.iterdir():
            left.unlink()
        return done

    assert outcome(lambda *_: False) == "written"
    assert swapping.outcomes_of(outcome) == {"refused", "written"}


@pytest.mark.parametrize("opened", [open_appending, _cut_off, _added_to, _decided])
@pytest.mark.parametrize("again", [False, True])
def test_a_further_name_is_told_although_they_take_it_away_for_a_look(
    world: World, monkeypatch: pytest.MonkeyPatch, opened: Callable[[Path], int], again: bool
) -> None:
    folder, mine = world.base / f"named-{opened.__name__}-{again}", world.base / "had-a-name"
    folder.mkdir()
    folder.chmod(0o777)
    planted = folder / "file"
    mine.write_bytes(PRECIOUS)
    planted.hardlink_to(mine)

    def looked_at(fd: int, now: Callable[[int], os.stat_result] = os.fstat) -> os.stat_result:
        planted.unlink(missing_ok=True)
        found = now(fd)
        if again:
            planted.hardlink_to(mine)
        return found

    with monkeypatch.context() as patched:
        patched.setattr(os, "fstat", looked_at)
        with pytest.raises(OSError, match=r"another user put something|has another name"):
            opened(planted)
    assert mine.read_bytes() == PRECIOUS
