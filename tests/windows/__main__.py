"""`python -m tests.windows`: sets up Wine and CPython for Windows, and runs the tests for Windows.

`--quick` leaves out what takes a minute, `--setup` only sets up. Names of tests run those, and any
other arguments go to that Python: `python -m tests.windows -m siptui check list.csv`.
The exit code is that of what ran, and 3 where it cannot be set up. On Windows nothing is set up.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.windows.journals import came_back, planned
from tests.windows.lists import checked
from tests.windows.wine import ROOT, CannotError, Wine, cache_folder, windows_path

CANNOT = 3
_PYTEST = ("-m", "pytest", "-q", "-p", "no:cacheprovider")
_TESTS = (
    *("tests/host/contract", "tests/windows", "tests/tui/test_typed_pastes.py"),
    *("tests/identity/test_protected_file.py", "tests/identity/test_broker.py"),
)
_LONG = (
    "--deselect=tests/windows/test_sessions.py",
    "--deselect=tests/windows/test_commands.py",
    "--deselect=tests/identity/test_broker.py",
    "--deselect=tests/windows/test_ways_out.py::test_where_the_service_starts_none_it_is_known",
    "--deselect=tests/windows/test_ways_out.py"
    "::test_in_a_virtual_environment_over_openssh_a_launcher_leaves",
    *("-k", "not terminated"),
)
#: Seconds that the tests, or one command, may take.
_LIMIT = float(os.environ.get("SIPTUI_WINDOWS_LIMIT", "900"))


def main(arguments: list[str]) -> int:
    """Set up and run; the exit code."""
    begun = time.monotonic()
    wine = Wine(cache_folder())
    try:
        if sys.platform != "win32":
            wine.ready()
    except (CannotError, OSError, subprocess.SubprocessError) as error:
        sys.stdout.write(f"Not tried on Windows: {error}\n")
        return CANNOT
    if arguments == ["--setup"]:
        sys.stdout.write(f"Wine and Python are ready after {time.monotonic() - begun:.0f} s.\n")
        return 0
    if arguments and not arguments[0].startswith(("tests/", "--quick")):
        return _python(wine, arguments, {})
    with tempfile.TemporaryDirectory() as scratch:
        return _tested(wine, arguments, Path(scratch))


def _tested(wine: Wine, arguments: list[str], scratch: Path) -> int:
    """Run the tests, with what Linux makes of the same to be compared."""
    tests = [*_TESTS, *_LONG] if arguments == ["--quick"] else arguments or _TESTS
    if sys.platform == "win32":
        return _python(wine, [*_PYTEST, *tests], {})
    expected = scratch / "lists.json"
    expected.write_text(json.dumps(checked()), encoding="utf-8")
    journal = planned(scratch)
    environ = {
        "WINDOWS_TESTS_LISTS": windows_path(expected),
        "WINDOWS_TESTS_JOURNAL": windows_path(journal),
        **{name: value for name, value in os.environ.items() if name.startswith("WINDOWS_TESTS_")},
    }
    code = _python(wine, [*_PYTEST, *tests], environ)
    if code == 0 and not arguments and (wrong := came_back(journal)):
        sys.stdout.write(f"On this system again: {wrong}.\n")
        return 1
    return code


def _python(wine: Wine, arguments: list[str], environ: dict[str, str]) -> int:
    if sys.platform == "win32":
        return subprocess.run([sys.executable, *arguments], cwd=ROOT, check=False).returncode
    return wine.run(arguments, seconds=_LIMIT, environ=environ)


sys.exit(main(sys.argv[1:]))
