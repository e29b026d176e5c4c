"""The clipboard of the desktop that this process runs on, beside what a terminal is told (OSC 52).

`copy` is False where there is none, or another program keeps it. Over SSH it lies on a desktop that
no user sees, so that the terminal is told in every case.
"""

import sys

if sys.platform == "win32":
    from siptui.host.windows.clipboard import copy
else:

    def copy(text: str) -> bool:
        """Nothing: terminals take OSC 52, and a desktop's own programs may not be installed."""
        return False


__all__ = ["copy"]
