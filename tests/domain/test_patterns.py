"""A pattern that is compiled when it is first used is otherwise one like every other."""

import re

import pytest

from siptui.domain.patterns import regex


def test_it_does_what_a_compiled_one_does() -> None:
    lazy, usual = regex(r"(?P<a>x)y*", re.I), re.compile(r"(?P<a>x)y*", re.I)
    for text in ("XYY", "y", "xyx", ""):
        for way in ("match", "fullmatch", "search"):
            found, wanted = getattr(lazy, way)(text), getattr(usual, way)(text)
            assert (found and found.groupdict()) == (wanted and wanted.groupdict())
        assert lazy.sub("-", text) == usual.sub("-", text)
        assert lazy.findall(text) == usual.findall(text)
        assert lazy.split(text) == usual.split(text)
    assert (lazy.pattern, lazy.flags, lazy.groups) == (usual.pattern, usual.flags, usual.groups)


def test_an_error_in_it_comes_when_it_is_used() -> None:
    broken = regex("(")
    for _ in range(2):
        with pytest.raises(re.error):
            broken.match("x")
