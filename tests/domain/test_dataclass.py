"""`dataclass` behaves as the standard library's, class by class and method by method."""

import copy
import dataclasses
import importlib
import inspect
import pickle
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import KW_ONLY, FrozenInstanceError, InitVar, field
from functools import cached_property
from typing import Any, ClassVar, Generic, TypeVar

import msgspec
import pytest

import siptui
from siptui.domain import dataclass as ours

T = TypeVar("T")
Decorator = Callable[..., Any]
OPTIONS = [
    {},
    {"slots": True},
    {"frozen": True},
    {"frozen": True, "slots": True},
    {"frozen": True, "slots": True, "repr": False},
    {"frozen": True, "slots": True, "kw_only": True},
]


def point(decorator: Decorator, **options: bool) -> Any:
    """A class with every kind of field there is."""

    @decorator(**options)
    class Point:
        """A point."""

        x: int
        y: "int" = 3
        names: list[str] = field(default_factory=list)
        secret: str = field(default="hidden", repr=False)
        note: str = field(default="", compare=False)
        tag: str = field(default="", hash=False)
        made: int = field(default=7, init=False)
        filled: list[int] = field(default_factory=list, init=False)
        kinds: ClassVar[tuple[str, ...]] = ("a", "b")

        def both(self) -> int:
            """The sum."""
            return self.x + self.y

    return Point


def both_of(make: Callable[..., Any], **options: bool) -> tuple[Any, Any]:
    """The class made by the standard library, and by ours."""
    return make(dataclasses.dataclass, **options), make(ours.dataclass, **options)


def told(act: Callable[[], object]) -> object:
    """What comes of it: the value, or the error by its kind."""
    try:
        return act()
    except Exception as error:
        return type(error)


@pytest.mark.parametrize("options", OPTIONS)
def test_instances_are_as_the_standard_ones(options: dict[str, bool]) -> None:
    standard, quick = both_of(point, **options)
    acts: list[Callable[[Any], object]] = [
        lambda c: repr(c(1)).partition(" object at")[0],
        lambda c: repr(c(1, 2, ["n"], "s", "t", "u")).partition(" object at")[0],
        lambda c: c(1) == c(1),
        lambda c: c(1, note="a") == c(1, note="b"),
        lambda c: c(1) == c(2),
        lambda c: c(1) == 1,
        lambda c: c(1, names=("n",)) != c(1, names=("n",), tag="t"),
        lambda c: c.__hash__ is None,
        lambda c: c(1).both(),
        lambda c: c(1).names is c(1).names,
        lambda c: (c(1).made, c(1).filled, c.kinds, c.__match_args__, c.__doc__, c.__qualname__),
        lambda c: c(),
        lambda c: c(1, made=2),
        lambda c: c(1, 2, 3, 4, 5, 6, 7),
        lambda c: dataclasses.asdict(c(1, 2)),
        lambda c: dataclasses.astuple(c(1, 2)),
        lambda c: repr(dataclasses.replace(c(1), y=9, note="n")).partition(" object at")[0],
        lambda c: dataclasses.replace(c(1), made=9),
        lambda c: dataclasses.replace(c(1), other=9),
        lambda c: [(f.name, f.init, f.repr, f.compare, f.hash) for f in dataclasses.fields(c)],
        lambda c: [f.type for f in dataclasses.fields(c(1))],
        lambda c: dataclasses.is_dataclass(c),
        lambda c: setattr(c(1), "x", 2),
        lambda c: delattr(c(1), "x"),
        lambda c: hasattr(c(1), "__dict__"),
        lambda c: (c(x=1, y=2).both(), c(x=1) == c(x=1), str(inspect.signature(c)) != ""),
        lambda c: dataclasses.replace(c(x=1), y=2).both(),
        lambda c: copy.copy(c(1, 2)) == c(1, 2),
        lambda c: copy.deepcopy(c(1, 2, ["a"])) == c(1, 2, ["a"]),
        lambda c: msgspec.json.encode(c(1, 2)),
        lambda c: c.__init__.__qualname__,
    ]
    for act in acts:
        assert told(lambda act=act: act(quick)) == told(lambda act=act: act(standard))  # type: ignore[misc]


def test_equal_instances_have_one_hash_and_fields_left_out_do_not_count() -> None:
    @ours.dataclass(frozen=True)
    class Pair:
        a: int
        b: int
        tag: str = field(default="", hash=False)
        note: str = field(default="", compare=False)

    @ours.dataclass(frozen=True)
    class One:
        a: object

    @ours.dataclass(frozen=True)
    class Empty:
        pass

    assert hash(Pair(1, 2)) == hash(Pair(1, 2, "t", "n")) == hash((1, 2))
    assert Pair(1, 2, "t") == Pair(1, 2, "t", "n") != Pair(1, 2, "u")
    assert (hash(One(5)), hash(Empty())) == (hash((5,)), hash(()))
    assert One(1) == One(1) != One(2)
    assert Empty() == Empty()
    nan = float("nan")
    assert One(nan) == One(nan)  # as values in a tuple: the same one equals itself


def test_what_cannot_change_says_so_and_a_subclass_has_its_own_attributes() -> None:
    @ours.dataclass(frozen=True)
    class Fixed:
        a: int

    class Below(Fixed):
        pass

    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'a'"):
        Fixed(1).a = 2  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'b'"):
        Fixed(1).b = 2  # type: ignore[attr-defined]
    below: Any = Below(1)
    below.b = 2
    assert below.b == 2
    del below.b
    with pytest.raises(FrozenInstanceError):
        below.a = 2
    with pytest.raises(FrozenInstanceError):
        del below.a


def test_methods_of_the_class_itself_stay() -> None:
    @ours.dataclass(frozen=True, slots=True)
    class Own:
        a: int
        seen: list[int] = field(default_factory=list)

        def __post_init__(self) -> None:
            self.seen.append(self.a)

        def __repr__(self) -> str:
            return "own"

        def __eq__(self, other: object) -> bool:
            return True

        def __hash__(self) -> int:
            return 5

    assert (repr(Own(1)), Own(1) == Own(2), hash(Own(1)), Own(1).seen) == ("own", True, 5, [1])

    @ours.dataclass(frozen=True)
    class Compared:
        a: int

        def __eq__(self, other: object) -> bool:
            return True

    assert hash(Compared(3)) == hash(Compared(3))


def test_a_value_can_be_kept_where_there_are_no_slots() -> None:
    @ours.dataclass(frozen=True)
    class Kept:
        a: int = 4

        @cached_property
        def twice(self) -> int:
            return self.a * 2

    assert (Kept().twice, Kept.a, Kept(2).twice) == (8, 4, 4)


def test_a_class_that_shows_itself_inside_itself_is_shown_once() -> None:
    @ours.dataclass(slots=True)
    class Ring:
        next: Any = None

    ring = Ring()
    ring.next = ring
    assert repr(ring).endswith("Ring(next=...)")


def test_rare_kinds_are_left_to_the_standard_library() -> None:
    @ours.dataclass(frozen=True, slots=True)
    class Above:
        a: int = 1

    @ours.dataclass(frozen=True, slots=True)
    class Below(Above):
        b: int = 2

    assert (Below(3, 4).a, Below(3, 4).b, Below() == Below(1, 2)) == (3, 4, True)
    assert repr(Below()).endswith("Below(a=1, b=2)")

    with pytest.raises(TypeError, match="non-frozen"):

        @ours.dataclass
        class Loose(Above):  # type: ignore[misc]
            b: int = 2

    @ours.dataclass
    class Rare(Generic[T]):
        given: InitVar[int]
        _: KW_ONLY
        kept: int = 0

        def __post_init__(self, given: int) -> None:
            self.kept += given

    assert Rare[int](2, kept=3).kept == 5


def test_a_default_that_can_change_is_refused() -> None:
    with pytest.raises(ValueError, match="default"):

        @ours.dataclass
        class Shared:
            a: list[int] = []  # noqa: RUF012 - what is refused


@ours.dataclass(frozen=True, slots=True)
class Stored:
    """One that can be found again by its name."""

    a: int
    b: tuple[int, ...] = ()


def test_one_is_pickled() -> None:
    assert pickle.loads(pickle.dumps(Stored(1, (2,)))) == Stored(1, (2,))


def of_the_product() -> Iterator[type]:
    """Every data class of ours that this system can import."""
    for found in pkgutil.walk_packages(siptui.__path__, "siptui."):
        if ".windows" in found.name or found.name.endswith("__main__"):
            continue
        module = importlib.import_module(found.name)
        for value in vars(module).values():
            own = isinstance(value, type) and value.__module__ == found.name
            if own and "__dataclass_fields__" in vars(value):
                yield value


def test_those_of_the_product_have_the_parameters_that_the_standard_ones_have() -> None:
    classes = list(of_the_product())
    assert len(classes) > 200
    for made in classes:
        fields = [(f.name, f.type, f) for f in dataclasses.fields(made)]
        standard = dataclasses.make_dataclass("Standard", fields)
        assert made.__match_args__ == standard.__match_args__, made  # type: ignore[attr-defined]
        assert list(inspect.signature(made).parameters) == [
            f.name for _, _, f in fields if f.init
        ], made
