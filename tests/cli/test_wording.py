"""Counts as people say them, and what a confirmation says."""

import pytest

from siptui.cli.confirm import confirm
from siptui.cli.profile_hint import for_profile
from siptui.domain.errors import UsageError
from siptui.domain.text import plural
from tests.runs.engine.engine_harness import devices


@pytest.mark.parametrize(
    ("count", "thing", "said"),
    [
        (0, "row", "0 rows"),
        (1, "device", "1 device"),
        (2, "device", "2 devices"),
        (1, "batch", "1 batch"),
        (3, "batch", "3 batches"),
    ],
)
def test_a_thing_alone_is_not_counted_as_many(count: int, thing: str, said: str) -> None:
    assert plural(count, thing) == said


@pytest.mark.parametrize(("first", "apart"), [(0, False), (1, True), (2, True), (3, False)])
def test_the_confirmation_says_that_a_few_go_out_alone(
    first: int, apart: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda _: "no")
    with pytest.raises(UsageError):
        confirm(devices(3), tenant="Contoso", batches=2, first=first, yes=False, no_input=False)
    assert ("out alone" in capsys.readouterr().err) is apart


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Go on with: siptui resume 2026-1a", "Go on with: siptui resume 2026-1a --profile lab"),
        ("siptui retry R.", "siptui retry R --profile lab."),
        ("siptui resume R --resubmit", "siptui resume R --profile lab --resubmit"),
        ("“siptui batches” lists", "“siptui batches --profile lab” lists"),
        ("siptui attach R --profile x", "siptui attach R --profile x"),
        ("Try siptui run FILE; siptui --help", "Try siptui run FILE; siptui --help"),
    ],
)
def test_the_way_on_names_the_profile_that_was_given(text: str, said: str) -> None:
    assert for_profile(text, "lab") == said
    assert for_profile(text, None) == text
