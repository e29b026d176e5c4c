"""Locks that nothing uses any more do not pile up, and none is taken from who uses it."""

import asyncio
import os
import time
from pathlib import Path

from siptui.domain.region import Region
from siptui.host.locks import CountedLock
from siptui.host.unused_locks import remove_unused, remove_unused_daily
from siptui.runs.engine.submit_turns import SubmitTurns
from tests.support import emulated_time


def _old(path: Path) -> Path:
    long_ago = time.time() - 30 * 24 * 3600
    os.utime(path, (long_ago, long_ago))
    return path


def _turns(folder: Path, name: str) -> CountedLock:
    (folder / name).mkdir(parents=True)
    lock = CountedLock(folder / name / "submits")
    lock.take()
    lock.release()
    return lock


def test_what_was_not_used_for_long_is_removed(tmp_path: Path) -> None:
    for name in ("unused", "used", "mine", "held"):
        _turns(tmp_path, name)
    held = CountedLock(tmp_path / "held" / "submits")
    assert held.take() is not None
    for name in ("unused", "mine", "held"):
        _old(tmp_path / name / "submits")
    waits = tmp_path / "waits"
    waits.mkdir()
    (waits / "new.json").write_text("{}")
    for name in ("over.json", "over.lock"):
        (waits / name).write_text("{}")
        _old(waits / name)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "of a user's own").write_text("")
    remove_unused(tmp_path, keep=tmp_path / "mine")
    left = {str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file()}
    assert left == {
        *("used/submits", "mine/submits", "held/submits"),
        *("waits/new.json", "other/of a user's own"),
    }
    assert not (tmp_path / "unused").exists()
    held.release()
    remove_unused(tmp_path / "gone", keep=tmp_path)


def test_the_folder_is_gone_through_once_a_day(tmp_path: Path) -> None:
    def unused() -> bool:
        remove_unused_daily(tmp_path, keep=tmp_path / "mine")
        return (tmp_path / "unused").exists()

    _old(_turns(tmp_path, "unused").path)
    assert not unused()
    _old(_turns(tmp_path, "unused").path)
    assert unused()
    (note,) = (path for path in tmp_path.iterdir() if path.is_file())
    almost = time.time() - 24 * 3600 + 60
    os.utime(note, (almost, almost))
    assert unused()
    ahead = time.time() + 3600  # a clock that was put back
    os.utime(note, (ahead, ahead))
    assert not unused()
    _old(_turns(tmp_path, "unused").path)
    _old(note)
    assert not unused()
    assert time.time() - note.stat().st_mtime < 3600
    remove_unused_daily(tmp_path / "gone", keep=tmp_path)
    assert not (tmp_path / "gone").exists()


def test_a_lock_that_was_removed_under_a_process_is_made_anew(tmp_path: Path) -> None:
    lock = _turns(tmp_path, "turns")
    _old(lock.path)
    remove_unused(tmp_path, keep=tmp_path / "mine")
    assert not lock.path.parent.exists()
    assert lock.take() == 0
    other = CountedLock(lock.path)
    assert other.take() is None
    lock.release()
    assert other.take() == 2
    other.release()


def test_a_list_from_before_the_removal_is_old(tmp_path: Path) -> None:
    """The count began anew: whether another process submitted since cannot be told by it."""

    async def main() -> None:
        one, other = SubmitTurns(tmp_path / "turns"), SubmitTurns(tmp_path / "turns")
        for _ in range(3):
            assert await one.take(Region.EMEA, one.taken())
            one.give_back(Region.EMEA)
        listed = other.taken()
        _old(tmp_path / "turns" / "submits")
        remove_unused(tmp_path, keep=tmp_path / "mine")
        assert await one.take(Region.EMEA, one.taken())
        one.give_back(Region.EMEA)
        assert not await other.take(Region.EMEA, listed)
        assert await other.take(Region.EMEA, other.taken())

    (tmp_path / "turns").mkdir()
    emulated_time.run(main())


def test_one_that_opened_the_file_before_it_was_removed_has_no_lock(tmp_path: Path) -> None:
    lock = _turns(tmp_path, "turns")
    opened = lock._opened()
    try:
        _old(lock.path)
        assert lock.remove(time.time())
        late = CountedLock(lock.path)
        late._opened = lambda: os.dup(opened)  # type: ignore[method-assign]
        assert late.take() is None
    finally:
        os.close(opened)
    assert asyncio.run(_turn(tmp_path / "turns"))


async def _turn(folder: Path) -> bool:
    turns = SubmitTurns(folder)
    return await turns.take(Region.EMEA, turns.taken())
