"""Authorization code with PKCE; the test is the browser."""

import asyncio
import contextlib
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from siptui.emulator.entra.app import CONTOSO
from siptui.emulator.entra.tokens import EntraUser
from siptui.identity.account import Account
from siptui.identity.browser import BrowserPrompt, BrowserSignIn
from siptui.identity.errors import (
    PortInUseError,
    RedirectUnreadableError,
    SignInCancelledError,
    SignInRefusedError,
    WrongTenantError,
)
from siptui.identity.store import MemoryStore
from siptui.transport.tls import trust
from tests.identity.conftest import Authority
from tests.transport import web


def attempt(authority: Authority, store: MemoryStore | None = None) -> BrowserSignIn:
    return BrowserSignIn(authority.registration(), store or MemoryStore())


async def visited(url: str, *, back: bool = True) -> web.Response:
    """Open `url` as a browser would; the page it ends at, or the redirect if not `back`."""
    async with web.AsyncClient(verify=trust(), trust_env=False) as browser:
        answer = await browser.get(url)
        assert answer.status_code == 302
        if not back:
            return answer
        # A tunnel forwards to 127.0.0.1, whatever `localhost` is on the other side.
        return await browser.get(answer.headers["location"].replace("localhost", "127.0.0.1"))


def test_browser_comes_back_through_the_port(authority: Authority) -> None:
    store = MemoryStore()

    async def go() -> tuple[BrowserPrompt, Account, web.Response]:
        sign_in = attempt(authority, store)
        prompt = await sign_in.start(0)
        waiting = asyncio.ensure_future(sign_in.wait())
        page = await visited(prompt.url)
        return prompt, await waiting, page

    prompt, account, page = asyncio.run(go())
    asked = parse_qs(urlsplit(prompt.url).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["redirect_uri"] == [f"http://localhost:{prompt.port}"]
    assert f"ssh -L {prompt.port}:127.0.0.1:{prompt.port} " in prompt.tunnel
    assert account.user == "operator@contoso.com"
    assert page.status_code == 200
    assert "Signed in. Go back to the terminal" in page.text
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "code" not in page.text
    assert store.read()


def test_fixed_port_is_used_and_free_afterwards(authority: Authority) -> None:
    async def go() -> None:
        sign_in = attempt(authority)
        port = (await sign_in.start(0)).port
        with pytest.raises(PortInUseError, match=str(port)):
            await attempt(authority).start(port)
        await sign_in.close()
        again = attempt(authority)
        assert (await again.start(port)).port == port
        await again.close()

    asyncio.run(go())


def test_pasted_address_needs_no_port(authority: Authority) -> None:
    async def go() -> Account:
        sign_in = attempt(authority)
        prompt = await sign_in.start(53999, listening=False)
        redirect = (await visited(prompt.url, back=False)).headers["location"]
        half = len(redirect) // 2
        sign_in.offer(f"  {redirect[:half]}\r\n{redirect[half:]} ")  # wrapped by a terminal
        return await sign_in.wait()

    assert asyncio.run(go()).user == "operator@contoso.com"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "http://localhost:53999/?code=abc&state=someone-elses",
        "http://localhost:53999/?error=access_denied",
        "https://evil.example/?code=abc&state={state}",
        "http://localhost:53999/?state={state}",
        "http://[::1",
    ],
)
def test_what_is_not_the_address_is_not_taken(authority: Authority, text: str) -> None:
    async def go() -> None:
        sign_in = attempt(authority)
        prompt = await sign_in.start(53999, listening=False)
        state = parse_qs(urlsplit(prompt.url).query)["state"][0]
        sign_in.offer(text.replace("{state}", state))

    with pytest.raises(RedirectUnreadableError) as wrong:
        asyncio.run(go())
    assert "abc" not in f"{wrong.value}{wrong.value.remedy}"


def test_strangers_at_the_port_change_nothing(authority: Authority) -> None:
    async def go() -> Account:
        sign_in = attempt(authority)
        prompt = await sign_in.start(0)
        waiting = asyncio.ensure_future(sign_in.wait())
        base = f"http://127.0.0.1:{prompt.port}"
        async with web.AsyncClient(trust_env=False) as stranger:
            assert (await stranger.get(f"{base}/favicon.ico")).status_code == 404
            assert (await stranger.get(f"{base}/?code=x&state=guess")).status_code == 400
            assert (await stranger.post(base, data={"code": "x"})).status_code == 400
        reader, writer = await asyncio.open_connection("127.0.0.1", prompt.port)
        writer.write(b"\x16\x03\x01 not http\r\n\r\n")
        await reader.read()
        writer.close()
        assert not waiting.done()
        await visited(prompt.url)
        return await waiting

    assert asyncio.run(go()).user == "operator@contoso.com"


async def _said(port: int, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    with contextlib.suppress(OSError):
        writer.write(request)
        await writer.drain()
        writer.write_eof()
        return await reader.read()
    return b""


@pytest.mark.parametrize(
    "request_line",
    [
        b"GET /?" + b"x" * 70_000 + b" HTTP/1.1",
        b"x" * 500_000,
        b"GET http://[::1 HTTP/1.1",
        b"POST / HTTP/1.1\r\nContent-Length: many",
        b"POST / HTTP/1.1\r\nContent-Length: -1",
        b"POST / HTTP/1.1\r\nContent-Length: " + b"9" * 5000,
        b"\xff\x00\x80",
        b"GET /?" + b"&".join([b"a=b"] * 2000) + b" HTTP/1.1",
        b"",
    ],
    ids=range(9),
)
def test_no_request_disturbs_the_listener(
    authority: Authority, request_line: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async def go() -> Account:
        sign_in = attempt(authority)
        prompt = await sign_in.start(0)
        waiting = asyncio.ensure_future(sign_in.wait())
        for _ in range(3):
            said = await _said(prompt.port, request_line + b"\r\n\r\n")
            assert not said or said.startswith(b"HTTP/1.1 4")
        assert not waiting.done()
        await visited(prompt.url)
        return await waiting

    assert asyncio.run(go(), debug=True).user == "operator@contoso.com"
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def test_connections_that_say_nothing_end_with_the_sign_in(
    authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    """Browsers open connections in advance and may never use them."""

    async def go() -> Account:
        sign_in = attempt(authority)
        prompt = await sign_in.start(0)
        silent = [await asyncio.open_connection("127.0.0.1", prompt.port) for _ in range(2)]
        waiting = asyncio.ensure_future(sign_in.wait())
        await visited(prompt.url)
        found = await waiting
        for _, writer in silent:
            writer.close()
        return found

    assert asyncio.run(go()).user == "operator@contoso.com"
    assert [record for record in caplog.records if record.name == "asyncio"] == []


def test_the_page_says_signed_in_only_when_it_is(authority: Authority) -> None:
    """A code alone is none: here it is refused when it is redeemed."""

    async def go() -> tuple[str, str]:
        one, other = attempt(authority), attempt(authority)
        mine, theirs = await one.start(0), await other.start(0)
        stolen = (await visited(theirs.url, back=False)).headers["location"]
        code = parse_qs(urlsplit(stolen).query)["code"][0]
        state = parse_qs(urlsplit(mine.url).query)["state"][0]
        back = "/?" + urlencode({"code": code, "state": state})
        waiting = asyncio.ensure_future(one.wait())
        request = f"GET {back} HTTP/1.1\r\n\r\n".encode()
        refused = await _said(mine.port, request)
        with pytest.raises(SignInRefusedError):
            await waiting
        target = urlsplit(stolen)
        request = f"GET /?{target.query} HTTP/1.1\r\n\r\n".encode()
        alone = await _said(theirs.port, request)  # `wait` was not called for this one
        await other.close()
        return refused.decode(), alone.decode()

    refused, alone = asyncio.run(go())
    assert "did not succeed" in refused
    assert "says how the sign-in ends" in alone
    assert "Signed in" not in refused + alone


def test_answer_posted_by_the_page(authority: Authority) -> None:
    async def go() -> Account:
        sign_in = attempt(authority)
        prompt = await sign_in.start(0)
        waiting = asyncio.ensure_future(sign_in.wait())
        redirect = (await visited(prompt.url, back=False)).headers["location"]
        form = {key: value[0] for key, value in parse_qs(urlsplit(redirect).query).items()}
        async with web.AsyncClient(trust_env=False) as browser:
            await browser.post(f"http://127.0.0.1:{prompt.port}/", data=form)
        return await waiting

    assert asyncio.run(go()).user == "operator@contoso.com"


def test_refused_in_the_browser(authority: Authority) -> None:
    authority.state.refuse("browser", 53000)

    async def go() -> None:
        sign_in = attempt(authority)
        prompt = await sign_in.start(0)
        waiting = asyncio.ensure_future(sign_in.wait())
        page = await visited(prompt.url)
        assert "did not succeed" in page.text
        await waiting

    with pytest.raises(SignInRefusedError, match="complies") as refused:
        asyncio.run(go())
    assert refused.value.code == "AADSTS53000"


def test_code_of_another_attempt_fails_its_challenge(authority: Authority) -> None:
    async def go() -> None:
        one, other = attempt(authority), attempt(authority)
        mine = await one.start(53999, listening=False)
        theirs = await other.start(53999, listening=False)
        stolen = (await visited(theirs.url, back=False)).headers["location"]
        code = parse_qs(urlsplit(stolen).query)["code"][0]
        state = parse_qs(urlsplit(mine.url).query)["state"][0]
        one.offer("http://localhost:53999/?" + urlencode({"code": code, "state": state}))
        await one.wait()

    with pytest.raises(SignInRefusedError) as refused:
        asyncio.run(go())
    assert refused.value.code == "AADSTS501481"


def test_wrong_tenant(authority: Authority) -> None:
    other = "99999999-8888-4777-8666-555555555555"
    authority.state.users.insert(0, EntraUser("guest@fabrikam.com", other, "guest"))
    store = MemoryStore()

    async def go() -> None:
        sign_in = attempt(authority, store)
        prompt = await sign_in.start(0)
        waiting = asyncio.ensure_future(sign_in.wait())
        page = await visited(prompt.url)
        assert "did not succeed" in page.text  # though the code was good
        await waiting

    with pytest.raises(WrongTenantError, match=CONTOSO):
        asyncio.run(go())
    assert store.read() is None


def test_cancelled(authority: Authority) -> None:
    async def go() -> None:
        sign_in = attempt(authority)
        await sign_in.start(0)
        waiting = asyncio.ensure_future(sign_in.wait())
        await asyncio.sleep(0)
        sign_in.cancel()
        await waiting

    with pytest.raises(SignInCancelledError):
        asyncio.run(asyncio.wait_for(go(), 10))
