"""A new sign-in for the workers that wait for one."""

from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from siptui.app.session import Selected
from siptui.app.worker_start import worker_run_service
from siptui.domain.errors import SiptuiError
from siptui.host.locks import Holder
from siptui.identity.account import Account
from siptui.identity.handoff import Handoff
from siptui.identity.store import StoreKind, TokenStore
from siptui.runs.journal.locks import holder_of
from siptui.runs.service import RunService
from siptui.runs.state import needs_role, needs_sign_in
from siptui.runs.state_load import load


class HandedOver(Struct, frozen=True):
    """The runs whose workers took a new sign-in, and why others did not, by run."""

    told: tuple[str, ...] = ()
    refused: tuple[tuple[str, str], ...] = ()


def waiting_runs(run_service: RunService, journal: Path) -> list[str]:
    """The runs with a worker that waits for a sign-in, or for a role that a new one may bring."""
    held = [run for run in run_service.journal.runs() if holder_of(journal, run)]
    states = [load(run_service.journal, run) for run in held]
    return [state.run for state in states if needs_sign_in(state) or needs_role(state)]


def hand_to_workers(selected: Selected, account: Account, store: TokenStore) -> HandedOver:
    """Give the new sign-in to the workers that wait for one. A worker that cannot be told does not
    keep the others from being told: the sign-in itself succeeded."""
    if not (selected.store_folder / selected.journal.name).exists():
        return HandedOver()
    content = store.read() if store.kind is StoreKind.MEMORY else None
    given = Handoff(sign_in=content.decode() if content else "")
    run_service = worker_run_service(selected, account=account.user, handoff=lambda: given)
    try:
        told, refused = [], []
        for run in waiting_runs(run_service, selected.journal):
            try:
                run_service.signed_in(run)
            except SiptuiError as error:
                refused.append((run, error.message))
            else:
                told.append(run)
        return HandedOver(tuple(told), tuple(refused))
    finally:
        run_service.close()


def holders(selected: Selected) -> Iterator[tuple[str, Holder]]:
    """The runs that workers work on, with the worker: each keeps the sign-in it was handed."""
    journal = selected.journal
    for lock in sorted((journal.parent / "held").glob("*.lock")):
        if holder := holder_of(journal, lock.stem):
            yield lock.stem, holder
