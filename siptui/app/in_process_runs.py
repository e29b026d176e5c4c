"""A run service whose runs are worked on in this very process, by a loop of its own in a thread."""

import logging
import os
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future, wait
from contextlib import asynccontextmanager
from pathlib import Path

from siptui.app.keep_days import forget_old_runs
from siptui.app.session import Selected, open_session
from siptui.app.tenant_name import label
from siptui.background_loop import BackgroundLoop
from siptui.gateway.protocol import BulkSignIn
from siptui.host.locks import HeldError, Holder
from siptui.logs.audit import AuditLog
from siptui.runs.service import RunService
from siptui.runs.worker import ROLE_WAIT, Connect, take, work_on

_LOG = logging.getLogger(__name__)
#: Seconds until the engine's loop must have taken a run.
_STARTING = 30.0


class InProcessRunService(RunService):
    """A run service that works in this process. The screen's loop and the engine's never wait for
    each other: both read and write the journal. `close` stops the work; such a run can be resumed.
    `background` is the engine's loop, for other readers of the same service; `notify` is the
    command that is run at the end of a run and where an operator has to act; `audit` is where
    acts are written down; `closed` is called
    when all is let go of."""

    def __init__(
        self,
        journal: Path,
        connect: Connect,
        *,
        tenant: str,
        account: str = "",
        notify: tuple[str, ...] = (),
        audit: AuditLog | None = None,
        closed: Callable[[], object] = lambda: None,
    ) -> None:
        super().__init__(journal, tenant=tenant, account=account, start_work=self._start)
        self._journal_path = journal
        self._connect = connect
        self._notify = notify
        self._audit = audit
        self._closed = closed
        self._works: dict[str, Future[None]] = {}
        self.background = BackgroundLoop("runs")

    def wait(self, seconds: float) -> None:
        """Until no run is worked on here; `TimeoutError` after so many seconds."""
        if wait(self._works.values(), seconds).not_done:
            raise TimeoutError

    def holder(self, run: str) -> Holder | None:
        """The process that works on the run: this one from when it was told to."""
        work = self._works.get(run)
        here = work is not None and not work.done()
        return super().holder(run) or (Holder(os.getpid()) if here else None)

    @property
    def working(self) -> bool:
        """Whether a run is being worked on here."""
        return any(not work.done() for work in self._works.values())

    def close(self) -> None:
        """Stop the work and let go of the journal."""
        self.background.close()
        super().close()
        self._closed()

    def _start(self, run: str) -> None:
        work = self._works.get(run)
        if work is None or work.done():
            taken = threading.Event()
            self._works[run] = self.background.begin(self._work(run, taken))
            # Others see the devices of a run once it is held.
            taken.wait(_STARTING)

    async def _work(self, run: str, taken: threading.Event) -> None:
        try:
            with take(self._journal_path, run) as lock:
                taken.set()
                await work_on(
                    self._journal_path,
                    run,
                    self._connect,
                    host=self.host,
                    actor=self.actor,
                    role_wait=ROLE_WAIT,
                    notify=self._notify,
                    audit=self._audit,
                    release=lock.release,
                )
        except HeldError:
            return  # another process works on it
        except Exception:
            _LOG.exception("the work on run %s ended with a fault", run)
        finally:
            taken.set()


def in_process_run_service(
    selected: Selected,
    *,
    account: str = "",
) -> RunService:
    """The run service of the profile's tenant, whose runs are worked on in this very process."""

    @asynccontextmanager
    async def connect() -> AsyncIterator[BulkSignIn]:
        async with open_session(selected) as session:
            yield session.client

    run_service = InProcessRunService(
        selected.journal,
        connect,
        tenant=selected.profile.tenant,
        account=account,
        notify=selected.settings.notify_command,
        audit=selected.audit_log,
        closed=lambda: forget_old_runs(selected),
    )
    run_service.label, run_service.host = label(selected), selected.submitting_host
    return run_service
