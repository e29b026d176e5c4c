"""A loop of its own in a thread: for what must not hold up the screen."""

import asyncio
import logging
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

from siptui.domain.errors import SiptuiError

_LOG = logging.getLogger("siptui.background")
T = TypeVar("T")
_CLOSING = 10.0  # seconds given to what is under way when it is closed


class UnforeseenError(SiptuiError):
    """An internal error. The caller can go on."""

    title = "Internal error"
    code = "internal_error"


class BackgroundLoop:
    """Coroutines go in from any thread; their results are waited for where they are wanted.

    The thread is begun at the first of them and keeps no process from ending.
    """

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name=name, daemon=True)
        self._begun: set[asyncio.Task[Any]] = set()

    def begin(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Have `work` done."""
        if not self._thread.is_alive():
            self._thread.start()
        return asyncio.run_coroutine_threadsafe(self._kept(work), self._loop)

    async def _kept(self, work: Coroutine[Any, Any, T]) -> T:
        task = asyncio.current_task()
        assert task
        self._begun.add(task)
        try:
            return await work
        finally:
            self._begun.discard(task)

    async def ask(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of `work`, for another loop. Who stops waiting stops the work as well.

        What fails without being a `SiptuiError` is logged and raised as `UnforeseenError`, so
        that a fault beside the screen does not take the screen with it.
        """
        try:
            return await asyncio.wrap_future(self.begin(work))
        except SiptuiError:
            raise
        except Exception as error:
            _LOG.exception("A fault beside the screen")
            raise UnforeseenError(
                f"{type(error).__name__}: this is a fault of siptui, not yours.",
                remedy="It is in the log file; you can go on, and try it again.",
            ) from error

    def close(self) -> None:
        """Stop what is under way, and the thread. What takes too long is left where it is."""
        if self._thread.is_alive():
            try:
                asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(_CLOSING)
            except TimeoutError:
                _LOG.warning("something beside the screen did not end in time")
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(_CLOSING)
        if not self._loop.is_running():
            self._loop.close()

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    async def _stop(self) -> None:
        # Those alone that were begun here. What they shield from being stopped, such as a submit
        # whose answer is on its way, is theirs to wait for.
        tasks = list(self._begun)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
