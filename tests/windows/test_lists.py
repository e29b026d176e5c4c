"""Lists say the same as on Linux."""

import json
import os
from pathlib import Path

import pytest

from tests.windows.lists import checked


def test_every_list_is_checked_as_on_linux() -> None:
    expected = os.environ.get("WINDOWS_TESTS_LISTS")
    found = checked()
    assert len(found) > 30
    if not expected:
        pytest.skip("nothing to compare with: made on Linux by python -m tests.windows")
    assert found == json.loads(Path(expected).read_text("utf-8"))
