"""`siptui attach [RUN]`: the console on a run, running or ended, or its lines for programs."""

from dataclasses import replace
from datetime import UTC, datetime

import click

from siptui.app.all_profiles import select_with_run
from siptui.app.invocation import Invocation
from siptui.app.session import Selected
from siptui.app.worker_start import known_account, start_worker
from siptui.cli import options
from siptui.cli.command import Command
from siptui.cli.commands.batch import read_batch
from siptui.cli.commands.open import console_options, open_console
from siptui.cli.completion import complete_runs
from siptui.cli.follow_run import watch
from siptui.cli.journal_notice import told
from siptui.domain.errors import UsageError
from siptui.domain.region import Region
from siptui.runs.journal.locks import holder_of
from siptui.runs.service import RunService
from siptui.runs.state_load import load
from siptui.runs.tenant_batches import adopt_foreign


@click.command(cls=Command)
@click.argument("run", shell_complete=complete_runs, required=False)
@click.option(
    "--batch",
    "batch_id",
    metavar="ID",
    help="Follow the batch with this id at the service, of any operator.",
)
@options.region
@options.console_flags
@click.option(
    "--from-now",
    is_flag=True,
    help="With --json: print only what happens from now on. Default: from the run's beginning.",
)
@options.as_json
@options.common
def command(
    run: str | None,
    batch_id: str | None,
    region: Region | None,
    flags: options.ConsoleFlags,
    from_now: bool,
    call: Invocation,
) -> int:
    """Open the console on RUN, running or ended; on the newest unfinished one, or else the
    newest, if none is named.

    With --json there is no console: the lines of “run --json” are printed from the beginning of the
    run, or with --from-now from now on, until its work ends. It needs no terminal, changes nothing,
    and any number may follow one run; the exit code is the run's.
    """
    if from_now and not call.as_json:
        raise UsageError(
            "--from-now is for --json; the console shows a run from its beginning.",
            remedy="Give --json as well, or leave it out.",
        )

    selected = replace(select_with_run(call.profile, run), call=call)
    run_service = told(RunService(selected.journal, tenant=selected.profile.tenant))
    try:
        if batch_id is not None:
            found: str | None = _adopted(
                run_service, selected, batch_id, region, screen=not call.as_json
            )
        elif run is None:
            newest: list[str] = run_service.journal.runs()[:1]
            found = run_service.newest_unfinished() or (newest[0] if newest else None)
        else:
            found = run_service.find(run)
        if found is not None and call.as_json:
            after = load(run_service.journal, found).last_seq if from_now else 0
            return watch(run_service, selected.journal, found, as_json=True, after=after)
    finally:
        run_service.close()
    if found is None:
        raise UsageError(
            "There is no run to attach to yet.",
            code="no_run",
            remedy="Start one: siptui FILE opens the console, siptui run FILE does without.",
        )
    console = console_options(selected, flags, run=found)
    return open_console(selected, console, flags)


def _adopted(
    run_service: RunService,
    selected: Selected,
    batch_id: str,
    region: Region | None,
    *,
    screen: bool,
) -> str:
    """The run that follows the service's batch `batch_id`, made if need be, with its worker."""
    from siptui.tui.run_console import check_terminal

    if screen:
        check_terminal()  # before a run is made of it
    status = read_batch(batch_id, selected)
    run = adopt_foreign(run_service, status, region or selected.profile.region, datetime.now(UTC))
    if not load(run_service.journal, run).finished and holder_of(selected.journal, run) is None:
        run_service.hold_back(run)  # it may be one of our own, with more to submit
        start_worker(selected, run, account=known_account(selected))
    return run
