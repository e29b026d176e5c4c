"""The worker process: works on one run, in a session of its own and without a terminal.

Started by `worker_start.start_worker`, never by hand. What it needs comes as one JSON object on
standard input, a token or sign-in of its starter included, so that no argument list and no
environment listing shows it. It answers with one JSON line once it holds the run. A new sign-in
comes through a pipe of its own; the order that says so comes through the journal.
"""

import asyncio
import contextlib
import dataclasses
import functools
import json
import logging
import os
import pkgutil
import sys
from collections.abc import AsyncIterator, Callable, Iterable
from importlib import import_module
from typing import Any

from siptui.app.invocation import Invocation
from siptui.app.keep_days import forget_old_runs
from siptui.app.recording_file import RecordingFile
from siptui.app.session import Selected, open_session, select, start_log
from siptui.domain.errors import ExitCode, SiptuiError
from siptui.domain.text import visible
from siptui.gateway.protocol import BulkSignIn
from siptui.host.pipe import PrivatePipe
from siptui.host.private_files import PrivateFileError
from siptui.host.side import OTHER_SIDE
from siptui.host.signals import begin_worker, forbid_core_dumps, on_order_to_end
from siptui.identity.environment import VALUE
from siptui.identity.handoff import HandedTokens, Handoff
from siptui.identity.msal_client import HttpFactory
from siptui.identity.store import existing_store
from siptui.identity.token_source import registration_of
from siptui.runs.events import Note
from siptui.runs.journal.journal import Journal
from siptui.runs.journal.locks import hand_path
from siptui.runs.this_actor import this_actor
from siptui.runs.worker import ROLE_WAIT, now, take, work_on

#: By name: run as a program, this module is called `__main__`, and only siptui's loggers log.
_LOG = logging.getLogger("siptui.app.worker_main")
#: What a worker works with: some modules of these are imported by functions only.
_ROOMS = tuple(
    f"siptui.{room}"
    for room in (
        *("domain", "logs", "settings", "host", "transport", "gateway", "identity"),
        *("runs.journal", "runs.engine"),
    )
)
#: Modules of libraries that are imported where they are used, by us or by the library itself.
_LIBRARIES = (
    "concurrent.futures.thread",
    "cryptography.exceptions",
    "cryptography.hazmat.primitives.ciphers.aead",
    "encodings.idna",
    "httpx",
    "msal",
    "stamina",
    "truststore",
)
_LOG_TELLS = "Nothing was submitted by it. The log in the log folder says where it happened."


class ProfileChangedError(SiptuiError):
    """The profile is of another tenant or service than when it was decided to submit."""

    title = "The profile was changed"
    code = "profile_changed"


def main() -> int:
    """Read the order, take the run, say so, work."""
    begin_worker()
    forbid_core_dumps()
    line = sys.stdin.readline()
    sys.stdin.close()
    if not line:
        return int(ExitCode.ERROR)  # the starter has gone, or wants another one
    order = json.loads(line)
    try:
        return asyncio.run(_work(order))
    except SiptuiError as error:
        _answer({"error": {"code": error.code, "message": error.message, "next": error.remedy}})
        return int(error.exit_code)
    except OSError as error:  # a full disk, most of all
        _LOG.exception("the system refused the worker something", extra={"run": order["run"]})
        text = f"The system says: {visible(error.strerror or type(error).__name__)}."
        following = f"Nothing was submitted by it. Then go on with: siptui resume {order['run']}"
        _answer({"error": {"code": "system", "message": text, "next": following}})
        return int(ExitCode.ERROR)
    except Exception as error:
        _LOG.exception("the worker ended with an error", extra={"run": order["run"]})
        text = f"an error in siptui itself: {type(error).__name__}"
        _answer({"error": {"code": "internal_error", "message": text, "next": _LOG_TELLS}})
        return int(ExitCode.ERROR)


def _answer(answer: dict[str, Any]) -> None:
    """Tell the starter how it went; it may have gone already."""
    with contextlib.suppress(OSError, ValueError):
        print(json.dumps(answer), flush=True)  # noqa: T201 - the pipe to the starter
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (1, 2):
        os.dup2(null, stream)
    os.close(null)


def _import_all() -> None:
    """Import all that the work may need: nothing is imported once the first batch is submitted.

    A run lasts hours, and a new version may be installed over this one meanwhile. Half of the old
    version and half of the new one would not fit together.
    """
    for room in _ROOMS:
        package = import_module(room)
        for found in pkgutil.walk_packages(package.__path__, f"{room}."):
            if not found.name.startswith(OTHER_SIDE):
                import_module(found.name)
    for library in _LIBRARIES:
        import_module(library)


def _refuse_changed(selected: Selected, order: dict[str, Any]) -> None:
    decided = order.get("decided_for", [])
    if decided and decided != selected.submits_to:
        raise ProfileChangedError(
            f"The profile {selected.profile.name} was changed after this was decided: it was for "
            f"{_place(decided)}, and is for {_place(selected.submits_to)} now. Nothing was "
            "submitted by it.",
            remedy="Look at the profile, then go on with: siptui resume " + order["run"],
        )


def _place(decided: list[str]) -> str:
    return visible(" at ".join(decided))


async def _work(order: dict[str, Any]) -> int:
    environ = dict(os.environ)
    environ.pop(VALUE, None)
    given = Handoff(order.get("token", ""), order.get("sign_in", ""))
    selected = select(order.get("profile"), environ, tenant=order.get("tenant", ""))
    _refuse_changed(selected, order)
    level, record = order.get("log_level"), RecordingFile.ordered(order.get("record"))
    selected = dataclasses.replace(selected, call=Invocation(log_level=level, record=record))
    start_log(selected.settings, level)
    run = order["run"]

    def refused(error: SiptuiError) -> None:
        text = f"The sign-in handed over was not taken: {error.message}"
        with Journal(selected.journal, run=run) as journal:
            journal.append(run, [Note(level="error", text=text)], now())

    with take(selected.journal, run) as lock, contextlib.ExitStack() as kept:
        look: Callable[[], Iterable[bytes]] = tuple
        try:
            hand = PrivatePipe(hand_path(selected.journal, run))
        except PrivateFileError as error:  # a file system without pipes: the store is still there
            _LOG.warning("no sign-in can be handed to this worker: %s", error.message)
        else:
            look = kept.enter_context(contextlib.closing(hand)).lines

        def release() -> None:
            kept.close()
            lock.release()

        def tokens(http: HttpFactory) -> HandedTokens:
            find = functools.partial(existing_store, selected.store_folder)
            registration = registration_of(selected.profile)
            return HandedTokens(
                registration, environ, find, given, look=look, refused=refused, http=http
            )

        @contextlib.asynccontextmanager
        async def connect() -> AsyncIterator[BulkSignIn]:
            async with open_session(selected, tokens_by=tokens) as session:
                yield session.client

        _answer({"pid": os.getpid()})
        _import_all()
        task = asyncio.ensure_future(
            work_on(
                selected.journal,
                run,
                connect,
                host=selected.submitting_host,
                actor=this_actor(order.get("account", "")),
                sign_in_wait=float(order.get("patience", 0)),
                role_wait=ROLE_WAIT,
                notify=selected.settings.notify_command,
                audit=selected.audit_log,
                release=release,
            )
        )
        on_order_to_end(asyncio.get_running_loop(), task.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await task
    forget_old_runs(selected)
    return ExitCode.OK


if __name__ == "__main__":
    sys.exit(main())
