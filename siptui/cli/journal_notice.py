"""What a command says when it opens the journal: damage that was found, and waits for its lock."""

from typing import TypeVar

import click

from siptui.cli.profile_hint import named
from siptui.domain.errors import SiptuiError
from siptui.runs.service import RunService

#: The command that confirms that a warning was read.
ACKNOWLEDGE = "siptui runs --acknowledge"
#: Seconds that a command waits for a journal that another process has locked.
_PATIENCE = 60.0
O_ = TypeVar("O_", bound="RunService")


def told(run_service: O_) -> O_:
    """`run_service`, after its warning was printed, if it has one; waits are printed, too."""
    if run_service.notice:
        click.echo(run_service.notice, err=True)
        click.echo(named(f"Confirm that you have read it with: {ACKNOWLEDGE}"), err=True)
    run_service.journal.waiting.patience = _PATIENCE
    run_service.journal.waiting.on_wait = _say_wait
    return run_service


def _say_wait(what: str) -> None:
    if what:
        click.echo(f"Waiting: {what}.", err=True)


class JournalRepairedError(SiptuiError):
    """The journal was found damaged, and that was not acknowledged."""

    title = "The journal was damaged"
    code = "journal_repaired"


def heeded(run_service: RunService, *, attended: bool) -> None:
    """Raise `JournalRepairedError` unless `attended`: a damaged journal may have lost which devices
    other runs have at the service, and that was not acknowledged."""
    if run_service.notice and not attended:
        raise JournalRepairedError(
            "It was found damaged, and what other runs have at the service may be forgotten. "
            "Nothing was submitted.",
            remedy="“siptui runs” shows what was kept, “siptui batches” what the service has. "
            + named(f"When you are sure, confirm it with: {ACKNOWLEDGE}"),
        )


def say_passed_over(why: str) -> None:
    """Say that the journal of another profile is not in what follows, and why."""
    click.echo(f"Not counted, the journal of another profile cannot be read: {why}", err=True)
