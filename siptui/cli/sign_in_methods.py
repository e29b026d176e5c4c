"""Signing in by each method of `siptui auth login`, with what the operator is told meanwhile."""

import asyncio
import json
import sys
from datetime import UTC, datetime
from typing import Any

import click

from siptui.domain.times import clock
from siptui.identity.account import Account
from siptui.identity.broker import BrokerSignIn
from siptui.identity.browser import BrowserPrompt, BrowserSignIn
from siptui.identity.device_code import DeviceCodePrompt, DeviceCodeSignIn
from siptui.identity.errors import RedirectUnreadableError
from siptui.identity.msal_client import HttpFactory
from siptui.identity.registration import Registration
from siptui.identity.store import TokenStore

METHODS = ("device", "browser", "paste", "broker")


async def signed_in(
    registration: Registration,
    store: TokenStore,
    method: str,
    port: int,
    as_json: bool,
    http: HttpFactory,
) -> Account:
    """Who signed in by `method`, kept in `store`. Raises what the method raises."""
    if method == "broker":
        return await _by_broker(BrokerSignIn(registration, store, http=http), as_json)
    if method == "device":
        by_code = DeviceCodeSignIn(registration, store, http=http)
        prompt = await by_code.start()
        if as_json:
            line(
                {
                    "user_code": prompt.user_code,
                    "verification_uri": prompt.verification_uri,
                    "expires_at": utc_text(prompt.expires_at),
                }
            )
            return await by_code.wait()
        _show_code(prompt)
        return await _counted_down(by_code.wait(), prompt.expires_at)
    by_browser = BrowserSignIn(registration, store, http=http)
    try:
        opened = await by_browser.start(port, listening=method == "browser")
        if as_json:
            line({"url": opened.url, "port": opened.port})
        else:
            _show_address(opened, method)
        if method == "paste":
            _paste(by_browser)
        return await by_browser.wait()
    finally:
        await by_browser.close()


async def _by_broker(by_broker: BrokerSignIn, as_json: bool) -> Account:
    try:
        await by_broker.start()
        if as_json:
            line({"window": "broker"})
        else:
            tell("\nWindows asks in a window of its own who signs in; it may lie behind this one.")
            tell("Choose the account that administers the tenant. Ctrl-C ends.\n")
        return await by_broker.wait()
    finally:
        await by_broker.close()


def _show_code(prompt: DeviceCodePrompt) -> None:
    code = "  ".join(prompt.user_code)
    rule = "─" * (len(code) + 6)
    tell(f"\nOn any device, open   {prompt.verification_uri}\nand enter the code\n")
    tell(f"   ┌{rule}┐\n   │   {click.style(code, bold=True)}   │\n   └{rule}┘")
    tell(f"\n   ({prompt.user_code}, good until {clock(prompt.expires_at)})\n")


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
        tell(f"\nOn your own computer, make a tunnel to this machine:\n\n   {opened.tunnel}\n")
        tell(f"then open there:\n\n{opened.url}\n")
        tell(f"Waiting on 127.0.0.1:{opened.port}. Ctrl-C ends.")
    else:
        tell(f"\nOpen in a browser, anywhere:\n\n{opened.url}\n")
        tell(
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
            tell(f"{error.message} {error.remedy}")
        else:
            return


def utc_text(moment: datetime | None) -> str | None:
    """`moment` as JSON has it."""
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z") if moment else None


def line(record: dict[str, Any]) -> None:
    """Print `record` as a line of JSON, at once."""
    click.echo(json.dumps(record, ensure_ascii=False))
    sys.stdout.flush()


def tell(text: str) -> None:
    """Print on standard error: it does not belong into a pipe."""
    click.echo(text, err=True)
