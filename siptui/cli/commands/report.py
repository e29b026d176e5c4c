"""`siptui report FILE`: one report on all runs of a list and of lists made from it."""

from datetime import UTC, datetime
from pathlib import Path

import click

from siptui.app.list_input import read_list
from siptui.app.session import select
from siptui.cli import options
from siptui.cli.command import Command
from siptui.cli.journal_notice import say_passed_over
from siptui.devicelist.writing import write_new
from siptui.domain.errors import UsageError
from siptui.domain.list_options import ListOptions
from siptui.domain.region import Region
from siptui.domain.row_filter import NoSuchColumnError, column_of, grouper
from siptui.domain.text import plural, shell_word, visible
from siptui.runs.output.rollout_report import rollout_html, rollout_markdown
from siptui.runs.rollout.history import read_states
from siptui.runs.rollout.summary import summarize


@click.command(cls=Command)
@click.argument("file", type=options.FILE)
@options.region
@options.list_options
@click.option(
    "--by",
    metavar="COLUMN",
    default="",
    help="The column of the counts by site. Default: Site, where the list has it.",
)
@options.output
@options.force
@options.profile
def command(
    file: Path,
    region: Region | None,
    list_options: ListOptions,
    by: str,
    output: Path | None,
    force: bool,
    profile: str | None,
) -> int:
    """Report on all runs of the device list FILE, and of lists made from it: devices are known by
    their hardware ids, not by the name of a file.

    Totals by device (its last state counts), sites, causes, runs with who and when, and what is
    left. A row without a region has the one in which a run submitted its device. -o writes
    Markdown (.md) or a page that loads nothing from outside (.html); without it Markdown is
    printed. Reads the journals of this host and asks no network.
    """
    found = read_list(file, profile, region=region, options=list_options)
    if lacking := found.lacking_region:  # a run may have been told it, so that any will do here
        found = read_list(file, profile, region=Region.EMEA, options=list_options)
    if not found.devices:
        raise UsageError(
            f"{found.file} has no device that can be submitted.",
            remedy=f"“siptui check {shell_word(found.file)}” shows why.",
        )
    selected = select(profile)
    extra = dict.fromkeys(name for device in found.devices[:1] for name in device.extra)
    try:
        column = column_of(by or "Site", extra, found.headers_read)
    except NoSuchColumnError:
        if by:
            raise
        column = ""
    summary = summarize(
        found.devices,
        read_states(selected.host, say_passed_over),
        datetime.now(UTC),
        file=found.file,
        tenant=selected.profile.tenant,
        by=column,
        group_of=grouper(found.devices, column) if column else None,
        part=found.part,
        faulty=found.rows_invalid,
        no_region=lacking,
    )
    page = output is not None and output.suffix.casefold() in (".html", ".htm")
    text = rollout_html(summary) if page else rollout_markdown(summary)
    if output is None:
        click.echo(text, nl=False)
        return 0
    write_new(output, text.encode("utf-8", "backslashreplace"), force=force)
    told = f"{plural(len(summary.devices), 'device')} in {plural(len(summary.runs), 'run')}"
    click.echo(f"{told}, written to {visible(str(output))}", err=True)
    return 0
