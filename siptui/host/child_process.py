"""What a child's standard streams can be, how a child can end, and what is known of a worker."""

from collections.abc import Callable
from enum import Enum, auto
from typing import IO

from msgspec import Struct

#: As `subprocess` takes them.
Stream = int | IO[bytes] | None


class Ended(Enum):
    """How a process ended."""

    BY_ITSELF = auto()
    KILLED = auto()  # for time or memory, or by others
    ILLEGAL_INSTRUCTION = auto()
    ABORTED = auto()


class Detached(Struct, frozen=True):
    """A process that goes on when its starter ends, with a pipe each way.

    `outlives_terminal` is what was found when it had started, and before anything was written to
    `stdin`: whether the end of the terminal and of the session leaves it at work. `wait` returns
    its exit code, `end` ends it at once.
    """

    pid: int
    stdin: IO[bytes]
    stdout: IO[bytes]
    outlives_terminal: bool
    wait: Callable[[], int]
    end: Callable[[], None]
