"""`Retry-After` as seconds and as a date."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siptui.transport.retry import retry_after

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0),
        (" 120 ", 120),
        ("Mon, 02 Mar 2026 08:01:30 GMT", 90),
        ("Mon, 02 Mar 2026 09:01:30 +0100", 90),
        ("Monday, 02-Mar-26 08:00:10 GMT", 10),
        ("Sun, 01 Mar 2026 08:00:00 GMT", 0),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
    ],
)
def test_both_forms(value: str, seconds: float | None) -> None:
    assert retry_after(value, NOW) == seconds


@given(st.text(max_size=40))
def test_whatever_stands_there_is_a_time_or_nothing(value: str) -> None:
    found = retry_after(value, NOW)
    assert found is None or found >= 0


@given(st.integers(min_value=0, max_value=10**6))
def test_a_date_says_what_its_seconds_say(seconds: int) -> None:
    when = NOW + timedelta(seconds=seconds)
    assert retry_after(when.strftime("%a, %d %b %Y %H:%M:%S GMT"), NOW) == seconds
