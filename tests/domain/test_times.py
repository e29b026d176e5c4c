"""Times for people: the operator's clock, its zone by its distance from UTC, no fractions."""

import ast
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import siptui
from siptui.domain.times import clock, day, local_time, minute, passed, second, zone
from tests.support.time_zone import in_zone

AT = "2026-03-02T08:00:00.123Z"
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


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
    assert local_time(until, AT) == said


@pytest.mark.parametrize(
    ("place", "name", "time"),
    [
        ("UTC", "UTC", "08:00:00"),
        ("Asia/Kolkata", "UTC+05:30", "13:30:00"),
        ("America/St_Johns", "UTC-03:30", "04:30:00"),
        ("Asia/Kathmandu", "UTC+05:45", "13:45:00"),
        ("Europe/Berlin", "UTC+01:00", "09:00:00"),
    ],
)
def test_a_time_is_the_operators_own(place: str, name: str, time: str) -> None:
    with in_zone(place):
        assert zone(AT) == name
        assert clock(AT, NOW) == time
        assert minute(AT, NOW) == f"2026-03-02 {time[:5]}"
        assert second(datetime.fromisoformat(AT), NOW) == f"2026-03-02 {time}"
        assert day(AT) == "2026-03-02"
        assert day("2026-03-01T23:00:00Z") == ("2026-03-01" if name[3:4] in "-" else "2026-03-02")


def test_a_time_of_the_other_half_of_the_year_names_its_own_offset() -> None:
    summer = "2026-07-01T08:00:00Z"
    with in_zone("Europe/Berlin"):
        assert minute(summer, NOW) == "2026-07-01 10:00 +02:00"
        assert minute(AT, NOW) == "2026-03-02 09:00"
    with in_zone("America/St_Johns"):
        assert minute(summer, NOW) == "2026-07-01 05:30 -02:30"
    with in_zone("Asia/Kolkata"):
        assert minute(summer, NOW) == "2026-07-01 13:30"


def test_the_hour_that_comes_twice_is_told_apart() -> None:
    before, after = "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"
    with in_zone("Europe/Berlin"):
        now = datetime.fromisoformat(after) + timedelta(minutes=5)
        assert clock(before, now) == "02:30:00 +02:00"
        assert clock(after, now) == "02:30:00"
        assert passed(before, now) == 3900


def test_a_time_of_another_day_or_far_away_has_its_date() -> None:
    with in_zone("Asia/Kolkata"):
        assert local_time("2026-03-02T12:00:10Z", NOW) == "17:30:10"
        assert local_time("2026-03-02T17:59:00Z", NOW) == "23:29:00"
        assert local_time("2026-03-02T18:31:00Z", NOW) == "2026-03-03 00:01"
        assert local_time(NOW - timedelta(days=1), NOW) == "2026-03-01 17:30"


def test_fractions_are_not_shown_however_many_the_service_writes() -> None:
    for text in ("2026-03-02T08:00:00.1234567Z", "2026-03-02T08:00:00.1Z", "2026-03-02T08:00:00"):
        assert second(text, NOW) == "2026-03-02 08:00:00"


def test_what_is_no_time_is_nothing() -> None:
    for text in ("", "soon", "2026-13-01T00:00:00Z", "08:00"):
        assert (clock(text), minute(text), second(text), day(text), zone(text)) == ("",) * 5
        assert local_time(text, NOW) == ""
        assert passed(text, NOW) is None
    with in_zone("Asia/Kolkata"):
        assert minute(datetime.max.replace(tzinfo=UTC), NOW) == "9999-12-31 23:59 +00:00"


#: Names of files and runs, the report of a crash, and lists' own dates, as they were read.
_OTHER_FORMS = re.compile(r"^%Y%m%d(T%H%M%SZ|-%H%M%S)$|^%B %Y$|^%Y-%m-%dT%H:%M:%SZ$")
#: What the journal keeps is of no operator's place.
_JOURNAL = {"service_waits.py", "engine.py"}
#: What is in the text of a module that has one of the forms below; most have none of it.
_SIGNS = re.compile(r"strftime|:.*%|\b11\b")


def _formats(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FormattedValue) and isinstance(node.format_spec, ast.JoinedStr):
            for part in node.format_spec.values:
                if isinstance(part, ast.Constant) and "%" in str(part.value).rstrip("%"):
                    yield str(part.value)
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "strftime":
            yield "strftime"
        if (
            isinstance(node, ast.Subscript)
            and isinstance(node.slice, ast.Slice)
            and isinstance(node.slice.lower, ast.Constant)
            and node.slice.lower.value == 11
        ):
            yield "[11:]"


def test_no_other_module_writes_a_time_for_people() -> None:
    found = {}
    for path in Path(siptui.__file__).parent.rglob("*.py"):
        if path.name == "times.py" or "emulator" in path.parts or path.name in _JOURNAL:
            continue
        text = path.read_text("utf-8")
        forms = _formats(ast.parse(text)) if _SIGNS.search(text) else ()
        if odd := [one for one in forms if not _OTHER_FORMS.match(one)]:
            found[path.name] = odd
    assert found == {}
