"""Removing the names that are to be forgotten from the logs."""

from pathlib import Path

from siptui.domain.forgotten_text import ForgottenNames
from siptui.host.files import read_plain
from siptui.host.locks import file_lock
from siptui.host.private_files import write_private
from siptui.logs.start import NAME

#: Seconds to wait for a process that rotates the log.
_PATIENCE = 5.0


def remove_names(folder: Path, names: ForgottenNames, *, dry_run: bool = False) -> list[Path]:
    """Write each log and crash report anew without `names`; those that had one.

    Processes that have a log open go on in the new file. Raises `OSError`, `HeldError`; each file
    is then as it was or as it should be.
    """
    if not folder.is_dir() or not names:
        return []
    found = []
    with file_lock(folder / f".{NAME}.lock", wait=_PATIENCE):
        for path in sorted(folder.iterdir()):
            if not _is_log(path):
                continue
            text = read_plain(path).decode(errors="surrogateescape")
            new = names.without(text)
            if new != text:
                found.append(path)
                if not dry_run:
                    write_private(path, new.encode("utf-8", errors="surrogateescape"))
    return found


def _is_log(path: Path) -> bool:
    named = path.name.startswith((NAME, "crash-"))
    return named and path.is_file() and not path.is_symlink()
