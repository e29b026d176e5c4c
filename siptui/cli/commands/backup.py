"""`siptui backup`: the journal in one file."""

import json
from pathlib import Path

import click
from msgspec.structs import asdict

from siptui.app.backups import back_up
from siptui.app.session import select
from siptui.cli import options
from siptui.cli.command import Command
from siptui.cli.kept_data_table import size_words
from siptui.domain.text import plural, visible


@click.command(cls=Command)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--force", is_flag=True, help="Replace FILE if it is there.")
@options.profile
@options.as_json
def command(file: Path, force: bool, profile: str | None, as_json: bool) -> None:
    """Write a copy of the profile's journal to FILE, also while runs go on.

    It has the user names and hardware ids of all runs, and only this user can read it. What is
    forgotten later stays in it: remove old backups, too. “siptui restore FILE” puts it back.
    """
    found = back_up(select(profile), file, replace=force)
    if as_json:
        body = {"file": str(file), **asdict(found), "newest": found.newest or None}
        click.echo(json.dumps(body, ensure_ascii=False))
        return
    click.echo(
        f"Wrote {visible(str(file))}: {plural(found.runs, 'run')}, {size_words(found.size)}."
    )
