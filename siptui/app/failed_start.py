"""Telling an operator who is not watching that a job ended for want of a sign-in."""

import asyncio
import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime

from siptui.app.session import Selected
from siptui.domain.errors import ExitCode, SiptuiError
from siptui.domain.text import visible
from siptui.runs.journal.journal import timestamp
from siptui.runs.notify import run_command
from siptui.runs.output.json_lines import SCHEMA

#: Seconds that the command may take: the job is to end soon.
_LIMIT = 5.0


@contextlib.contextmanager
def told_without_sign_in(selected: Selected, file: str, *, watched: bool) -> Iterator[None]:
    """Run `notify_command` where the block ends for want of a sign-in and no one is `watched` by:
    there is no run yet whose worker would."""
    try:
        yield
    except SiptuiError as error:
        command = selected.settings.notify_command
        if command and error.exit_code is ExitCode.SIGN_IN and not watched:
            said = {"code": error.code, "message": error.message, "next": error.remedy}
            message = {
                "schema": SCHEMA,
                "type": "error",
                "at": timestamp(datetime.now(UTC)),
                "run": None,
                "error": said,
                "text": f"Nothing was submitted: {error.message} {error.remedy}".strip(),
                "file": file,
                "tenant": selected.profile.tenant,
            }
            if why := asyncio.run(run_command(command, message, limit=_LIMIT)):
                error.remedy = f"{error.remedy}\nnotify_command: {visible(why)}.".strip()
        raise
