"""File systems: which one a path lies on. What that means says `Mount`."""

import sys

from siptui.host.mount import Mount

if sys.platform == "win32":
    from siptui.host.windows.mounts import mount_of
else:
    from siptui.host.posix.mounts import mount_of

__all__ = ["Mount", "mount_of"]
