"""The log of changes on the screen, and taking one back: `fix --history`, `fix --undo ID`."""

import asyncio
import json

import click

from siptui.app.session import Selected, Session, open_session
from siptui.cli.preflight_options import record_of, sources_of
from siptui.cli.wording import columns
from siptui.domain.errors import ExitCode, UsageError
from siptui.domain.times import minute, zone
from siptui.preflight.change_log import Record, Step
from siptui.preflight.fix_runner import Fixer, FixOutcome, find_change

#: What each step is called on the screen.
WORDS = {
    "intended": "may be sent",
    "sent": "sent",
    "in_doubt": "in doubt",
    "seen": "done and seen",
    "not_seen": "sent, not seen yet",
    "failed": "failed",
    "undoing": "undo not finished",
    "undone": "undone",
    "undo_not_seen": "undo sent, not seen yet",
}


def say(outcome: FixOutcome) -> None:
    """One line of what became of a change."""
    if outcome.step == "sent":
        return
    sign = {"seen": "✓", "undone": "✓", "failed": "✗"}.get(str(outcome.step), "?")
    detail = f": {outcome.detail}" if outcome.detail else ""
    click.echo(
        f"  {sign} {outcome.fix_id}  {outcome.change.kind}  {outcome.change.target}  "
        f"{WORDS[outcome.step]}{detail}"
    )


def show_history(selected: Selected, as_json: bool) -> int:
    """Show every change made from here, the newest first."""
    changes = list(record_of(selected).changes().values())[::-1]
    if as_json:
        body = [
            {
                "id": one.fix,
                "at": one.begun.isoformat(),
                "kind": one.change.kind,
                "target": one.change.target,
                "value": one.change.value,
                "before": one.change.before,
                "step": one.step,
                "account": one.who.account,
                "os_user": one.who.os_user,
                "host": one.who.host,
                "tenant": one.tenant,
            }
            for one in changes
        ]
        click.echo(json.dumps({"changes": body}, ensure_ascii=False))
        return ExitCode.OK
    rows = [
        (
            one.fix,
            minute(one.begun),
            one.who.account or one.who.os_user,
            WORDS[one.step],
            one.change.kind,
            f"{one.change.target} {one.change.value}".strip(),
        )
        for one in changes
    ]
    for line in columns(("ID", f"TIME ({zone()})", "WHO", "STEP", "CHANGE", "OF"), rows):
        click.echo(line)
    return ExitCode.OK


def take_back(selected: Selected, name: str, *, yes: bool, may_ask: bool) -> int:
    """Take the change that goes by `name` back, once that was confirmed."""
    as_json = selected.call.as_json
    found = find_change(record_of(selected), name)
    when = f"{minute(found.begun)} {zone(found.begun)}"
    said = f"{found.change.kind} of {found.change.target} ({when})"
    if found.step in (Step.INTENDED, Step.IN_DOUBT):
        said += ", of which it is not known whether it was carried out"
    if not yes:
        if not may_ask:
            raise UsageError(
                f"This takes back {said} and no terminal can be asked. Nothing was changed.",
                title="Confirmation needed",
                code="confirmation_needed",
                remedy="Give --yes.",
            )
        click.echo(f"Take back {said}.", err=True)
        answer = click.prompt(
            f"Type {found.fix} to go on", default="", show_default=False, err=True
        )
        if answer.strip() != found.fix:
            raise UsageError("Another answer; nothing was changed.", title="Not confirmed")

    if not as_json:
        click.echo("  Looking whether it still stands; that may take half a minute.", err=True)

    async def main() -> FixOutcome:
        async with open_session(selected) as session:
            record = record_of(selected, account_of(session))
            outcome = await Fixer(sources_of(session), record).undo(found.fix)
            say_audit_news(record)
            return outcome

    outcome = asyncio.run(main())
    if as_json:
        click.echo(json.dumps({"id": outcome.fix_id, "step": outcome.step}))
    else:
        say(outcome)
    return ExitCode.OK if outcome.step is Step.UNDONE else ExitCode.SOME_UNKNOWN


def say_audit_news(record: Record) -> None:
    """Say on standard error what an operator should know of the audit log."""
    for text in record.take_news():
        click.echo(f"{text[0].upper()}{text[1:]}.", err=True)


def account_of(session: Session) -> str:
    """The account that is signed in, as far as its token says."""
    account = getattr(session.tokens, "account", lambda: None)()
    return getattr(account, "user", "") if account else ""
