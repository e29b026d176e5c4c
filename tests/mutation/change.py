"""Putting a changed module in the place of the one that is imported already."""

import ast
import functools
import sys
from collections.abc import Callable
from types import CodeType, FunctionType, ModuleType
from typing import Any

from tests.mutation.operators import Mutant


def put_in(module: ModuleType, tree: ast.Module, mutant: Mutant) -> None:
    """Make `mutant` in `tree`, and let the imported `module` do what it says then.

    Functions keep their identity and get other code, so that whoever imported them has the change;
    other values of the module are exchanged wherever they were imported to. For a process of its
    own: there is no way back.
    """
    mutant.make()
    changed = ModuleType(module.__name__)
    changed.__file__ = module.__file__
    code = compile(tree, str(module.__file__), "exec")
    # Some classes look their module up while they are made.
    sys.modules[module.__name__] = changed
    try:
        exec(code, vars(changed))
    finally:
        sys.modules[module.__name__] = module
    if mutant.function:
        old, new = _function(module, mutant.function), _function(changed, mutant.function)
        old.__code__ = _code(new)
        old.__defaults__, old.__kwdefaults__ = new.__defaults__, new.__kwdefaults__
        return
    for name, value in vars(changed).items():
        before = vars(module).get(name)
        if name.startswith("__") or isinstance(value, type | ModuleType) or _of(value, changed):
            continue
        for other in [m for m in sys.modules.values() if isinstance(m, ModuleType)]:
            if other.__name__.startswith(("siptui", "tests")):
                for alias, held in list(vars(other).items()):
                    if held is before and alias == name:
                        setattr(other, alias, value)
        for default in _functions(module):
            _exchange_default(default, before, value)


def _code(function: FunctionType) -> CodeType:
    return function.__code__


def _of(value: object, module: ModuleType) -> bool:
    """Whether it is a function that the module defines."""
    return callable(value) and getattr(value, "__module__", None) == module.__name__


def _exchange_default(function: FunctionType, before: object, value: object) -> None:
    """A value of the module may be the default of an argument, too."""
    if function.__defaults__ and not isinstance(before, bool | None):
        function.__defaults__ = tuple(value if d is before else d for d in function.__defaults__)
    for name, default in (function.__kwdefaults__ or {}).items():
        if default is before and not isinstance(before, bool | None):
            function.__kwdefaults__[name] = value  # type: ignore[index]


def _functions(module: ModuleType) -> list[FunctionType]:
    """All functions of the module and methods of its classes."""
    found: list[FunctionType] = []
    for holder in (module, *(v for v in vars(module).values() if isinstance(v, type))):
        if getattr(holder, "__module__", module.__name__) == module.__name__:
            plain = (_plain(v) for v in vars(holder).values())
            found += [f for f in plain if isinstance(f, FunctionType)]
    return found


def _function(module: ModuleType, name: str) -> FunctionType:
    """The function of that qualified name beneath its decorators. Raises `LookupError`."""
    holder: Any = module
    first, _, method = name.partition(".")
    holder = vars(module)[first]
    found = _plain(vars(holder)[method] if method else holder)
    if not isinstance(found, FunctionType):
        raise LookupError(name)
    return found


def _plain(value: Any) -> Any:
    """A function without what decorates it; what it remembers of before is forgotten."""
    while True:
        clear: Callable[[], None] | None = getattr(value, "cache_clear", None)
        if callable(clear) and hasattr(value, "__wrapped__"):
            clear()
        if isinstance(value, classmethod | staticmethod):
            value = value.__func__
        elif isinstance(value, property):
            value = value.fget
        elif isinstance(value, functools.cached_property):
            value = value.func
        elif isinstance(value, FunctionType) and not hasattr(value, "__wrapped__"):
            return value
        elif hasattr(value, "__wrapped__"):
            value = value.__wrapped__
        else:
            return value
