"""When the oldest run of a journal was made, read beside its writer."""

import sqlite3
from contextlib import closing
from pathlib import Path

from siptui.runs.journal.sqlite_file import connect, with_suffix

#: Seconds to wait for a writer.
_WAIT = 2.0


def oldest_run(path: Path) -> str | None:
    """The time of the journal's oldest run, ISO 8601 in UTC. None where there is no run, or where
    it cannot be read now: nothing is repaired or changed for that."""
    # Without a log no process has it open, and SQLite need not make one to read.
    query = "mode=ro" if with_suffix(path, "-wal").exists() else "mode=ro&immutable=1"
    try:
        with closing(connect(path, query, seconds=_WAIT)) as db:
            (found,) = db.execute("SELECT min(created) FROM runs").fetchone()
    except (sqlite3.Error, OSError, ValueError):
        return None
    return found if isinstance(found, str) else None
