"""Columns of regions, on headers and cells: what is told, and what is asked."""

from collections.abc import Sequence

import pytest

from siptui.devicelist.model import UndecidedError
from siptui.devicelist.regions import check_regions
from siptui.domain.region import Region

APAC, EMEA, NOAM = Region


def told(
    head: str,
    *rows: str,
    place: int | None = None,
    default: Region | None = EMEA,
    decided: bool | None = None,
) -> list[str]:
    """What is said of a list; cells are divided by `|`, rows may end early. `place` is the column
    that is read as the region."""
    names = head.split("|")
    others = [number for number in range(len(names)) if number != place]
    cells: Sequence[list[str]] = [row.split("|") if row else [] for row in rows]
    more = {} if decided is None else {"decided": decided}
    return list(check_regions("list", names, cells, place, others, default, **more))


def asked(
    head: str,
    *rows: str,
    place: int | None = None,
    default: Region | None = EMEA,
    code: str = "",
) -> UndecidedError:
    """What is asked of such a list; with the operator's decision nothing is."""
    with pytest.raises(UndecidedError) as caught:
        told(head, *rows, place=place, default=default)
    told(head, *rows, place=place, default=default, decided=True)
    error = caught.value
    assert error.question.key == "region"
    assert error.names == head.split("|") or error.names == tuple(head.split("|"))
    assert error.code == code or not code
    return error


def headers_of(error: UndecidedError) -> list[str]:
    """What can be answered."""
    return [option.header for option in error.question.options]


# -- a column that is read


def test_a_column_of_regions_is_read_without_a_word() -> None:
    assert told("Region|Site", "EMEA|HQ", "noam|HQ", place=0, default=None) == []
    assert told("Region|Site", "EMEA|HQ", "DACH|HQ", place=0) == []  # one row is at fault


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (["EMEA|HQ", "|HQ"], ["“Region” is empty in 1 row; NOAM counts there"]),
        (["EMEA|HQ", "", "|HQ"], ["“Region” is empty in 2 rows; NOAM counts there"]),
        (["EMEA|HQ"], []),
        (["|HQ", "|HQ"], []),  # a column that says nothing is no decision
    ],
)
def test_where_it_is_empty_the_default_is_told(rows: list[str], said: list[str]) -> None:
    assert told("Region|Site", *rows, place=0, default=NOAM) == said
    assert told("Region|Site", *rows, place=0, default=None) == []
    last = ["|".join(reversed(row.split("|"))) for row in rows]
    assert told("Site|Region", *last, place=1, default=NOAM) == said
    assert told("Site|Region", "HQ|EMEA", "HQ", place=1, default=NOAM) == [
        "“Region” is empty in 1 row; NOAM counts there"
    ]


def test_a_column_without_any_region_is_asked_about() -> None:
    rows = ["DACH|1", "UK|2", "Nordics|3", "Iberia|4"]
    error = asked("Region|Room", *rows, place=0, code="region_column")
    assert error.message == (
        "list: “Region” holds no region of SIP Gateway (DACH, UK, Nordics); those are APAC, EMEA "
        "and NOAM."
    )
    (out,) = error.question.options
    assert (out.header, out.samples) == ("", ("DACH", "UK", "Nordics"))
    assert out.about == "leave “Region” out; --region EMEA then counts"
    assert error.remedy == (
        "Leave the column out: --column region= (--region EMEA then counts); or name the one that "
        "holds the regions: --column region=HEADER."
    )
    unnamed = asked("Region|Room", *rows, place=0, default=None)
    assert unnamed.question.options[0].about == (
        "leave “Region” out; name the region with --region"
    )


def test_beside_it_the_columns_that_hold_regions_are_offered() -> None:
    error = asked(
        "Region|SDG Region|Geo", "DACH|NOAM|EMEA", "UK|NOAM|EMEA", place=0, code="region_column"
    )
    assert [option.header for option in error.question.options] == ["SDG Region", "Geo", ""]
    assert error.question.options[0].about == "read NOAM"
    assert error.remedy.endswith("--column 'region=SDG Region' or --column region=Geo.")


def test_two_columns_that_differ_are_asked_about() -> None:
    assert told("Region|Geo", "EMEA|NOAM", place=0, decided=True) == []
    error = asked("Region|Geo", "EMEA|EMEA", "EMEA|NOAM", place=0, code="region_columns")
    assert [option.header for option in error.question.options] == ["Region", "Geo"]
    assert error.message == (
        "list: two columns hold regions, and they differ: “Region” (EMEA) and “Geo” (EMEA, NOAM)."
    )
    assert error.remedy == "Say which: --column region=Region or --column region=Geo."


@pytest.mark.parametrize(
    ("head", "rows"),
    [
        ("Region|Geo", ["EMEA|EMEA", "NOAM|noam"]),
        ("Region|Geo", ["EMEA|Europe", "NOAM|US"]),  # other names of the same
        ("Region|Geo", ["EMEA|", "|NOAM"]),  # never both
        ("Region|Geo", ["EMEA|EMEA", "NOAM"]),
        ("Region|Geo", ["EMEA|x", "EMEA|EMEA", "EMEA|EMEA"]),
        ("Region|Sales", ["EMEA|NOAM"]),  # not called after regions
    ],
)
def test_columns_that_never_differ_are_no_question(head: str, rows: list[str]) -> None:
    said = told(head, *rows, place=0)
    assert all("is empty in" in one for one in said)
    turned = ["|".join(reversed(row.split("|"))) for row in rows if "|" in row]
    told("|".join(reversed(head.split("|"))), *turned, place=1)


# -- a list without one


def test_a_column_that_says_the_same_as_the_default_is_told() -> None:
    assert told("Room|Geo", "1|EMEA", "2|emea", "3|n/a") == ["“Geo” says EMEA as well"]
    # A column that is known as the region and says nothing is as if it were not there.
    assert told("Region|Geo", "|EMEA", "|EMEA", place=0) == ["“Geo” says EMEA as well"]


@pytest.mark.parametrize("default", [None, EMEA])
def test_a_column_that_says_something_else_is_asked_about(default: Region | None) -> None:
    error = asked("Room|Geo", "1|NOAM", "2|Americas", "3|EMEA", default=default)
    assert [option.header for option in error.question.options] == ["Geo", ""]
    assert error.question.asks == "Read the regions from “Geo”?"
    assert error.question.options[0].samples == ("NOAM", "Americas", "EMEA")
    if default is None:
        assert error.code == "region_column"
        assert error.message == (
            "list: “Geo” holds regions (EMEA, NOAM), but is not known as the Region column."
        )
        assert error.question.options[1].about == "leave it out"
        assert error.remedy == (
            "Say which holds: --column region=Geo to read it, or --column region= to leave it out."
        )
    else:
        assert error.code == "region_contradicts"
        assert error.message == "list: “Geo” says EMEA, NOAM, but --region says EMEA."
        assert error.question.options[1].about == "leave it out; EMEA counts for all rows"
        assert error.remedy.endswith("leave it out (EMEA then counts for all rows).")
    assert headers_of(asked("Room|Geo", "1|NOAM", default=default)) == ["Geo", ""]
    decided = told("Room|Geo", "1|NOAM", "2|Americas", "3|EMEA", default=default, decided=True)
    assert decided == ["“Geo” says EMEA, NOAM and is not read"]


def test_what_else_stands_there_is_said_but_for_what_means_nothing() -> None:
    rows = [f"EMEA|{n}" for n in range(9)]
    odd = ["DACH|1", "N/A|2", "TBD|3", "UK|4", "?|5", "Iberia|6", "Nordics|7"]
    (said,) = told("Geo|Room", *rows, *odd, default=NOAM, decided=True)
    assert said == "“Geo” says EMEA, DACH, UK, Iberia and is not read"
    # Of the default alone, but not as the service spells it, it is not the same.
    (said,) = told("Geo|Room", "Europe|1", "EMEA|2", decided=True)
    assert said == "“Geo” says EMEA and is not read"


@pytest.mark.parametrize(
    "nothing", ["-", "--", "–", "—", "?", "n/a", "N.A.", "TBD", "none", "Unknown", "open"]
)
def test_what_people_write_for_nothing_is_no_other_word(nothing: str) -> None:
    rows = ["EMEA|1", *[f"{nothing}|2"] * 3]
    assert told("Geo|Room", *rows) == ["“Geo” says EMEA as well"]


@pytest.mark.parametrize(
    ("cells", "holds"),
    [
        (["NOAM", "NOAM"], True),
        (["NOAM", "x"], True),  # half of what stands there
        (["NOAM", "x", "y"], False),
        (["NOAM", "NOAM", "", ""], True),  # half of the rows
        (["NOAM", "x", "", ""], True),
        # Where few rows say something, all must be regions.
        (["NOAM", "", "", ""], True),
        (["NOAM", "NOAM", "x", "", "", "", ""], False),
        (["NOAM", "NOAM", "n/a", "", "", "", ""], True),
        (["NOAM", "?", "N/A", "x"], True),
        (["NOAM", "?", "x", "N/A", "?"], False),
        (["x", "y"], False),
        (["", ""], False),
        (["Americas", "Americas"], False),  # no word of the service, and not called after regions
    ],
)
def test_a_column_is_one_of_regions_by_most_of_its_cells(cells: list[str], holds: bool) -> None:
    rows = [f"1|{cell}" if cell else "1" for cell in cells]
    assert bool(told("Room|Sales", *rows, decided=True)) is holds
    whole = [f"1|{cell}" for cell in cells]
    assert bool(told("Room|Sales", *whole, decided=True)) is holds


@pytest.mark.parametrize(
    "name",
    [
        *("Region", "Regions", "Geo", "Geography", "Theatre", "Theater", "Continent"),
        *("Kontinent", "Continente", "SDG", "Gateway", "SIP"),
    ],
)
def test_other_names_of_regions_count_where_the_column_is_called_so(name: str) -> None:
    assert told(f"Room|My {name}", "1|US", "2|NA", decided=True) == [
        f"“My {name}” says NOAM and is not read"
    ]
    assert told(f"Room|My {name}", "1|x", "2|y", decided=True) == []
    assert told("Room|Country", "1|US", "2|NA", decided=True) == []
