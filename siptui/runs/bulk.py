"""Reading much at once without the garbage collector in between."""

import contextlib
import gc
from collections.abc import Iterator


@contextlib.contextmanager
def collected_later() -> Iterator[None]:
    """Collect no garbage meanwhile.

    Tens of thousands of records are made here that all stay: each round of the collector looks
    at all of them again and finds nothing, which takes a third of the whole time.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
