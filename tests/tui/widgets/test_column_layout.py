"""The columns share the width: nothing that matters is cut, nothing is lost."""

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from siptui.domain.outcome import OUTCOMES
from siptui.domain.text import visible
from siptui.tui.console.table_rows import COLUMNS
from siptui.tui.widgets.column_layout import (
    Column,
    arrange,
    cell_of,
    fitted,
    fitted_to,
    pages,
    spaced,
)
from tests.support.replace import replace


def _shown(width: int, gap: int = 1, *, without_deadlines: bool = True) -> dict[str, int]:
    lengths = [6, 27, 21, 4, 3, 9, 3, 0, 1, 6, 11]
    columns = fitted(COLUMNS, lengths)
    shown = arrange(
        columns, width, gap=gap, hidden=("until", "pre") if without_deadlines else ("pre",)
    )
    return {columns[i].key: cells for i, cells in shown}


def test_at_80_columns_attempt_region_batch_and_time_go_first() -> None:
    shown = _shown(75)
    assert not {"region", "batch", "attempt"} & shown.keys()
    assert shown["hardware_id"] == 21
    assert shown["status"] == 10


def test_at_120_columns_all_are_there() -> None:
    columns = fitted(COLUMNS, [6, 27, 21, 4, 3, 9, 3, 0, 1, 6, 11])
    _, layout = spaced(columns, 115, hidden=("until", "pre"))
    assert [columns[i].key for i, _ in layout] == [
        column.key for column in COLUMNS if column.key not in ("until", "pre")
    ]


def test_at_80_columns_every_cause_is_whole_beside_ports_of_analog_adapters() -> None:
    longest = max(len(outcome.short) for outcome in OUTCOMES.values())
    columns = fitted(COLUMNS, [4, 20, 21, 4, 2, 9, 0, 0, 1, 6, 11])
    shown = {columns[i].key: cells for i, cells in arrange(columns, 75, hidden=("until", "pre"))}
    assert shown["result"] >= longest
    assert (shown["user"], shown["hardware_id"]) == (20, 21)
    checked = dict(arrange(columns, 75, hidden=("until",)))  # what a check found gives way as well
    assert checked[[one.key for one in columns].index("result")] >= longest


def test_a_cause_is_readable_beside_long_names() -> None:
    for user, width, gap, least in ((22, 75, 1, 17), (30, 75, 1, 15), (30, 115, 2, 19)):
        columns = fitted(COLUMNS, [5, user, 17, 4, 2, 9, 3, 0, 1, 6, 11])
        shown = {
            columns[i].key: cells
            for i, cells in arrange(columns, width, gap=gap, hidden=("until", "pre"))
        }
        assert shown["user"] == user
        assert shown["result"] >= least
        assert (shown["hardware_id"], shown["status"]) == (17, 10)


def test_every_cause_is_whole_beside_long_names_in_a_wide_window() -> None:
    longest = max(len(outcome.short) for outcome in OUTCOMES.values())
    for user, hardware_id, pre in ((27, 17, 5), (40, 17, 5), (40, 21, 5), (33, 21, 0), (60, 21, 0)):
        columns = fitted(COLUMNS, [5, user, hardware_id, 4, 2, 9, pre, 0, 1, 6, 11])
        hidden = ("until",) if pre else ("until", "pre")
        gap, layout = spaced(columns, 115, hidden=hidden)
        shown = {columns[i].key: cells for i, cells in layout}
        assert shown["result"] >= longest
        assert shown["user"] >= min(user, 40)
        assert sum(shown.values()) + gap * (len(shown) - 1) <= 115
    assert gap == 1  # closer before a column goes
    short = fitted(COLUMNS, [4, 20, 17, 4, 2, 9, 0, 0, 1, 6, 11])
    assert spaced(short, 115, hidden=("until", "pre"))[0] == 2


def test_what_users_have_in_common_is_cut_before_a_cause_is() -> None:
    cells = ["", "lon-floor-1-lobby@contoso.com", "00-90-8F-5A-31-C4:005", *[""] * 8]
    columns = fitted_to(COLUMNS, [cells, ["", "tor@a.example", *[""] * 9]])
    layout = arrange(columns, 74, hidden=("until",))
    shown = {columns[i].key: width for i, width in layout}
    assert shown["user"] == len("lon-floor-1-lobby@…")
    assert shown["result"] >= max(len(outcome.short) for outcome in OUTCOMES.values())
    assert shown["hardware_id"] == 21
    wide = {columns[i].key: w for i, w in arrange(columns, 200, hidden=("until",))}
    assert wide["user"] == len(cells[1])


USERS = Column("user", "User", 10, flex=1, most=40, whole=40, tail="@", stays=True)
OTHER = Column("other", "Other", 8, flex=1, most=30, fit=False)
LAST = Column("last", "Last", 6, drop=1)


def test_a_domain_that_all_have_goes_whole_and_makes_room_for_columns() -> None:
    rows = [[f"berlin-lobby-{n}@a-long-domain.example", "", "x"] for n in range(20)]
    columns = fitted_to((USERS, OTHER, LAST), rows)
    shown = dict(arrange(columns, 36))
    assert set(shown) == {0, 1, 2}
    assert cell_of(columns[0], rows[12][0], shown[0]).strip() == "berlin-lobby-12"
    assert 2 not in dict(arrange(columns, len(rows[12][0]) + 10))  # whole before that
    wide = dict(arrange(columns, 90))
    assert cell_of(columns[0], rows[12][0], wide[0]).strip() == rows[12][0]
    for nothing in ("", "-"):  # a phone that nobody is signed in on has no other domain
        beside = fitted_to((USERS, OTHER, LAST), [*rows, [nothing, "", ""]])
        assert beside[0].silent
    mixed = fitted_to((USERS, OTHER, LAST), [*rows, ["lobby@other.example", "", ""]])
    assert cell_of(mixed[0], rows[12][0], 17) == "berlin-lobby-12@…"


@given(st.text(min_size=1, max_size=60), st.integers(0, 40))
def test_a_cell_is_as_wide_as_its_column(text: str, width: int) -> None:
    text = visible(text)
    for column in (USERS, replace(USERS, silent=True, longest=30), replace(USERS, silent=True)):
        assert cell_len(cell_of(column, text, width)) == width


def test_a_long_name_keeps_both_its_ends() -> None:
    names = [f"berlin-building-12-floor-{n}-lobby@contoso.com" for n in (3, 4)]
    cut = [cell_of(USERS, name, 20) for name in names]
    assert cut == ["berlin-bu…or-3-lobby", "berlin-bu…or-4-lobby"]


@given(st.integers(20, 140), st.integers(1, 12))
def test_every_column_can_be_scrolled_to(width: int, count: int) -> None:
    some = [replace(LAST, key=f"c{n}", drop=n + 1, width=4 + n) for n in range(count)]
    columns = (USERS, OTHER, *some)
    gap, found = pages(columns, width)
    seen = {i for page in found for i, _ in page}
    assert seen == set(range(len(columns)))
    for page in found[1:]:
        assert page[0][0] == 0  # whose row it is
        assert len(page) > 1
        fixed = sum(10 if i == 0 else columns[i].width for i, _ in page) + gap * len(page)
        assert sum(w for _, w in page) + gap * (len(page) - 1) <= max(width, fixed)


def test_deadlines_take_a_column_where_there_is_room() -> None:
    assert "until" in _shown(140, 2, without_deadlines=False)
    assert "until" not in _shown(75, without_deadlines=False)


@given(
    st.integers(20, 300),
    st.lists(
        st.builds(
            Column,
            key=st.uuids().map(str),
            title=st.just("T"),
            width=st.integers(1, 20),
            most=st.integers(0, 40),
            flex=st.integers(0, 3),
            drop=st.integers(0, 4),
        ),
        max_size=8,
    ),
)
def test_what_fits_fits(width: int, columns: list[Column]) -> None:
    shown = arrange(columns, width)
    used = sum(cells for _, cells in shown) + max(0, len(shown) - 1)
    kept = [columns[i] for i, _ in shown]
    assert all(column in kept for column in columns if not column.drop)
    if any(column.drop for column in kept) or used > width:
        fixed = sum(min(c.width, 4) if c.flex else c.width for c in columns if not c.drop)
        assert used <= width or fixed + len(kept) - 1 > width
    for i, cells in shown:
        if not columns[i].flex:
            assert cells == columns[i].width
