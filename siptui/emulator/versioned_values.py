"""What was written through the service: each value from its moment on, readable at any moment."""

from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Writes(Generic[K, V]):
    """Values by key, in the order of time. None stands for "taken away"."""

    def __init__(self) -> None:
        self._all: dict[K, list[tuple[float, V | None]]] = {}

    def write(self, key: K, value: V | None, moment: float) -> None:
        """From `moment` on, `key` has this value."""
        self._all.setdefault(key, []).append((moment, value))

    def read(self, key: K, moment: float) -> tuple[bool, V | None]:
        """Whether anything was written to `key` by then, and the last of it."""
        for at, value in reversed(self._all.get(key, ())):
            if at <= moment:
                return True, value
        return False, None

    def written(self) -> Iterator[K]:
        """Everything that was ever written to, in the order of the first time."""
        return iter(self._all)
