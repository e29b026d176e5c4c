"""Looking around: terminal, session or job, code page, and where files really lie.

`true_place` is where on the disk a folder is: behind links, and where the system puts what is
written to it, as it does for a Python from the Microsoft Store.
"""

import sys

from siptui.host.surrounding import Job, Surroundings, WorkerEnd

if sys.platform == "win32":
    from siptui.host.windows.surroundings import look_around, true_place
else:
    from siptui.host.posix.surroundings import look_around, true_place

__all__ = ["Job", "Surroundings", "WorkerEnd", "look_around", "true_place"]
