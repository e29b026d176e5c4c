"""Times as people read them."""

from datetime import UTC, datetime, timedelta

import pytest

from siptui.domain.times import local_time, time_until

AT = "2026-03-02T08:00:00.000Z"


@pytest.mark.parametrize(
    ("until", "said"),
    [
        ("2026-03-02T08:15:00.000Z", "08:15:00"),
        ("2026-03-02T19:59:59.000Z", "19:59:59"),
        ("2026-03-02T21:00:00.000Z", "2026-03-02 21:00"),
        ("2026-03-03T00:01:00.000Z", "2026-03-03 00:01"),
        ("2057-09-09T01:46:40.000Z", "2057-09-09 01:46"),
        ("no time", ""),
    ],
)
def test_a_long_wait_has_a_date(until: str, said: str) -> None:
    assert time_until(until, AT) == said


def test_here_too() -> None:
    now = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
    assert len(local_time(now, now)) == len("08:00:00")
    later = local_time(now + timedelta(days=400), now)
    assert later.startswith("2027-04-0")
