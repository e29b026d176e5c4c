"""How a request fails: was it sent, why did it fail, is the answer too long."""

import errno
import re
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from siptui.domain.text import visible
from siptui.logs.secrets import without_tokens
from siptui.transport.messages import Answer, Failure, TransportError

if TYPE_CHECKING:
    import httpx

# What httpx says when the other side hangs up; its other protocol errors are about what it said.
_HUNG_UP = ("disconnected", "closed connection", "connection closed")

#: What a proxy answers when it cannot connect now but may later; any other refusal is for good.
_PASSES = re.compile(r"\s*(?:408|429|5\d\d)\b")


class Trace:
    """Learns from httpcore's own events whether the request itself began to leave.

    A CONNECT to a proxy and the TLS handshake come before; failing there, nothing was sent.
    `leaving` is called just before; what it raises ends the request unsent.
    """

    def __init__(self, leaving: Callable[[], None] = lambda: None) -> None:
        self._leaving = leaving
        self.seen = False
        self.sent = False
        self._connecting: tuple[str, int] | None = None

    def proxy(self, host: str) -> str:
        """The address that could not be connected to, where that is a proxy on the way to `host`;
        a proxy that was connected to is none."""
        if self._connecting is None or self._connecting[0].casefold() == host.casefold():
            return ""
        return visible("{}:{}".format(*self._connecting))

    async def told(self, event: str, info: Mapping[str, Any]) -> None:
        """For the `trace` extension of a request."""
        self.seen = True
        if event.endswith("connect_tcp.started"):
            self._connecting = (str(info.get("host", "")), int(info.get("port", 0)))
        elif event.endswith("connect_tcp.complete"):
            self._connecting = None
        if event.endswith("send_request_headers.started"):
            request = info.get("request")
            if getattr(request, "method", b"") != b"CONNECT":
                self._leaving()
                self.sent = True


class Body:
    """Gathers the body of `response` up to a limit in bytes; beyond it, `TransportError`."""

    def __init__(self, response: "httpx.Response", limit: int) -> None:
        self._response = response
        self._limit = limit
        self._parts: list[bytes] = []
        self._size = 0
        if "," in response.headers.get("content-encoding", ""):
            # each layer multiplies what a small answer can unpack to
            raise self._refused("The answer is compressed more than once.", Failure.GARBLED)

    def take(self, part: bytes) -> None:
        """One more piece of it, decompressed."""
        self._size += len(part)
        if self._size > self._limit:
            size = f"{self._limit / 1e6:.0f} MB"
            raise self._refused(f"The answer is longer than {size}.", Failure.TOO_LARGE)
        self._parts.append(part)

    def answer(self) -> Answer:
        """The whole."""
        headers = {name.lower(): visible(value) for name, value in self._response.headers.items()}
        body = b"".join(self._parts)
        return Answer(self._response.status_code, headers, body, _issuer(self._response))

    def _refused(self, why: str, failure: Failure) -> TransportError:
        return TransportError(why, failure, sent=True, status=self._response.status_code)


def _issuer(response: "httpx.Response") -> str:
    """Organisation and name of who signed the server's certificate; empty where there is none."""
    stream = response.extensions.get("network_stream")
    tls = stream.get_extra_info("ssl_object") if stream is not None else None
    certificate = tls.getpeercert() if tls is not None else None
    if not certificate:
        return ""
    names = dict(pair for group in certificate.get("issuer", ()) for pair in group)
    shown = [names[key] for key in ("organizationName", "commonName") if names.get(key)]
    return visible(", ".join(shown) or "unnamed")


def failed(
    error: Exception, host: str, read: float, trace: Trace, begun: Sequence[int]
) -> TransportError:
    """The failure behind what httpx raised for a request to `host`.

    `read` is how long an answer was waited for, in seconds; `begun` holds the status where an
    answer had begun.
    """
    import httpx

    never = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
    rules = (httpx.UnsupportedProtocol, httpx.LocalProtocolError, httpx.InvalidURL, UnicodeError)
    sent = trace.sent if trace.seen else not isinstance(error, (*never, *rules))
    failure, remedy = Failure.BROKEN, ""
    words = without_tokens(visible(str(error)))
    if proxy := trace.proxy(host):
        found = explain(error, proxy.rpartition(":")[0])
        failure = found[0] if found else Failure.TIMEOUT
        why = found[1] if found else "No connection in time."
        message = f"The proxy {proxy}, on the way to {host}, is not reached: {why}"
        remedy = "Check HTTPS_PROXY; name hosts that need no proxy in NO_PROXY."
    elif isinstance(error, httpx.ProxyError):
        message, remedy = proxy_refused(str(error))
        passes = _PASSES.match(str(error)) is not None
        failure = Failure.UNREACHABLE if passes else Failure.PROXY
    elif isinstance(error, (httpx.TimeoutException, TimeoutError)):
        failure = Failure.TIMEOUT
        if sent:
            message = f"{host} did not answer in time ({read:.0f} s)."
        else:
            message = f"No connection to {host} in time."
            remedy = "Check the network, the firewall, and HTTPS_PROXY if there is a proxy."
    elif found := explain(error, host):
        failure, message, remedy = found
    elif isinstance(error, httpx.DecodingError):
        failure, message = Failure.GARBLED, f"The answer of {host} cannot be unpacked."
    elif isinstance(error, httpx.RemoteProtocolError) and not any(
        sign in words.casefold() for sign in _HUNG_UP
    ):
        failure, message = Failure.GARBLED, f"{host} does not speak HTTP: {words}."
    elif isinstance(error, rules):
        # without the words: they may quote a header, and one of those is the token
        failure, message = Failure.GARBLED, f"The request to {host} cannot be put into HTTP."
    else:
        message = f"The connection to {host} was cut: {words.rstrip('.') or 'no reason given'}."
    status = begun[0] if begun else None
    return TransportError(message, failure, sent=sent, remedy=remedy, status=status)


_CA_REMEDY = (
    "If a proxy or a private authority signs the certificates here, name its root certificate: "
    "export SSL_CERT_FILE=/path/to/root.pem"
)
_AKI = "authority key identifier"
_RESET = frozenset({errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED, errno.ESHUTDOWN})
_NO_WAY = frozenset(
    {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN, errno.EADDRNOTAVAIL}
)


def chain(error: BaseException) -> Iterator[BaseException]:
    """`error`, what caused it, what caused that; groups are looked into."""
    todo: list[BaseException] = [error]
    seen: set[int] = set()
    while todo:
        one = todo.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        if isinstance(one, BaseExceptionGroup):
            todo.extend(one.exceptions)
        todo.extend(cause for cause in (one.__cause__, one.__context__) if cause is not None)


def explain(error: BaseException, host: str) -> tuple[Failure, str, str] | None:
    """Kind, message and remedy for the root cause of `error`, or none if it has no known one."""
    causes = list(chain(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _certificate(cause, host)
    for cause in causes:
        if isinstance(cause, ssl.SSLError):
            return _handshake(cause, host)
        if isinstance(cause, socket.gaierror):
            return (
                Failure.NAME,
                f"The name {host} cannot be resolved.",
                "Check DNS and the network; behind a proxy, set HTTPS_PROXY.",
            )
    for cause in causes:
        if isinstance(cause, OSError) and (found := _system(cause, host)):
            return found
    return None


def _system(error: OSError, host: str) -> tuple[Failure, str, str] | None:
    if isinstance(error, ConnectionRefusedError) or error.errno == errno.ECONNREFUSED:
        return (
            Failure.REFUSED,
            f"{host} refused the connection.",
            "Check the address and whether a firewall or a missing HTTPS_PROXY is in the way.",
        )
    if error.errno in _NO_WAY:
        return (
            Failure.UNREACHABLE,
            f"There is no way to {host}: {visible(error.strerror or 'unreachable')}.",
            "Check the network; behind a proxy, set HTTPS_PROXY.",
        )
    if error.errno in _RESET:
        return (
            Failure.BROKEN,
            f"The connection to {host} was cut.",
            "Try again; if it happens each time, a firewall or proxy may cut it.",
        )
    return None


def _certificate(error: ssl.SSLCertVerificationError, host: str) -> tuple[Failure, str, str]:
    reason = visible(error.verify_message or str(error))
    low = reason.casefold()
    if _AKI in low:
        message = f"The certificate of {host} lacks an Authority Key Identifier, which is required."
        remedy = "The private authority must issue its certificates anew with that extension."
    elif "expired" in low or "not yet valid" in low:
        message = f"The certificate of {host} is out of date: {reason}."
        remedy = "Check the clock of this machine, then the certificate (siptui doctor)."
    elif "hostname mismatch" in low or "ip address mismatch" in low or "doesn't match" in low:
        message = f"The certificate shown for {host} is another server's: {reason}."
        remedy = "Something answers in the service's place; check DNS and proxy."
    elif "issuer" in low or "self-signed" in low or "self signed" in low or "trust" in low:
        message = f"The certificate of {host} comes from an authority not known here: {reason}."
        remedy = _CA_REMEDY
    else:
        message = f"The certificate of {host} was not accepted: {reason}."
        remedy = _CA_REMEDY
    return Failure.TLS, message, remedy


def _handshake(error: ssl.SSLError, host: str) -> tuple[Failure, str, str]:
    if isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
        return (
            Failure.BROKEN,
            f"{host} cut the TLS connection.",
            "Try again; if it happens each time, a firewall or proxy may cut it.",
        )
    reason = visible((error.reason or str(error)).replace("_", " ").lower())
    remedy = "Check the address: this does not look like the TLS of an HTTPS service."
    return Failure.TLS, f"No TLS connection to {host}: {reason}.", remedy


def proxy_refused(words: str) -> tuple[str, str]:
    """Message and remedy when a proxy answered CONNECT with `words` ("407 …")."""
    if words.startswith("407"):
        return (
            "The proxy asks for a sign-in (407).",
            "Put user and password into HTTPS_PROXY: http://USER:PASSWORD@HOST:PORT",
        )
    return (
        f"The proxy refused to connect: {without_tokens(visible(words))[:200]}.",
        "Ask for the service's hosts to be allowed, or set NO_PROXY if no proxy is needed.",
    )
