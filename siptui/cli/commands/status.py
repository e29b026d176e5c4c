"""`siptui status`: where each row of a list stands, from history, batches and inventory."""

import json
from pathlib import Path

import click

from siptui.app.invocation import Invocation
from siptui.app.list_input import whole_and_part
from siptui.app.list_status import read_status
from siptui.app.session import select_for
from siptui.cli import options
from siptui.cli.command import Command
from siptui.cli.status_output import status_lines
from siptui.cli.wording import say_wait
from siptui.domain.errors import ExitCode
from siptui.domain.list_options import ListOptions
from siptui.domain.region import Region
from siptui.domain.text import plural, shell_word, visible
from siptui.runs.output.status_file import status_object, write_status
from siptui.runs.rollout.evidence import Standing


@click.command(cls=Command)
@click.argument("file", type=options.FILE)
@options.region
@options.list_options
@click.option(
    "--only",
    multiple=True,
    type=click.Choice([str(one) for one in Standing]),
    help="Show only the rows that stand so. Can be repeated; the counts are of all.",
)
@options.output
@options.force
@options.as_json
@options.common
def command(
    file: Path,
    region: Region | None,
    list_options: ListOptions,
    only: tuple[str, ...],
    output: Path | None,
    force: bool,
    call: Invocation,
) -> int:
    """Tell of each row of FILE where it stands; changes nothing.

    To do (new, failed, or not signed in), done, other (signed in as another account), live
    (in a batch now), unknown (sources disagree, or none tells), gone (in the history or the
    inventory, not in the list). Read are the runs of this host, the tenant's batches of 30 days
    and the device inventory; what could not be read is told. Ends with 0, or with 5 when a row is
    unknown or a source could not be read. -o writes CSV (or JSON, by the file's ending).
    """
    whole, found = whole_and_part(file, call.profile, region=region, options=list_options)
    rows, evidence = read_status(
        select_for(call),
        found.devices,
        listed=whole.hardware_ids,
        on_wait=say_wait,
    )
    shown = [row for row in rows if not only or str(row.standing) in only]
    if found.rows_invalid:
        click.echo(
            f"{plural(found.rows_invalid, 'faulty row')} not looked at: siptui check "
            f"{shell_word(found.file)}",
            err=True,
        )
    if evidence.nameless:
        click.echo(evidence.nameless, err=True)
    if output is not None:
        write_status(output, found.file, rows, shown, evidence, force=force)
        click.echo(f"{plural(len(shown), 'row')} written to {visible(str(output))}", err=True)
    if call.as_json:
        body = status_object(found.file, rows, shown, evidence)
        click.echo(json.dumps(body, ensure_ascii=False))
    else:
        for line in status_lines(found.file, rows, [] if output else shown, evidence):
            click.echo(line)
    unknown = any(row.standing is Standing.UNKNOWN for row in rows)
    unread = any(source.error for source in evidence.sources)
    return ExitCode.SOME_UNKNOWN if unknown or unread else ExitCode.OK
