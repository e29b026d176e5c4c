"""Times as the service writes them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from siptui.gateway.times import exact, parse_when, surely_before, surely_since

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


#: One moment in each form that names one.
ONE_MOMENT = [
    "2026-03-02T12:00:00.0000000Z",
    "2026-03-02T14:00:00+02:00",
    "2026-03-02T12:00Z",
    "1772452800",
    "1772452800000",
    "/Date(1772452800000)/",
    "/Date(1772452800000+0100)/",
]


@pytest.mark.parametrize("text", ONE_MOMENT)
def test_the_forms_of_one_moment_are_read_alike(text: str) -> None:
    assert parse_when(text) == NOON
    assert exact(text)
    assert surely_before(text, NOON + timedelta(seconds=61))
    assert not surely_before(text, NOON + timedelta(seconds=59))  # it may be in whole minutes
    assert surely_since(text, NOON)
    assert not surely_since(text, NOON + timedelta(seconds=61))


@pytest.mark.parametrize("text", ["", "3/2/2026 12:00:00 PM", "02.03.2026 12:00"])
def test_what_is_in_no_known_form_is_neither_before_nor_since(text: str) -> None:
    assert parse_when(text) is None
    assert not exact(text)
    assert not surely_before(text, NOON + timedelta(days=400))
    assert not surely_since(text, NOON - timedelta(days=400))


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
