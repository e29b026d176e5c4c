"""Lines from other processes of the same user, through what no other user can open: how a secret is
handed to a worker.

`PrivatePipe` is at `path` as long as it is open, and its `lines` are those that came since the last
look. `send_line` is False where no process listens at `path`; when it returns True, the next look
of the listener finds the line.
"""

import sys

if sys.platform == "win32":
    from siptui.host.windows.pipe import PrivatePipe, send_line
else:
    from siptui.host.posix.pipe import PrivatePipe, send_line

__all__ = ["PrivatePipe", "send_line"]
