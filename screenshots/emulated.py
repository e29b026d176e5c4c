"""The console with time, chance and names that are the same in every run, so that pictures are.

Screen and engine share one event loop whose clock jumps from timer to timer; what would be left to
a thread is done at once. Dates follow that clock. Secrets and jitter come from a seed. Times are
shown in UTC, and the operator is called the same everywhere.
"""

import asyncio
import contextlib
import datetime
import getpass
import importlib
import itertools
import os
import pkgutil
import random
import secrets
import socket
import sys
import time
import uuid
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, TypeVar
from unittest.mock import patch

from siptui.tui.run_console import prepare_environment

prepare_environment()  # Textual reads it when it is imported

import textual._time  # noqa: E402
import textual.app  # noqa: E402
import textual.pilot  # noqa: E402

import siptui  # noqa: E402
from siptui.app import in_process_runs  # noqa: E402
from siptui.background_loop import BackgroundLoop  # noqa: E402
from tests.support.emulated_time import EmulatedTimeLoop  # noqa: E402

T = TypeVar("T")
_Date = datetime.datetime


class _Loop(EmulatedTimeLoop):
    """Time jumps; work for threads is done on the spot, so that no clock runs beside it."""

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> Any:
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:
            future.set_exception(error)
        return future


class _Here(BackgroundLoop):
    """Background work is done in the loop of the screen."""

    def begin(self, work: Coroutine[Any, Any, T]) -> Any:
        return asyncio.get_running_loop().create_task(work)

    async def ask(self, work: Coroutine[Any, Any, T]) -> T:
        return await work


def run(main: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run `main` in emulated time."""
    loop = _Loop()
    with (
        _same_every_time(loop.now, lambda: loop.passed),
        patch.object(in_process_runs, "BackgroundLoop", _Here),
        patch.object(in_process_runs, "_STARTING", 0.0),  # this loop cannot begin it meanwhile
        asyncio.Runner(loop_factory=lambda: loop) as runner,
    ):
        return runner.run(main())


def run_at_once(main: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run `main` in real time while all dates stand still: for real network, threads and TLS."""
    today = datetime.datetime.now(datetime.UTC)
    with _same_every_time(lambda: today, time.monotonic):
        return asyncio.run(main())


@contextlib.contextmanager
def _same_every_time(
    now: Callable[[], datetime.datetime], seconds: Callable[[], float]
) -> Iterator[None]:
    chance, numbers = random.Random(1), itertools.count(0x1F3A)
    with contextlib.ExitStack() as stack:
        for target, name, new in (
            (secrets, "token_hex", lambda length=16: f"{next(numbers):0{2 * length}x}"),
            (secrets, "choice", chance.choice),
            (uuid, "uuid4", lambda: uuid.UUID(int=chance.getrandbits(128), version=4)),
            (random, "Random", _seeded(random.Random)),
            (getpass, "getuser", lambda: "operator"),
            (socket, "gethostname", lambda: "jump1"),
            (textual._time, "get_time", seconds),
            (textual.app, "wait_for_idle", _at_once),
            (textual.pilot, "wait_for_idle", _at_once),
            (time, "time", lambda: now().timestamp()),
            (time, "monotonic", seconds),
        ):
            stack.enter_context(patch.object(target, name, new))
        stack.callback(time.tzset)  # called when TZ is as it was
        stack.enter_context(
            patch.dict(os.environ, {"TZ": "UTC", "COLORTERM": "truecolor", "TERM": "xterm"})
        )
        os.environ.pop("NO_COLOR", None)
        random.seed(1)
        time.tzset()
        stack.enter_context(_dates(now))
        yield


def _seeded(real: type[random.Random]) -> Callable[..., random.Random]:
    return lambda seed=1: real(seed)


async def _at_once(*_: object) -> None:
    await asyncio.sleep(0)


@contextlib.contextmanager
def _dates(now: Callable[[], datetime.datetime]) -> Iterator[None]:
    """`datetime.now` is `now` in all modules of siptui."""
    for found in pkgutil.walk_packages(siptui.__path__, "siptui."):
        other = found.name.startswith("siptui.host.windows.") and sys.platform != "win32"
        if not (found.name.endswith("__main__") or other):
            importlib.import_module(found.name)

    class Kind(type):
        def __instancecheck__(cls, value: object) -> bool:
            return isinstance(value, _Date)

    class Date(_Date, metaclass=Kind):
        def __new__(cls, *args: Any, **more: Any) -> Any:
            return _Date(*args, **more)

        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> Any:
            moment = now()
            return moment.astimezone(tz) if tz else moment.replace(tzinfo=None)

    with contextlib.ExitStack() as stack:
        for name, module in list(sys.modules.items()):
            if name.startswith("siptui.") and getattr(module, "datetime", None) is _Date:
                stack.enter_context(patch.object(module, "datetime", Date))
        yield
