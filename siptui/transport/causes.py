"""Why a connection failed, in people's words."""

import errno
import socket
import ssl
from collections.abc import Iterator

from siptui.domain.text import visible
from siptui.logs.secrets import without_tokens
from siptui.transport.exchange import Failure

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
