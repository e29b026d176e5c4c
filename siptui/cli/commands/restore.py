"""`siptui restore`: a backup in the journal's place."""

import json
from pathlib import Path

import click

from siptui.app.backups import restore_backup
from siptui.app.session import select
from siptui.cli import options
from siptui.cli.command import Command
from siptui.domain.text import plural, visible


@click.command(cls=Command)
@click.argument("file", type=click.Path(path_type=Path))
@options.profile
@options.as_json
def command(file: Path, profile: str | None, as_json: bool) -> None:
    """Put the backup FILE in the place of the profile's journal.

    Refused (exit code 2) for a file that is damaged, of another program, of another tenant or of a
    newer siptui, and where the journal in use has entries that FILE does not have: an older one
    would forget what was submitted since. Refused (exit code 11) while a process works on a run.

    What happened after the backup is not in it: batches that waited then are submitted by your
    decision alone, and commands with --yes submit nothing until “siptui runs --acknowledge”.
    """
    done = restore_backup(select(profile), file)
    if as_json:
        body = {
            "runs": list(done.runs),
            "unfinished": list(done.unfinished),
            "newest": done.newest or None,
        }
        click.echo(json.dumps(body))
        return
    if not done.runs:
        click.echo("The journal has all of it already.")
        return
    click.echo(f"Restored {plural(len(done.runs), 'run')} from {visible(str(file))}.")
    for run in done.unfinished:
        click.echo(f"Run {run} was not finished then: look at it with siptui show {run}")
    click.echo("Compare it with what the service has: siptui batches")
    click.echo("Then confirm that you did: siptui runs --acknowledge")
