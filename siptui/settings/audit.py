"""`audit_log`: where acts that change a tenant are written down."""

from pathlib import Path

#: The system's log.
SYSLOG = "syslog"


def audit_place(given: str) -> str:
    """`syslog`, nothing, or the full path of a file; `ValueError` for what is none of them: a
    relative path would be another file for each folder that siptui is started from."""
    if not given or given == SYSLOG:
        return given
    try:
        path = Path(given).expanduser()
    except RuntimeError as error:  # the home of a user that is not there
        raise ValueError(given) from error
    if not path.is_absolute() or "\0" in given:
        raise ValueError(given)
    return str(path)
