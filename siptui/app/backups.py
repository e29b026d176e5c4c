"""Backup and restore of a profile's journal."""

import os
from pathlib import Path

from siptui.app.session import Selected
from siptui.domain.errors import UsageError
from siptui.domain.text import visible
from siptui.host.locks import HeldError
from siptui.runs.conflicts import perhaps_same_tenant
from siptui.runs.journal.backup import BackedUp, BackupError, Restored, restore, write_backup
from siptui.runs.journal.journal import Journal
from siptui.runs.journal.locks import holder_of, lock_path


def back_up(selected: Selected, target: Path, *, replace: bool) -> BackedUp:
    """Copy the profile's journal into `target`. Raises `BackupError` for a file in the folder of
    the journals: put over one of siptui's own, it would take entries from a run at work."""
    state = Path(os.path.realpath(selected.settings.folders.state))
    try:
        folders = Path(os.path.realpath(target)).parents
    except OSError as error:  # a folder on the way became a link, or a link a folder
        raise BackupError(
            f"{visible(str(target))}: {error.strerror}. Nothing was written.",
            title="No backup was written",
            remedy="Choose another place.",
        ) from error
    if state in folders:
        raise BackupError(
            f"{visible(str(target))} is in the folder of the journals, {state}. Nothing was "
            "written.",
            title="No backup was written",
            remedy="Choose another folder, on another disk if you can.",
        )
    path = selected.store_folder / "journal.db"
    if not path.exists():
        raise UsageError(
            f"Profile {selected.profile.name} has no journal, so there is nothing to back up.",
            code="no_journal",
        )
    with Journal(path, read_only=True) as journal:
        return write_backup(journal, target, replace=replace)


def restore_backup(selected: Selected, source: Path) -> Restored:
    """Put `source` in the place of the profile's journal. Raises `HeldError` where a process works
    on a run, `BackupError` for a file that must not take its place."""
    path = selected.journal
    with selected.host.deciding():
        for lock in sorted((path.parent / "held").glob("[!.]*.lock")):
            if holder := holder_of(path, lock.stem):
                raise HeldError(
                    lock_path(path, lock.stem),
                    holder,
                    remedy="Nothing was restored. A run that is worked on has more in it than any "
                    f"backup: wait for its end, or stop it: siptui stop {lock.stem}",
                )
        tenant = selected.profile.tenant
        return restore(source, path, same_tenant=lambda other: perhaps_same_tenant(other, tenant))
