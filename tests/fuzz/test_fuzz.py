"""A few of each kind of hostile input in every run of the suite."""

import json
import random
from pathlib import Path

import pytest

from tests.fuzz import plans
from tests.fuzz.__main__ import TARGETS

#: How many of those that take long each; a journal is made, damaged and opened three times.
_FEWER = {"filled": 60, "journals": 15, "typed": 120, "edits": 150, "plans": 100}
_FEWER |= {"findings": 150, "answers": 250, "themes": 150, "workbooks": 200}

#: What has tests of its own.
_ELSEWHERE = {"lists", "archives", "bombs", "oldbooks"}


@pytest.mark.parametrize("target", sorted(set(TARGETS) - _ELSEWHERE))
def test_what_means_no_good_is_refused_in_words(target: str, tmp_path: Path) -> None:
    count = _FEWER.get(target, 400)
    understood = [TARGETS[target](tmp_path, random.Random(f"s-{n}"), n) for n in range(count)]
    assert 0 < sum(understood) < len(understood)


def test_a_plan_with_any_one_field_changed_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    body = json.loads(plans.write(path))
    changed = plans.every_field(body)
    assert len(changed) > 200
    for other in changed:
        assert plans.read_or_refused(path, json.dumps(other).encode()) is None, other
    again = plans.read_or_refused(path, json.dumps(body, indent=4, sort_keys=True).encode())
    assert again is not None  # laid out otherwise it is the same plan


def test_a_plan_with_any_one_byte_changed_is_refused_or_the_same(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    good = plans.write(path)
    for at in range(0, len(good), 3):
        for bit in (0x01, 0x20):
            sent = good[:at] + bytes((good[at] ^ bit,)) + good[at + 1 :]
            if plans.read_or_refused(path, sent) is not None:
                assert json.loads(sent) == json.loads(good), sent
