"""`keep_days` of a profile: runs that are old enough are forgotten when nothing runs."""

import logging
from datetime import timedelta

from msgspec.structs import replace

from siptui.app.session import Selected
from siptui.domain.errors import SiptuiError
from siptui.domain.text import plural
from siptui.runs.journal.journal import Journal
from siptui.runs.journal.locks import holder_of
from siptui.runs.journal.sqlite_file import HELD

_LOG = logging.getLogger(__name__)
#: Seconds to wait for another process that is about to submit: the next time will do.
_PATIENCE = 1.0


def forget_old_runs(selected: Selected) -> str:
    """Forget the runs of the profile that ended more than `keep_days` ago, unless a run of it is
    worked on; a sentence for people, or nothing where nothing was done.

    Raises nothing that siptui or the system raises: the next time will do.
    """
    days = selected.profile.keep_days
    path = selected.store_folder / "journal.db"
    if not days or not path.exists():
        return ""
    from siptui.app.data_removal import DataRemoval  # and the engine, which a start has no use for

    try:
        if any(holder_of(path, lock.stem) for lock in (path.parent / HELD).glob("[!.]*.lock")):
            return ""
        with Journal(path) as journal:
            host = replace(selected.host, patience=_PATIENCE)
            done = DataRemoval(selected, journal, host=host).prune(timedelta(days=days), None)
    except (SiptuiError, OSError) as error:
        _LOG.warning("keep_days: nothing was forgotten: %s", type(error).__name__)
        return ""
    if not done.runs:
        return ""
    _LOG.info("keep_days: %d runs were forgotten", len(done.runs))
    were = "was" if len(done.runs) == 1 else "were"
    return f"{plural(len(done.runs), 'run')} older than {plural(days, 'day')} {were} forgotten."
