"""Blocking calls beside the event loop, in threads that need not be waited for."""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def in_thread(call: Callable[[], T]) -> T:
    """Run `call` in a thread of its own and wait for what it returns or raises.

    When the waiting is cancelled, the thread is left to itself and its outcome dropped: leaving
    must not last until a request times out, which the loop's own pool of threads would do.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: BaseException | None) -> None:
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # type: ignore[arg-type]  # no error: it is a T

    def run() -> None:
        result: T | None = None
        error: BaseException | None = None
        try:
            result = call()
        except BaseException as raised:  # raised again in the waiting caller
            error = raised
        with contextlib.suppress(RuntimeError):  # the loop has ended, and with it the interest
            loop.call_soon_threadsafe(settle, result, error)

    threading.Thread(target=run, daemon=True, name="identity").start()
    return await future


def leave_to_thread(call: Callable[[], object]) -> None:
    """Run `call` in a thread that is not waited for."""
    threading.Thread(target=call, daemon=True, name="identity-end").start()
