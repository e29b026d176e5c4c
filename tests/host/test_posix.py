"""Locks, pipes, private files and folders where there are modes and pipes in the file system."""

import errno
import os
from pathlib import Path

import pytest

from siptui.host import locks, private_files
from siptui.host import pipe as handoff_pipe
from siptui.host.files import names_can_be_moved
from siptui.host.locks import NoLocksError
from siptui.host.private_files import PrivateFileError


def test_a_private_folder_is_made_and_tightened(tmp_path: Path) -> None:
    made = private_files.private_folder(tmp_path / "a" / "b")
    assert made.stat().st_mode & 0o777 == 0o700
    made.chmod(0o755)
    private_files.private_folder(made)
    assert made.stat().st_mode & 0o777 == 0o700


def test_write_private_closes_an_open_file_and_leaves_nothing_beside(tmp_path: Path) -> None:
    path = tmp_path / "store"
    path.write_text("old")
    path.chmod(0o644)
    mask = os.umask(0)
    try:
        private_files.write_private(path, b"new")
    finally:
        os.umask(mask)
    assert private_files.read_private(path) == b"new"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [p.name for p in tmp_path.iterdir()] == ["store"]


def test_read_private_refuses_what_others_may_read_links_and_pipes(tmp_path: Path) -> None:
    path = tmp_path / "store"
    path.write_text("x")
    path.chmod(0o640)
    with pytest.raises(PrivateFileError, match="0640"):
        private_files.read_private(path)
    path.chmod(0o600)
    link = tmp_path / "link"
    link.symlink_to(path)
    with pytest.raises(PrivateFileError, match="symbolic link"):
        private_files.read_private(link)
    os.mkfifo(tmp_path / "pipe", 0o600)
    with pytest.raises(PrivateFileError, match="plain file"):
        private_files.read_private(tmp_path / "pipe")
    with pytest.raises(FileNotFoundError):
        private_files.read_private(tmp_path / "nothing")


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_is_refused_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def flock(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    path = tmp_path / "run.lock"
    path.touch()
    monkeypatch.setattr("fcntl.flock", flock)
    for look in (locks.file_lock, locks.lock_holder):
        with pytest.raises(NoLocksError, match="has no locks") as caught:
            look(path)
        assert "SIPTUI_STATE_DIR" in caught.value.remedy


def test_a_pipe_takes_whole_lines_and_is_the_users_alone(tmp_path: Path) -> None:
    path = tmp_path / "run.hand"
    assert not handoff_pipe.send_line(path, b"x")  # nobody listens
    os.mkfifo(path, 0o666)  # left by one that was killed
    assert not handoff_pipe.send_line(path, b"x")
    pipe = handoff_pipe.PrivatePipe(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert pipe.lines() == []
    assert handoff_pipe.send_line(path, b"one")
    long = b"t" * 20_000  # more than a pipe takes in one piece
    assert handoff_pipe.send_line(path, long)
    assert pipe.lines() == [b"one", long]
    killed = os.open(path, os.O_WRONLY)
    os.write(killed, b"half a li")
    os.close(killed)
    assert pipe.lines() == []
    assert handoff_pipe.send_line(path, b"two")
    assert pipe.lines() == [b"half a li", b"two"]
    path.chmod(0o620)
    with pytest.raises(PrivateFileError):
        handoff_pipe.send_line(path, b"three")
    pipe.close()
    pipe.close()
    assert not path.exists()


def test_a_pipe_that_is_none_is_not_written_to(tmp_path: Path) -> None:
    path = tmp_path / "run.hand"
    path.write_text("")
    path.chmod(0o600)
    with pytest.raises(PrivateFileError):
        handoff_pipe.send_line(path, b"secret")
    assert path.read_text() == ""
    path.unlink()
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PrivateFileError):
        handoff_pipe.send_line(path, b"secret")


def test_names_can_be_moved_where_a_link_of_ones_own_leads(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    (shared / "mine").mkdir(parents=True)
    link = tmp_path / "link"
    link.symlink_to(shared / "mine")
    before = names_can_be_moved(link)
    shared.chmod(0o777)
    assert names_can_be_moved(shared / "mine")
    assert names_can_be_moved(link)
    assert before == names_can_be_moved(tmp_path)
