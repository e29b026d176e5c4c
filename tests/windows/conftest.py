"""These tests run on Windows alone; `python -m tests.windows` starts them, under Wine elsewhere."""

import sys

collect_ignore_glob = [] if sys.platform == "win32" else ["test_*.py"]
