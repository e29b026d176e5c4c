"""What the garbage collector passes over, and what it still finds."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from siptui.gc_pause import set_aside


class _Ring:
    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    yield
    gc.unfreeze()


def test_what_is_set_aside_is_not_walked_through() -> None:
    ring = weakref.ref(_Ring())
    set_aside(again=False)
    gc.collect()
    assert ring() is not None


def test_what_became_garbage_after_it_was_set_aside_is_found_the_next_time() -> None:
    kept = _Ring()
    set_aside(again=False)
    ring = weakref.ref(kept)
    del kept
    set_aside(again=True)
    assert ring() is None
