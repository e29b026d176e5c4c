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


def set_aside(*, again: bool) -> None:
    """Have the collector pass over all there is now.

    Ten thousand rows are some hundred thousand objects that live as long as their list; walking
    through them at every full collection holds the screen up for a tenth of a second. Where it is
    done `again`, what was set aside before is walked through once, for what is garbage since.
    """
    if again:
        gc.unfreeze()
        gc.collect()
    gc.freeze()
