"""What `preflight`, `fix` and `run` share: options, the services they read, the log of changes."""

import difflib
import socket
import sys
from collections.abc import Callable, Iterable
from typing import Any

import click

from siptui.app.session import Selected, Session
from siptui.domain.errors import UsageError
from siptui.domain.public_address import Network, parse_public
from siptui.domain.text import visible
from siptui.host.user import user_name
from siptui.preflight.change_log import Record, Who
from siptui.preflight.fix_plan import Fix
from siptui.preflight.read import Progress, Sources
from siptui.settings.model import Profile


# include_personal: tuple[str, ...]
def include_personal(command: Any) -> Any:
    """`--include-personal USER`: the name of the account; `--yes` does not include it."""
    return click.option(
        "--include-personal",
        multiple=True,
        metavar="USER",
        help="Submit this account although it may be personal. Can be repeated; --yes does not "
        "include it.",
    )(command)


def refuse_unlisted(named: Iterable[str], known: Iterable[str], where: str) -> None:
    """Raise `UsageError` for a name of --include-personal that is not among the user names `known`
    of `where`: it was mistyped, and the account that was meant would be left out."""
    if not (named := tuple(dict.fromkeys(named))):
        return
    names = {name.casefold(): name for name in known}
    missing = [name for name in named if name.casefold() not in names]
    if not missing:
        return
    near = difflib.get_close_matches(missing[0].casefold(), sorted(names), n=1)
    hint = f"Did you mean {visible(names[near[0]])}? " if near else ""
    raise UsageError(
        f"--include-personal {', '.join(map(visible, missing))}: {visible(where)} has no such "
        "account. Nothing was submitted or changed.",
        title="Wrong usage",
        code="no_such_account",
        remedy=f"{hint}Give the user name as it stands there.",
    )


def networks(texts: Iterable[str], profile: Profile) -> tuple[Network, ...]:
    """What `--public-ip` says, else the profile; `UsageError` where it is no address."""
    return tuple(parse_public(text) for text in tuple(texts) or profile.public_ips)


def sources_of(session: Session) -> Sources:
    """The services that a preflight reads, in this session."""
    return Sources(session.admin, session.directory, session.inventory)


def record_of(selected: Selected, account: str = "") -> Record:
    """The record of what was changed in the profile's tenant from here."""
    folder = selected.store_folder
    who = Who(account, user_name(), socket.gethostname())
    audit = selected.audit_log
    return Record(folder, tenant=selected.profile.tenant, who=who, audit=audit)


def said_progress(quiet: bool) -> Callable[[Progress], None] | None:
    """One line on a terminal that counts the calls; nothing without a terminal."""
    if quiet or not sys.stderr.isatty():
        return None

    def say(progress: Progress) -> None:
        end = "\r" if progress.done < progress.of else "\r\x1b[K"
        line = f"reading {progress.done}/{progress.of}  {progress.what}"
        sys.stderr.write(f"\r\x1b[K{line[:78]}" if end == "\r" else end)
        sys.stderr.flush()

    return say


def typed_names(wanted: Iterable[tuple[str, str]], given: Iterable[str], ask: bool) -> set[str]:
    """The accounts (name, why) that are named: with options, or typed now.

    Returns names without case. An empty or another answer leaves the account out.
    """
    named = {name.casefold() for name in given}
    if ask and sys.stdin.isatty():
        for name, why in wanted:
            if name.casefold() in named:
                continue
            click.echo(f"{name} may be personal: {why}.", err=True)
            answer = click.prompt(
                "Type the account's name to include it, Enter to leave it out",
                default="",
                show_default=False,
                err=True,
            )
            if answer.strip().casefold() == name.casefold():
                named.add(name.casefold())
    return named


def fix_object(fix: Fix) -> dict[str, Any]:
    """A planned fix as `fix --json` prints it."""
    change = fix.change
    return {
        "kind": change.kind,
        "check": fix.check,
        "target": change.target,
        "value": change.value,
        "before": change.before,
        "title": fix.title,
        "powershell": fix.powershell,
        "lead_time_hours": fix.lead_time_hours,
        "needs_name": fix.needs_name,
    }
