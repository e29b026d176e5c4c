"""`siptui help [TOPIC]`: help by topic, or the help of a command."""

import sys
from shutil import get_terminal_size

import click

from siptui.cli.command import Command
from siptui.domain.errors import UsageError
from siptui.domain.text import visible
from siptui.help import TOPICS, topic_text
from siptui.tui.actions import keys_text


@click.command(cls=Command, short_help="help by topic")
@click.argument("topic", nargs=-1)
@click.pass_context
def command(ctx: click.Context, topic: tuple[str, ...]) -> None:
    """Show the help of TOPIC, or of a command of that name; without one, list both.

    On a terminal, a text that is longer than the screen opens in the pager ($PAGER, or less).
    """
    root = ctx.find_root().command
    name = " ".join(topic)
    if not topic:
        _show(f"{root.get_help(ctx.find_root())}\n\nTopics, for “siptui help TOPIC”:\n{_topics()}")
    elif name in TOPICS:
        text = f"The keys of the console\n\n{keys_text()}" if name == "keys" else topic_text(name)
        _show(text)
    elif isinstance(root, click.Group) and (found := _found(ctx, root, topic)):
        _show(found + "\n")
    else:
        raise UsageError(
            f"“{visible(name)}” is neither a topic nor a command.",
            title="Wrong usage",
            remedy="The topics are " + ", ".join(TOPICS) + ".",
        )


def _found(ctx: click.Context, group: click.Group, words: tuple[str, ...]) -> str | None:
    """The help of the command that `words` name in `group`, such as `auth login`."""
    named = group.get_command(ctx, words[0])
    if named is None:
        return None
    inner = click.Context(named, info_name=words[0], parent=ctx.find_root())
    if len(words) > 1 and isinstance(named, click.Group):
        named_in = named.get_command(inner, words[1])
        if named_in is None:
            return None
        return named_in.get_help(click.Context(named_in, info_name=words[1], parent=inner))
    return named.get_help(inner)


def _topics() -> str:
    width = max(map(len, TOPICS)) + 2
    return "".join(f"  {name:{width}}{about}\n" for name, about in TOPICS.items())


def _show(text: str) -> None:
    if sys.stdout.isatty() and text.count("\n") >= get_terminal_size().lines:
        click.echo_via_pager(text)
    else:
        click.echo(text, nl=False)
