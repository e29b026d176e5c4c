"""The demo tenant as a desk: the emulator, the real client and the real engine, in a thread."""

import asyncio
import logging
import threading
from datetime import UTC, datetime
from pathlib import Path

from siptui.emulator.demo import DEMO_SCENARIO
from siptui.emulator.emulator import Emulator
from siptui.gateway.client import BulkSignInClient
from siptui.posix import HeldError, file_lock, private_folder
from siptui.runs.book import Book
from siptui.runs.engine import Engine
from siptui.runs.journal import Journal
from siptui.runs.office import Office, load, lock_path
from siptui.transport import open_client

_LOG = logging.getLogger(__name__)
#: How much faster than a real tenant the demo's phones sign in.
SPEED = 4.0
_CLOSING = 5.0  # seconds given to what is under way when the console closes
_BASE = "https://emulator.invalid"  # any host: nothing leaves the process


def _now() -> datetime:
    return datetime.now(UTC)


class _Token:
    async def token(self, *, refresh: bool = False) -> str:
        return "demo"


class DemoDesk(Office):
    """A desk whose runs are worked on in this process, by a loop of its own in a thread.

    The screen's loop and the engine's never wait for each other: they meet in the journal.
    """

    def __init__(self, folder: Path, *, speed: float = SPEED) -> None:
        emulator = Emulator(DEMO_SCENARIO, clock=None, speed=speed)
        self._emulator = emulator
        super().__init__(
            folder / "journal.sqlite",
            tenant=f"{emulator.scenario.tenant.name} (emulated)",
            account="demo operator",
            start_work=self._start,
        )
        self._path_of_journal = folder / "journal.sqlite"
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name="demo", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop the work: the demo tenant ends with its console."""
        if self._thread.is_alive():
            asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(_CLOSING)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(_CLOSING)
        super().close()

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        self._loop.close()

    def _start(self, run: str) -> None:
        self._loop.call_soon_threadsafe(self._begin, run)

    def _begin(self, run: str) -> None:
        task = self._tasks.get(run)
        if task is None or task.done():
            self._tasks[run] = self._loop.create_task(self._work(run))

    async def _work(self, run: str) -> None:
        lock = lock_path(self._path_of_journal, run)
        private_folder(lock.parent)
        try:
            with file_lock(lock), Journal(self._path_of_journal) as journal:
                async with open_client(transport=self._emulator.transport()) as http:
                    # An order may arrive while the engine is on its way out.
                    while True:
                        client = BulkSignInClient(http, _BASE, _Token())
                        await Engine(Book(journal, run, _now), client).run()
                        if not load(journal, run).open_orders:
                            break
        except HeldError:
            return
        except Exception:
            _LOG.exception("the demo's engine failed")

    async def _stop(self) -> None:
        tasks = [task for task in self._tasks.values() if not task.done()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
