"""`dataclass` of the standard library, made in a fifth of its time.

There are 150 data classes in what the first frame needs, and making them took half of the time of
all imports: the standard library compiles up to eight functions for each. Here it compiles
`__init__` alone; the other methods are shared and know the names of the fields. To the type
checker it is the standard one. What is seldom used (inheritance of fields, `order`, `KW_ONLY`,
`InitVar`) is left to it. `fields`, `replace` and `asdict` read what is made when they first ask.
"""

import dataclasses
from collections.abc import Callable
from dataclasses import KW_ONLY, MISSING, Field, FrozenInstanceError, InitVar
from operator import attrgetter
from reprlib import recursive_repr
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, ClassVar, get_origin

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(cls=None, /, **options):
        """The class with the methods of a data class; the options are the standard ones."""
        if cls is None:
            return lambda cls: dataclass(cls, **options)
        if options.keys() <= {"frozen", "slots", "repr", "kw_only"} and _is_plain(cls):
            return _made(cls, **options)
        return dataclasses.dataclass(cls, **options)


_FACTORY = object()
_put = object.__setattr__


def _is_plain(cls: type) -> bool:
    """Whether nothing in the class is of the kinds that are left to the standard library."""
    return not any(hasattr(base, "__dataclass_fields__") for base in cls.__bases__) and not any(
        kind in (KW_ONLY, InitVar)
        or isinstance(kind, InitVar)
        or (isinstance(kind, str) and ("ClassVar" in kind or "InitVar" in kind))
        for kind in cls.__annotations__.values()
    )


def _made(
    cls: type,
    *,
    frozen: bool = False,
    slots: bool = False,
    repr: bool = True,  # noqa: A002 - as the standard library calls it
    kw_only: bool = False,
) -> type:
    own = dict(cls.__dict__)
    kinds = {
        name: kind
        for name, kind in cls.__annotations__.items()
        if ClassVar not in (kind, get_origin(kind))
    }
    fields: dict[str, Field[Any]] = {}
    for name in kinds:
        given = own.pop(name, MISSING)
        fields[name] = given if isinstance(given, Field) else dataclasses.field(default=given)
        if fields[name].default.__class__.__hash__ is None:
            raise ValueError(f"a default of the field {name} that can change")
    owner: list[type] = []  # the class, when there is one
    made: dict[str, Any] = {
        "__init__": _init(cls, fields, kinds, frozen=frozen, slots=slots, by_name=kw_only),
        "__eq__": _eq([name for name, field in fields.items() if field.compare]),
        "__match_args__": tuple(n for n, f in fields.items() if f.init and not kw_only),
        "__dataclass_fields__": _Fields(kinds, fields, owner, by_name=kw_only),
        "__dataclass_params__": SimpleNamespace(frozen=frozen),
    }
    if repr:
        made["__repr__"] = _repr([name for name, field in fields.items() if field.repr])
    if own.get("__hash__") is None:  # as Python sets it beside an `__eq__` of the class's own
        own.pop("__hash__", None)
        hashed = (n for n, f in fields.items() if (f.compare if f.hash is None else f.hash))
        made["__hash__"] = _hash(list(hashed)) if frozen else None
    if frozen:
        made["__setattr__"], made["__delattr__"] = _refusals(owner, frozenset(fields))
        if slots:
            made["__getstate__"], made["__setstate__"] = _states(list(fields))
    own = made | own
    if not slots:
        own |= {n: f.default for n, f in fields.items() if f.default is not MISSING}
        for name in kinds.keys() & cls.__dict__.keys() - own.keys():
            delattr(cls, name)
        for name, value in own.items():
            if cls.__dict__.get(name, MISSING) is not value:
                setattr(cls, name, value)
        owner.append(cls)
        return cls
    own.pop("__dict__", None)
    own.pop("__weakref__", None)
    new = type(cls)(cls.__name__, cls.__bases__, {**own, "__slots__": tuple(fields)})
    new.__qualname__ = cls.__qualname__
    owner.append(new)
    return new


def _init(
    cls: type,
    fields: dict[str, "Field[Any]"],
    kinds: dict[str, Any],
    *,
    frozen: bool,
    slots: bool,
    by_name: bool,
) -> Callable[..., None]:
    """`__init__`, the one method that is compiled, since it is what is called most."""
    known: dict[str, Any] = {"_put": _put, "_FACTORY": _FACTORY, "__name__": cls.__module__}
    parameters, lines = ["self"], []
    if by_name and any(field.init for field in fields.values()):
        parameters.append("*")
    for name, field in fields.items():
        value = name
        if field.default_factory is not MISSING:
            known[f"_make_{name}"] = field.default_factory
            value = f"_make_{name}()"
            if field.init:
                parameters.append(f"{name}=_FACTORY")
                value = f"{value} if {name} is _FACTORY else {name}"
        elif field.default is not MISSING:
            known[f"_default_{name}"] = field.default
            if field.init:
                parameters.append(f"{name}=_default_{name}")
            else:
                value = f"_default_{name}"
        elif field.init:
            parameters.append(name)
        if field.init or field.default_factory is not MISSING or (slots and value != name):
            lines.append(f"_put(self, {name!r}, {value})" if frozen else f"self.{name} = {value}")
    if hasattr(cls, "__post_init__"):
        lines.append("self.__post_init__()")
    body = "\n ".join(lines) or "pass"
    exec(f"def __init__({', '.join(parameters)}):\n {body}", known)  # noqa: S102 - names alone
    made: Callable[..., None] = known.pop("__init__")
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    made.__annotations__ = {n: k for n, k in kinds.items() if fields[n].init} | {"return": None}
    return made


def _values(names: list[str]) -> Callable[[Any], Any]:
    """What reads the values of these fields, as a tuple."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda self: tuple(getattr(self, name) for name in names)


def _eq(names: list[str]) -> Callable[[Any, object], bool]:
    values = _values(names)

    def __eq__(self: Any, other: object) -> bool:  # noqa: N807 - a method
        if other.__class__ is not self.__class__:
            return NotImplemented
        same: bool = values(self) == values(other)  # of tuples
        return same

    return __eq__


def _hash(names: list[str]) -> Callable[[Any], int]:
    values = _values(names)

    def __hash__(self: Any) -> int:  # noqa: N807 - a method
        return hash(values(self))

    return __hash__


def _repr(names: list[str]) -> Callable[[Any], str]:
    @recursive_repr()
    def __repr__(self: Any) -> str:  # noqa: N807 - a method
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in names)
        return f"{self.__class__.__qualname__}({shown})"

    return __repr__


def _refusals(owner: list[type], names: frozenset[str]) -> tuple[Callable[..., None], ...]:
    """What refuses to change a field."""

    def __setattr__(self: Any, name: str, value: object) -> None:  # noqa: N807 - a method
        if type(self) is owner[0] or name in names:
            raise FrozenInstanceError(f"cannot assign to field {name!r}")
        _put(self, name, value)

    def __delattr__(self: Any, name: str) -> None:  # noqa: N807 - a method
        if type(self) is owner[0] or name in names:
            raise FrozenInstanceError(f"cannot delete field {name!r}")
        object.__delattr__(self, name)

    return __setattr__, __delattr__


def _states(names: list[str]) -> tuple[Callable[..., Any], ...]:
    """How a class is copied that has neither a dictionary nor fields that can be set."""

    def __getstate__(self: Any) -> list[Any]:  # noqa: N807 - a method
        return [getattr(self, name) for name in names]

    def __setstate__(self: Any, state: list[Any]) -> None:  # noqa: N807 - a method
        for name, value in zip(names, state, strict=True):
            _put(self, name, value)

    return __getstate__, __setstate__


class _Fields:
    """`__dataclass_fields__`, made by the standard library when it is first asked for."""

    def __init__(
        self,
        kinds: dict[str, Any],
        fields: dict[str, "Field[Any]"],
        owner: list[type],
        *,
        by_name: bool,
    ) -> None:
        self._kinds, self._fields, self._owner, self._by_name = kinds, fields, owner, by_name

    def __get__(self, instance: object, owner: type) -> dict[str, "Field[Any]"]:
        # With a text of its own: the standard library would work out a signature for one.
        body = {**self._fields, "__annotations__": self._kinds, "__doc__": "Fields."}
        bare: Any = type("Fields", (), body)
        dataclasses.dataclass(init=False, repr=False, eq=False, kw_only=self._by_name)(bare)
        made: dict[str, Field[Any]] = bare.__dataclass_fields__
        setattr(self._owner[0], "__dataclass_fields__", made)  # noqa: B010 - none to mypy
        return made
