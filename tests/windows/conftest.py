"""These tests run on Windows alone; `python -m tests.windows` starts them, under Wine elsewhere."""

import sys

from tests.tui.conftest import pytest_pyfunc_call as pytest_pyfunc_call

collect_ignore_glob = [] if sys.platform == "win32" else ["test_*.py"]
