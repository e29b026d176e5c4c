"""Lines of toned text: broken, cut and spread."""

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from siptui.tui.widgets.text_lines import Line, fit, plain, spread, wrapped

TONES = st.sampled_from(["normal", "muted", "ok"])
LINES: st.SearchStrategy[Line] = st.lists(
    st.tuples(st.text("ab é漢[/]— ", max_size=12), TONES), max_size=4
).map(tuple)


@given(LINES, st.integers(8, 40), st.integers(0, 3))
def test_broken_lines_fit_and_lose_no_letter(line: Line, width: int, indent: int) -> None:
    parts = wrapped(line, width, indent=indent)
    assert all(cell_len(plain(part)) <= width for part in parts)
    letters = "".join(plain(part) for part in parts).replace(" ", "")
    assert letters == plain(line).replace(" ", "")


@given(LINES, st.integers(1, 40))
def test_a_cut_line_fits_and_says_that_it_was_cut(line: Line, width: int) -> None:
    cut = fit(line, width)
    assert cell_len(plain(cut)) <= width
    if cell_len(plain(line)) > width:
        assert plain(cut).endswith("…")
    else:
        assert plain(cut) == plain(line)


@given(LINES, LINES, st.integers(1, 60))
def test_spread_fills_the_width_or_leaves_the_right_out(
    left: Line, right: Line, width: int
) -> None:
    assert cell_len(plain(spread(left, right, width))) <= width
