"""The HTTP stack against real sockets on loopback: trust, proxy, bad manners, what was sent."""

import asyncio
import gzip
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme
from rich.pretty import pretty_repr

from siptui.domain.errors import UsageError
from siptui.transport import Answer, Call, Exchange, Failure, TransportError, open_client
from siptui.transport.messages import LIMITS
from siptui.transport.proxy import proxy_for
from tests.support import emulated_time
from tests.transport import web
from tests.transport.lines import OK, Proxy, Talk, answering, served


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def root(authority: trustme.CA, tmp_path: Path) -> str:
    path = tmp_path / "root.pem"
    authority.cert_pem.write_to_path(path)
    return str(path)


@pytest.fixture(autouse=True)
def no_trust_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


def tls(authority: trustme.CA, name: str = "localhost") -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


def get(
    talk: Talk,
    *,
    context: ssl.SSLContext | None = None,
    host: str = "localhost",
    call: Call = Call.READ,
    max_body: int = 20_000_000,
) -> Answer | TransportError:
    """What a GET to a server that talks so comes to."""

    async def main() -> Answer | TransportError:
        async with served(talk, context) as port, open_client(max_body=max_body) as http:
            scheme = "https" if context else "http"
            try:
                return await http.send(call, "GET", f"{scheme}://{host}:{port}/")
            except TransportError as error:
                return error

    return asyncio.run(main())


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
def test_a_private_authority_works_by_environment_alone(
    variable: str, root: str, authority: trustme.CA, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, root)
    answer = get(answering(OK), context=tls(authority))
    assert isinstance(answer, Answer)
    assert answer.body == b"ok"


def test_requests_ca_bundle_yields_to_the_standard_variables(
    root: str, authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(other)
    monkeypatch.setenv("SSL_CERT_FILE", str(other))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", root)
    error = get(answering(OK), context=tls(authority))
    assert isinstance(error, TransportError)
    assert error.failure is Failure.TLS


def test_an_unknown_authority_is_named_with_the_variable_that_helps(
    authority: trustme.CA,
) -> None:
    error = get(answering(OK), context=tls(authority))
    assert isinstance(error, TransportError)
    assert error.failure is Failure.TLS
    assert not error.sent
    assert "authority not known" in error.message
    assert "SSL_CERT_FILE" in error.remedy


def test_another_servers_certificate_is_called_that(
    root: str, authority: trustme.CA, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", root)
    error = get(answering(OK), context=tls(authority, "elsewhere.example"))
    assert isinstance(error, TransportError)
    assert not error.sent
    assert "another server's" in error.message


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_bundle_that_cannot_be_used_is_named(
    content: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "bundle.pem"
    if content is not None:
        path.write_text(content)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(path))
    with pytest.raises(UsageError, match="REQUESTS_CA_BUNDLE"):
        get(answering(OK))


def through_proxy(
    proxy: Proxy, authority: trustme.CA, monkeypatch: pytest.MonkeyPatch, host: str
) -> Answer | TransportError:
    async def main() -> Answer | TransportError:
        async with (
            served(answering(OK), tls(authority, host)) as port,
            served(proxy) as proxy_port,
            open_client() as http,
        ):
            monkeypatch.setenv("HTTPS_PROXY", f"http://me:hidden@127.0.0.1:{proxy_port}")
            try:
                return await http.send(Call.SUBMIT, "POST", f"https://{host}:{port}/", body=b"[]")
            except TransportError as error:
                return error

    return asyncio.run(main())


def test_a_proxy_works_by_environment_alone(
    root: str, authority: trustme.CA, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", root)
    proxy = Proxy()
    answer = through_proxy(proxy, authority, monkeypatch, "service.invalid")
    assert isinstance(answer, Answer), answer
    (head,) = proxy.heads
    assert head.startswith("CONNECT service.invalid:")
    assert "proxy-authorization: basic" in head.casefold()
    assert "bearer" not in head.casefold()


@pytest.mark.parametrize(
    ("refusal", "words"),
    [("407 Proxy Authentication Required", "sign-in (407)"), ("403 Forbidden", "403 Forbidden")],
)
def test_a_proxy_that_refuses_is_named_and_nothing_was_sent(
    refusal: str, words: str, authority: trustme.CA, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = through_proxy(Proxy(refusal), authority, monkeypatch, "service.invalid")
    assert isinstance(error, TransportError)
    assert error.failure is Failure.PROXY
    assert not error.sent
    assert words in error.message
    assert "hidden" not in error.message + error.remedy


@pytest.mark.parametrize(
    ("name", "proxy", "says"),
    [
        ("HTTPS_PROXY", "socks5://me:hidden@127.0.0.1:1", "no HTTP proxy"),
        ("ALL_PROXY", "socks5h://127.0.0.1:1", "no HTTP proxy"),
        ("https_proxy", "ftp://127.0.0.1:1", "no HTTP proxy"),
        ("HTTPS_PROXY", "http://me:hid/den@127.0.0.1:1", "cannot be read"),
        ("HTTPS_PROXY", "http://me:hid#den@127.0.0.1:1", "cannot be read"),
        ("HTTPS_PROXY", "http://[::1", "cannot be read"),
        ("HTTPS_PROXY", "http://h:99999", "cannot be read"),
        ("HTTPS_PROXY", "http://h:0", "cannot be read"),
        ("HTTPS_PROXY", "http://me:77#hidden@proxy:1", "cannot be read"),
        ("HTTPS_PROXY", "http://me:77?hidden@proxy:1", "cannot be read"),
        ("HTTPS_PROXY", "http://me:77/hidden@proxy:1", "cannot be read"),
        ("HTTPS_PROXY", "me:77/hidden@proxy:1", "cannot be read"),
        ("HTTPS_PROXY", "http://hid:den", "cannot be read"),
        ("HTTPS_PROXY", "http://hid den:1", "cannot be read"),
        ("HTTPS_PROXY", "http://me:hid://den@proxy:port", "cannot be read"),
        ("HTTPS_PROXY", "me:hid://den@proxy:port", "cannot be read"),
        ("HTTPS_PROXY", "http://hidden@proxy:port", "cannot be read"),
    ],
)
def test_a_proxy_that_cannot_be_used_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, proxy: str, says: str
) -> None:
    monkeypatch.setenv(name, proxy)
    error = asyncio.run(_refused("https://service.invalid/"))
    assert error.message.startswith(name)
    assert says in error.message
    assert "http://" in error.remedy
    assert (error.failure, error.sent) == (Failure.PROXY, False)
    for part in ("hid", "den", "77"):
        assert part not in f"{error.message}{error.remedy}"
    monkeypatch.setenv("NO_PROXY", "*")
    assert asyncio.run(_refused("https://service.invalid/")).failure is Failure.NAME


async def _refused(url: str) -> TransportError:
    async with open_client() as http:
        with pytest.raises(TransportError) as caught:
            await http.send(Call.READ, "GET", url)
        return caught.value


@pytest.mark.parametrize(
    ("entry", "host", "direct"),
    [
        ("[::1]", "service.invalid", False),
        ("fd00::/8", "service.invalid", False),
        ("[fd00::]/8,::1", "[fd00::7]", True),
        ("fd00::7", "[fd00::7]", True),
        ("[fd00::7]", "[fd00:0::7]", True),
        ("[fd00::7]:443", "[fd00::7]", True),
        ("[fd00::7]:444", "[fd00::7]", False),
        ("fd00::/8", "[fe80::7]", False),
        ("10.0.0.0/8", "10.1.2.3", True),
        ("10.0.0.0/8", "11.1.2.3", False),
        ("10.1.2.3:443", "10.1.2.3", True),
        ("service.invalid", "service.invalid", True),
        ("SERVICE.invalid.", "a.service.INVALID", True),
        (".service.invalid", "a.service.invalid", True),
        ("*.service.invalid", "a.service.invalid", True),
        ("service.invalid:443", "service.invalid", True),
        ("service.invalid:8443", "service.invalid", False),
        ("vice.invalid", "service.invalid", False),
        ("localhost, 127.0.0.1 ::1 service.invalid", "service.invalid", True),
        ("https://service.invalid", "service.invalid", True),
        ("*", "anything.invalid", True),
        ("not/a/range,[,],:,::::,%,[::1", "service.invalid", False),
        ("", "service.invalid", False),
    ],
)
def test_no_proxy_takes_out_what_it_names(
    monkeypatch: pytest.MonkeyPatch, entry: str, host: str, direct: bool
) -> None:
    """No entry breaks a request, whatever it is: the way that is taken tells which one it was."""
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.invalid:3128")
    monkeypatch.setenv("NO_PROXY", entry)
    url = f"https://{host}/"
    assert proxy_for(url) == ("" if direct else "http://proxy.invalid:3128")
    if not direct:
        error = asyncio.run(_refused(url))
        assert "The proxy proxy.invalid:3128" in error.message


def test_tls_that_fails_behind_a_proxy_means_nothing_was_sent(
    authority: trustme.CA, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = through_proxy(Proxy(), authority, monkeypatch, "service.invalid")
    assert isinstance(error, TransportError)
    assert error.failure is Failure.TLS
    assert not error.sent


def test_loopback_never_goes_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    assert isinstance(get(answering(OK), host="127.0.0.1"), Answer)


def test_a_refused_connection_and_an_unknown_name_mean_nothing_was_sent() -> None:
    async def main(url: str) -> TransportError:
        async with open_client() as http:
            with pytest.raises(TransportError) as caught:
                await http.send(Call.SUBMIT, "POST", url, body=b"[]")
            return caught.value

    async def closed_port() -> int:
        async with served(answering(OK)) as port:
            return port

    refused = asyncio.run(main(f"http://127.0.0.1:{asyncio.run(closed_port())}/"))
    assert (refused.failure, refused.sent) == (Failure.REFUSED, False)
    unknown = asyncio.run(main("https://admin.invalid/"))
    assert (unknown.failure, unknown.sent) == (Failure.NAME, False)
    assert "admin.invalid" in unknown.message


@pytest.mark.parametrize(
    ("said", "failure"),
    [
        (b"", Failure.BROKEN),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhalf", Failure.BROKEN),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhal", Failure.BROKEN),
        (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", Failure.GARBLED),
        (
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nno",
            Failure.GARBLED,
        ),
    ],
)
def test_an_answer_that_breaks_off_or_is_none_was_sent(said: bytes, failure: Failure) -> None:
    error = get(answering(said))
    assert isinstance(error, TransportError)
    assert error.failure is failure
    assert error.sent


def test_an_endless_answer_is_cut_off() -> None:
    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()

    error = get(endless, max_body=1_000_000)
    assert isinstance(error, TransportError)
    assert error.failure is Failure.TOO_LARGE
    assert error.status == 200


def test_a_small_answer_that_unpacks_to_a_huge_one_is_cut_off() -> None:
    packed = gzip.compress(b"0" * 30_000_000)
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n"
    error = get(answering(head.encode() + packed))
    assert isinstance(error, TransportError)
    assert error.failure is Failure.TOO_LARGE
    twice = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip\r\nContent-Length: 2\r\n\r\nxx"
    error = get(answering(twice))
    assert isinstance(error, TransportError)
    assert "more than once" in error.message


@pytest.mark.parametrize("there", [b"http://127.0.0.1:1/", b"http://127.0.0.1:port/", b"x://"])
def test_a_redirect_is_not_followed_wherever_it_leads(there: bytes) -> None:
    moved = b"HTTP/1.1 307 Moved\r\nLocation: %b\r\nContent-Length: 0\r\n\r\n" % there
    answer = get(answering(moved))
    assert isinstance(answer, Answer)
    assert answer.status == 307


def test_cookies_are_not_kept() -> None:
    seen: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(OK.replace(b"\r\n\r\n", b"\r\nSet-Cookie: a=b\r\n\r\n"))
        await writer.drain()

    async def main() -> None:
        async with served(talk) as port, open_client() as http:
            for _ in range(2):
                await http.send(Call.READ, "GET", f"http://127.0.0.1:{port}/")

    asyncio.run(main())
    assert len(seen) == 2
    assert b"cookie" not in seen[1].lower()


@pytest.mark.parametrize("secure", [False, True])
def test_a_request_may_be_held_back_when_the_connection_is_there(
    secure: bool, authority: trustme.CA, root: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To connect may take a while, and the service may ask to wait meanwhile."""
    monkeypatch.setenv("SSL_CERT_FILE", root)
    came: list[bytes] = []
    asked: list[int] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append(await reader.read(100))
        writer.write(OK)
        await writer.drain()

    def second_thoughts() -> None:
        asked.append(len(came))
        if len(asked) > 1:
            raise LookupError

    async def main() -> None:
        async with served(talk, tls(authority) if secure else None) as port, open_client() as http:
            address = f"{'https' if secure else 'http'}://localhost:{port}/"
            with pytest.raises(LookupError):
                await http.send(Call.READ, "GET", address, leaving=second_thoughts)
            answer = await http.send(Call.READ, "GET", address)
            assert answer.status == 200

    asyncio.run(main())
    assert asked == [0, 0]
    assert [part[:3] for part in came if part] == [b"GET"]


def test_plain_http_to_another_machine_is_not_even_tried() -> None:
    async def main() -> None:
        async with open_client() as http:
            with pytest.raises(UsageError):
                await http.send(Call.READ, "GET", "http://admin.invalid/")

    asyncio.run(main())


class Drip(web.AsyncByteStream):
    """One byte every ten seconds, for ever."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            await asyncio.sleep(10)
            yield b"x"


def test_an_answer_that_drips_ends_at_the_deadline() -> None:
    seen: list[Exchange] = []

    async def main() -> float:
        transport = web.MockTransport(lambda _: web.Response(200, stream=Drip()))
        async with open_client(transport=transport, watchers=[seen.append]) as http:
            with pytest.raises(TransportError) as caught:
                await http.send(Call.READ, "GET", "https://x.example/")
        assert caught.value.failure is Failure.TIMEOUT
        assert caught.value.sent
        return asyncio.get_running_loop().time()

    passed = emulated_time.run(main())
    assert passed == pytest.approx(LIMITS[Call.READ].total, abs=1)
    (exchange,) = seen
    assert exchange.failure is not None
    assert exchange.answer is None


def test_a_token_that_cannot_be_a_header_is_neither_sent_nor_shown() -> None:
    async def main(token: str) -> TransportError:
        async with served(answering(OK)) as port, open_client() as http:
            with pytest.raises(TransportError) as caught:
                await http.send(
                    Call.SUBMIT,
                    "POST",
                    f"http://127.0.0.1:{port}/",
                    headers={"Authorization": f"Bearer {token}"},
                )
            return caught.value

    for token in ("secret\r\nX: y", "secrét"):
        error = asyncio.run(main(token))
        assert not error.sent
        assert "secr" not in error.message


def test_no_text_of_an_exchange_holds_the_token_or_a_body() -> None:
    """Neither its own nor that of rich, which shows the values of variables in a trace."""
    secret = "c4n4ry-token"
    answer = Answer(200, {"date": "now"}, f'{{"access_token":"{secret}"}}'.encode())
    told = {"Authorization": f"Bearer {secret}"}
    at = datetime(2026, 3, 2, tzinfo=UTC)
    body = f"refresh_token={secret}".encode()
    seen = Exchange(at, 0.1, Call.TOKEN, "POST", "https://a.example/t", told, body, answer, None)
    for one in (answer, seen):
        assert secret not in repr(one)
        assert secret not in pretty_repr(one)
    assert "https://a.example/t" in repr(seen)
    assert "200" in pretty_repr(answer)
