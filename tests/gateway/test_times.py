"""Times as the service writes them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from siptui.gateway.times import parse_when, surely_before, surely_since

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
#: How .NET writes a time that was never set, and one without an end; in other zones, too.
NONE_SET = [
    "0001-01-01T00:00:00",
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59.9999999",
    "9999-12-31T23:59:59Z",
    "9999-12-31T23:59:59-12:00",
    "/Date(-62135596800000)/",
    "/Date(253402300799999)/",
]


@pytest.mark.parametrize("text", NONE_SET)
def test_the_ends_of_the_calendar_are_no_time(text: str) -> None:
    assert parse_when(text) is None
    assert not surely_before(text, NOON)
    assert not surely_since(text, NOON)


@pytest.mark.parametrize("text", ["0002-01-01T00:00:00+14:00", "9998-12-31T23:59:59-12:00"])
def test_what_is_a_time_can_be_reckoned_with_in_any_zone(text: str) -> None:
    when = parse_when(text)
    assert when is not None
    for hours in (-14, 14):
        assert when.astimezone(timezone(timedelta(hours=hours))) == when
    assert surely_before(text, NOON) is not surely_since(text, NOON)
