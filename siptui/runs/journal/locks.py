"""Which process works on a run."""

from pathlib import Path

from siptui.host.locks import Holder, lock_holder
from siptui.runs.journal.sqlite_file import HELD

OWED = ".unaudited"


def lock_path(journal: Path, run: str) -> Path:
    """The file whose lock says that a process works on `run`."""
    return journal.parent / HELD / f"{run}.lock"


def hand_path(journal: Path, run: str) -> Path:
    """The pipe through which the worker of `run` takes a new sign-in."""
    return journal.parent / HELD / f"{run}.hand"


def audited_path(journal: Path, run: str) -> Path:
    """The file that says how far the acts of `run` are in the audit log."""
    return journal.parent / HELD / f"{run}.audited"


def owed_path(journal: Path, run: str) -> Path:
    """The file that says that acts of `run` wait for the audit log; it is empty."""
    return audited_path(journal, run).with_suffix(OWED)


def owing(journal: Path) -> list[str]:
    """The runs of which acts wait for the audit log."""
    return sorted(path.stem for path in (journal.parent / HELD).glob(f"[!.]*{OWED}"))


def holder_of(journal: Path, run: str) -> Holder | None:
    """The process that works on `run`, or none."""
    return lock_holder(lock_path(journal, run))


def remove_files(journal: Path, run: str) -> None:
    """Remove what lies beside the journal for a run that is forgotten."""
    for path in (lock_path, hand_path, audited_path, owed_path):
        path(journal, run).unlink(missing_ok=True)
