"""Opening a file folder by folder is as opening it by its path, where nothing stands against it."""

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from siptui.host.files import open_appending, open_given, open_private
from siptui.host.posix import walk
from siptui.host.private_files import read_own
from tests.support.two_users import as_neighbour

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
needs_proc = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc")


@pytest.fixture(params=["as here", "as macOS", "as elsewhere"])
def system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A system that opens folders to search them, and links; or only folders that can be read."""
    if request.param != "as here":
        monkeypatch.setattr(walk, "_LINK_ITSELF", 0)
    if request.param == "as elsewhere":
        monkeypatch.setattr(walk, "_SEARCH", os.O_RDONLY)
    return str(request.param)


@pytest.fixture
def folder(tmp_path: Path, system: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder that the process stands in; no descriptor is left open."""
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "file").write_text("text")
    monkeypatch.chdir(tmp_path)
    before = _open_files()
    yield tmp_path
    assert _open_files() == before


def _open_files() -> list[str]:
    return sorted(one.name for one in Path("/dev/fd").iterdir())


def _read(path: Path | str) -> str:
    fd = open_given(Path(path))
    with os.fdopen(fd) as file:
        return file.read()


@pytest.mark.parametrize(
    "path",
    ["a/b/file", "./a/b/file", "a/../a/b/file", "to-b/file", "to-b/../b/file", "to-file", "chain"],
)
def test_every_way_to_a_file_leads_there(folder: Path, path: str) -> None:
    (folder / "to-b").symlink_to("a/b/")
    (folder / "to-file").symlink_to(folder / "a" / ".." / "to-b" / "file")
    (folder / "chain").symlink_to("./a/../to-file")
    for one in (Path(path), folder / path):
        assert _read(one) == "text"
        assert read_own(one, 100) == b"text"
        fd = open_appending(one)
        assert os.path.samestat(os.fstat(fd), one.stat())
        os.close(fd)


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("missing/file", errno.ENOENT),
        ("a/missing", errno.ENOENT),
        ("a/b/file/more", errno.ENOTDIR),
        ("round", errno.ELOOP),
        ("round/file", errno.ELOOP),
        ("lost/file", errno.ENOENT),
    ],
)
def test_what_cannot_be_opened_says_so_with_the_path_as_it_was_given(
    folder: Path, path: str, code: int
) -> None:
    (folder / "round").symlink_to("a/../round")
    (folder / "lost").symlink_to("nowhere")
    with pytest.raises(OSError, match=path) as caught:
        open_given(Path(path))
    assert caught.value.errno == code
    assert caught.value.filename == path


def test_a_folder_is_opened_as_by_its_path(folder: Path) -> None:
    for path in ("/", ".", "a", "a/b/.."):
        fd = open_given(Path(path))
        assert os.path.samestat(os.fstat(fd), Path(path).stat())
        os.close(fd)


def test_what_a_link_leads_to_is_made_where_it_is_added_to(folder: Path) -> None:
    (folder / "log").symlink_to("a/b/made")
    os.close(open_appending(Path("log")))
    assert (folder / "a" / "b" / "made").stat().st_mode & 0o777 == 0o600


def test_the_longest_chain_of_links_is_that_of_the_system(folder: Path) -> None:
    last = "a/b/file"
    for number in range(41):
        (folder / f"{number}").symlink_to(last)
        last = f"{number}"
    assert _read("39") == "text"
    with pytest.raises(OSError, match=os.strerror(errno.ELOOP)):
        open_given(Path("40"))


def test_no_link_is_written_to_by_its_own_name(folder: Path) -> None:
    (folder / "link").symlink_to("a/b/file")
    for more in (os.O_EXCL | os.O_CREAT, os.O_TRUNC, os.O_APPEND):
        with pytest.raises(OSError, match="link"):
            open_private(Path("link"), os.O_RDWR | more)
    assert _read("a/b/file") == "text"


@needs_proc
def test_what_the_process_was_given_open_is_opened_again(folder: Path) -> None:
    reading, writing = os.pipe()
    os.write(writing, b"piped")
    os.close(writing)
    file = os.open("a/b/file", os.O_RDONLY)
    (folder / "to-it").symlink_to(f"/dev/fd/{file}")
    try:
        assert _read(f"/dev/fd/{reading}") == "piped"
        for path in (
            f"/dev/fd/{file}",
            f"/proc/self/fd/{file}",
            "/proc/self/cwd/a/b/file",
            "to-it",
        ):
            assert _read(path) == "text"
            assert read_own(Path(path), 100) == b"text"
        (folder / "a" / "b" / "file").unlink()
        assert _read(f"/dev/fd/{file}") == "text"
    finally:
        os.close(reading)
        os.close(file)


@needs_proc
def test_a_log_that_is_standard_output_is_added_to(folder: Path) -> None:
    code = (
        "import os, pathlib; from siptui.host.files import open_appending as a; "
        "os.write(a(pathlib.Path('/dev/stdout')), b'line')"
    )
    command = [sys.executable, "-P", "-c", code]
    with Path("out").open("wb") as out:
        subprocess.run(command, stdout=out, check=True)
    assert Path("out").read_bytes() == b"line"
    piped = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    assert piped.stdout == b"line"


@as_root
def test_a_folder_on_the_way_need_not_be_readable(folder: Path, system: str) -> None:
    """Nor need the folder be searched that the process stands in, or what is above it. On a system
    that opens only folders that can be read the file is refused."""
    (folder / "a" / "b" / "file").chmod(0o644)
    for one in (folder, folder / "a", folder / "a" / "b"):
        one.chmod(0o711)
    closed = folder.parent.stat().st_mode

    def read() -> str:
        try:
            return _read("a/b/file")
        except PermissionError:
            return "refused"

    searched = system != "as elsewhere" and walk._SEARCH != os.O_RDONLY
    assert as_neighbour(read) == ("text" if searched else "refused")
    assert not closed & 0o007
