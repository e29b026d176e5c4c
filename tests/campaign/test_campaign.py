"""The campaign's plans. It is carried out by hand: `python -m tests.campaign`."""

import random
from collections import Counter

import pytest

from siptui.emulator.scenario import read_scenario
from tests.campaign.__main__ import BASE, Result, planned, table
from tests.campaign.kinds import KINDS, Kind


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_kind_is_a_scenario_that_the_emulator_reads(kind: Kind) -> None:
    for seed in range(40):
        read_scenario(kind.scenario(random.Random(seed)), kind.name)


def test_a_plan_follows_from_seed_and_number_alone() -> None:
    names = Counter[str]()
    for number in range(300):
        kinds = planned(random.Random(f"7-{number}"), number, "")
        assert kinds == planned(random.Random(f"7-{number}"), number, "")
        names.update(kind.name for kind in kinds)
        rng = random.Random(number)
        parts = [kind.scenario(rng) for kind in kinds]
        read_scenario("".join(parts if kinds[0].alone else (BASE, *parts)), str(number))
        assert sum("process" in kind.group for kind in kinds) <= 1
    assert all(names[kind.name] >= 6 for kind in KINDS)


def test_any_two_kinds_that_go_together_make_one_scenario() -> None:
    for kind in KINDS:
        for other in KINDS:
            if kind.goes_with(other) and not (kind.alone or other.alone):
                rng = random.Random(1)
                read_scenario("".join((BASE, kind.scenario(rng), other.scenario(rng))), kind.name)


def test_the_table_counts_every_kind_and_all() -> None:
    results = [Result(n, planned(random.Random(n), n, "")) for n in range(len(KINDS))]
    results[3].faults = ["twice"]
    results = [Result.of_line(result.line()) for result in results]
    rows = table(results).splitlines()
    assert len(rows) == 2 + len(KINDS) + 1
    assert rows[-1].endswith("| 1 |")
