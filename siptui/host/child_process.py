"""What a child's standard streams can be, and how a child can end."""

from enum import Enum, auto
from typing import IO

#: As `subprocess` takes them.
Stream = int | IO[bytes] | None


class Ended(Enum):
    """How a process ended."""

    BY_ITSELF = auto()
    KILLED = auto()  # for time or memory, or by others
    ILLEGAL_INSTRUCTION = auto()
    ABORTED = auto()
