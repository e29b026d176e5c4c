"""Counts as people say them, and what a confirmation says."""

import click
import pytest

from siptui.cli.confirm import confirm
from siptui.cli.group import COMMANDS, cli
from siptui.cli.profile_hint import OF_PROFILE, OF_RUN, for_profile
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
        ("Try siptui run FILE; siptui --help", "Try siptui run --profile lab FILE; siptui --help"),
        ("“siptui runs” lists them", "“siptui runs --profile lab” lists them"),
        ("siptui restore FILE --profile NAME", "siptui restore FILE --profile NAME"),
        ("siptui resume", "siptui resume --profile lab"),
        ("siptui resume @last --now", "siptui resume @last --profile lab --now"),
        ("siptui batch a1b2 tells", "siptui batch a1b2 --profile lab tells"),
        ("siptui overview; siptui help json", "siptui overview; siptui help json"),
        ("Try “siptui run --help”.", "Try “siptui run --help”."),
    ],
)
def test_the_way_on_names_the_profile_that_was_given(text: str, said: str) -> None:
    assert for_profile(text, "lab") == said
    assert for_profile(text, None) == text


def test_every_command_that_takes_a_profile_gets_it() -> None:
    context, found = click.Context(cli), set[str]()
    for name in COMMANDS:
        command = cli.get_command(context, name)
        parts = {name: command}
        if isinstance(command, click.Group):
            parts = {f"{name} {one}": part for one, part in command.commands.items()}
        for words, part in parts.items():
            assert part is not None
            if any(param.name == "profile" for param in part.params):
                found.add(words)
    assert found == {*OF_RUN, *OF_PROFILE}
