"""Working on a run: one holder at a time, until nothing is left to do."""

import contextlib
import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from siptui.domain.errors import SiptuiError
from siptui.domain.text import visible
from siptui.gateway.protocol import BulkSignIn
from siptui.host.files import same_file
from siptui.host.locks import FileLock, file_lock, say_in_lock
from siptui.host.private_files import private_folder
from siptui.logs.audit import AuditLog
from siptui.runs.audit_trail import AuditTrail, write_owed
from siptui.runs.conflicts import (
    BusyDevicesError,
    left_out,
    perhaps_same_tenant,
    refuse_busy,
    seen,
    signed_in,
)
from siptui.runs.engine.engine import Engine, internal_error
from siptui.runs.engine.scheduler import may_go_out
from siptui.runs.events import Actor, Note, Order, RunStopped
from siptui.runs.host_tenant import HostTenant
from siptui.runs.journal.journal import Journal, JournalGoneError
from siptui.runs.journal.locks import audited_path, lock_path
from siptui.runs.notify import Notifier
from siptui.runs.orders import SUBMITTING, ordered
from siptui.runs.run_log import LockGoneError, RunLog
from siptui.runs.state import DeviceRecord, RunState
from siptui.runs.state_load import load
from siptui.runs.this_actor import this_actor

_LOG = logging.getLogger(__name__)

#: Seconds that a worker waits for a journal that another process has locked.
_PATIENCE = 3600.0
#: Seconds that a worker waits for a role that has ended before it lets go of the run.
ROLE_WAIT = 24 * 3600.0
#: Seconds at least between two times that an answer is told of.
_ANSWERS = 2.0
#: Opens a client of the service for one run, and closes it.
Connect = Callable[[], AbstractAsyncContextManager[BulkSignIn]]


def now() -> datetime:
    """The time."""
    return datetime.now(UTC)


def take(path: Path, run: str) -> FileLock:
    """Take `run` for this process; `HeldError` (exit 11) when another one works on it."""
    lock = lock_path(path, run)
    if not path.exists():  # a folder that was moved is not made anew
        raise JournalGoneError(path, "was deleted or moved")
    private_folder(lock.parent)
    return file_lock(lock)


class OtherTenantError(SiptuiError):
    """The run was planned for another tenant than that of the profile it would go on with."""

    title = "Another tenant"
    code = "other_tenant"


def refuse_other_tenant(state: RunState, host: HostTenant) -> None:
    """Raise `OtherTenantError` where the profile became another tenant's since `state` was planned:
    what was decided for the one must not be submitted in the other."""
    planned = state.plan.tenant if state.plan else ""
    if planned and host.tenant and not perhaps_same_tenant(planned, host.tenant):
        raise OtherTenantError(
            f"Run {state.run} is for the tenant {visible(planned)}, and the profile was changed: "
            f"it is for {visible(host.tenant)} now. Nothing more was submitted.",
            remedy="Put the run's tenant back into the profile, or make that of the other tenant a "
            f"profile of its own (siptui profiles add NAME --tenant TENANT). Then: "
            f"siptui resume {state.run}",
        )


def leave_to_others(journal: Journal, run: str, at: datetime, host: HostTenant) -> None:
    """Leave out of `run` what another run has signed in as the list wants it; submit nothing in
    it, and say so, if another run has taken devices that wait in it. Raises `OtherTenantError`.

    A process looks before it starts work, but only the holder of a run is seen by others. What the
    service has already is followed either way.
    """
    with host.deciding():
        state = load(journal, run)
        refuse_other_tenant(state, host)
        wanted = {r.index: r for r in _going_out(state)}
        devices = {r.device: r.earliest_submit for r in wanted.values()}
        known = seen(journal, list(devices), besides=run, host=host)
        done = signed_in(known, devices, again_at=state.again_at)
        if done:
            journal.append(run, left_out(state, done), at)
        try:
            refuse_busy(known, again_at=state.again_at)
        except BusyDevicesError as error:
            note = Note(level="error", text=f"{error.message} {error.remedy}")
            journal.append(
                run, [note, Order(what="stop", actor=this_actor(), how="devices taken")], at
            )


def _going_out(state: RunState) -> Iterator[DeviceRecord]:
    """The devices that will be submitted without a further word."""
    for batch in state.queued_batches():
        if may_go_out(state, batch):
            yield from (state.devices[i] for i in batch.devices)
    for order in state.open_orders.values():
        if order.what in SUBMITTING:
            yield from ordered(state, order)


def _still_there(lock: Path) -> Callable[[], None]:
    """Raises `LockGoneError` when the file at `lock`, if there is one, is no longer the same."""

    def seen() -> os.stat_result | None:
        try:
            return lock.stat()
        except FileNotFoundError:
            return None

    mine = seen()

    def check() -> None:
        now = seen()
        if mine is None or now is None:
            gone = mine is not now
        else:
            gone = not same_file((mine.st_dev, mine.st_ino), now)
        if gone:
            raise LockGoneError(
                f"{lock} was deleted or replaced while this process worked on the run, so that"
                " others take it to be free",
                remedy="Nothing more is submitted by this process. Go on with: siptui resume "
                + lock.stem,
            )

    return check


def _say_wait(lock: Path, what: str) -> None:
    _LOG.warning("%s", what or "the journal is free again")
    say_in_lock(lock, waits=what)


class _Answers:
    """Writes beside the lock when the service last answered, which the journal has no place for
    where an answer brings nothing new."""

    def __init__(self, lock: Path) -> None:
        self._lock = lock
        self._last = 0.0

    def told(self) -> None:
        """It answered now."""
        if (moment := time.monotonic()) - self._last < _ANSWERS:
            return
        self._last = moment
        with contextlib.suppress(OSError):  # it is for the eye alone
            say_in_lock(self._lock, asked=now().isoformat(timespec="seconds"))


def _stopped(error: SiptuiError) -> RunStopped:
    return RunStopped(code=error.code, message=error.message, remedy=error.remedy)


async def work_on(
    path: Path,
    run: str,
    connect: Connect,
    *,
    host: HostTenant | None = None,
    actor: Actor | None = None,
    sign_in_wait: float = 0.0,
    role_wait: float = 0.0,
    notify: tuple[str, ...] = (),
    audit: AuditLog | None = None,
    release: Callable[[], None] = lambda: None,
) -> None:
    """Carry `run` out; the caller has taken it. How it ended is in the journal.

    `host` is what else this host has of the tenant, if not this journal alone. `sign_in_wait` is
    how many seconds a lost sign-in is waited for, `role_wait` a role that has ended. `notify` is
    the command that is run for an operator who is not watching (see `notify.py`), `audit` where its
    acts are written down (see `audit_trail.py`); `release` frees the run before the last of these
    commands is waited for. Errors that are no fault of siptui end up in the journal as the reason
    why the run stopped.
    """
    with Journal(path, run=run) as journal:
        if journal.notice:
            _LOG.warning("%s", journal.notice)
        journal.find(run)
        lock = lock_path(path, run)
        still_mine = _still_there(lock)
        journal.waiting.patience = _PATIENCE
        journal.waiting.on_wait = partial(_say_wait, lock)
        notifier = Notifier(journal, run, notify) if notify else None
        trail = AuditTrail(audit, audited_path(path, run)) if audit else None
        if notifier:
            notifier.start()
        if audit:
            write_owed(journal, audit)
        try:
            where = host or HostTenant.alone(path, "")
            async with connect() as service:
                while True:
                    leave_to_others(journal, run, now(), where)
                    run_log = RunLog(journal, run, now, still_mine=still_mine, audit=trail)
                    engine = Engine(
                        run_log,
                        service,
                        host=where,
                        actor=actor,
                        sign_in_wait=sign_in_wait,
                        role_wait=role_wait,
                        answered=_Answers(lock).told,
                    )
                    await engine.run()
                    # An order may have arrived while the engine was on its way out. One that it
                    # knew and could not carry out waits for who goes on with the run.
                    if load(journal, run).open_orders.keys() <= run_log.state.open_orders.keys():
                        return
        except JournalGoneError as error:
            # There is nowhere to write it: who follows the run sees the same, the log has it, and
            # notify_command is told.
            _LOG.error("run %s stopped: %s %s", run, error.message, error.remedy)
            if notifier:
                await notifier.tell(_stopped(error))
        except SiptuiError as error:
            _LOG.warning("run %s stopped: %s", run, error.code)
            journal.append(run, [_stopped(error)], now())
        except Exception as error:
            if load(journal, run).stopped is None:  # it did not come as far as the engine
                journal.append(run, [internal_error(run, error)], now())
            raise
        finally:
            if trail:
                trail.close()
            if notifier:
                await notifier.flush()
            release()
            if notifier:
                await notifier.finish()
