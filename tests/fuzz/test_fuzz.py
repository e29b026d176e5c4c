"""A few of each kind of hostile input in every run of the suite."""

import random
from pathlib import Path

import pytest

from tests.fuzz.__main__ import TARGETS


@pytest.mark.parametrize("target", sorted(set(TARGETS) - {"lists"}))  # lists have a test elsewhere
def test_what_means_no_good_is_refused_in_words(target: str, tmp_path: Path) -> None:
    understood = [TARGETS[target](tmp_path, random.Random(f"s-{n}"), n) for n in range(400)]
    assert 0 < sum(understood) < len(understood)
