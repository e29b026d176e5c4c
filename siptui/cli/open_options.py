"""The options of the console itself: of `siptui FILE`, and in the list of `siptui --help`."""

from collections.abc import Callable
from typing import Any

import click

from siptui.cli import options

_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    options.region,
    options.list_options,
    options.batch_size,
    options.slots,
    options.public_ip,
    options.console_flags,
    options.common,
)


def open_options(command: options.F) -> options.F:
    """All options that the console takes beside its list."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def help_records(context: click.Context) -> list[tuple[str, str]]:
    """A record for each of them, as the help of a command has it."""

    @click.command()
    @open_options
    def console(**_: object) -> None:
        """Stand for the command."""

    found = (param.get_help_record(context) for param in console.params)
    return [record for record in found if record is not None]
