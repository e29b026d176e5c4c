"""A command of the command line: its help ends in examples, and no name in it may be empty."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from siptui.cli.command_help import write_ending
from siptui.devicelist.workbook_process import start_early


class ListFile(click.Path):
    """A device list that a command reads, of whatever kind."""


class Command(click.Command):
    """A command as all of siptui's are.

    An argument or option that is given but empty, as a variable of a script that is not set, is
    wrong usage; it would stand for something else than was meant.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does; a usage error for what is empty."""
        here = any(word.rpartition("=")[2] == "." for word in args)  # an empty path reads the same
        rest = super().parse_args(ctx, args)
        if not ctx.resilient_parsing:
            for param in self.params:
                _refuse_empty(ctx, param, here=here)
        return rest

    def invoke(self, ctx: click.Context) -> Any:
        """As click does; where the list is a workbook, the process that reads it starts before
        the command loads what it needs itself."""
        for param in self.params:
            path = ctx.params.get(param.name or "") if isinstance(param.type, ListFile) else None
            if path is not None and (end := start_early(path)):
                ctx.call_on_close(end)
        return super().invoke(ctx)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Examples, exit codes and environment."""
        write_ending(ctx, formatter)
        super().format_epilog(ctx, formatter)


def _refuse_empty(ctx: click.Context, param: click.Parameter, *, here: bool) -> None:
    if param.default == "":  # empty says: none
        return
    name = param.name or ""
    if ctx.get_parameter_source(name) is not click.core.ParameterSource.COMMANDLINE:
        return
    value: Any = ctx.params.get(name)
    several = param.multiple if isinstance(param, click.Option) else param.nargs != 1
    given: Iterable[Any] = value if several and isinstance(value, tuple) else (value,)
    for one in given:
        empty = isinstance(one, str) and not one.strip()
        if empty or (isinstance(one, Path) and str(one) == "." and not here):
            shown = param.opts[0] if isinstance(param, click.Option) else name.upper()
            raise click.UsageError(f"{shown} is empty.", ctx=ctx)


class Group(click.Group):
    """A group of commands as siptui's are, such as `auth`."""

    command_class = Command

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Examples, exit codes and environment."""
        write_ending(ctx, formatter)
        super().format_epilog(ctx, formatter)
