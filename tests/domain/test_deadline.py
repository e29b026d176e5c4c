"""Deadlines warn: 72 hours after onboarding, 168 after a sign-out."""

from datetime import UTC, datetime, timedelta

import pytest

from siptui.domain.deadline import deadline_of, deadlines_note, time_left
from siptui.domain.device import Device
from siptui.domain.hardware_id import HardwareId
from siptui.domain.region import Region
from siptui.domain.user_name import UserName

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def device(**extra: str) -> Device:
    return Device(2, UserName("a@contoso.com"), HardwareId("00-04-F2-81-24-B3"), Region.EMEA, extra)


@pytest.mark.parametrize(
    ("column", "text", "hours"),
    [
        ("OnboardedAt", "2026-03-01T08:00:00Z", 72 - 24),
        ("Onboarded at", "2026-03-01 08:00", 72 - 24),
        ("onboarded_at", "2026-03-01T10:00:00+02:00", 72 - 24),
        ("SignedOutAt", "2026-03-01T08:00:00Z", 168 - 24),
    ],
)
def test_the_column_says_what_the_deadline_is(column: str, text: str, hours: int) -> None:
    assert deadline_of(device(**{column: text})) == NOW + timedelta(hours=hours)


@pytest.mark.parametrize("extra", [{}, {"OnboardedAt": ""}, {"OnboardedAt": "soon"}, {"Room": "1"}])
def test_no_date_no_deadline(extra: dict[str, str]) -> None:
    assert deadline_of(device(**extra)) is None
    assert deadlines_note([device(**extra)], NOW) == ""


def test_time_left_is_counted_as_people_do() -> None:
    assert time_left(NOW + timedelta(hours=71, minutes=5), NOW) == "71 h"
    assert time_left(NOW + timedelta(hours=2, minutes=5), NOW) == "2 h 05 min"
    assert time_left(NOW + timedelta(minutes=9, seconds=59), NOW) == "9 min"
    assert time_left(NOW - timedelta(minutes=1), NOW) == "past"


def test_the_note_counts_those_past_and_those_soon() -> None:
    devices = [
        device(OnboardedAt="2026-02-20T08:00:00Z"),
        device(OnboardedAt="2026-02-27T10:00:00Z"),
        device(OnboardedAt="2026-03-01T08:00:00Z"),
    ]
    assert deadlines_note(devices, NOW) == (
        "1 device is past the deadline and will probably fail; "
        "the next deadline is in 2 h 00 min, 1 device is within 6 hours of it."
    )
