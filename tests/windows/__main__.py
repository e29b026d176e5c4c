"""`python -m tests.windows`: sets up Wine and CPython for Windows, and runs the tests for Windows.

With arguments, these go to that Python: `python -m tests.windows -m siptui check list.csv`.
The exit code is that of the tests, and 3 where it cannot be set up; `--setup` only sets it up.
On Windows itself nothing is set up.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.windows.lists import checked
from tests.windows.wine import ROOT, CannotError, Wine, cache_folder, windows_path

CANNOT = 3
_TESTS = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/host/contract", "tests/windows")
#: Seconds that the tests, or one command, may take.
_LIMIT = float(os.environ.get("SIPTUI_WINDOWS_LIMIT", "900"))


def main(arguments: list[str]) -> int:
    """Set up and run; the exit code."""
    if sys.platform == "win32":
        return subprocess.run([sys.executable, *(arguments or _TESTS)], cwd=ROOT).returncode
    begun = time.monotonic()
    wine = Wine(cache_folder())
    try:
        wine.ready()
    except (CannotError, OSError, subprocess.SubprocessError) as error:
        sys.stdout.write(f"Not tried on Windows: {error}\n")
        return CANNOT
    sys.stdout.write(f"Wine and Python are ready after {time.monotonic() - begun:.0f} s.\n")
    sys.stdout.flush()
    if arguments == ["--setup"]:
        return 0
    if arguments:
        return wine.run(arguments, seconds=_LIMIT)
    with tempfile.TemporaryDirectory() as scratch:
        expected = Path(scratch) / "lists.json"
        expected.write_text(json.dumps(checked()), encoding="utf-8")
        environ = {"WINDOWS_TESTS_LISTS": windows_path(expected)}
        return wine.run(_TESTS, seconds=_LIMIT, environ=environ)


sys.exit(main(sys.argv[1:]))
