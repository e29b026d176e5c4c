"""A new sign-in for the workers that wait for one."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from siptui.domain.errors import SiptuiError

if TYPE_CHECKING:
    from siptui.identity.account import Account
    from siptui.identity.store import TokenStore
    from siptui.runs.service import RunService


def waiting_runs(run_service: "RunService", journal: Path) -> list[str]:
    """The runs with a worker that waits for somebody to sign in."""
    from siptui.runs.journal.locks import holder_of
    from siptui.runs.state import needs_sign_in
    from siptui.runs.state_load import load

    held = [run for run in run_service.journal.runs() if holder_of(journal, run)]
    return [run for run in held if needs_sign_in(load(run_service.journal, run))]


def hand_to_workers(profile: str | None, account: "Account", store: "TokenStore") -> list[str]:
    """Give the new sign-in to the workers that wait for one; the runs they work on."""
    from siptui.app.session import select
    from siptui.app.worker_start import worker_run_service
    from siptui.identity.handoff import Gift
    from siptui.identity.store import StoreKind

    selected = select(profile)
    if not (selected.store_folder / selected.journal.name).exists():
        return []
    content = store.read() if store.kind is StoreKind.MEMORY else None
    given = Gift(sign_in=content.decode() if content else "")
    run_service = worker_run_service(selected, account=account.user, gift=lambda: given)
    try:
        told = []
        for run in waiting_runs(run_service, selected.journal):
            try:
                run_service.signed_in(run)
            except SiptuiError as error:  # the sign-in itself went well
                click.echo(f"Run {run} was not told: {error.message}", err=True)
            else:
                told.append(run)
        return told
    finally:
        run_service.close()


def tell_of_holders(profile: str | None) -> None:
    """Say which workers are at work still after a sign-out: what they were handed is theirs."""
    from siptui.app.session import select
    from siptui.runs.journal.locks import holder_of

    journal = select(profile).journal
    for lock in sorted((journal.parent / "held").glob("*.lock")):
        if holder := holder_of(journal, lock.stem):
            click.echo(
                f"Run {lock.stem} is still worked on by process {holder.pid} on {holder.host}: a "
                "worker that was handed a sign-in keeps it until the run ends. To stop submitting: "
                f"siptui attach {lock.stem}, then P; to end it at once: kill {holder.pid}",
                err=True,
            )
