"""The steps of `siptui doctor`: each tries one thing on the way to the tenant and is timed."""

import asyncio
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct

from siptui.app.invocation import Invocation
from siptui.app.session import Selected, select_for, start_log, token_source, turns_note
from siptui.app.surrounding_checks import state_folder_found, terminal_found, worker_found
from siptui.app.tenant_name import learn_name
from siptui.app.watchers import watching
from siptui.domain.errors import ExitCode, SiptuiError
from siptui.domain.text import visible
from siptui.domain.times import minute, zone
from siptui.gateway.bulk_client import BulkSignInClient
from siptui.identity.account import account_of
from siptui.identity.broker_place import has_broker, obstacle
from siptui.settings.hosts import hosts_of
from siptui.transport import Answer, Call, Http, Watcher, open_client
from siptui.transport.proxy import names_proxy, proxy_for, without_password
from siptui.transport.tls import CA_VARIABLES

#: Seconds after which a look-up counts as failed.
_DNS_LIMIT = 10.0
#: Entra ID refuses tokens and answers when clocks differ by more than five minutes.
_MAX_SKEW = 300.0


class Result(StrEnum):
    """How a step went; `UNKNOWN` where it could not be tried, or says nothing for certain."""

    PASS = "pass"  # noqa: S105 - a result, not a password
    FAIL = "fail"
    UNKNOWN = "unknown"


class Step(Struct, frozen=True):
    """One thing that was tried. `seconds` is how long it took."""

    name: str
    result: Result
    detail: str
    remedy: str = ""
    seconds: float = 0.0
    exit_code: ExitCode = ExitCode.OK


Found = tuple[Result, str, str]
_NO_TOKEN: Found = (Result.UNKNOWN, "not tried without a sign-in", "")


async def examine(call: Invocation) -> AsyncIterator[Step]:
    """Every step, in the order in which a connection comes to be. Raises nothing, apart from
    `UsageError` for a recording that cannot be written."""
    with watching(call.record) as watchers:
        async for step in _examined(call, watchers):
            yield step


async def _examined(call: Invocation, watchers: tuple[Watcher, ...]) -> AsyncIterator[Step]:
    chosen: list[Selected] = []

    async def settings() -> Found:
        chosen.append(select_for(call))
        one = chosen[0].profile
        note = f" {one.cloud.note}" if one.cloud.note else ""
        return Result.PASS, f"profile {one.name}, tenant {one.tenant}, cloud {one.cloud.name}", note

    yield await _timed("settings", settings)
    if not chosen:
        return
    async for step in _here(chosen[0]):
        yield step
    if command := chosen[0].settings.notify_command:
        yield await _timed("notify_command", lambda: _notify(command[0]))
    if said := turns_note():
        yield Step("turns to submit", Result.UNKNOWN, said)
    addresses = {one.service: one.address for one in hosts_of(chosen[0].profile.cloud)}
    for name, url in addresses.items():
        yield await _timed(f"DNS, {name}", lambda url=url: _look_up(url))  # type: ignore[misc]  # bound now
    for name, url in addresses.items():
        yield await _timed(f"proxy, {name}", lambda url=url: _proxy(url))  # type: ignore[misc]  # bound now
    opened: list[Http] = []

    async def trust() -> Found:
        start_log(chosen[0].settings, call.log_level)
        opened.append(open_client(watchers=watchers))
        named = [n for n in CA_VARIABLES if chosen[0].environ.get(n)]
        return Result.PASS, f"the system's{' and those of ' + named[0] if named else ''}", ""

    yield await _timed("authorities", trust)
    if not opened:
        return
    async with opened[0] as http:
        async for step in _lines(http, addresses):
            yield step
        async for step in _service(http, chosen[0], watchers):
            yield step


async def _here(selected: Selected) -> AsyncIterator[Step]:
    """What this host does with the journal and the worker."""

    async def terminal() -> Found:
        return Result.PASS, terminal_found(selected.environ), ""

    async def state() -> Found:
        return _result(*state_folder_found(selected.settings.folders.state))

    async def worker() -> Found:
        return _result(*await asyncio.to_thread(worker_found))

    yield await _timed("terminal", terminal)
    yield await _timed("state folder", state)
    yield await _timed("worker", worker)


def _result(good: bool | None, detail: str, remedy: str) -> Found:
    results = {True: Result.PASS, False: Result.FAIL, None: Result.UNKNOWN}
    return results[good], detail, remedy


async def _lines(http: Http, addresses: dict[str, str]) -> AsyncIterator[Step]:
    """A request without a token to each host: TLS and the clock."""
    answers: list[tuple[Answer, datetime]] = []

    async def touch(url: str) -> Found:
        answer = await http.send(Call.READ, "GET", f"{url}/")
        answers.append((answer, datetime.now(UTC)))
        if url.startswith("http:"):
            return Result.PASS, f"plain http to this machine, HTTP {answer.status}", ""
        return Result.PASS, f"certificate signed by {answer.issuer}, HTTP {answer.status}", ""

    async def clock() -> Found:
        return _skew(answers)

    for name, url in addresses.items():
        yield await _timed(f"TLS, {name}", lambda url=url: touch(url))  # type: ignore[misc]  # bound now
    yield await _timed("clock", clock)


async def _service(
    http: Http, selected: Selected, watchers: tuple[Watcher, ...]
) -> AsyncIterator[Step]:
    """Sign-in, discovery, one read; the latter two only with a token."""
    clients: list[BulkSignInClient] = []

    async def sign_in() -> Found:
        tokens, origin = token_source(selected, watchers)
        account = account_of(await tokens.token())
        address = selected.profile.cloud.admin_api
        throttle = selected.throttle("admin_api")
        clients.append(BulkSignInClient(http, address, tokens, throttle=throttle))
        said = [f"token from {origin}", account.user, account.tenant]
        if account.expires_at:
            said.append(f"good until {minute(account.expires_at)} {zone(account.expires_at)}")
        if account.roles:
            said.append(f"roles it names: {', '.join(account.roles)}")
        return Result.PASS, "; ".join(part for part in said if part), ""

    async def discovery() -> Found:
        if not clients:
            return _NO_TOKEN
        await clients[0].discover()
        if note := clients[0].discovery_note:
            return Result.UNKNOWN, note, ""
        name = await learn_name(selected, clients[0])
        told = f"; the tenant is {name}" if name else ""
        return Result.PASS, f"the service named the tenant's endpoint{told}", ""

    async def read() -> Found:
        if not clients:
            return _NO_TOKEN
        batches = await clients[0].batch_summaries()
        return Result.PASS, f"the service remembers {len(batches)} batches (30 days)", ""

    if has_broker():
        yield await _timed("Windows' broker", _broker)
    yield await _timed("sign-in", sign_in)
    yield await _timed("discovery", discovery)
    yield await _timed("read", read)


async def _timed(name: str, attempt: Callable[[], Awaitable[Found]]) -> Step:
    started = time.monotonic()
    try:
        result, detail, remedy = await attempt()
    except SiptuiError as error:
        seconds = time.monotonic() - started
        return Step(
            name, Result.FAIL, error.message, error.remedy, seconds, ExitCode(error.exit_code)
        )
    return Step(name, result, detail, remedy.strip(), time.monotonic() - started, _code(result))


def _code(result: Result) -> ExitCode:
    return ExitCode.ERROR if result is Result.FAIL else ExitCode.OK


async def _broker() -> Found:
    found = obstacle()
    if found is None:
        return Result.PASS, "can sign in here: siptui auth login --method broker", ""
    return Result.UNKNOWN, found.sentence, found.advice


async def _notify(program: str) -> Found:
    name = visible(Path(program).name)
    if shutil.which(program):
        return Result.PASS, f"{name} is there", ""
    return (
        Result.FAIL,
        f"{name} is not there: no message is sent when a run ends",
        "Name a program that can be run in notify_command of config.toml, by its full path.",
    )


async def _look_up(url: str) -> Found:
    host = urlsplit(url).hostname or ""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(_DNS_LIMIT):
            found = await loop.getaddrinfo(host, None, type=1)
    except (OSError, UnicodeError) as error:
        why = "no answer in time" if isinstance(error, TimeoutError) else visible(str(error))
        if names_proxy(url):
            return Result.UNKNOWN, f"{host}: {why}; the proxy may look it up", ""
        return (
            Result.FAIL,
            f"{host}: {why}",
            "Check DNS and the network; behind a proxy, set HTTPS_PROXY.",
        )
    addresses = sorted({str(entry[4][0]) for entry in found})
    return Result.PASS, f"{host} is {', '.join(addresses[:4])}", ""


async def _proxy(url: str) -> Found:
    proxy = proxy_for(url)
    return Result.PASS, f"{urlsplit(url).hostname}: {without_password(proxy) or 'none'}", ""


def _skew(answers: list[tuple[Answer, datetime]]) -> Found:
    for answer, here in answers:
        try:
            there = parsedate_to_datetime(answer.headers.get("date", ""))
        except (ValueError, TypeError):
            continue
        if there.tzinfo is None:
            there = there.replace(tzinfo=UTC)
        seconds = (here - there).total_seconds()
        if abs(seconds) > _MAX_SKEW:
            way = "ahead" if seconds > 0 else "behind"
            return (
                Result.FAIL,
                f"the clock here is {abs(seconds):.0f} s {way}",
                "Set the clock (NTP): sign-in fails beyond 5 minutes.",
            )
        return Result.PASS, f"the clock here differs by {abs(seconds):.0f} s", ""
    return Result.UNKNOWN, "no server told the time", ""
