"""Private and trusted files, replacing, descriptors."""

import os
import sys
from pathlib import Path

import pytest

from siptui.host import files, private_files
from siptui.host.locks import FileLock, HeldError
from siptui.host.private_files import PrivateFileError
from tests.support.others import can_link, let_others


def test_a_private_folder_is_made_and_tightened(tmp_path: Path) -> None:
    made = private_files.private_folder(tmp_path / "a" / "b")
    secret = made / "file"
    private_files.write_private(secret, b"x")
    assert private_files.read_private(secret) == b"x"
    let_others(made, write=True)
    private_files.private_folder(made)
    (made / "config").write_bytes(b"y")
    private_files.close_to_others(made / "config")
    assert private_files.read_trusted(made / "config") == b"y"


def test_a_private_folder_cannot_stand_where_a_file_is(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(PrivateFileError):
        private_files.private_folder(tmp_path / "file")


def test_write_private_closes_an_open_file_and_leaves_nothing_beside(tmp_path: Path) -> None:
    path = tmp_path / "store"
    path.write_text("old")
    let_others(path)
    assert private_files.rights_of_others(path.stat(), path)
    private_files.write_private(path, b"new")
    assert private_files.read_private(path) == b"new"
    assert not private_files.rights_of_others(path.stat(), path)
    assert [p.name for p in tmp_path.iterdir()] == ["store"]


def test_what_others_may_read_is_not_private_and_can_be_closed(tmp_path: Path) -> None:
    path = tmp_path / "store"
    private_files.write_private(path, b"x")
    let_others(path)
    with pytest.raises(PrivateFileError, match="read or written by others") as caught:
        private_files.read_private(path)
    assert private_files.closing_command(path) in caught.value.remedy
    private_files.close_to_others(path)
    assert private_files.read_private(path) == b"x"


def test_what_is_no_plain_file_is_not_private(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(PrivateFileError):
        private_files.read_private(tmp_path / "folder")
    with pytest.raises(FileNotFoundError):
        private_files.read_private(tmp_path / "nothing")


def test_a_configuration_that_others_may_write_is_refused(tmp_path: Path) -> None:
    folder = private_files.private_folder(tmp_path / "config")
    path = folder / "config.toml"
    private_files.write_private(path, b"x = 1")
    assert private_files.read_trusted(path) == b"x = 1"
    let_others(path)
    assert private_files.read_trusted(path) == b"x = 1"  # they may read it
    let_others(path, write=True)
    with pytest.raises(PrivateFileError, match="written by others"):
        private_files.read_trusted(path)
    private_files.close_to_others(path)
    let_others(folder, write=True)
    with pytest.raises(PrivateFileError, match="written by others"):
        private_files.read_trusted(path)
    with pytest.raises(PrivateFileError, match="plain file"):
        private_files.read_trusted(folder)


def test_a_link_is_replaced_and_its_target_spared(tmp_path: Path) -> None:
    if not can_link(tmp_path):
        pytest.skip("no symbolic links here")
    target, link = tmp_path / "target", tmp_path / "store"
    target.write_text("precious")
    link.symlink_to(target)
    with pytest.raises(PrivateFileError, match="link"):
        private_files.read_private(link)
    with pytest.raises(OSError):  # noqa: PT011 - what it says is the system's
        files.open_private(link, os.O_RDWR | os.O_CREAT)
    private_files.write_private(link, b"new")
    assert target.read_text() == "precious"
    assert not link.is_symlink()


def test_a_file_is_replaced_or_the_reason_told(tmp_path: Path) -> None:
    """POSIX replaces a file that is open elsewhere; Windows says what to do. Nothing is lost."""
    new, old = tmp_path / "new", tmp_path / "old"
    new.write_text("new")
    old.write_text("old")
    with old.open("rb") as reader:
        if sys.platform == "win32":
            with pytest.raises(OSError, match="close it there"):
                files.replace_file(new, old)
            assert (new.read_text(), old.read_text()) == ("new", "old")
        else:
            files.replace_file(new, old)
            assert old.read_text() == "new"
        assert reader.read() == b"old"
    if new.exists():
        files.replace_file(new, old)
    assert old.read_text() == "new"
    assert not new.exists()


def test_a_file_that_is_open_here_can_be_written_elsewhere(tmp_path: Path) -> None:
    """As a spreadsheet program and a worker's log have it: two writers, each at the end."""
    path = tmp_path / "log"
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    one, two = files.open_private(path, flags), files.open_private(path, flags)
    try:
        os.write(one, b"one\n")
        os.write(two, b"two\n")
        os.write(one, b"three\n")
        with os.fdopen(files.open_to_read(path), "rb") as reader:
            assert reader.read() == b"one\ntwo\nthree\n"
        path.replace(tmp_path / "log.1")  # turned while others write
        os.write(two, b"four\n")
    finally:
        os.close(one)
        os.close(two)
    assert (tmp_path / "log.1").read_bytes().endswith(b"four\n")


def test_bytes_are_read_and_written_where_they_are_asked_for(tmp_path: Path) -> None:
    fd = files.open_private(tmp_path / "file", os.O_RDWR | os.O_CREAT | os.O_EXCL)
    try:
        assert files.write_at(fd, b"0123456789\r\n", 0) == 12
        assert files.read_at(fd, 4, 9) == b"9\r\n"
        assert files.write_at(fd, b"xy", 3) == 2
        assert files.read_at(fd, 100, 0) == b"012xy56789\r\n"
        assert os.read(fd, 3) == b"012"
    finally:
        os.close(fd)
    with pytest.raises(FileExistsError):
        files.open_private(tmp_path / "file", os.O_RDWR | os.O_CREAT | os.O_EXCL)
    fd = files.open_private(tmp_path / "file", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.close(fd)
    assert (tmp_path / "file").read_bytes() == b""


def test_a_long_path_is_one_like_any_other(tmp_path: Path) -> None:
    folder = tmp_path
    while len(str(folder)) < 300:
        folder /= "a folder with a long name"
    try:
        folder.mkdir(parents=True)
    except OSError:
        pytest.skip("this system is not set up for long paths")
    private_files.write_private(folder / "file", b"x")
    assert private_files.read_private(folder / "file") == b"x"


def test_a_file_gets_a_name_that_none_has(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(b"new")
    files.name_file(source, target)
    assert [path.name for path in tmp_path.iterdir()] == ["target"]
    source.write_bytes(b"newer")
    with pytest.raises(FileExistsError):
        files.name_file(source, target)
    assert target.read_bytes() == b"new"
    assert source.read_bytes() == b"newer"


def test_paths_of_any_length_are_made_written_and_read(tmp_path: Path) -> None:
    folder = tmp_path
    while len(str(folder)) < 320:
        folder /= "x" * 60
    path = private_files.private_folder(folder) / "store"
    for data in (b"one", b"two"):
        private_files.write_private(path, data)
        assert private_files.read_private(path) == data
    assert private_files.read_trusted(path) == b"two"
    with FileLock(path.with_suffix(".lock")), pytest.raises(HeldError):
        FileLock(path.with_suffix(".lock"))
    files.name_file(path, path.with_name("other"))
    os.close(files.open_to_read(path.with_name("other")))
    assert sorted(one.name for one in files.in_full(folder).iterdir()) == ["other", "store.lock"]
