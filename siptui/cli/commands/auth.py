"""`siptui auth`: sign in to the tenant, sign out, show the sign-in."""

import asyncio
import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from siptui.app.invocation import Invocation
from siptui.app.session import select_for, start_log
from siptui.app.sign_in_handoff import hand_to_workers, holders
from siptui.app.tenant_name import ask_name, kept_name
from siptui.app.watchers import watching
from siptui.cli import options
from siptui.cli.command import Group
from siptui.cli.profile_hint import for_profile
from siptui.cli.sign_in_check import check_sign_in
from siptui.domain.errors import ExitCode, SignInNeededError
from siptui.domain.times import clock, minute, zone
from siptui.identity.account import Account
from siptui.identity.browser import BrowserPrompt, BrowserSignIn
from siptui.identity.device_code import DeviceCodePrompt, DeviceCodeSignIn
from siptui.identity.environment import COMMAND, FILE, VALUE
from siptui.identity.errors import RedirectUnreadableError
from siptui.identity.msal_client import HttpFactory
from siptui.identity.msal_http import Connection
from siptui.identity.registration import Registration
from siptui.identity.store import (
    FileStore,
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

_METHODS = ("device", "browser", "paste")
_STORES = ("keyring", "file", "memory")


@click.group("auth", cls=Group)
def command() -> None:
    """Sign in to the tenant, sign out, show the sign-in."""


@command.command()
@click.option(
    "--method",
    type=click.Choice(_METHODS),
    default="device",
    show_default=True,
    help="device: enter a code in any browser. browser: a browser that returns to a port of this "
    "machine (through ssh -L). paste: paste the address at which the browser ended.",
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
    kept = choose_store(folder, StoreKind(store) if store else None, _ask if asking else None)
    registration = registration_of(chosen)
    if not call.as_json:
        _tell(f"Profile {chosen.name}, tenant {chosen.tenant}, cloud {chosen.cloud.name}.")
        _tell(f"Client: {registration.client_name} ({registration.client_id}).")
    with watching(call.record) as watchers:

        def http() -> Connection:
            return Connection(watchers)

        account = asyncio.run(
            _signed_in(registration, kept, method, port or chosen.redirect_port, call.as_json, http)
        )
        handed = hand_to_workers(selected, account, kept)
        for run, why in handed.refused:
            click.echo(f"Run {run} was not told: {why}", err=True)
        tokens = StoredTokens(registration, lambda: kept, http=http)
        asyncio.run(ask_name(selected, tokens, watchers))
    if call.as_json:
        _line(
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

    Workers at work keep the sign-in they were given. Sessions elsewhere are ended in Entra.
    """
    chosen, folder = _profile(call.profile)
    found = existing_store(folder)
    store = found or FileStore(folder, StoreKind.FILE)
    with store.locked():
        store.forget()
    if call.as_json:
        _line({"profile": chosen.name, "signed_out": found is not None})
    elif found:
        click.echo(f"Signed out of profile {chosen.name}: the tokens on this machine are removed.")
        click.echo("To end the account's sessions everywhere, revoke them in Entra.")
    else:
        click.echo(f"No one was signed in to profile {chosen.name}.")
    for run, holder in holders(select_for(call)):
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
    try:
        account = tokens.account()
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
            "expires_at": _time(account.expires_at) if account else None,
            "source": "store" if isinstance(tokens, StoredTokens) else tokens.name,
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
        _line(said)
        return ExitCode.OK if there else ExitCode.SIGN_IN
    if problem:
        raise problem
    click.echo(f"Profile {chosen.name}, tenant {chosen.tenant}, cloud {chosen.cloud.name}.")
    if not isinstance(tokens, StoredTokens):
        click.echo(f"Token from {tokens.name}; it wins over a stored sign-in.")
    if account:
        _show(account, kept_name(select_for(call)))
        if account.expires_at:
            renewed = ", renewed automatically" if stored else ""
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


async def _signed_in(
    registration: Registration,
    store: TokenStore,
    method: str,
    port: int,
    as_json: bool,
    http: HttpFactory,
) -> Account:
    if method == "device":
        by_code = DeviceCodeSignIn(registration, store, http=http)
        prompt = await by_code.start()
        if as_json:
            _line(
                {
                    "user_code": prompt.user_code,
                    "verification_uri": prompt.verification_uri,
                    "expires_at": _time(prompt.expires_at),
                }
            )
            return await by_code.wait()
        _show_code(prompt)
        return await _counted_down(by_code.wait(), prompt.expires_at)
    by_browser = BrowserSignIn(registration, store, http=http)
    try:
        opened = await by_browser.start(port, listening=method == "browser")
        if as_json:
            _line({"url": opened.url, "port": opened.port})
        else:
            _show_address(opened, method)
        if method == "paste":
            _paste(by_browser)
        return await by_browser.wait()
    finally:
        await by_browser.close()


def _show_code(prompt: DeviceCodePrompt) -> None:
    code = "  ".join(prompt.user_code)
    rule = "─" * (len(code) + 6)
    _tell(f"\nOn any device, open   {prompt.verification_uri}\nand enter the code\n")
    _tell(f"   ┌{rule}┐\n   │   {click.style(code, bold=True)}   │\n   └{rule}┘")
    _tell(f"\n   ({prompt.user_code}, good until {clock(prompt.expires_at)})\n")


async def _counted_down(waiting: Any, until: datetime) -> Account:
    """Wait, with the time that is left on the last line of a terminal."""
    job: asyncio.Task[Account] = asyncio.ensure_future(waiting)
    shown = sys.stderr.isatty()
    try:
        while True:
            if shown:
                left = max(0, int((until - datetime.now(UTC)).total_seconds()))
                clock = f"{left // 60}:{left % 60:02}"
                click.echo(f"\rWaiting until it is entered, {clock} left. ", err=True, nl=False)
            done, _ = await asyncio.wait({job}, timeout=1 if shown else None)
            if done:
                return job.result()
    finally:
        job.cancel()
        if shown:
            click.echo("\r\x1b[K", err=True, nl=False)


def _show_address(opened: BrowserPrompt, method: str) -> None:
    if method == "browser":
        _tell(f"\nOn your own computer, make a tunnel to this machine:\n\n   {opened.tunnel}\n")
        _tell(f"then open there:\n\n{opened.url}\n")
        _tell(f"Waiting on 127.0.0.1:{opened.port}. Ctrl-C ends.")
    else:
        _tell(f"\nOpen in a browser, anywhere:\n\n{opened.url}\n")
        _tell(
            "It ends at a page that cannot be opened: that is meant to be. Copy its whole address "
            f"(http://localhost:{opened.port}/?code=…) and paste it here; it is not shown."
        )


def _paste(sign_in: Any) -> None:
    """Take the pasted address; three tries at a terminal, one otherwise."""
    if not sys.stdin.isatty():
        sign_in.offer(sys.stdin.readline())
        return
    for tries_left in (2, 1, 0):
        try:
            sign_in.offer(click.prompt("Address", hide_input=True, err=True))
        except RedirectUnreadableError as error:
            if not tries_left:
                raise
            _tell(f"{error.message} {error.remedy}")
        else:
            return


def _ask(why: str) -> StoreKind:
    """Where to keep tokens when the keyring does not work."""
    _tell(why)
    _tell("  file    a plain file that only this user (and root) can read")
    _tell("  memory  nowhere: sign in again next time")
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
            _tell(f"Note: {name} is set and wins over the stored sign-in.")


def _error(error: SignInNeededError, profile: str | None) -> dict[str, str]:
    remedy = for_profile(error.remedy, profile)
    return {"code": error.code, "message": error.message, "next": remedy}


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z") if moment else None


def _line(record: dict[str, Any]) -> None:
    click.echo(json.dumps(record, ensure_ascii=False))
    sys.stdout.flush()


def _tell(text: str) -> None:
    """Print on standard error: it does not belong into a pipe."""
    click.echo(text, err=True)
