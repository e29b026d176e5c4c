"""`Retry-After` as seconds and as a date, and what is made of it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siptui.transport.retry import (
    DEFAULT_WAIT,
    MAX_HONOURED,
    asked_wait,
    honoured,
    retry_after,
)

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
LAST_DAY = (datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC) - NOW).total_seconds() + 12 * 3600


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
        ("1.5", 1.5),
        ("20.5", 20.5),
        (".5", 0.5),
        ("7.", 7),
        ("1.5.2", None),
        ("1e3", None),
        ("inf", None),
        ("nan", None),
        ("0000000005", 5),
        ("1000000000", 1e9),
        ("9" * 400, 2.5e11),
        ("30, 60", 60),
        ("Fri, 31 Dec 9999 23:59:59 -1200", LAST_DAY),
        ("2026-03-02T08:01:30Z", 90),
        ("٣", None),
    ],
)
def test_both_forms(value: str, seconds: float | None) -> None:
    assert retry_after(value, NOW) == seconds


@pytest.mark.parametrize("ahead", [3600, -3600, 86400 * 400])
@pytest.mark.parametrize("form", ["%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT"])
def test_a_date_counts_from_the_answers_own(ahead: int, form: str) -> None:
    service = NOW + timedelta(seconds=ahead)
    until = service + timedelta(seconds=3)
    assert retry_after(until.strftime(form), NOW, service.strftime(form)) == 3
    assert retry_after(until.strftime(form), NOW, "no date") == max(0, ahead + 3)


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        (429, {"retry-after": "5"}, 5),
        (429, {"retry-after": "soon"}, DEFAULT_WAIT),
        (429, {"retry-after": ""}, DEFAULT_WAIT),
        (429, {}, DEFAULT_WAIT),
        (503, {"retry-after": "5"}, 5),
        (503, {"retry-after": "soon"}, DEFAULT_WAIT),
        (503, {}, None),
        (500, {"retry-after": "5"}, 5),
        (500, {"retry-after": "soon"}, None),
        (202, {"retry-after": "5"}, None),
    ],
)
def test_which_answers_ask_to_wait(
    status: int, headers: dict[str, str], seconds: float | None
) -> None:
    assert asked_wait(status, headers, NOW) == seconds


@given(st.floats(min_value=0, allow_nan=False))
def test_what_is_honoured_unasked_has_an_end(seconds: float) -> None:
    assert 0 <= honoured(seconds) <= MAX_HONOURED


@given(st.text(max_size=40))
def test_whatever_stands_there_is_a_time_or_nothing(value: str) -> None:
    found = retry_after(value, NOW)
    assert found is None or found >= 0


@given(st.integers(min_value=0, max_value=10**6))
def test_a_date_says_what_its_seconds_say(seconds: int) -> None:
    when = NOW + timedelta(seconds=seconds)
    assert retry_after(when.strftime("%a, %d %b %Y %H:%M:%S GMT"), NOW) == seconds
