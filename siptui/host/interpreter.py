"""Starting modules of siptui as processes of their own, with no code from the current folder.

`python -m NAME` puts the folder that the operator stands in first on `sys.path`: a `json.py` there
would run with the operator's rights, and beside a token. `-P` (Python 3.11) leaves it out, and the
package is found by its own place rather than by a `PYTHONPATH`, which programs started later would
inherit.
"""

import sys
from pathlib import Path

import siptui

_ROOT = Path(siptui.__file__).resolve().parent.parent
#: The root counts for the import of the package alone: other code beside it is none of ours.
_START = (
    "import sys; sys.path.insert(0, sys.argv[1]); import siptui; del sys.path[0]; "
    "import runpy; name = sys.argv[2]; del sys.argv[1:3]; "
    "runpy.run_module(name, run_name='__main__', alter_sys=True)"
)


def module_command(module: str) -> list[str]:
    """The command that runs a module of siptui as a program.

    Start it in `NEUTRAL_FOLDER`: the current folder of the operator is of no use to it.
    """
    return [sys.executable, "-P", "-c", _START, str(_ROOT), module]
