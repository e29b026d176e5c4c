"""A small soak: the benchmark of 9,000 devices in the size that a test may have."""

import pytest

from tests.benchmarks.soak import soak


@pytest.mark.slow
def test_two_operators_under_faults_end_as_the_service_has_every_row() -> None:
    done = soak(120, sites=6)
    assert done.wrong == []
    assert done.twice == []
    assert done.violations == []
    assert done.unknown == 0
    assert done.most_live <= 3
    assert done.killed > 0
    assert done.decided > 0
    assert len(done.faults) > 8
    assert done.last.journal_bytes < 1500 * done.last.events
