"""Starting a worker process for a run, and the run service that does so."""

import asyncio
import contextlib
import json
import sys
from collections.abc import Callable, Mapping

from siptui.app.session import Selected, start_log, token_source, turns_note
from siptui.app.tenant_name import label
from siptui.app.watchers import watching
from siptui.app.worker_environment import absolute_paths
from siptui.domain.errors import ExitCode, SiptuiError
from siptui.domain.text import visible
from siptui.host.interpreter import module_command
from siptui.host.locks import HeldError
from siptui.host.pipe import send_line
from siptui.host.private_files import PrivateFileError
from siptui.host.processes import (
    Detached,
    WorkerEnd,
    read_line,
    start_detached,
    worker_end,
)
from siptui.identity.environment import DEVICES, GRAPH, VALUE
from siptui.identity.handoff import Handoff
from siptui.runs.journal.locks import hand_path
from siptui.runs.service import RunService

#: Seconds until a worker must have said that it holds the run.
_STARTING = 30.0
_IN_FOREGROUND = (
    "Try “siptui resume {run} --foreground”, which shows why; the log folder may tell more."
)
#: Seconds a worker waits for a new sign-in before it lets go of a run.
_PATIENCE = 24 * 3600.0


class WorkerFailedError(SiptuiError):
    """The worker process did not come up."""

    title = "The worker did not start"
    code = "worker_failed"


def start_worker(
    selected: Selected,
    run: str,
    *,
    account: str = "",
    wait_for_sign_in: bool = True,
    handoff: Handoff | None = None,
) -> None:
    """Start a process of its own session that works on `run`; returns when it holds it.

    It gets `handoff`, or the token of the environment, else finds the profile's store itself.
    Raises the worker's own error when it cannot. One that is held already is fine.
    """
    given = given_by(selected) if handoff is None else handoff
    # The first is handed over in private, the others a worker has no use for.
    secret = (VALUE, GRAPH, DEVICES)
    environ = {name: value for name, value in selected.environ.items() if name not in secret}
    nameless = not selected.settings.profiles
    order = {
        "run": run,
        "profile": None if nameless else selected.profile.name,
        "tenant": selected.profile.tenant if nameless else "",
        "decided_for": selected.submits_to,
        "token": given.token,
        "sign_in": given.sign_in,
        "account": account,
        "record": selected.call.record.order() if selected.call.record else None,
        "log_level": selected.call.log_level,
        "patience": _PATIENCE if wait_for_sign_in else 0.0,
    }
    process = _started(absolute_paths(environ), run)
    with process.stdout as answers:
        with contextlib.suppress(OSError), process.stdin as orders:  # it ended: nothing is answered
            orders.write(json.dumps(order).encode() + b"\n")
        line = read_line(answers, _STARTING)
        if not line:
            process.end()  # one that says nothing must not begin later
    _check(line, process, run)


def _started(environ: Mapping[str, str], run: str) -> Detached:
    """The worker's process, which has no order yet. Raises `WorkerFailedError`, also where it would
    end with the terminal and the operator was not told so."""
    try:
        process = start_detached(module_command("siptui.app.worker_main"), environ)
        if process.outlives_terminal or worker_end() is not WorkerEnd.NOTHING:
            return process
    except OSError as error:
        raise WorkerFailedError(
            f"The system says: {visible(error.strerror or str(error))}. Nothing was submitted.",
            remedy=_IN_FOREGROUND.format(run=run),
        ) from error
    with contextlib.suppress(OSError):
        process.stdin.close()  # without an order it does nothing
    process.end()
    process.stdout.close()
    raise WorkerFailedError(
        "It would end when this terminal is closed, unlike the one that was tried before. It was "
        "ended. Nothing was submitted by it.",
        remedy=f"Go on with: siptui resume {run}",
    )


def _check(line: bytes, process: Detached, run: str) -> None:
    try:
        answer = json.loads(line)
    except ValueError:
        answer = {}
    if "pid" in answer:
        return
    if error := answer.get("error"):
        if error["code"] == HeldError.code:
            return
        failed = WorkerFailedError(error["message"], remedy=error["next"], code=error["code"])
        code = process.wait()
        # One that was killed after its answer has a code of the system, which is none of ours.
        failed.exit_code = ExitCode(code) if code in set(ExitCode) else ExitCode.ERROR
        raise failed
    raise WorkerFailedError(
        # It may have begun its work in the moment in which it was given up.
        "It ended, or said nothing for half a minute and was ended. Whether it submitted "
        f"anything in that moment is what “siptui show {run}” tells.",
        remedy=_IN_FOREGROUND.format(run=run),
    )


_GOES_ON = "Nothing is lost then; siptui resume goes on. To keep it at work,"
_ENDS = {
    WorkerEnd.TERMINAL: (
        "This terminal ends all that is started in it: closing its window ends the worker. "
        f"{_GOES_ON} start siptui over SSH or in a console window (conhost)."
    ),
    WorkerEnd.LOGOUT: (
        "This host ends your processes at logout (KillUserProcesses in logind.conf): the end of "
        f"this session or its connection ends the worker. {_GOES_ON} once: loginctl "
        "enable-linger. Then start siptui with: systemd-run --user --scope siptui …"
    ),
    WorkerEnd.LAST_LOGOUT: (
        "systemd ends all that is started here with your last session on this host: that logout "
        f"ends the worker. {_GOES_ON} once: loginctl enable-linger"
    ),
}


def worker_note() -> str:
    """What an operator should know before a submit where something else than its run ends a worker;
    or nothing."""
    return _ENDS.get(worker_end(), "")


def given_by(selected: Selected) -> Handoff:
    """What a worker is to sign in with: the token of the environment, else its own look-up."""
    return Handoff(token=selected.environ.get(VALUE, ""))


def worker_run_service(
    selected: Selected,
    *,
    account: str = "",
    wait_for_sign_in: bool = True,
    handoff: Callable[[], Handoff] | None = None,
) -> RunService:
    """The run service of the profile's tenant, whose runs are worked on by worker processes.

    `handoff` says what they sign in with; without it, what the environment gives.
    """

    def giving() -> Handoff:
        return handoff() if handoff else given_by(selected)

    def hand_over(run: str) -> None:
        given = giving()
        try:
            send_line(hand_path(selected.journal, run), given.line())
        except PrivateFileError:
            if given:
                raise  # what lies in the store is found without

    def start(run: str) -> None:
        start_worker(
            selected,
            run,
            account=account,
            wait_for_sign_in=wait_for_sign_in,
            handoff=giving(),
        )

    run_service = RunService(
        selected.journal,
        tenant=selected.profile.tenant,
        account=account,
        start_work=start,
        hand_over=hand_over,
    )
    run_service.label, run_service.host = label(selected), selected.host
    run_service.worker_note = lambda: " ".join(filter(None, (worker_note(), turns_note())))
    return run_service


def can_be_renewed(selected: Selected) -> bool:
    """Whether a lost sign-in is worth waiting for: a script cannot hand over a new token."""
    return not given_by(selected) or sys.stdin.isatty()


def signed_in_account(selected: Selected) -> str:
    """The account that submits, if its token says so. Raises `SignInNeededError` without one."""
    start_log(selected.settings, selected.call.log_level)
    with watching(selected.call.record) as watchers:
        tokens, _ = token_source(selected, watchers)
        asyncio.run(tokens.token())
    account = getattr(tokens, "account", lambda: None)()
    return getattr(account, "user", "") if account else ""


def known_account(selected: Selected) -> str:
    """The account that is signed in as far as this host knows; nothing is asked of the network."""
    try:
        tokens, _ = token_source(selected)
        account = getattr(tokens, "account", lambda: None)()
    except SiptuiError:
        return ""  # the console says so when it matters: before it submits
    return getattr(account, "user", "") if account else ""
