"""The run as a whole, as characters."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from siptui.tui.console.run_summary import bar, curve
from tests.tui.harness import console
from tests.tui.scripted_runs import list_text, make_devices

_STEPS = " ▁▂▃▄▅▆▇█"


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=60), st.integers(1, 80), st.integers(0, 40))
def test_a_curve_only_rises_and_ends_where_it_is(
    times: list[float], width: int, missing: int
) -> None:
    whole = len(times) + missing
    shown = curve(times, width, whole=whole)
    heights = [_STEPS.index(c) for c in shown]
    assert len(shown) == width
    assert heights == sorted(heights)
    assert (heights[-1] == 8) is (missing == 0)


def test_a_curve_that_was_quick_lies_high_at_once() -> None:
    assert curve([0.0, 0.0], 4, whole=2, end=100) == "████"
    assert curve([25, 50, 75, 100], 4, whole=4) == "▂▄▆█"
    assert curve([], 4, whole=4) == ""


@given(st.integers(0, 10_000), st.integers(0, 10_000), st.integers(0, 60))
def test_a_bar_is_as_long_as_its_share(count: int, most: int, width: int) -> None:
    shown = bar(count, most, width)
    assert len(shown) <= width
    if count and most and width:
        assert shown
        assert abs(len(shown) - width * min(count, most) / most) <= 1


async def test_the_summary_counts_causes_and_names_the_next_keys(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(20))) as harness:
        await harness.press("t")
        assert "no run yet" in harness.text
        await harness.submit(20)
        harness.runs.accept(1)
        harness.runs.finish(range(10), seconds=30)
        harness.runs.finish(range(10, 16), error="Device is offline", seconds=30)
        harness.runs.finish([16, 17], error="User missing phone number assignment", seconds=30)
        await harness.look()
        await harness.press("t")
        text = harness.text
        assert "signed in      10   50 %" in text
        assert "6  ████████████████████  offline" in text
        assert "no phone number" in text
        assert "18 of 20" in text
        assert "R     retries by cause" in text
        await harness.press("escape")
        assert "Hardware ID" in harness.text
