"""Walk to a file folder by folder, so that what was looked at is what is opened.

By its path the system walks to a file anew at each call. Another user who may rename a folder on
the way can show each call another one: a link of theirs when the file is opened, the folder when it
is looked at. So each folder is opened in the one before, a link is read and not followed, and the
file is opened in the last folder.
"""

import contextlib
import errno
import os
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

assert sys.platform != "win32"


from siptui.domain.text import visible
from siptui.host.posix.users import name_of

#: To pass through a folder needs the right to search it, not to read it.
_SEARCH: int = getattr(os, "O_PATH", getattr(os, "O_SEARCH", os.O_RDONLY))
_FOLDER = os.O_DIRECTORY | os.O_CLOEXEC
#: To open a link and not what it leads to, where a system can.
_LINK_ITSELF: int = getattr(os, "O_PATH", 0)
#: Why what is not what it was a moment ago is not used.
SWAPPED = "another user put something else there"
#: What a system says of a link that it was told not to follow.
_LINK = frozenset({errno.ELOOP, errno.EMLINK, errno.ENOTDIR})
#: How many paths lead to one file at the most: the one that is given and 40 links, as on Linux.
_MOST = 41


class Entry:
    """The folder that `path` leads to, held open, and the `name` that the file has there.

    Raises `PermissionError` where the way there leads through a link that another user put into a
    folder that everyone may write, unless that folder is theirs as well: they would choose which
    file of the operator's has the name. As `fs.protected_symlinks` has it for folders with the
    sticky bit.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = "."
        self._left: list[str] = []
        self._links = 0
        self._within = Path()  # the folder, as it was come to by name
        self._by_system = False  # whether the name is a link that only the system can follow
        self._fd = -1
        try:
            with self._named_in_errors():
                self._go(os.fspath(path), os.curdir)
        except BaseException:
            self.close()
            raise

    def follow_links(self, refuse: Callable[[os.stat_result, os.stat_result, Path], None]) -> None:
        """Go where the name leads as long as it is a link; `refuse` is given the link, the folder
        that it is in and the path, and raises for one that is not to be followed."""
        with self._named_in_errors():
            while (found := self.found()) and stat.S_ISLNK(found.st_mode):
                link = self._link_at(self.name)
                if link is None:
                    raise PermissionError(errno.EPERM, SWAPPED, str(self.path))
                refuse(link[0], os.fstat(self._fd), self.path)
                if _is_of_process(link[0]):
                    self._by_system = True
                    return
                self._go(link[1])

    def found(self) -> os.stat_result | None:
        """What has the name now, be it a link; `None` where nothing has."""
        try:
            return os.stat(self.name, dir_fd=self._fd, follow_symlinks=self._by_system)
        except FileNotFoundError:
            return None

    def folder(self) -> os.stat_result:
        """The folder that the file is in."""
        if self._by_system:  # what this process has open, which may be a file with a name
            with contextlib.suppress(OSError):
                led_to = os.readlink(self.name, dir_fd=self._fd)
                if led_to.startswith("/"):
                    return Path(led_to).parent.stat()
        return os.fstat(self._fd)

    def open(self, flags: int, mode: int = 0o600) -> int:
        """A descriptor of the file. A link that was not followed yet is an `OSError`."""
        flags |= os.O_CLOEXEC | (0 if self._by_system else os.O_NOFOLLOW)
        with self._named_in_errors():
            return os.open(self.name, flags, mode, dir_fd=self._fd)

    def rename(self, other: Self) -> None:
        """Give the file the name and folder of `other`, in the place of what is there."""
        with other._named_in_errors(), self._named_in_errors():
            os.rename(self.name, other.name, src_dir_fd=self._fd, dst_dir_fd=other._fd)

    def link(self, other: Self) -> None:
        """Give the file the name of `other` as well, if nothing has it."""
        with other._named_in_errors(), self._named_in_errors():
            os.link(
                self.name,
                other.name,
                src_dir_fd=self._fd,
                dst_dir_fd=other._fd,
                follow_symlinks=False,
            )

    def unlink(self) -> None:
        """Take the name away."""
        with self._named_in_errors():
            os.unlink(self.name, dir_fd=self._fd)

    @contextlib.contextmanager
    def _named_in_errors(self) -> Iterator[None]:
        """Let errors be of the path as it was given."""
        try:
            yield
        except OSError as error:
            error.filename = str(self.path)
            raise

    def close(self) -> None:
        """Let go of the folder."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _go(self, led_to: str, start: str = "") -> None:
        """Go from the folder, or `start`, to the one in which the last name of `led_to` is."""
        self._lead(led_to, start)
        while len(self._left) > 1:
            self._enter(self._left.pop())
        self.name = self._left.pop()

    def _lead(self, led_to: str, start: str = "") -> None:
        """Have the names of `led_to` before those that are left."""
        names = [name for name in led_to.split("/") if name]
        if led_to.endswith("/"):
            names.append(os.curdir)
        self._left += reversed(names)
        self._links += 1
        if self._links > _MOST:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(self.path))
        start = "/" if led_to.startswith("/") else start
        if start:
            self._hold(os.open(start, _SEARCH | _FOLDER), Path(start))

    def _hold(self, fd: int, folder: Path) -> None:
        self.close()
        self._fd, self._within = fd, folder

    def _enter(self, name: str) -> None:
        """Go into the folder `name`, or where the link of that name leads."""
        flags = _SEARCH | _FOLDER
        try:
            fd = os.open(name, flags | os.O_NOFOLLOW, dir_fd=self._fd)
        except OSError as error:
            if error.errno not in _LINK:
                raise
            link = self._link_at(name)
            if link is None:
                raise
        else:
            self._hold(fd, self._within / name)
            return
        found, led_to = link
        self._refuse_foreign(name, found)
        if _is_of_process(found):
            fd = os.open(name, flags, dir_fd=self._fd)
            self._hold(fd, self._within / name)
            return
        self._lead(led_to)

    def _refuse_foreign(self, name: str, link: os.stat_result) -> None:
        if link.st_uid in (0, os.geteuid()):
            return
        folder = os.fstat(self._fd)
        if folder.st_mode & stat.S_IWOTH and link.st_uid != folder.st_uid:
            place = visible(str((self._within / name).absolute()))
            whose = f"another user ({name_of(link.st_uid)}) leads from {place} elsewhere"
            raise PermissionError(errno.EPERM, whose, str(self.path))

    def _link_at(self, name: str) -> tuple[os.stat_result, str] | None:
        """The link of this name and where it leads, which are of one and the same link; `None` for
        what is no link."""
        if _LINK_ITSELF:
            fd = os.open(name, _LINK_ITSELF | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=self._fd)
            try:
                found = os.fstat(fd)
                return (found, os.readlink("", dir_fd=fd)) if stat.S_ISLNK(found.st_mode) else None
            finally:
                os.close(fd)
        for _ in range(_MOST):
            before = self._state_of(name)
            if not stat.S_ISLNK(before[0].st_mode):
                return None
            led_to = os.readlink(name, dir_fd=self._fd)
            if self._state_of(name)[1:] == before[1:]:
                return before[0], led_to
        raise PermissionError(errno.EPERM, SWAPPED, str(self.path))

    def _state_of(self, name: str) -> tuple[os.stat_result, tuple[int, int], int]:
        found = os.stat(name, dir_fd=self._fd, follow_symlinks=False)
        return found, (found.st_ino, found.st_ctime_ns), os.fstat(self._fd).st_mtime_ns


def _is_of_process(link: os.stat_result) -> bool:
    """Whether the link is one of those in /proc that the system follows otherwise than by what they
    say (`/dev/stdin`, `/dev/fd/63`); no user can put one there."""
    if sys.platform != "linux":
        return False
    with contextlib.suppress(OSError):
        processes = Path("/proc").stat().st_dev
        return link.st_dev == processes != Path("/").stat().st_dev
    return False
