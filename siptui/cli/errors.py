"""The one place where an error becomes words on the screen and an exit code.

Errors raised on purpose say what happened and what to do next. Anything else is a fault of
siptui: the screen gets one sentence and the path of a trace, never the trace itself.
"""

import errno
import json
import os
import platform
import sys
import tempfile
import traceback
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

import click

from siptui import __version__
from siptui.cli.log_format import JsonStream
from siptui.cli.profile_hint import for_profile
from siptui.domain.errors import ExitCode, SignInNeededError, SiptuiError, UsageError
from siptui.domain.text import visible
from siptui.host.files import open_private
from siptui.host.open_files import too_few_files
from siptui.logs.secrets import without_secrets
from siptui.settings.folders import folders


def wants_json(args: Sequence[str]) -> bool:
    """Whether the command line asks for JSON, even if it cannot be parsed."""
    for arg in args:
        if arg == "--":
            return False
        if arg == "--json":
            return True
    return False


def report(error: BaseException, args: Sequence[str]) -> int:
    """Tell the user about `error`, met while carrying out `args`; the exit code.

    With `--json` an object `{"error": {"code", "message", "next"}}` goes to standard output and one
    line to standard error, otherwise two lines go to standard error.
    """
    error = _only_one(error)
    as_json = wants_json(args)
    if isinstance(error, Exception) and _out_of_files(error):
        error = too_few_files()
    if isinstance(error, SiptuiError):
        return _say(error, as_json, profile=_profile_in(args))
    if isinstance(error, click.UsageError):
        return _say(_usage(error), as_json)
    if isinstance(error, click.ClickException):
        return _say(UsageError(error.format_message()), as_json)
    if isinstance(error, click.Abort):
        return _aborted(error, as_json)
    if isinstance(error, KeyboardInterrupt):
        return _interrupted(as_json)
    return _internal(error, args, as_json)


def _out_of_files(error: BaseException) -> bool:
    """Whether it is the limit of open files that `error` comes from: what fails first for want of
    one fails in many ways, and the event loop's own clean-up behind it in another."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and seen.errno in (errno.EMFILE, errno.ENFILE):
            return True
        seen = seen.__cause__ or seen.__context__
    return False


def _only_one(error: BaseException) -> BaseException:
    """The error raised on purpose inside a group of errors, as a task group raises them."""
    if isinstance(error, BaseExceptionGroup):
        leaves = list(_leaves(error))
        wanted = [leaf for leaf in leaves if isinstance(leaf, SiptuiError)]
        if len(wanted) == len(leaves):
            return max(wanted, key=lambda leaf: leaf.exit_code)
    return error


def _leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error


def _usage(error: click.UsageError) -> UsageError:
    path = error.ctx.command_path if error.ctx else "siptui"
    path = path.removesuffix(" open")  # whose options are those of `siptui --help`
    message = " ".join(error.format_message().split())
    if isinstance(error, click.exceptions.NoArgsIsHelpError):  # whose message is the whole help
        group = error.ctx.command if error.ctx else None
        names = ", ".join(group.list_commands(error.ctx)) if isinstance(group, click.Group) else ""
        message = f"“{path}” needs a command: {names}."
    return UsageError(message, title="Wrong usage", remedy=f"Try “{path} --help”.")


def _aborted(error: click.Abort, as_json: bool) -> int:
    # click raises one and the same for Ctrl-C and for the end of the input at a question.
    if isinstance(error.__cause__ or error.__context__, EOFError):
        return _say(
            UsageError(
                "A question was asked, but standard input has ended.",
                title="No answer",
                code="no_input",
                remedy="Run it in a terminal, or give the answer as an option (--yes).",
            ),
            as_json,
        )
    return _interrupted(as_json)


def _interrupted(as_json: bool) -> int:
    stopped = SiptuiError("Stopped by the operator.", title="Interrupted", code="interrupted")
    _say(stopped, as_json)
    return ExitCode.INTERRUPTED


def _internal(error: BaseException, args: Sequence[str], as_json: bool) -> int:
    if os.environ.get("SIPTUI_DEBUG", "") not in ("", "0"):
        _print(_trace(error), sys.stderr)
        return ExitCode.ERROR
    trace = _written(error, args)
    where = f"The trace is in {trace}." if trace else "No trace could be written."
    return _say(
        SiptuiError(
            f"{type(error).__name__}: this is a fault of siptui, not yours. {where}",
            title="Internal error",
            code="internal_error",
            remedy="Report it with that file (it holds no tokens; check it for names). "
            "SIPTUI_DEBUG=1 shows the trace here.",
        ),
        as_json,
    )


def _trace(error: BaseException) -> str:
    return _without_secrets("".join(traceback.format_exception(error)))


def _without_secrets(text: str) -> str:
    return without_secrets(text)


def _written(error: BaseException, args: Sequence[str]) -> Path | None:
    """Where the trace of `error` was written, readable by this user alone; `None` if nowhere."""
    now = datetime.now(UTC)
    text = _without_secrets(
        f"siptui {__version__}, Python {platform.python_version()}, {platform.platform()},"
        f" {now:%Y-%m-%dT%H:%M:%SZ}\n"
        f"siptui {' '.join(args)}\n\n"
    ) + _trace(error)
    for folder in (_log_folder, lambda: Path(tempfile.gettempdir())):
        try:
            place = folder()
            path = place / f"crash-{now:%Y%m%dT%H%M%SZ}-{os.getpid()}.txt"
            handle = open_private(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
            with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
                file.write(text)
        except Exception:  # noqa: S112 - the trace of a fault must not raise another
            continue
        return path
    return None


def _log_folder() -> Path:
    return folders().log_folder()


def _profile_in(args: Sequence[str]) -> str:
    """The profile that the command line names, if it does."""
    for place, arg in enumerate(args):
        if arg == "--profile":
            return args[place + 1] if place + 1 < len(args) else ""
        if arg.startswith("--profile="):
            return arg.partition("=")[2]
        if arg == "--":
            break
    return ""


def _say(error: SiptuiError, as_json: bool, *, profile: str = "") -> int:
    remedy = for_profile(error.remedy, profile)
    if as_json:
        body = {"code": error.code, "message": error.message, "next": remedy}
        _print(json.dumps({"error": body}, ensure_ascii=False), sys.stdout)
    if isinstance(sys.stderr, JsonStream):
        message = f"{error.title}: {error.message}"
        sys.stderr.object(level="error", message=message, code=error.code, next=remedy)
    elif as_json:
        _print(" ".join(f"{error.title}: {error.message} {remedy}".split()), sys.stderr)
    else:
        # A remedy may hold several lines on purpose; what is foreign in it came in made visible.
        _print(f"{error.title}: {error.message}", sys.stderr)
        if remedy:
            _print(remedy, sys.stderr)
        if correlation := getattr(error, "correlation_id", ""):
            if isinstance(error, SignInNeededError):
                _print(f"In Entra's sign-in log: correlation id {correlation}", sys.stderr)
            elif (getattr(error, "status", None) or 0) >= 400:  # of the service, not of a page
                _print(f"For Microsoft's support: correlation id {correlation}", sys.stderr)
    return int(error.exit_code)


def lost_output(error: OSError) -> int:
    """Tell that what a command printed did not get out; the exit code."""
    reason = visible(error.strerror or type(error).__name__)
    said = SiptuiError(
        f"Standard output cannot be written: {reason}. The command itself went on to its end.",
        title="Output lost",
        remedy="Send the output elsewhere. What a run did: siptui runs, siptui export RUN",
    )
    return _say(said, as_json=False)


def _print(text: str, stream: TextIO) -> None:
    lines = (visible(line) for line in text.split("\n"))
    click.echo("\n".join(lines), file=stream)


def quiet_pipe() -> int:
    """The reader of our output has gone (`siptui runs | head`): nothing to say, and nowhere."""
    # Python flushes standard output once more when it ends and would complain then.
    null: Any = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            os.dup2(null, stream.fileno())
        except (OSError, ValueError):  # not a real file, as in tests
            continue
    return ExitCode.ERROR
