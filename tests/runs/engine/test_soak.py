"""A small soak: the benchmark of 9,000 devices in the size that a test may have."""

import pytest

from siptui.runs.events import RunFinished
from tests.benchmarks.soak import soak


@pytest.mark.slow
def test_hundreds_of_devices_under_faults_end_as_the_service_has_them() -> None:
    done = soak(900)
    assert isinstance(done.end, RunFinished)
    assert (done.wrong, done.twice, done.violations) == (0, 0, 0)
    assert done.most_live == 3
    assert done.unknown == 100  # the one batch that never arrived, left to the operator
    assert done.journal_bytes < 800 * done.events
