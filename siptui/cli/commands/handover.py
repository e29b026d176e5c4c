"""`siptui handover`: what was not signed in, as a list for each addressee."""

from datetime import UTC, datetime
from pathlib import Path

import click

from siptui.app.all_profiles import select_with_run
from siptui.app.list_input import read_list
from siptui.app.session import select
from siptui.cli import options
from siptui.cli.command import Command
from siptui.cli.completion import complete_runs_and_files
from siptui.cli.handover_lines import written
from siptui.cli.journal_notice import say_passed_over, told
from siptui.domain.list_options import ListOptions
from siptui.domain.region import Region
from siptui.domain.state import DeviceState
from siptui.runs.output.handover import Case, case_of, handover_lists, write_handover
from siptui.runs.rollout.history import read_states
from siptui.runs.rollout.summary import summarize
from siptui.runs.service import RunService
from siptui.runs.state_load import load

_BAD = (DeviceState.FAILED, DeviceState.UNKNOWN)


@click.command(cls=Command)
@click.argument("what", metavar="RUN|FILE", shell_complete=complete_runs_and_files)
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    metavar="FOLDER",
    help="Write the lists to FOLDER, which is made.",
)
@options.region
@options.list_options
@options.force
@options.profile
def command(
    what: str,
    output: Path,
    region: Region | None,
    list_options: ListOptions,
    force: bool,
    profile: str | None,
) -> int:
    """Write what was not signed in as a list for each addressee: identity, licences, policies,
    network, technicians, and rollout for what only you can look into.

    RUN is the id of a run; a FILE is a device list, of which all runs count, each phone by its last
    state. Every phone that failed or is unknown stands in at least one list, with its further
    columns (site, room), the cause and what to do. Asks no network.
    """
    if Path(what).is_file():
        cases = _of_list(Path(what), profile, region, list_options)
    else:
        cases = _of_run(what, profile)
    lists = handover_lists(cases)
    for line in written(write_handover(output, lists, force=force), lists):
        click.echo(line)
    if not cases:
        click.echo("Nothing failed; no list was written.")
    return 0


def _of_run(run: str, profile: str | None) -> list[Case]:
    selected = select_with_run(profile, run)
    service = told(RunService(selected.journal, tenant=selected.profile.tenant))
    try:
        state = load(service.journal, service.find(run))
    finally:
        service.close()
    return [case_of(r.device, r.outcome, r.error) for r in state.devices if r.state in _BAD]


def _of_list(
    file: Path, profile: str | None, region: Region | None, list_options: ListOptions
) -> list[Case]:
    found = read_list(file, profile, region=region, options=list_options)
    selected = select(profile)
    summary = summarize(
        found.devices,
        read_states(selected.host, say_passed_over),
        datetime.now(UTC),
        file=found.file,
        tenant=selected.profile.tenant,
    )
    return [
        case_of(one.device, one.outcome, one.error)
        for one in summary.devices
        if one.standing in ("failed", "unknown")
    ]
