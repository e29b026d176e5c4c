"""A place whose clock holds for a while."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest


@contextmanager
def in_zone(place: str) -> Iterator[None]:
    """Within the block the operator's clock is that of `place` (an IANA name)."""
    if not hasattr(time, "tzset"):
        pytest.skip("the zone of a process cannot be changed here")
    before = os.environ.get("TZ")
    os.environ["TZ"] = place
    time.tzset()
    try:
        yield
    finally:
        if before is None:
            del os.environ["TZ"]
        else:
            os.environ["TZ"] = before
        time.tzset()
