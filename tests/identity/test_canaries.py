"""No token, code or secret in any log, exception, traceback or repr, at any log level."""

import asyncio
import json
import logging
import traceback
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from siptui.domain.errors import SiptuiError
from siptui.emulator.entra.tokens import EntraUser
from siptui.identity.browser import BrowserSignIn
from siptui.identity.device_code import DeviceCodeSignIn
from siptui.identity.errors import AuthorityUnreadableError
from siptui.identity.store import MemoryStore
from siptui.identity.stored_tokens import StoredTokens
from tests.identity.conftest import Authority, Server
from tests.identity.test_browser import visited

_SECRET_KEYS = {"access_token", "refresh_token", "id_token", "device_code", "client_info"}


class Tap:
    """Stands before the authority: notes every secret that passes, and may cut answers short."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.secrets: set[str] = set()
        self.cut = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def noted_in() -> Message:
            message = await receive()
            self._note(message.get("body", b""))
            return message

        async def noted_out(message: Message) -> None:
            body: bytes = message.get("body", b"")
            self._note(body)
            if message["type"] == "http.response.start":
                headers = message["headers"]
                for name, value in headers:
                    if name == b"location":
                        self._note(value.partition(b"?")[2])
                if self.cut and scope["path"].endswith(self.cut):
                    message = {
                        **message,
                        "headers": [pair for pair in headers if pair[0] != b"content-length"],
                    }
            elif self.cut and scope["path"].endswith(self.cut):
                message = {**message, "body": body[: len(body) - 2]}
            await send(message)

        await self.app(scope, noted_in, noted_out)

    def _note(self, body: bytes) -> None:
        from urllib.parse import parse_qsl

        text = body.decode("utf-8", "replace")
        try:
            found = json.loads(text)
        except ValueError:
            found = dict(parse_qsl(text))
        if isinstance(found, dict):
            keys = _SECRET_KEYS | {"code", "code_verifier", "state"}
            self.secrets |= {str(found[key]) for key in keys & set(found)}


class Records(logging.Handler):
    """Everything that any logger says."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(self.format(record))


@pytest.fixture
def records() -> Iterator[Records]:
    root, handler = logging.getLogger(), Records()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler
    root.removeHandler(handler)
    root.setLevel(level)


@pytest.fixture
def tap(authority: Authority, server: Server) -> Tap:
    assert server.app is not None
    server.app = tap = Tap(server.app)
    return tap


def whole(error: BaseException) -> str:
    """An exception with everything that hangs on it, attributes of causes included."""
    parts = ["".join(traceback.format_exception(error))]
    seen: BaseException | None = error
    while seen is not None:
        parts += [repr(seen), str(seen), repr(vars(seen)), repr(seen.args)]
        parts.append(repr(getattr(seen, "doc", "")))  # what a JSON error carries
        seen = seen.__cause__ or seen.__context__
    return "\n".join(parts)


def clean(tap: Tap, said: str, *, least: int) -> None:
    secrets = {secret for secret in tap.secrets if len(secret) > 15}
    assert len(secrets) >= least  # the tap saw something to look for
    # Of long ones a piece is enough; the piece of a short one is a syllable that any text has.
    parts = {
        secret: (secret, *([secret[20:60]] if len(secret) >= 60 else [])) for secret in secrets
    }
    found = [secret[:12] for secret in secrets if any(part in said for part in parts[secret])]
    assert not found


def test_everything_goes_well(authority: Authority, tap: Tap, records: Records) -> None:
    authority.state.approve_after = 1
    seen: list[str] = []

    async def go() -> None:
        store = MemoryStore()
        by_code = DeviceCodeSignIn(authority.registration(), store, sleep=authority.sleep)
        seen.append(repr(await by_code.start()))
        seen.append(repr(by_code._client))
        seen.append(repr(await by_code.wait()))
        by_browser = BrowserSignIn(authority.registration(), store)
        prompt = await by_browser.start(0)
        waiting = asyncio.ensure_future(by_browser.wait())
        logging.disable()  # the test's own browser, which logs the addresses it opens
        await visited(prompt.url)
        logging.disable(logging.NOTSET)
        seen.append(repr(await waiting))
        tokens = StoredTokens(authority.registration(), lambda: store)
        await tokens.token()
        await tokens.token(refresh=True)
        seen.extend((repr(tokens), repr(tokens._held), repr(store), repr(vars(by_code))))

    asyncio.run(go())
    assert any("send_request_headers" in text for text in records.texts)
    clean(tap, "\n".join(records.texts + seen), least=9)


@pytest.mark.parametrize("where", ["devicecode", "openid-configuration"])
def test_answers_cut_short(authority: Authority, tap: Tap, records: Records, where: str) -> None:
    tap.cut = where

    async def go() -> None:
        await DeviceCodeSignIn(authority.registration(), MemoryStore()).start()

    with pytest.raises(AuthorityUnreadableError, match="proxy") as error:
        asyncio.run(go())
    clean(tap, "\n".join(records.texts) + whole(error.value), least=where == "devicecode")


def test_refresh_answer_cut_short(authority: Authority, tap: Tap, records: Records) -> None:
    authority.state.approve_after = 0
    store = MemoryStore()

    async def go() -> None:
        attempt = DeviceCodeSignIn(authority.registration(), store, sleep=authority.sleep)
        await attempt.start()
        await attempt.wait()
        tokens = StoredTokens(authority.registration(), lambda: store)
        await tokens.token()
        tap.cut = "token"
        await tokens.token(refresh=True)

    with pytest.raises(AuthorityUnreadableError) as error:
        asyncio.run(go())
    clean(tap, "\n".join(records.texts) + whole(error.value), least=5)
    assert error.value.__context__ is None


def test_every_refusal(authority: Authority, tap: Tap, records: Records) -> None:
    errors: list[str] = []
    authority.state.users.append(EntraUser("else@fabrikam.com", "other-tenant", "o"))

    async def go(setting: Any) -> None:
        store = MemoryStore()
        attempt = DeviceCodeSignIn(authority.registration(), store, sleep=authority.sleep)
        prompt = await attempt.start()
        setting(prompt.user_code)
        await attempt.wait()

    state = authority.state
    for setting in (
        state.decline,
        state.expire,
        lambda code: (state.approve(code), state.refuse("device", 53003, times=1)),
        lambda code: state.approve(code, "else@fabrikam.com"),
    ):
        with pytest.raises(SiptuiError) as error:
            asyncio.run(go(setting))
        errors.append(whole(error.value))
    clean(tap, "\n".join([*records.texts, *errors]), least=6)
