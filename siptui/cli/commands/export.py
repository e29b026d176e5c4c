"""`siptui export`: the results of a run, for a spreadsheet, a script or the next run."""

import sys
from pathlib import Path

import click

from siptui.app.all_profiles import select_with_run
from siptui.cli import options
from siptui.cli.command import Command
from siptui.cli.completion import complete_runs
from siptui.cli.journal_notice import told
from siptui.devicelist.writing import csv_text, json_text, write_csv, write_json, write_new
from siptui.domain.errors import UsageError
from siptui.domain.row_filter import Condition
from siptui.domain.state import DeviceState
from siptui.domain.text import plural, visible
from siptui.host.standard_streams import write_utf8
from siptui.runs.output.export_rows import in_part, result_rows
from siptui.runs.output.filled_list import write_into
from siptui.runs.output.markdown_report import report_text
from siptui.runs.overview import lost_note
from siptui.runs.service import RunService
from siptui.runs.state_load import load

_FORMS = {".json": "json", ".md": "md", ".markdown": "md"}
_STATES = [str(state) for state in DeviceState if state is not DeviceState.INVALID]


@click.command(cls=Command)
@click.argument("run", shell_complete=complete_runs)
@options.output
@click.option(
    "--format",
    "form",
    type=click.Choice(["csv", "json", "md"]),
    help="Format of the output. Default: by the ending of FILE, else csv.",
)
@options.where
@click.option(
    "--only", type=click.Choice(_STATES), help="Only the devices in this state. Default: all."
)
@click.option(
    "--into",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write a copy of the device list, in its own form, with the results in columns of their "
    "own, to FILE.",
)
@click.option(
    "--list",
    "source",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="With --into: the device list, if it was moved since the run.",
)
@click.option(
    "--raw",
    is_flag=True,
    help="Write cells as they are. Default: formulas for a spreadsheet are guarded.",
)
@options.force
@options.profile
def command(
    run: str,
    output: Path | None,
    form: str | None,
    where: tuple[Condition, ...],
    only: str | None,
    into: Path | None,
    source: Path | None,
    raw: bool,
    force: bool,
    profile: str | None,
) -> int:
    """Write the results of RUN. “--only failed” writes a list that “siptui run” reads; “md” is a
    report for the ticket of a change; “--into” fills in a copy of the list itself."""
    selected = select_with_run(profile, run)
    run_service = told(RunService(selected.journal, tenant=selected.profile.tenant))
    try:
        state = load(run_service.journal, run_service.find(run))
    finally:
        run_service.close()
    if lost := lost_note(state):
        click.echo(f"Run {state.run}: {lost}", err=True)
    if into is not None:
        if output is not None or form is not None or only is not None or raw or where:
            raise UsageError("--into writes the whole list in its own form; give it alone.")

        count = write_into(state, into, source=source, force=force)
        click.echo(f"{plural(count, 'row')} filled in: {visible(str(into))}", err=True)
        return 0
    if source is not None:
        raise UsageError("--list is for --into.")
    records = [r for r in in_part(state, where) if only is None or str(r.state) == only]
    rows = result_rows(state, records)
    form = form or _FORMS.get(output.suffix.casefold() if output else "", "csv")
    if output is None:
        if form == "md":
            text = report_text(state, records)
        else:
            text = json_text(state.run, rows) if form == "json" else csv_text(rows, raw=raw)
        if not sys.stdout.isatty():
            write_utf8()  # as the file would be: a reader must not have to guess
        click.echo(text, nl=False)
        return 0
    if form == "md":
        write_new(output, report_text(state, records).encode(), force=force)
    elif form == "json":
        write_json(output, state.run, rows, force=force)
    else:
        write_csv(output, rows, raw=raw, force=force)
    click.echo(f"{len(rows)} devices written to {visible(str(output))}", err=True)
    return 0
