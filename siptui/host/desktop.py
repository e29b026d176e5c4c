"""Whether a window that this process has the system open would be seen by the operator."""

import sys
from enum import StrEnum

if sys.platform == "win32":
    from siptui.host.windows.desktop import no_desktop, over_ssh, server_core


class Desktop(StrEnum):
    """Where this process runs."""

    HERE = "here"  # a desktop of Windows, at the machine or by RDP
    OVER_SSH = "over_ssh"  # a desktop may be there, and no window is seen in this session
    NO_SESSION = "no_session"  # a service, a scheduled task without a user at the screen
    SERVER_CORE = "server_core"
    OTHER_SYSTEM = "other_system"  # not Windows: siptui opens no windows there


def desktop() -> Desktop:
    """Where this process runs, as of now."""
    found = Desktop.OTHER_SYSTEM
    if sys.platform == "win32":
        if over_ssh():
            found = Desktop.OVER_SSH
        elif server_core():
            found = Desktop.SERVER_CORE
        else:
            found = Desktop.NO_SESSION if no_desktop() else Desktop.HERE
    return found
