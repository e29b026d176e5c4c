"""The changes that are made to a module, and what becomes of them in one that is imported."""

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

from tests.mutation.__main__ import Equivalent, equivalents, judged, targets
from tests.mutation.change import put_in
from tests.mutation.operators import mutants
from tests.mutation.session import Result, _coroutine

SOURCE = '''
"""A module."""
import re
from functools import cache
MOST = 2
STATES = frozenset({MOST, MOST + 1})
WORD = re.compile(r"a|b(?:c|d)", re.I)

class Rule:
    @property
    def name(self):
        return "x".casefold()

    def holds(self, n, *, strict=False):
        if n > MOST and not strict:
            self.seen = n
            return f"{n} is more than there may be"
        return None

@cache
def over(n, limit=MOST):
    return n >= limit
'''


def _changes(source: str) -> list[str]:
    return [f"{m.function}: {m.change}" for m in mutants(ast.parse(source))]


def test_each_change_has_a_name_of_its_own_and_compiles() -> None:
    found = _changes(SOURCE)
    assert len(set(found)) == len(found)
    for number in range(len(found)):
        tree = ast.parse(SOURCE)
        mutants(tree)[number].make()
        assert ast.unparse(tree) != ast.unparse(ast.parse(SOURCE))
        compile(tree, "changed", "exec")


def test_what_is_changed_and_what_is_not() -> None:
    found = _changes(SOURCE)
    for change in (
        ": {MOST, MOST + 1} without MOST",
        "Rule.holds: if n > MOST and (not strict) -> True",
        "Rule.holds: n > MOST -> n >= MOST",
        "Rule.holds: not strict -> strict",
        "Rule.holds: without: self.seen = n",
        "Rule.holds: False -> True",
        "Rule.name: 'x'.casefold() -> 'x'",
        "over: n >= limit -> n > limit",
    ):
        assert change in found
    assert {c for c in found if "re.compile without" in c} == {
        ": re.compile without a",
        ": re.compile without b(?:c|d)",
        ": re.compile without c",
        ": re.compile without d",
    }
    assert not [change for change in found if "is more than" in change.partition(": ")[2][:20]]


def test_a_regular_expression_is_changed_whenever_it_is_compiled() -> None:
    later = _changes(SOURCE.replace("re.compile(", "regex("))
    assert [c.replace("regex", "re.compile") for c in later] == _changes(SOURCE)
    assert any("without its flags" in change for change in later)


def test_names_outlive_other_lines() -> None:
    assert _changes("\n\n# more\n" + SOURCE) == _changes(SOURCE)


def test_the_lines_of_a_coroutine_are_found_by_its_name() -> None:
    tree = ast.parse("class A:\n    x = 1\n    async def f(self):\n        pass\ndef f(): ...\n")
    assert _coroutine(tree, "A.f") == range(3, 5)
    assert not _coroutine(tree, "f")
    assert not _coroutine(tree, "A.g")
    assert not _coroutine(tree, "")


@pytest.fixture
def module() -> Iterator[ModuleType]:
    made = ModuleType("tests.mutation.made_up")
    made.__file__ = str(Path(__file__))
    exec(compile(SOURCE, "made", "exec"), vars(made))
    sys.modules[made.__name__] = made
    yield made
    del sys.modules[made.__name__]


def _put(module: ModuleType, change: str) -> None:
    tree = ast.parse(SOURCE)
    (mutant,) = [m for m in mutants(tree) if f"{m.function}: {m.change}" == change]
    put_in(module, tree, mutant)


def test_functions_and_methods_take_a_change_where_they_were_imported(module: ModuleType) -> None:
    over, rule = module.over, module.Rule()
    assert over(2)
    _put(module, "over: n >= limit -> n > limit")
    assert not over(2)
    _put(module, "Rule.holds: False -> True")
    assert rule.holds(3) is None
    _put(module, "Rule.name: 'x'.casefold() -> 'x'")
    assert rule.name == "x"


def test_values_of_a_module_take_a_change_with_what_is_made_of_them(module: ModuleType) -> None:
    over = module.over
    assert over(2)
    _put(module, ": 2 -> 3")
    assert module.MOST == 3
    assert not module.STATES ^ {3, 4}
    assert not over(2)


def test_only_survivors_that_are_listed_pass() -> None:
    killed, survived = Result("f", "a -> b", 1, True, "t"), Result("f", "c -> d", 2, False)
    listed = [Equivalent("m", "f", "c -> d", "no reason")]
    assert list(judged("m", [killed, survived], listed)) == []
    assert "survived" in " ".join(judged("m", [killed, survived], []))
    assert "told apart" in " ".join(judged("m", [killed], [Equivalent("m", "f", "a -> b", "")]))
    assert "not there" in " ".join(judged("m", [killed], [Equivalent("m", "g", "a -> b", "")]))
    assert list(judged("m", [survived], [Equivalent("m", "f", "*", "words")])) == []


def test_targets_and_equivalents_are_there() -> None:
    root, named = Path(__file__).parents[2], targets()

    @cache
    def changes(module: str) -> set[tuple[str, str]]:
        source = (root / Path(*module.split("."))).with_suffix(".py").read_text("utf-8")
        return {(m.function, m.change) for m in mutants(ast.parse(source))}

    for module, tests in named.items():
        assert (root / Path(*module.split("."))).with_suffix(".py").exists()
        assert all((root / test).exists() for test in tests)
    for one in equivalents():
        assert one.module in named
        assert one.why
        assert one.change == "*" or (one.function, one.change) in changes(one.module), one
