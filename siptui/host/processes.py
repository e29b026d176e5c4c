"""Processes: children that end with all they started, and workers that outlive their terminal.

Every one starts in `NEUTRAL_FOLDER`, never in the operator's: programs load modules and libraries
from the folder they start in. `start_child` starts one without a terminal or a window, and
`end_child` ends it together with what it started. `start_detached` starts one that the end of this
process, of its terminal and of its session does not end; `worker_end` says what ends it here all
the same, before something rests on it, and `worker_way` how it gets away. `read_line` waits for a
line so many seconds. `process_lives` and `process_stopped` only look. `how_ended` reads an exit
code.
"""

import sys

from siptui.host.child_process import Detached, Ended
from siptui.host.surrounding import WorkerEnd

if sys.platform == "win32":
    from siptui.host.windows.detached import start_detached, worker_end, worker_way
    from siptui.host.windows.processes import (
        NEUTRAL_FOLDER,
        end_child,
        how_ended,
        process_lives,
        process_stopped,
        read_line,
        start_child,
    )
else:
    from siptui.host.posix.logind import worker_end
    from siptui.host.posix.processes import (
        NEUTRAL_FOLDER,
        end_child,
        how_ended,
        process_lives,
        process_stopped,
        read_line,
        start_child,
        start_detached,
        worker_way,
    )

__all__ = [
    "NEUTRAL_FOLDER",
    "Detached",
    "Ended",
    "WorkerEnd",
    "end_child",
    "how_ended",
    "process_lives",
    "process_stopped",
    "read_line",
    "start_child",
    "start_detached",
    "worker_end",
    "worker_way",
]
