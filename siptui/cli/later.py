"""Objects that are made, and whose module is imported, when they are first used."""

from collections.abc import Callable
from functools import cached_property
from importlib import import_module
from typing import Any


class Later:
    """What `make` of a module returns for `given`. `part` stands for an attribute of it."""

    def __init__(self, module: str, make: str, *given: Any) -> None:
        self._make: Callable[[], Any] = lambda: getattr(import_module(module), make)(*given)

    @cached_property
    def made(self) -> Any:
        """The object itself."""
        return self._make()

    def part(self, name: str) -> Any:
        """What stands for the attribute `name`; it is made when it is used itself."""
        return _Part(self, name)


class _Part:
    def __init__(self, later: Later, name: str) -> None:
        self._later, self._name = later, name

    def __getattr__(self, name: str) -> Any:
        return getattr(getattr(self._later.made, self._name), name)
