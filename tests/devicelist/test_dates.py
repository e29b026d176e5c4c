"""Dates of onboarding: every usual form, nothing guessed, nothing left unread without a word."""

import time
from datetime import datetime
from pathlib import Path

import pytest

from siptui.devicelist import DeviceList, UndecidedError
from siptui.domain.deadline import deadline_of, onboarded_at
from siptui.domain.errors import UsageError
from siptui.domain.list_options import ListOptions, with_answer
from tests.devicelist.support import read_text, rules

BERLIN = ListOptions(timezone="Europe/Berlin")


def dated(folder: Path, *dates: str, options: ListOptions = BERLIN) -> DeviceList:
    rows = [f"p{n}@c.de;0004F28124{n:02x};{text}" for n, text in enumerate(dates)]
    text = "\n".join(["UPN;MAC;OnboardedAt", *rows, ""])
    return read_text(folder, text, options=options)


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2026-11-25", "2026-11-25T00:00:00+01:00"),
        ("2026-06-25", "2026-06-25T00:00:00+02:00"),
        ("2026-11-25T09:00:00Z", "2026-11-25T09:00:00+00:00"),
        ("2026-11-25 09:00", "2026-11-25T09:00:00+01:00"),
        ("2026/11/25 9:00", "2026-11-25T09:00:00+01:00"),
        ("25.11.2026 09:00", "2026-11-25T09:00:00+01:00"),
        ("25.11.26", "2026-11-25T00:00:00+01:00"),
        ("5. 1. 2026, 9:05 Uhr", "2026-01-05T09:05:00+01:00"),
        ("25/11/2026 21:00", "2026-11-25T21:00:00+01:00"),
        ("11/25/2026 9:00 PM", "2026-11-25T21:00:00+01:00"),
        ("11/25/2026 12:30 AM", "2026-11-25T00:30:00+01:00"),
        ("5/5/2026", "2026-05-05T00:00:00+02:00"),
        ("25-11-2026", "2026-11-25T00:00:00+01:00"),
        ("25-Nov-2026 09:00", "2026-11-25T09:00:00+01:00"),
        ("Nov 25, 2026", "2026-11-25T00:00:00+01:00"),
        ("25. November 2026", "2026-11-25T00:00:00+01:00"),
        ("1er décembre 2026", "2026-12-01T00:00:00+01:00"),
        ("25-Nov-26", "2026-11-25T00:00:00+01:00"),
        ("25th of November 2026", "2026-11-25T00:00:00+01:00"),
        ("25 de noviembre de 2026", "2026-11-25T00:00:00+01:00"),
        ("Mi, 25.11.2026", "2026-11-25T00:00:00+01:00"),
        ("mer. 25/11/2026 à 9h05", "2026-11-25T09:05:00+01:00"),
        ("2026. 11. 25.", "2026-11-25T00:00:00+01:00"),
        ("2026-11-25 kl. 09:00", "2026-11-25T09:00:00+01:00"),
        ("25.11.2026\xa009:00", "2026-11-25T09:00:00+01:00"),
        ("\u200e25/\u200e11/\u200e2026 09:00", "2026-11-25T09:00:00+01:00"),
        ("11/25/2026 9:00\u202fAM", "2026-11-25T09:00:00+01:00"),
        ("Wed, 25 Nov 2026 09:00:00 +0300", "2026-11-25T09:00:00+03:00"),
        ("46351.375", "2026-11-25T09:00:00+01:00"),
        ("46351,375", "2026-11-25T09:00:00+01:00"),
    ],
)
def test_every_usual_form_is_read(tmp_path: Path, text: str, iso: str) -> None:
    found = dated(tmp_path, text)
    assert not found.faults
    (device,) = found.devices
    assert device.extra["OnboardedAt"] == iso
    assert onboarded_at(device) == datetime.fromisoformat(iso)
    end = deadline_of(device)
    assert end is not None
    assert (end - datetime.fromisoformat(iso)).total_seconds() == 72 * 3600


@pytest.mark.parametrize(
    "text",
    [
        *("x", "32.1.2026", "2026-02-30", "25.13.2026", "12.5", "99999", "tomorrow"),
        *("11/25/2026 13 PM", "until 25 Nov 2026", "vor 25.11.2026", "26/11/25", "26-11-25"),
    ],
)
def test_what_is_no_date_is_never_passed_over_in_silence(tmp_path: Path, text: str) -> None:
    found = dated(tmp_path, "2026-11-25", text)
    assert rules(found, "warning") == [(3, "OnboardedAt", "date")]
    assert "no deadline is known" in found.faults[0].message
    assert found.devices[1].extra["OnboardedAt"] == text


def test_slashes_are_decided_by_the_whole_column(tmp_path: Path) -> None:
    found = dated(tmp_path, "3/4/2026", "25/4/2026")
    assert [onboarded_at(d).month for d in found.devices] == [4, 4]  # type: ignore[union-attr]
    assert any("with the day first" in text for text in found.decided)
    found = dated(tmp_path, "3/4/2026", "4/25/2026")
    assert [onboarded_at(d).month for d in found.devices] == [3, 4]  # type: ignore[union-attr]


@pytest.mark.parametrize("dates", [("3/4/2026",), ("25/4/2026", "4/25/2026")])
def test_where_it_stays_open_the_operator_is_asked(tmp_path: Path, dates: tuple[str, ...]) -> None:
    with pytest.raises(UndecidedError) as caught:
        dated(tmp_path, *dates)
    error = caught.value
    assert (error.code, error.question.key) == ("ambiguous_date", "dates")
    assert "--day-first or --month-first" in error.remedy
    months = []
    for option in error.question.options:
        found = dated(tmp_path, *dates, options=with_answer(BERLIN, "dates", option.header))
        moment = onboarded_at(found.devices[0])
        months.append(moment.month if moment else None)
        assert len(found.faults) == len(dates) - 1
    assert months in ([4, 3], [4, None])


def test_a_year_of_two_digits_is_read_where_it_can_stand_at_one_end_only(tmp_path: Path) -> None:
    found = dated(tmp_path, "26/11/25", "05/11/25")
    assert [onboarded_at(d).year for d in found.devices] == [2025, 2025]  # type: ignore[union-attr]
    found = dated(tmp_path, "26/11/25", options=with_answer(BERLIN, "dates", "day first"))
    assert [onboarded_at(d).year for d in found.devices] == [2025]  # type: ignore[union-attr]
    found = dated(tmp_path, "26/11/25", "27/11/25")
    assert rules(found, "warning") == [(2, "OnboardedAt", "date"), (3, "OnboardedAt", "date")]
    assert "with four digits, or say --day-first" in found.faults[0].message


@pytest.mark.parametrize("text", ["1999-01-01", "2206-11-25", "01.01.0001"])
def test_a_date_when_no_phone_was_onboarded_is_told_of(tmp_path: Path, text: str) -> None:
    assert rules(dated(tmp_path, text), "warning") == [(2, "OnboardedAt", "date_unlikely")]


@pytest.mark.parametrize(
    ("name", "told"),
    [("Inbetriebnahme am", True), ("Date de mise en service", True), ("Warranty end", False)],
)
def test_dates_under_another_name_are_told_of(tmp_path: Path, name: str, told: bool) -> None:
    text = f"UPN;MAC;{name};Ext\na@c.de;0004F28124B3;25.11.2026;46351\n"
    found = read_text(tmp_path, text, options=BERLIN)
    assert "onboarded_at" not in found.headers_read
    assert any(f"“{name}” holds dates" in note for note in found.decided) is told
    assert not any("“Ext” holds dates" in note for note in found.decided)


def test_a_zone_is_named_or_this_computers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        found = dated(tmp_path, "2026-11-25 09:00", options=ListOptions())
        assert found.devices[0].extra["OnboardedAt"] == "2026-11-25T09:00:00-05:00"
        assert any("time zone EST of this computer" in text for text in found.decided)
        found = dated(tmp_path, "2026-11-25T09:00:00Z", options=ListOptions())
        assert not found.decided
    finally:
        monkeypatch.undo()
        time.tzset()
    for zone, end in (("+05:30", "+05:30"), ("utc", "+00:00"), ("Asia/Tokyo", "+09:00")):
        found = dated(tmp_path, "2026-11-25 09:00", options=ListOptions(timezone=zone))
        assert found.devices[0].extra["OnboardedAt"].endswith(end)
    for zone in ("Berlin", "+99:00", "../etc", ""):
        if zone:
            with pytest.raises(UsageError, match="no such time zone"):
                dated(tmp_path, "2026-11-25", options=ListOptions(timezone=zone))


def test_the_day_of_a_sign_out_counts_as_well(tmp_path: Path) -> None:
    text = "UPN;MAC;Signed out\na@c.de;0004F28124B3;25.11.2026\n"
    (device,) = read_text(tmp_path, text, options=BERLIN).devices
    end = deadline_of(device)
    assert end is not None
    assert end.isoformat() == "2026-12-02T00:00:00+01:00"
    assert onboarded_at(device) is None


def test_a_column_of_dates_may_be_known_by_a_part_of_its_name(tmp_path: Path) -> None:
    text = "UPN;MAC;Phone onboarded (UTC)\na@c.de;0004F28124B3;25.11.2026 09:00\n"
    found = read_text(tmp_path, text, options=ListOptions())
    (device,) = found.devices
    assert onboarded_at(device) == datetime.fromisoformat("2026-11-25T09:00:00+00:00")
    assert found.headers_read["onboarded_at"] == "Phone onboarded (UTC)"
    text = "UPN;MAC;Provisioning URL\na@c.de;0004F28124B3;http://noam.ipp.sdg.teams.microsoft.com\n"
    found = read_text(tmp_path, text)
    assert not found.faults
    assert "onboarded_at" not in found.headers_read
