"""`siptui auth`: sign in to the tenant, sign out, show the sign-in."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

import click

from siptui.app.invocation import Invocation
from siptui.app.session import select_for, start_log
from siptui.app.sign_in_handoff import hand_to_workers, holders
from siptui.app.sign_out import sign_out
from siptui.app.tenant_name import ask_name, kept_name
from siptui.app.watchers import watching
from siptui.cli import options
from siptui.cli.command import Group
from siptui.cli.profile_hint import for_profile
from siptui.cli.sign_in_check import check_sign_in
from siptui.cli.sign_in_methods import METHODS, line, signed_in, tell, utc_text
from siptui.domain.errors import ExitCode, SignInNeededError
from siptui.domain.times import minute, zone
from siptui.identity.account import Account
from siptui.identity.broker import require_broker
from siptui.identity.environment import COMMAND, FILE, VALUE
from siptui.identity.msal_http import Connection
from siptui.identity.store import (
    StoreKind,
    TokenStore,
    existing_store,
    no_sign_in,
    set_aside_in,
)
from siptui.identity.store_choice import choose_store
from siptui.identity.stored_tokens import StoredTokens
from siptui.identity.token_source import registration_of, tokens_of
from siptui.settings.load import load
from siptui.settings.model import Profile

_STORES = ("keyring", "file", "memory")


@click.group("auth", cls=Group)
def command() -> None:
    """Sign in to the tenant, sign out, show the sign-in."""


@command.command()
@click.option(
    "--method",
    type=click.Choice(METHODS),
    default="device",
    show_default=True,
    help="device: enter a code in any browser. browser: a browser that returns to a port of this "
    "machine (through ssh -L). paste: paste the address at which the browser ended. broker: "
    "Windows' own sign-in, on its desktop; it shows the state of the device, for tenants that ask "
    'for a compliant one or block codes (pip install "siptui[broker]"); a client_id of your own '
    "needs a redirect URI for it (siptui help windows).",
)
@click.option(
    "--store",
    type=click.Choice(_STORES),
    help="Where tokens are kept. keyring: encrypted, the key in the system's keyring. file: in a "
    "file that only this user can read, which Windows encrypts. memory: nowhere. Default: keyring, "
    "else on Windows a file, else you are asked.",
)
@click.option(
    "--port",
    type=click.IntRange(1024, 65535),
    help="Port that the browser returns to. Default: redirect_port of the profile.",
)
@options.common
@options.as_json
def login(
    method: str,
    store: str | None,
    port: int | None,
    call: Invocation,
) -> None:
    """Sign in to the tenant of the profile, with a browser here or elsewhere.

    siptui never asks for a password. A worker that waits for a sign-in gets the new one.
    """
    chosen, folder = _profile(call.profile)
    selected = select_for(call)
    start_log(selected.settings, call.log_level)
    asking = not call.no_input and sys.stdin.isatty()
    if method == "paste" and call.no_input:
        raise SignInNeededError(
            "The address cannot be pasted with --no-input.",
            remedy="Use --method device or --method browser.",
            code="no_input",
        )
    if method == "broker":
        require_broker()
        if call.no_input:
            raise SignInNeededError(
                "The window of Windows cannot be answered with --no-input.",
                remedy="Use --method device or --method browser.",
                code="no_input",
            )
    kept = choose_store(folder, StoreKind(store) if store else None, _ask if asking else None)
    registration = registration_of(chosen)
    if not call.as_json:
        tell(f"Profile {chosen.name}, tenant {chosen.tenant}, cloud {chosen.cloud.name}.")
        tell(f"Client: {registration.client_name} ({registration.client_id}).")
    with watching(call.record) as watchers:

        def http() -> Connection:
            return Connection(watchers)

        account = asyncio.run(
            signed_in(registration, kept, method, port or chosen.redirect_port, call.as_json, http)
        )
        handed = hand_to_workers(selected, account, kept)
        for run, why in handed.refused:
            click.echo(f"Run {run} was not told: {why}", err=True)
        tokens = StoredTokens(registration, lambda: kept, http=http)
        asyncio.run(ask_name(selected, tokens, watchers))
    if call.as_json:
        line(
            {
                "account": account.user,
                "tenant": account.tenant,
                "roles": list(account.roles),
                "store": str(kept.kind),
            }
        )
    else:
        _show(account, kept_name(selected))
        _show_store(kept)
        if kept.kind is StoreKind.MEMORY:
            click.echo("They are gone when this command ends; the console can sign in itself.")
    for run in handed.told:
        click.echo(f"Run {run} was waiting and tries with this sign-in now.", err=call.as_json)
    _warn_of_environment(call.as_json)


@command.command()
@options.common
@options.as_json
def logout(call: Invocation) -> None:
    """Remove the tokens of a profile from this machine.

    What the broker of Windows keeps for siptui goes, too. Workers at work keep the sign-in they
    were given. Sessions elsewhere are ended in Entra.
    """
    chosen, _ = _profile(call.profile)
    selected = select_for(call)
    with watching(call.record) as watchers:
        done = sign_out(selected, lambda: Connection(watchers))
    if call.as_json:
        line(
            {
                "profile": chosen.name,
                "signed_out": done.found,
                "broker_forgot": done.broker_forgot,
            }
        )
    elif done.found:
        click.echo(f"Signed out of profile {chosen.name}: the tokens on this machine are removed.")
        click.echo("To end the account's sessions everywhere, revoke them in Entra.")
    else:
        click.echo(f"No one was signed in to profile {chosen.name}.")
    if done.note:
        click.echo(done.note, err=True)
    for run, holder in holders(selected):
        click.echo(
            f"Run {run} is still worked on by process {holder.pid} on {holder.host}: a worker "
            "that was handed a sign-in keeps it until the run ends. To stop submitting: "
            f"siptui attach {run}, then P; to end it at once: kill {holder.pid}",
            err=True,
        )
    _warn_of_environment(call.as_json)


@command.command()
@click.option(
    "--check",
    is_flag=True,
    help="Ask the authority for a new token, without a person, and print one line: exit code 0 if "
    "there is one, else 4. For monitoring.",
)
@options.common
@options.as_json
def status(check: bool, call: Invocation) -> int:
    """Show who is signed in, where tokens are kept, and what the token says.

    Uses no network without --check.
    """
    if check:
        return check_sign_in(call)
    chosen, folder = _profile(call.profile)
    registration = registration_of(chosen)
    tokens = tokens_of(chosen, folder)
    stored = isinstance(tokens, StoredTokens)
    problem: SignInNeededError | None = None
    account: Account | None = None
    by_broker = False
    try:
        account = tokens.account()
        by_broker = isinstance(tokens, StoredTokens) and tokens.by_broker()
    except SignInNeededError as error:
        problem = error
    there = account is not None or (not stored and problem is None)
    kept, aside = existing_store(folder), set_aside_in(folder)
    if call.as_json:
        said: dict[str, Any] = {
            "profile": chosen.name,
            "cloud": chosen.cloud.name,
            "signed_in": there,
            "account": account.user if account else None,
            "tenant": account.tenant if account else None,
            "roles": list(account.roles) if account else [],
            "may_bulk_sign_in": account.may_bulk_sign_in if account else None,
            "expires_at": utc_text(account.expires_at) if account else None,
            "source": "store" if isinstance(tokens, StoredTokens) else tokens.name,
            "by_broker": by_broker,
            "store": str(kept.kind) if kept else None,
            "store_path": kept.place() if kept else None,
            "encrypted": kept.encrypted() if kept else None,
            "set_aside": str(aside) if aside else None,
            "client_id": registration.client_id,
            "client": registration.client_name,
            "audience": account.audience if account else None,
        }
        if problem:
            said["error"] = _error(problem, call.profile)
        line(said)
        return ExitCode.OK if there else ExitCode.SIGN_IN
    if problem:
        raise problem
    click.echo(f"Profile {chosen.name}, tenant {chosen.tenant}, cloud {chosen.cloud.name}.")
    if not isinstance(tokens, StoredTokens):
        click.echo(f"Token from {tokens.name}; it wins over a stored sign-in.")
    if account:
        _show(account, kept_name(select_for(call)))
        if account.expires_at:
            by = "by the broker of Windows" if by_broker else "automatically"
            renewed = f", renewed {by}" if stored else ""
            until = f"{minute(account.expires_at)} {zone(account.expires_at)}"
            click.echo(f"Access token until {until}{renewed}.")
    elif there:
        click.echo("The token does not say whose it is.")
    if kept:
        _show_store(kept)
    if aside and there:
        click.echo(
            f"{aside} is an earlier token store that could not be used. It may hold tokens: "
            "remove it when you have looked at it."
        )
    click.echo(f"Client: {registration.client_name} ({registration.client_id}).")
    if not there:
        raise SignInNeededError(
            f"No one is signed in to this profile.{no_sign_in(folder)}",
            remedy="Sign in: siptui auth login.",
            title="Not signed in",
            code="not_signed_in",
        )
    return ExitCode.OK


def _profile(name: str | None) -> tuple[Profile, Path]:
    """The profile and its folder."""
    settings = load()
    chosen = settings.profile(name)
    return chosen, settings.folders.profile(chosen.name)


def _ask(why: str) -> StoreKind:
    """Where to keep tokens when the keyring does not work."""
    tell(why)
    tell("  file    a plain file that only this user (and root) can read")
    tell("  memory  nowhere: sign in again next time")
    said: str = click.prompt("Keep the tokens in", type=click.Choice(["file", "memory"]), err=True)
    return StoreKind(said)


def _show(account: Account, tenant_name: str) -> None:
    tenant = f"{tenant_name} ({account.tenant})" if tenant_name else account.tenant
    click.echo(f"Signed in as {account.user}, tenant {tenant}.")
    if account.roles:
        click.echo(f"Roles, as the token says: {', '.join(account.roles)}.")
    if account.may_bulk_sign_in is False:
        click.echo(
            "None of them may bulk sign in, which takes Authentication Administrator, Privileged "
            "Authentication Administrator or Global Administrator. An eligible role must be "
            "activated first (PIM); then sign in again."
        )
    elif account.may_bulk_sign_in is None:
        click.echo("The token does not say which roles the account has.")


def _show_store(kept: TokenStore) -> None:
    click.echo(f"Tokens are kept in {kept.place()} ({kept.described()}).")


def _warn_of_environment(as_json: bool) -> None:
    for name in (VALUE, FILE, COMMAND):
        if os.environ.get(name) and not as_json:
            tell(f"Note: {name} is set and wins over the stored sign-in.")


def _error(error: SignInNeededError, profile: str | None) -> dict[str, str]:
    remedy = for_profile(error.remedy, profile)
    return {"code": error.code, "message": error.message, "next": remedy}
