"""`python -m tests.windows`: sets up Wine and CPython for Windows, and runs the tests for Windows.

`--quick` leaves out what takes a minute, `--setup` only sets up, `--keys` prints how long it takes
from a key to its paint, here and there. Names of tests run those, and any other arguments go to
that Python: `python -m tests.windows -m siptui check list.csv`.
The exit code is that of what ran, and 3 where it cannot be set up. On Windows nothing is set up.
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
_PYTEST = ("-m", "pytest", "-q", "-p", "no:cacheprovider")
_TESTS = (
    *("tests/host/contract", "tests/windows", "tests/tui/test_typed_pastes.py"),
    *("tests/identity/test_protected_file.py", "tests/identity/test_broker.py"),
)
_LONG = (
    *(
        f"--deselect=tests/windows/test_{name}.py"
        for name in ("commands", "installed", "journals", "open_files", "sessions")
    ),
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
    if arguments and not arguments[0].startswith(("tests/", "--quick", "--keys")):
        return _python(wine, arguments, {})
    if sys.platform == "win32":
        return _python(wine, [*_PYTEST, *_named(arguments)], {})
    with tempfile.TemporaryDirectory() as scratch:
        return _beside_linux(wine, arguments, Path(scratch))


def _named(arguments: list[str]) -> list[str]:
    return [*_TESTS, *_LONG] if arguments == ["--quick"] else arguments or [*_TESTS]


def _beside_linux(wine: Wine, arguments: list[str], scratch: Path) -> int:
    """Run what is to be compared or shared with Linux, and what is looked at from there."""
    from tests.windows.journals import both_systems
    from tests.windows.terminal_session import key_to_paint, whole_run

    with both_systems(scratch) as both:
        if arguments == ["--keys"]:
            here, there = key_to_paint(wine, scratch / "keys", both.emulator)
            sys.stdout.write(
                f"key to paint, 10,000 rows, median: {here:.1f} ms here, {there:.1f} ms under Wine "
                f"({there / here:.1f}×)\n"
            )
            return 0
        expected = scratch / "lists.json"
        expected.write_text(json.dumps(checked()), encoding="utf-8")
        environ = {
            "WINDOWS_TESTS_LISTS": windows_path(expected),
            **{n: value for n, value in os.environ.items() if n.startswith("WINDOWS_TESTS_")},
        }
        whole = not arguments
        if whole or "tests/windows/test_journals.py" in arguments:
            environ |= both.begin()
        if code := _python(wine, [*_PYTEST, *_named(arguments)], environ):
            return code
        if whole or "tests/windows/test_journals.py" in arguments:
            both.resume()
            sys.stdout.write("What was begun there was resumed here.\n")
        if whole or "tests/windows/test_console.py" in arguments:
            if wrong := whole_run(wine, scratch / "terminal", both.emulator):
                sys.stdout.write(f"On a pseudo-terminal: {wrong}.\n")
                return 1
            sys.stdout.write("On a pseudo-terminal a whole run was followed.\n")
    return 0


def _python(wine: Wine, arguments: list[str], environ: dict[str, str]) -> int:
    if sys.platform == "win32":
        return subprocess.run([sys.executable, *arguments], cwd=ROOT, check=False).returncode
    return wine.run(arguments, seconds=_LIMIT, environ=environ)


sys.exit(main(sys.argv[1:]))
