"""`Retry-After` as seconds and as a date, and what is made of it."""

import asyncio
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siptui.transport.retry import (
    DEFAULT_WAIT,
    MAX_HONOURED,
    asked_wait,
    honoured,
    retried,
    retry_after,
)
from tests.support import emulated_time

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
        ("60 , 30", 60),
        ("30, soon", None),
        (" Mon, 02 Mar 2026 08:01:30 GMT ", 90),
        (" 2026-03-02T08:01:30Z ", 90),
        ("2026-03-02T08:01:30", 90),  # of no zone: UTC, as all dates of HTTP are
        ("Mon, 02 Mar 2026 08:01:30 -0000", 90),
        ("2026-03-02T10:01:30+02:00", 90),
        ("Mon, 02 Mar 99999999999999999999 08:00:00 GMT", None),
        ("Mon, 02 Mar 2026 08:00:00 +99999999999", None),
        ("x,-Mar-2026 08:01:30 GMT", None),
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
        (299, {"retry-after": "5"}, None),
        (300, {"retry-after": "5"}, 5),
        (307, {"retry-after": "5"}, 5),
        (429, {"retry-after": "2026-03-02T08:01:30Z", "date": "2026-03-02T08:01:00Z"}, 30),
    ],
)
def test_which_answers_ask_to_wait(
    status: int, headers: dict[str, str], seconds: float | None
) -> None:
    assert asked_wait(status, headers, NOW) == seconds


@given(st.floats(min_value=0, allow_nan=False))
def test_what_is_honoured_unasked_has_an_end(seconds: float) -> None:
    assert 0 <= honoured(seconds) <= MAX_HONOURED


def test_a_quarter_of_an_hour_is_honoured_unasked_and_no_more() -> None:
    assert [honoured(s) for s in (-1.0, 0.5, 899.5, 900.5)] == [0, 0.5, 899.5, 900]


@given(st.text(max_size=40))
def test_whatever_stands_there_is_a_time_or_nothing(value: str) -> None:
    found = retry_after(value, NOW)
    assert found is None or found >= 0


@given(st.integers(min_value=0, max_value=10**6))
def test_a_date_says_what_its_seconds_say(seconds: int) -> None:
    when = NOW + timedelta(seconds=seconds)
    assert retry_after(when.strftime("%a, %d %b %Y %H:%M:%S GMT"), NOW) == seconds


class FailedError(Exception):
    """A read that failed, with words for the operator where they are given."""

    def __init__(self, *message: str) -> None:
        super().__init__(*message)
        if message:
            self.message = message[0]


def _times(
    wait_for: Callable[[Exception], bool | float], works_at: int = 99
) -> tuple[list[float], bool]:
    """When a read was tried that works the `works_at`th time, and whether it came to that."""
    times: list[float] = []

    async def read() -> None:
        times.append(asyncio.get_running_loop().time())
        if len(times) < works_at:
            raise FailedError

    async def main() -> bool:
        with pytest.MonkeyPatch.context() as patched:
            # What limits of a whole time would go by; there is none.
            patched.setattr(time, "monotonic", asyncio.get_running_loop().time)
            try:
                await retried(read, wait_for)
            except FailedError:
                return False
        return True

    worked = emulated_time.run(main())
    return times, worked


def test_a_read_is_tried_five_times_at_growing_distances() -> None:
    random.seed(18)
    distances: list[list[float]] = [[], [], [], []]
    for _ in range(100):
        times, worked = _times(lambda error: True)
        assert not worked
        assert len(times) == 5
        for at, (one, following) in enumerate(pairwise(times)):
            distances[at].append(following - one)
    for least, found in zip((1, 2, 4, 8), distances, strict=True):
        # Spread over two seconds, so that many who failed at once do not come again at once.
        assert least <= min(found) < least + 0.2
        assert least + 1.8 < max(found) <= least + 2.001


def test_a_read_that_works_is_not_tried_again() -> None:
    times, worked = _times(lambda error: True, works_at=3)
    assert worked
    assert len(times) == 3


@pytest.mark.parametrize(
    ("wait", "expected"),
    [
        (False, [0]),
        (0.25, [0, 0.25, 0.5, 0.75, 1]),
        (600.0, [0, 600, 1200, 1800, 2400]),
        (MAX_HONOURED, [0, 900, 1800, 2700, 3600]),
        (MAX_HONOURED + 1, [0]),
    ],
)
def test_a_wait_that_is_asked_for_is_kept_or_not_begun(
    wait: bool | float, expected: list[float]
) -> None:
    times, worked = _times(lambda error: wait)
    assert not worked
    assert times == pytest.approx(expected)


@pytest.mark.parametrize(
    ("error", "why"), [(FailedError("It is busy."), "It is busy."), (FailedError(), "FailedError")]
)
def test_who_waits_hears_why_and_until_when(error: FailedError, why: str) -> None:
    heard: list[tuple[str, datetime]] = []

    async def read() -> None:
        raise error

    async def main() -> None:
        with pytest.raises(FailedError):
            await retried(read, lambda error: 600.0, lambda *told: heard.append(told))

    wait = timedelta(seconds=600)
    begun = datetime.now(UTC)
    emulated_time.run(main())
    assert [said for said, _ in heard] == [why] * 4
    assert all(begun + wait <= until <= datetime.now(UTC) + wait for _, until in heard)


def test_each_hears_of_its_own_waits_alone() -> None:
    heard: list[str] = []

    async def fails() -> None:
        raise FailedError

    async def inner() -> None:
        await retried(fails, lambda error: 1.0, lambda *told: heard.append("inner"))

    async def main() -> None:
        with pytest.raises(FailedError):
            await retried(inner, lambda error: 1.0, lambda *told: heard.append("outer"))
        with pytest.raises(FailedError):
            await retried(fails, lambda error: 1.0)

    emulated_time.run(main())
    assert heard == ([*["inner"] * 4, "outer"] * 5)[:-1]
