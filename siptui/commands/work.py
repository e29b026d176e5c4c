"""The worker process: works on one run, in a session of its own and without a terminal.

Started by `launch.start_worker`, never by hand. What it needs comes as one JSON object on
standard input, the token from the environment of its starter included, so that no argument list
and no environment listing shows it. It answers with one JSON line once it holds the run.
"""

import asyncio
import contextlib
import json
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from siptui.domain.errors import ExitCode, SiptuiError
from siptui.gateway.protocol import BulkSignIn

_LOG = logging.getLogger(__name__)


def main() -> int:
    """Read the order, take the run, say so, work."""
    os.umask(0o077)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    order = json.loads(sys.stdin.readline())
    sys.stdin.close()
    try:
        return asyncio.run(_work(order))
    except SiptuiError as error:
        _answer({"error": {"code": error.code, "message": error.message, "next": error.remedy}})
        return int(error.exit_code)


def _answer(answer: dict[str, Any]) -> None:
    """Tell the starter how it went; it may have gone already."""
    with contextlib.suppress(OSError, ValueError):
        print(json.dumps(answer), flush=True)  # noqa: T201 - the pipe to the starter
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (1, 2):
        os.dup2(null, stream)
    os.close(null)


async def _work(order: dict[str, Any]) -> int:
    from siptui.commands.session import open_session, select
    from siptui.identity.environment import VALUE
    from siptui.runs.office import this_actor
    from siptui.runs.worker import take, work_on

    environ = dict(os.environ)
    if token := order.get("token"):
        environ[VALUE] = token
    selected = select(order.get("profile"), environ)
    record = Path(order["record"]) if order.get("record") else None
    run = order["run"]

    @contextlib.asynccontextmanager
    async def connect() -> AsyncIterator[BulkSignIn]:
        opening = open_session(
            selected=selected, environ=environ, record=record, log_level=order.get("log_level")
        )
        async with opening as session:
            yield session.client

    with take(selected.journal, run):
        _answer({"pid": os.getpid()})
        task = asyncio.ensure_future(
            work_on(
                selected.journal,
                run,
                connect,
                actor=this_actor(order.get("account", "")),
                # A token handed over once cannot be renewed here: stop, and be resumed with one.
                sign_in_wait=0.0 if token else float(order.get("patience", 0)),
            )
        )
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await task
    return ExitCode.OK


if __name__ == "__main__":
    sys.exit(main())
