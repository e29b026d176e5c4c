"""Waiting made short in every Python process that has this folder on its PYTHONPATH.

Python imports a module of this name at its start. Event loops then live SIPTUI_QUICK times as
fast: pauses, spacings and time limits keep their order and their proportions. Sockets, files and
signals are the real ones, and the other end of a connection lives in real time: a limit on its
answer is some seconds at the least, which a loaded machine may need.
"""

import asyncio
import os
import selectors
import sys
import time
from asyncio import base_events, timeouts
from typing import Any

_TIMES = float(os.environ.get("SIPTUI_QUICK", "1"))
#: The real seconds that a limit has at the least, what sets those of the network, and what waits by
#: limits.
_LEAST = 5.0
_NETWORK = "anyio._backends._asyncio"
_WAITING = ("siptui.runs.wakeup", "siptui.runs.notify", "siptui.transport.throttle")
_call_at = base_events.BaseEventLoop.call_at
_timeout = timeouts.timeout
_select = selectors.DefaultSelector.select


def _quick_select(self: selectors.DefaultSelector, timeout: float | None = None) -> Any:
    return _select(self, timeout / _TIMES if timeout and timeout > 0 else timeout)


def _quick_time(self: base_events.BaseEventLoop) -> float:
    return time.monotonic() * _TIMES


def _forgiving_call_at(
    self: base_events.BaseEventLoop, when: float, callback: Any, *args: Any, context: Any = None
) -> Any:
    if sys._getframe(1).f_globals.get("__name__") == _NETWORK:
        when = max(when, self.time() + _LEAST * _TIMES)
    return _call_at(self, when, callback, *args, context=context)


def _forgiving_timeout(delay: float | None) -> timeouts.Timeout:
    if delay is not None and sys._getframe(1).f_globals.get("__name__") not in _WAITING:
        delay = max(delay, _LEAST * _TIMES)
    return _timeout(delay)


if _TIMES != 1:
    if sys.platform == "win32":
        from asyncio.windows_events import IocpProactor

        _wait = IocpProactor.select

        def _quick_wait(self: IocpProactor, timeout: float | None = None) -> Any:
            return _wait(self, timeout / _TIMES if timeout and timeout > 0 else timeout)

        IocpProactor.select = _quick_wait  # type: ignore[method-assign]  # on purpose
    selectors.DefaultSelector.select = _quick_select  # type: ignore[method-assign]  # on purpose
    base_events.BaseEventLoop.call_at = _forgiving_call_at  # type: ignore[method-assign]
    asyncio.timeout = timeouts.timeout = _forgiving_timeout
    base_events.BaseEventLoop.time = _quick_time  # type: ignore[method-assign]  # on purpose
