"""Names of users (POSIX)."""

import os
import pwd
import sys

assert sys.platform != "win32"


from siptui.domain.text import visible


def name_of(uid: int) -> str:
    """The user's name, or the number where there is no entry for it, as in a container."""
    try:
        return visible(pwd.getpwuid(uid).pw_name)
    except KeyError:
        return str(uid)


def user_name() -> str:
    """Name of the user this process runs as: by its uid, whatever the environment says."""
    return name_of(os.geteuid())
