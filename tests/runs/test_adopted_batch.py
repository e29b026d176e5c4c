"""What is written of a batch that a run follows: its id, and when it was submitted."""

from datetime import timedelta

import pytest

from siptui.runs.adopted_batch import followed_from
from siptui.runs.events import BatchAccepted

EARLY, NOON, LATE = (
    f"2026-03-0{day}T{hour}:00:07.000Z" for day, hour in ((1, 22), (2, 12), (3, "02"))
)


@pytest.mark.parametrize("count", [None, 3])
def test_it_is_followed_as_one_that_was_not_submitted_here(count: int | None) -> None:
    assert followed_from(2, "Theirs", NOON, count=count) == BatchAccepted(
        batch=2,
        batch_id="Theirs",
        count=count,
        adopted=True,
        requested=NOON,
        requested_from=NOON,
        requested_until=NOON,
    )


@pytest.mark.parametrize(
    ("text", "moments"),
    [
        ("2026-03-02T13:00:07+01:00", (NOON, NOON, NOON)),
        ("2026-03-02T12:00:07", (EARLY, NOON, LATE)),
        ("yesterday", ("", "", "")),
        ("", ("", "", "")),
    ],
)
def test_of_a_time_without_a_zone_the_widest_span_is_kept(
    text: str, moments: tuple[str, str, str]
) -> None:
    event = followed_from(1, "Theirs", text)
    assert (event.requested_from, event.requested, event.requested_until) == moments


@pytest.mark.parametrize(
    ("minutes", "requested"), [(5, "2026-03-02T11:55:07.000Z"), (-5, "2026-03-02T12:05:07.000Z")]
)
def test_its_times_are_by_this_host_s_clock(minutes: int, requested: str) -> None:
    event = followed_from(1, "Theirs", NOON, ahead=timedelta(minutes=minutes))
    assert {event.requested, event.requested_from, event.requested_until} == {requested}
