"""Command lines that are written somewhere, held against the real command line."""

import click

from siptui.cli.group import COMMANDS, cli


def parse(words: list[str]) -> None:
    """Parse as the command line does, up to where the command would be carried out."""
    if words[-1] == "--help":
        words = words[:-1]
        assert words[0] in COMMANDS
        return
    context = cli.make_context("siptui", list(words))
    command: click.Command = cli
    while isinstance(command, click.Group):
        if command.invoke_without_command and not [*context._protected_args, *context.args]:
            return
        name, named, rest = command.resolve_command(
            context, [*context._protected_args, *context.args]
        )
        assert named is not None
        command, context = named, named.make_context(name, rest, parent=context)
