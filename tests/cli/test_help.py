"""`siptui help`: topics, and the help of commands."""

import pytest
from click.testing import CliRunner

from siptui.cli.group import COMMANDS, cli
from siptui.help import TOPICS, topic_text
from siptui.tui.actions import ACTIONS


@pytest.mark.parametrize("name", TOPICS)
def test_a_topic_is_printed(name: str) -> None:
    shown = CliRunner().invoke(cli, ["help", name])
    assert shown.exit_code == 0, shown.output
    assert shown.stdout.count("\n") > 10
    assert all(len(line) < 80 for line in shown.stdout.splitlines())


def test_without_a_topic_commands_and_topics_are_listed() -> None:
    shown = CliRunner().invoke(cli, ["help"]).stdout
    assert all(f"\n  {name} " in shown for name in (*COMMANDS, *TOPICS))


def test_a_topic_named_like_a_command_names_its_options() -> None:
    both = set(TOPICS) & set(COMMANDS)
    assert both == {"run", "preflight"}
    assert all(f"siptui {name} --help" in topic_text(name) for name in both)


def test_the_help_of_a_command_of_a_group() -> None:
    shown = CliRunner().invoke(cli, ["help", "auth", "login"])
    assert shown.stdout == CliRunner().invoke(cli, ["auth", "login", "--help"]).stdout


def test_every_key_is_told() -> None:
    shown = CliRunner().invoke(cli, ["help", "keys"]).stdout
    assert all(one.help in " ".join(shown.split()) for one in ACTIONS if one.keys)


def test_what_is_neither_names_the_topics() -> None:
    shown = CliRunner().invoke(cli, ["help", "lists"])
    assert shown.exit_code == 2
    assert "exit-codes" in shown.stderr
