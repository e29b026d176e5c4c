"""A desk whose runs are worked on in this very process, by a loop of its own in a thread."""

import asyncio
import logging
import threading
from pathlib import Path

from siptui.posix import HeldError
from siptui.runs.office import Office
from siptui.runs.worker import Connect, take, work_on

_LOG = logging.getLogger(__name__)
_CLOSING = 10.0  # seconds given to what is under way when the desk is closed


class LocalDesk(Office):
    """An office that works itself. The screen's loop and the engine's never wait for each other:
    they meet in the journal. `close` stops the work; a run that is stopped so can be resumed."""

    def __init__(self, journal: Path, connect: Connect, *, tenant: str, account: str = "") -> None:
        super().__init__(journal, tenant=tenant, account=account, start_work=self._start)
        self._journal_path = journal
        self._connect = connect
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name="runs", daemon=True)

    def wait(self, seconds: float) -> None:
        """Until no run is worked on here; `TimeoutError` after so many seconds."""
        if self._thread.is_alive():
            asyncio.run_coroutine_threadsafe(self._idle(), self._loop).result(seconds)

    @property
    def working(self) -> bool:
        """Whether a run is being worked on here."""
        return any(not task.done() for task in self._tasks.values())

    def close(self) -> None:
        """Stop the work and let go of the journal."""
        if self._thread.is_alive():
            asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(_CLOSING)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(_CLOSING)
        if not self._loop.is_running():
            self._loop.close()
        super().close()

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    def _start(self, run: str) -> None:
        if not self._thread.is_alive():
            self._thread.start()
        self._loop.call_soon_threadsafe(self._begin, run)

    def _begin(self, run: str) -> None:
        task = self._tasks.get(run)
        if task is None or task.done():
            self._tasks[run] = self._loop.create_task(self._work(run))

    async def _work(self, run: str) -> None:
        try:
            with take(self._journal_path, run):
                await work_on(self._journal_path, run, self._connect, actor=self.actor)
        except HeldError:
            return  # another process works on it
        except Exception:
            _LOG.exception("the work on run %s ended with a fault", run)

    async def _idle(self) -> None:
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _stop(self) -> None:
        tasks = [task for task in self._tasks.values() if not task.done()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
