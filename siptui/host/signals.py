"""Being told of interrupt, hang-up, close of the terminal, and shutdown; and leaving no memory.

A worker hears nothing of a terminal's end on any system. Its starter, a console or a run that is
worked on in the foreground does, and has some seconds.
"""

import sys

if sys.platform == "win32":
    from siptui.host.windows.signals import (
        begin_worker,
        ending_as_interrupted,
        forbid_core_dumps,
        on_order_to_end,
        on_terminal_end,
    )
else:
    from siptui.host.posix.signals import (
        begin_worker,
        ending_as_interrupted,
        forbid_core_dumps,
        on_order_to_end,
        on_terminal_end,
    )

__all__ = [
    "begin_worker",
    "ending_as_interrupted",
    "forbid_core_dumps",
    "on_order_to_end",
    "on_terminal_end",
]
