"""The entry point of `siptui` and `python -m siptui`.

Little is imported here, so that a module that lies in the current folder cannot stand in for one
of ours before the current folder is off the path of imports.
"""

import gc
import os
import sys

from siptui.host.standard_streams import make_unbreakable, open_closed_streams


def main() -> None:
    """Run the command line and leave with its exit code."""
    gc.disable()  # what is imported stays: the group enables it when a command begins
    _leave_relative_folders_out()
    open_closed_streams()
    make_unbreakable()
    from siptui.cli.group import cli  # not before: a click may lie in the current folder, too
    from siptui.host.signals import forbid_core_dumps

    forbid_core_dumps()
    cli.main()


def _leave_relative_folders_out() -> None:
    """Take the folders off `sys.path` that the relative entries of `PYTHONPATH` stand for.

    They depend on the current folder; an empty one (`PYTHONPATH=/opt/lib:`) is the current folder
    itself.
    """
    for entry in os.environ.get("PYTHONPATH", "/").split(os.pathsep):
        if not os.path.isabs(entry):  # noqa: PTH117 - without an import
            try:
                found = os.path.abspath(entry)  # noqa: PTH100 - as `site` has made it
            except OSError:  # the current folder was deleted
                found = entry
            sys.path[:] = [place for place in sys.path if place not in (entry, found)]
