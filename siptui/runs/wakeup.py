"""Waits that end when something happens."""

import asyncio


class Wakeup:
    """`wait` returns at the next `wake`, or after its time."""

    def __init__(self) -> None:
        # In the order in which they came: a set would wake them in another one each time.
        self._waiting: dict[asyncio.Future[None], None] = {}

    def wake(self) -> None:
        """End all waits of this moment."""
        waiting, self._waiting = self._waiting, {}
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def wait(self, seconds: float | None = None) -> None:
        """Until the next `wake`, `seconds` at most."""
        future = asyncio.get_running_loop().create_future()
        self._waiting[future] = None
        try:
            async with asyncio.timeout(seconds):
                await future
        except TimeoutError:
            pass
        finally:
            self._waiting.pop(future, None)
