"""Waiting made short in every Python process that has this folder on its PYTHONPATH.

Python imports a module of this name at its start. Event loops then live SIPTUI_QUICK times as
fast: pauses, spacings and time limits keep their order and their proportions. Sockets, files and
signals are the real ones.
"""

import os
import selectors
import sys
import time
from asyncio import base_events
from typing import Any

_TIMES = float(os.environ.get("SIPTUI_QUICK", "1"))
_select = selectors.DefaultSelector.select


def _quick_select(self: selectors.DefaultSelector, timeout: float | None = None) -> Any:
    return _select(self, timeout / _TIMES if timeout and timeout > 0 else timeout)


def _quick_time(self: base_events.BaseEventLoop) -> float:
    return time.monotonic() * _TIMES


if _TIMES != 1:
    if sys.platform == "win32":
        from asyncio.windows_events import IocpProactor

        _wait = IocpProactor.select

        def _quick_wait(self: IocpProactor, timeout: float | None = None) -> Any:
            return _wait(self, timeout / _TIMES if timeout and timeout > 0 else timeout)

        IocpProactor.select = _quick_wait  # type: ignore[method-assign]  # on purpose
    selectors.DefaultSelector.select = _quick_select  # type: ignore[method-assign]  # on purpose
    base_events.BaseEventLoop.time = _quick_time  # type: ignore[method-assign]  # on purpose
