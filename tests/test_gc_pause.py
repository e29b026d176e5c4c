"""What the garbage collector passes over, and what it still finds."""

import subprocess
import sys

_RING = """
import gc, weakref
from siptui.gc_pause import set_aside

class Ring:
    def __init__(self):
        self.itself = self

gc.disable()  # it runs when it is told to
"""


def _holds(code: str) -> None:
    """Run `code` in a process of its own: that of the tests has far more to walk through."""
    done = subprocess.run([sys.executable, "-c", _RING + code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_what_is_set_aside_is_not_walked_through() -> None:
    _holds(
        "ring = weakref.ref(Ring())\n"
        "set_aside(again=False)\n"
        "gc.collect()\n"
        "assert ring() is not None\n"
    )


def test_what_became_garbage_after_it_was_set_aside_is_found_the_next_time() -> None:
    _holds(
        "kept = Ring()\n"
        "set_aside(again=False)\n"
        "ring = weakref.ref(kept)\n"
        "del kept\n"
        "set_aside(again=True)\n"
        "assert ring() is None\n"
    )
