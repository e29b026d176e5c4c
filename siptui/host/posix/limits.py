"""Limits to what a process may take (POSIX)."""

import resource
import sys

assert sys.platform != "win32"


def limit_this_process(memory: int, seconds: int) -> None:
    """Let this process have so many bytes and seconds of processor time, and leave no memory
    behind, as far as the system lets it."""
    for what, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_CORE, 0),
    ):
        try:
            hard = resource.getrlimit(what)[1]
            least = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.setrlimit(what, (least, hard))
        except (OSError, ValueError):  # macOS refuses some
            continue
