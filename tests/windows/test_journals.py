"""A run begun on Linux goes on here; python -m tests.windows then does it the other way round."""

import os
from pathlib import Path

import pytest

from tests.windows import journals


def test_a_run_that_was_begun_on_the_other_system_goes_on(tmp_path: Path) -> None:
    if "WINDOWS_TESTS_BEGUN" not in os.environ:
        pytest.skip("begun on Linux by python -m tests.windows")
    journals.on_windows(tmp_path)
