"""How many files this process may have open."""

import contextlib
import sys

from siptui.host.errors import OpenFilesError

#: Files that a command with a service and a journal may have open at once: standard streams,
#: journal with its log, locks, the log, event loops, connections of three regions.
_NEEDED_FILES = 64
_WANTED_FILES = 1024


def require_open_files() -> None:
    """See to it that this process and those it starts may open as many files as they need.

    The limit is raised as far as the system lets us. Raises `OpenFilesError` before anything is
    begun that would end in the middle. Windows has no such limit.
    """
    if sys.platform != "win32":
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft == resource.RLIM_INFINITY or soft >= _WANTED_FILES:
            return
        most = _WANTED_FILES if hard == resource.RLIM_INFINITY else min(hard, _WANTED_FILES)
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, most), hard))
            soft = max(soft, most)
        if soft < _NEEDED_FILES:
            raise too_few_files(soft)


def too_few_files(allowed: int | None = None) -> OpenFilesError:
    """The error for a limit of `allowed` open files."""
    told = f"{allowed} open files are" if allowed is not None else "No more open files are"
    return OpenFilesError(
        f"{told} allowed to a process here; siptui needs {_NEEDED_FILES}. Nothing was begun."
        if allowed is not None
        else f"{told} allowed to this process; siptui needs up to {_NEEDED_FILES}.",
        remedy="Raise the limit and try again: ulimit -n 256 (or LimitNOFILE= of the service).",
    )
