"""A request and what came of it, as plain values."""

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from msgspec import Struct

from siptui.domain.errors import SiptuiError


class Call(StrEnum):
    """What kind of call it is: each has its time-outs."""

    SUBMIT = "submit"  # changes the tenant; waits long, because cutting it early makes doubt
    READ = "read"
    TOKEN = "token"  # noqa: S105 - the name of a kind of call


class Limits(Struct, frozen=True):
    """Time-outs of one kind of call, in seconds. `total` covers all of it, however it drips."""

    connect: float
    read: float
    total: float


#: needs.md 3.6: slow proxies; 100 password resets behind a submit; a lost poll is no verdict.
LIMITS: Mapping[Call, Limits] = {
    Call.SUBMIT: Limits(connect=10, read=120, total=150),
    Call.READ: Limits(connect=10, read=30, total=60),
    Call.TOKEN: Limits(connect=10, read=30, total=60),
}

#: The longest answer that is read, in bytes after decompression.
MAX_BODY = 20_000_000


class Failure(StrEnum):
    """Why there is no answer."""

    NAME = "name"  # DNS
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    PROXY = "proxy"  # one that cannot be used, or refuses: it will do so again
    TLS = "tls"
    TIMEOUT = "timeout"
    BROKEN = "broken"
    GARBLED = "garbled"  # an answer came, but not one of HTTP or not one that fits
    TOO_LARGE = "too_large"


class TransportError(SiptuiError):
    """No answer, or none that can be taken.

    `sent` is false only where it is certain that no byte of the request left this machine
    towards the service. `status` is set where an answer had begun.
    """

    title = "No answer"
    code = "transport"

    def __init__(
        self,
        message: str,
        failure: Failure,
        *,
        sent: bool,
        remedy: str = "",
        status: int | None = None,
    ) -> None:
        super().__init__(message, remedy=remedy)
        self.failure = failure
        self.sent = sent
        self.status = status


class Answer(Struct, frozen=True):
    """An answer as it came: header names in lower case, body decompressed.

    `issuer` is who signed the certificate of the TLS it came over, where there was one.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    issuer: str = ""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(status={self.status}, headers={self.headers!r})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:  # what traces of rich show
        return [("status", self.status)]


class Exchange(Struct, frozen=True):
    """One request with its answer or its failure, for those who watch.

    Holds everything, the token too: a watcher takes what it may keep and no more.
    """

    at: datetime
    seconds: float
    call: Call
    method: str
    url: str
    request_headers: Mapping[str, str]
    request_body: bytes
    answer: Answer | None
    failure: TransportError | None

    def __repr__(self) -> str:
        came = self.failure if self.answer is None else self.answer
        return f"{type(self).__name__}({self.method} {self.url}: {came!r})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("method", self.method), ("url", self.url)]


#: Told of every exchange after it; must neither raise nor take long.
Watcher = Callable[[Exchange], None]
