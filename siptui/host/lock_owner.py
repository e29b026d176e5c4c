"""Which process has a file locked or open, and what it is called."""

import sys

if sys.platform == "win32":
    from siptui.host.windows.lock_owner import lock_owner, process_name
else:
    from siptui.host.posix.lock_owner import lock_owner, process_name

__all__ = ["lock_owner", "process_name"]
