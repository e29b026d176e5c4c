"""What is typed behind `/`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siptui.tui.console.filters import Probe, compile_filter, flaw

KITCHEN = Probe(
    text="3 kitchen.3@contoso.com 64-16-7f-0a-11-02 emea 1 failed offline first floor",
    user="kitchen.3@contoso.com",
    hardware_id="64-16-7f-0a-11-02",
    status="failed|failed",
    cause="offline|offline",
    batch="1",
    region="emea",
    line="3",
)


@pytest.mark.parametrize(
    "text",
    [
        "kitchen",
        "KITCHEN emea",
        "!lobby",
        "!!kitchen",
        "status:failed",
        "status:fail",
        "state:failed cause:offline batch:1",
        "!status:succeeded",
        "64:16:7f:0A",
        "64167f0a1102",
        "6416.7f0a.1102",
        "hw:64167f",
        "mac:7f-0a",
        "line:3",
        "first floor",
        "status:",
    ],
)
def test_found(text: str) -> None:
    test = compile_filter(text)
    assert test is None or test(KITCHEN)


@pytest.mark.parametrize(
    "text",
    ["lobby", "!kitchen", "status:succeeded", "batch:11", "cause:policy", "line:33", "ab:cd:ef"],
)
def test_not_found(text: str) -> None:
    test = compile_filter(text)
    assert test is not None
    assert not test(KITCHEN)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("site=bonn", True),
        ("Site=BONN", True),
        ("site=bon", False),  # as with --where: the whole value
        ("site=ulm,bonn", True),
        ("site!=bonn", False),
        ("!site!=bonn", True),
        ("site!=ulm,köln", True),
        ("room=", True),
        ("room!=", False),
        ("site=bonn room=", True),
        ("region=emea", True),
        ("status=failed", True),
        ("status!=failed", False),
    ],
)
def test_a_part_is_typed_as_for_where(text: str, found: bool) -> None:
    probe = KITCHEN._replace(extra={"Site": " Bonn", "Room": ""})
    test = compile_filter(text, {"site": "Site", "room": "Room"})
    assert test is not None
    assert test(probe) is found


def test_a_column_that_is_not_there_is_told_for_both_signs() -> None:
    columns = {"site": "Site"}
    assert flaw("stie=bonn", columns, {}) == "no column stie=, site= perhaps"
    assert flaw("stie!=bonn", columns, {}) == "no column stie=, site= perhaps"
    assert flaw("stie:bonn", columns, {}) == "no column stie:, site: perhaps"
    assert not flaw("site!=bonn !site=ulm", columns, {})


def test_signed_in_is_the_word_on_the_screen() -> None:
    probe = Probe(text="", status="succeeded|signed in")
    for text in ("status:signed", "status:signed_in", "status:succeeded"):
        test = compile_filter(text)
        assert test is not None
        assert test(probe), text


def test_nothing_typed_is_no_filter() -> None:
    assert compile_filter("  ") is None
    assert compile_filter("!") is None


@given(st.text(max_size=30))
def test_any_text_can_be_typed(text: str) -> None:
    test = compile_filter(text)
    if test is not None:
        assert test(KITCHEN) in (True, False)
