"""How a date is read: each form, each name and each end of what is possible."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from siptui.devicelist.dates import DateColumn, date_column, is_date, is_sensible, zone_named
from siptui.devicelist.model import UndecidedError
from siptui.domain.errors import UsageError

MONTHS = (
    "jan january januar janvier enero gennaio januari jän jänner",
    "feb february februar février febrero febbraio februari",
    "mar march märz mär mrz mars marzo maart mrt",
    "apr april avril abril aprile",
    "may mai mayo maggio mei",
    "jun june juni juin junio giugno",
    "jul july juli juillet julio luglio",
    "aug august août agosto augustus",
    "sep sept september septembre septiembre settembre",
    "oct october okt oktober octobre octubre ottobre",
    "nov november novembre noviembre",
    "dec december dez dezember décembre diciembre dicembre",
)
DAYS = (
    "monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur thurs fri "
    "sat sun montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag mo di mi do fr "
    "sa so lundi mardi mercredi jeudi vendredi samedi dimanche lun mar mer jeu ven sam dim lunes "
    "martes miércoles jueves viernes sábado domingo mié jue vie sáb dom lunedì martedì mercoledì "
    "giovedì venerdì sabato domenica gio sab maandag dinsdag woensdag donderdag vrijdag zaterdag "
    "zondag ma wo vr za zo"
)


def _column(*cells: str, **more: Any) -> DateColumn:
    how: dict[str, Any] = {"zone": UTC, "day_first": None, **more}
    return date_column("list.csv", "Since", cells, ["UPN", "Since"], **how)


def _read(text: str, **more: Any) -> datetime | None:
    return _column(text, **more).read(text)


@pytest.mark.parametrize("month", range(12))
def test_the_names_of_months(month: int) -> None:
    for name in MONTHS[month].split():
        for text in (f"25 {name} 2026", f"{name.upper()} 25, 2026"):
            assert _read(text) == datetime(2026, month + 1, 25, tzinfo=UTC), text
    assert _read("25 foo 2026") is None


def test_the_names_of_days() -> None:
    for name in DAYS.split():
        for text in (f"{name}, 25.11.2026", f"{name.upper()}. 25.11.2026"):
            assert _read(text) == datetime(2026, 11, 25, tzinfo=UTC), text
    assert _read("foo, 25.11.2026") is None
    assert _read("mar 3/11/2026", day_first=True) == datetime(2026, 11, 3, tzinfo=UTC)
    assert _read("mar. 3 nov 2026") == datetime(2026, 11, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "clock"),
    [
        ("25.11.2026 9 UHR", "09:00:00"),
        ("25. 11. 2026 R.", "00:00:00"),
        ("2026/11/25 9:05 PM", "21:05:00"),
        ("25TH NOV 2026 9:05 Pm", "21:05:00"),
        ("25/11/2026 1:00 AM", "01:00:00"),
        ("25/11/2026 12:00 am", "00:00:00"),
        ("25/11/2026 12:00 pm", "12:00:00"),
        ("25.11.2026 09:05:30", "09:05:30"),
        ("20261125", "00:00:00"),
        ("25.11.2026 09:00 GMT", "09:00:00"),
        ("25.11.2026 09:00 gmt", "09:00:00"),
        ("25.11.2026 09:00 utc", "09:00:00"),
        ("25.11.2026 09:00 z", "09:00:00"),
        ("25.11.2026 09:00 +0000", "09:00:00"),
    ],
)
def test_the_time_of_day(text: str, clock: str) -> None:
    assert _read(text, zone=zone_named("+00:00")) == datetime.fromisoformat(f"2026-11-25T{clock}Z")


@pytest.mark.parametrize(
    "text", ["25.11.2026 0 am", "25.11.2026 13 pm", "25.11.2026 09:00 +99:00", "25.11.2026 25:00"]
)
def test_what_is_no_time_of_day(text: str) -> None:
    assert _read(text) is None


def test_a_zone_that_a_cell_names_counts_before_that_of_the_column() -> None:
    column = _column("x", zone=zone_named("+05:00"))
    for text in ("25.11.2026 09:00 GMT", "25.11.2026 09:00 UTC", "25.11.2026 09:00 z"):
        assert column.read(text) == datetime(2026, 11, 25, 9, tzinfo=UTC)
    assert column.read("25.11.2026 09:00 -0230") == datetime(2026, 11, 25, 11, 30, tzinfo=UTC)
    assert not column.local
    assert column.decided() == ""
    assert column.read("25.11.2026 09:00") == datetime(2026, 11, 25, 4, tzinfo=UTC)
    assert column.decided() == "Dates of “Since” were read in the time zone UTC+05:00"
    column = _column("x", zone=None)
    assert column.read("25.11.2026 09:00") is not None
    assert column.decided().endswith(" of this computer")
    assert "None" not in column.decided()


def test_numbers_of_days_as_spreadsheet_programs_count_them() -> None:
    assert _read("36526") == datetime(2000, 1, 1, tzinfo=UTC)
    assert _read("73050") == datetime(2099, 12, 31, tzinfo=UTC)
    assert _read("73050.5") is _read("36525.9") is _read("73051") is None


@pytest.mark.parametrize(
    ("text", "ahead"),
    [("+02:00", 2.0), (" -0230 ", -2.5), ("+23:59", 23 + 59 / 60), (" z ", 0.0), ("Utc ", 0.0)],
)
def test_a_zone_is_named_by_its_distance(text: str, ahead: float) -> None:
    found = zone_named(text).utcoffset(None)
    assert found == timedelta(hours=ahead)
    assert str(zone_named(" Europe/Berlin ")) == "Europe/Berlin"


@pytest.mark.parametrize("text", ["+24:00", "+24:30", "Europe", "x" * 300, "../UTC", "nowhere"])
def test_what_names_no_zone(text: str) -> None:
    with pytest.raises(UsageError, match="no such time zone"):
        zone_named(text)


def test_which_number_is_the_day_is_told_by_one_above_twelve() -> None:
    assert _column("13/12/2026", "1/2/2026").day_first
    assert not _column("12/13/2026", "1/2/2026").day_first
    assert not _column("12/12/2026").day_first
    assert not _column("13/14/2026", "14/13/2026").slashed  # no date either way
    for cells in (["12/11/2026"], ["11/12/2026"], ["13/12/2026", "12/13/2026"]):
        with pytest.raises(UndecidedError):
            _column(*cells)
        assert _column(*cells, day_first=True).day_first
        assert not _column(*cells, day_first=False).day_first


@pytest.mark.parametrize("text", ["13/12/2026", "12/13/2026", "12/11/2026"])
def test_how_slashes_were_read_is_told(text: str) -> None:
    for day_first, how in ((True, "day"), (False, "month")):
        said = _column(text, day_first=day_first).decided()
        assert said == f"Dates of “Since” were read with the {how} first"
    assert _column("2026-11-25", "12/12/2026", day_first=True).decided() == ""


def test_the_question_which_number_is_the_day() -> None:
    with pytest.raises(UndecidedError) as caught:
        _column("x", "3/4/2026", "5/6/2026")
    error = caught.value
    assert error.message == (
        "list.csv: “3/4/2026” in “Since” can be read with the day first or with the month first."
    )
    assert [option.header for option in error.question.options] == ["day first", "month first"]
    meant = [option.about for option in error.question.options]
    assert "3 April 2026" in meant[0]
    assert "4 March 2026" in meant[1]
    assert error.names == ("UPN", "Since")
    assert error.question.key == "dates"


@pytest.mark.parametrize("open_", [[], ["3/4/2026"]])
def test_the_question_where_a_column_has_both(open_: list[str]) -> None:
    with pytest.raises(UndecidedError) as caught:
        _column(*open_, "25/4/2026", "26/4/2026", "4/27/2026", "4/28/2026")
    error = caught.value
    assert error.message == (
        "list.csv: “Since” has dates with the day first (“25/4/2026”) and the month first "
        "(“4/27/2026”)."
    )
    meant = [option.about for option in error.question.options]
    assert ("3 April 2026" if open_ else "25 April 2026") in meant[0]
    assert ("4 March 2026" if open_ else "25/4/2026 is no date") in meant[1]


@pytest.mark.parametrize(
    ("text", "open_"),
    [
        ("26/11/25", True),
        ("20/12/31", True),
        ("39/11/01", True),
        ("19/11/25", False),
        ("40/11/25", False),
        ("26/13/25", False),
        ("26/11/32", False),
        ("26/11/00", False),
        ("11/26/25", False),
        ("26/11/2025", False),
    ],
)
def test_whether_a_year_of_two_digits_may_stand_first(text: str, open_: bool) -> None:
    column = _column(text)
    assert column.years_open is open_
    assert ("four digits" in column.why_not(text)) is open_
    assert "four digits" not in column.why_not("x")
    assert not _column(text, day_first=True).years_open
    assert (column.read(text) is None) is (open_ or text in ("40/11/25", "26/13/25"))
    assert column.read("27/11/2025") is not None or not column.day_first


def test_one_date_whose_year_cannot_stand_first_is_enough() -> None:
    for cells in (["26/11/25", "05/11/25"], ["05/11/25", "26/11/25"]):
        column = _column(*cells)
        assert not column.years_open
        assert "four digits" not in column.why_not("26/11/25")
    # One with four digits says nothing of those with two.
    for cells in (["26/11/2025", "27/11/25"], ["27/11/25", "26/11/2025"]):
        column = _column(*cells)
        assert column.years_open
        assert column.read("26/11/2025") == datetime(2025, 11, 26, tzinfo=UTC)
        assert "four digits" not in column.why_not("26/11/2025")


def test_what_is_a_date_in_any_form() -> None:
    assert all(map(is_date, ("25/11/2026", "11/25/2026", "3/4/2026", "25 Nov 2026", "46351")))
    assert not any(map(is_date, ("25/13/2026", "x", "", "99999")))


def test_years_in_which_a_phone_can_have_been_onboarded() -> None:
    found = [year for year in range(2000, 2100) if is_sensible(datetime(year, 6, 1, tzinfo=UTC))]
    assert found == list(range(2020, 2051))
    assert _read("01.01.0100") == datetime(100, 1, 1, tzinfo=UTC)
    assert _read("01.01.99") == datetime(2099, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("text", ["0001-01-01", "9999-12-31 23:59"])
def test_a_moment_that_no_clock_has_is_no_error(text: str) -> None:
    for zone in (None, zone_named("+12:00"), zone_named("-12:00")):
        found = _read(text, zone=zone)
        assert found is None or found.tzinfo is not None
