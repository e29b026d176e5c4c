"""Which rows the console leaves out where accounts may be personal, by what is answered."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from textual.screen import Screen

from siptui.domain.device import Device
from siptui.preflight.finding import Report
from siptui.tui.console.personal_accounts import left_out
from siptui.tui.dialogs.ask import Choice, Prompt
from siptui.tui.dialogs.help_text import Topic
from tests.preflight.personal import OTHER, PERSONAL, SHARED, THREE, TWICE, made
from tests.runs.engine.engine_harness import device


class Operator:
    """Answers dialogs as the console's would take it: a choice that is there, a text that is
    right. What is wrong is typed once more, and nothing is Escape."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []
        self.offered: list[str] = []
        self.keys = ""

    async def __call__(self, dialog: Screen[Any], /) -> Any:
        tones = [tone for line in dialog._text for _, tone in line]  # type: ignore[attr-defined]
        assert tones in (["failed", "strong"], ["failed", "accent"])
        self.asked.append(" ".join(text for line in dialog._text for text, *_ in line))  # type: ignore[attr-defined]
        while self.answers and (answer := self.answers.pop(0)):
            if isinstance(dialog, Choice):
                self.offered = [str(key) for key, _, _ in dialog._choices]
                assert dialog._topic is Topic.PERSONAL_ACCOUNTS
                assert answer in self.offered
                return answer
            assert isinstance(dialog, Prompt)
            assert dialog._check is not None
            self.keys = dialog._said[0][0]
            if not (wrong := dialog._check(answer)):
                return answer
            self.asked.append(wrong)
        return None


def decided(
    operator: Operator, devices: Sequence[Device], *reports: Report, **more: bool
) -> list[Device] | None:
    """The devices that are left out."""
    keys = asyncio.run(left_out(operator, reports, devices, **more))
    return None if keys is None else [one for one in devices if one.key in keys]


def test_where_nothing_is_personal_nothing_is_asked() -> None:
    operator = Operator()
    assert decided(operator, THREE, made(THREE)) == []
    assert decided(operator, THREE) == []
    # Nor of accounts of other rows than those that are to be submitted.
    assert decided(operator, [SHARED, OTHER], made(THREE, [PERSONAL])) == []
    assert operator.asked == []


def test_they_are_left_out_with_all_of_their_rows() -> None:
    rows = [*THREE, TWICE]
    operator = Operator("out")
    assert decided(operator, rows, made(rows, [PERSONAL, TWICE])) == [PERSONAL, TWICE]
    (question,) = operator.asked
    assert "1 account without a common area phone policy of its own" in question
    assert "perhaps personal: ROOM1@contoso.example." in question
    assert "The password of a personal account would be reset" in question
    assert operator.offered == ["out", "name"]
    # Two reports tell of the same rows together.
    two = made(THREE, [PERSONAL]), made([OTHER], [OTHER])
    assert decided(Operator("out"), THREE, *two) == [PERSONAL, OTHER]


def test_escape_goes_back_altogether() -> None:
    assert decided(Operator(""), THREE, made(THREE, [PERSONAL])) is None
    assert decided(Operator(""), THREE, made(THREE, [PERSONAL]), whole=True) is None


@pytest.mark.parametrize("typed", ["room1@contoso.example", "  ROOM1@Contoso.example "])
def test_what_is_named_goes_on_and_the_others_do_not(typed: str) -> None:
    rows = [*THREE, TWICE]
    report = made(rows, [PERSONAL, OTHER, TWICE])
    operator = Operator("name", typed, "")
    assert decided(operator, rows, report) == [OTHER]
    assert operator.asked[1] == (
        "ROOM1@contoso.example has no common area phone policy of its own. Type the account's "
        "name to submit it, Escape to leave it out:"
    )
    assert operator.keys.endswith(" and Enter leaves it out.")
    assert decided(Operator("name", "", ""), rows, report) == [PERSONAL, OTHER, TWICE]
    assert decided(Operator("name", typed, "room2@contoso.example"), rows, report) == []


def test_another_name_is_none() -> None:
    operator = Operator("name", "room2@contoso.example", "yes", "")
    assert decided(operator, THREE, made(THREE, [PERSONAL])) == [PERSONAL]
    assert operator.asked[2:] == ["That is not room1@contoso.example. Nothing was submitted."] * 2


def test_of_a_whole_every_name_is_typed_or_nothing_goes_on() -> None:
    report = made(THREE, [PERSONAL, OTHER])
    both = ("room1@contoso.example", "room2@contoso.example")
    operator = Operator("name", *both)
    assert decided(operator, THREE, report, whole=True) == []
    assert operator.offered == ["name"]
    assert operator.keys.endswith(" and Enter goes back.")
    assert decided(Operator("name", both[0], ""), THREE, report, whole=True) is None
    assert decided(Operator("name", ""), THREE, report, whole=True) is None


def test_of_many_a_few_are_named() -> None:
    for count, more in ((6, ""), (7, " and 1 more")):
        many = [device(number) for number in range(count)]
        operator = Operator("out")
        assert decided(operator, many, made(many, many)) == many
        names = ", ".join(f"room{number}@contoso.example" for number in range(6))
        assert f"{count} accounts without" in operator.asked[0]
        assert f"perhaps personal: {names}{more}." in operator.asked[0]
