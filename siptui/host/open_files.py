"""How many files this process may have open."""

import contextlib

from siptui.domain.errors import SiptuiError
from siptui.host.private_files import PrivateFileError as PrivateFileError
from siptui.host.private_files import private_folder as private_folder
from siptui.host.private_files import read_private as read_private
from siptui.host.private_files import user_name as user_name
from siptui.host.private_files import write_private as write_private


class OpenFilesError(SiptuiError):
    """The limit of open files is too low to work with."""

    title = "Too few open files allowed"
    code = "open_files"


#: Files that a command with a service and a journal may have open at once: standard streams,
#: journal with its log, locks, the log, event loops, connections of three regions.
_NEEDED_FILES = 64
_WANTED_FILES = 1024


def require_open_files() -> None:
    """See to it that this process and those it starts may open as many files as they need.

    The limit is raised as far as the system lets us. Raises `OpenFilesError` before anything is
    begun that would end in the middle.
    """
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
