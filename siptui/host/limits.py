"""Limits to a process that reads what others made: so much memory and processor time, no more.

Apart from `processes`, as such a process starts none and begins sooner without what that takes.
"""

import sys

if sys.platform == "win32":
    from siptui.host.windows.limits import limit_this_process
else:
    from siptui.host.posix.limits import limit_this_process

__all__ = ["limit_this_process"]
