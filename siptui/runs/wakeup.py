"""Wakes whoever waits for something to happen."""

import asyncio


class Bell:
    """`wait` returns at the next `ring`, or after its time."""

    def __init__(self) -> None:
        # In the order in which they came: a set would wake them in another one each time.
        self._waiting: dict[asyncio.Future[None], None] = {}

    def ring(self) -> None:
        """Wake everybody who is waiting now."""
        waiting, self._waiting = self._waiting, {}
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def wait(self, seconds: float | None = None) -> None:
        """Until the bell rings, `seconds` at most."""
        future = asyncio.get_running_loop().create_future()
        self._waiting[future] = None
        try:
            async with asyncio.timeout(seconds):
                await future
        except TimeoutError:
            pass
        finally:
            self._waiting.pop(future, None)
