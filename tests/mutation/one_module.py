"""The mutants of one module, in a process of its own: `python -m tests.mutation.one_module`."""

import os
import sys
import tempfile
from pathlib import Path

#: The same examples each time, and none kept; read by `tests/conftest.py`.
os.environ["CI"] = "1"

import pytest

from tests.mutation.session import Session
from tests.support.memory_folder import folder_in_memory


def main(module: str, out: str, functions: str, tests: list[str]) -> int:
    """Write the result of each mutant of `module` into `out`; the exit code of pytest."""
    with tempfile.TemporaryDirectory(dir=folder_in_memory()) as name:
        scratch = Path(name)
        only = tuple(filter(None, functions.split(",")))
        session = Session(module, Path(out), scratch, only)
        quiet = ["-q", "--no-header", "--no-summary", "-s", "-p", "no:cacheprovider"]
        where = [f"--basetemp={scratch / 'tests'}", "-m", "not slow"]
        return int(pytest.main([*quiet, *where, *tests], plugins=[session]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]))
