"""Processes: children that end with all they started, and workers that outlive their terminal.

Every one starts in `NEUTRAL_FOLDER`, never in the operator's: programs load modules and libraries
from the folder they start in. `start_child` starts one without a terminal or a window, and
`end_child` ends it together with what it started. `start_detached` starts one that the end of this
process, of its terminal and of its session does not end; `detached_outlives_terminal` says whether
that works here, before something rests on it. `read_line` waits for a line so many seconds.
`process_lives` and
`process_stopped` only look. `how_ended` reads an exit code, and
`limit_this_process` sets limits to one that reads what others made.
"""

import sys

from siptui.host.child_process import Ended

if sys.platform == "win32":
    from siptui.host.windows.processes import (
        NEUTRAL_FOLDER,
        detached_outlives_terminal,
        end_child,
        how_ended,
        limit_this_process,
        process_lives,
        process_stopped,
        read_line,
        start_child,
        start_detached,
    )
else:
    from siptui.host.posix.processes import (
        NEUTRAL_FOLDER,
        detached_outlives_terminal,
        end_child,
        how_ended,
        limit_this_process,
        process_lives,
        process_stopped,
        read_line,
        start_child,
        start_detached,
    )

__all__ = [
    "NEUTRAL_FOLDER",
    "Ended",
    "detached_outlives_terminal",
    "end_child",
    "how_ended",
    "limit_this_process",
    "process_lives",
    "process_stopped",
    "read_line",
    "start_child",
    "start_detached",
]
