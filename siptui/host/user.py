"""The user this process runs as, whatever the environment says."""

import sys

if sys.platform == "win32":
    from siptui.host.windows.security import user_name
else:
    from siptui.host.posix.users import user_name

__all__ = ["user_name"]
