"""Errors of the service and the way to it. The class decides what may be tried again."""

from enum import StrEnum

from siptui.domain.errors import ExitCode, SiptuiError


class Fate(StrEnum):
    """What an error says about the request that met it."""

    NOT_SENT = "not_sent"  # nothing can have been accepted: refused connection, DNS, 429
    REFUSED = "refused"  # the service read it and said no
    UNKNOWN = "unknown"  # it may have been carried out


class GatewayError(SiptuiError):
    """Something went wrong between siptui and the service.

    `fate` is what is known about the request, `passing` whether a read may be tried again;
    `lasting` says of one that may that it takes a change on this side before it helps.
    `status` the HTTP status if there was one, `raw` the answer as it came (cut, made visible),
    `retry_after` seconds the service asked to wait.
    """

    title = "The service did not answer as it should"
    code = "service"
    fate = Fate.UNKNOWN
    passing = False

    def __init__(
        self,
        message: str,
        *,
        remedy: str = "",
        title: str = "",
        code: str = "",
        status: int | None = None,
        raw: str = "",
        correlation_id: str = "",
        retry_after: float | None = None,
        lasting: bool = False,
    ) -> None:
        super().__init__(message, remedy=remedy, title=title, code=code)
        self.status = status
        self.raw = raw
        self.correlation_id = correlation_id
        self.retry_after = retry_after
        self.lasting = lasting


class NotReachedError(GatewayError):
    """No connection: name not found, refused, TLS failed. Nothing was sent."""

    title = "Cannot reach the service"
    code = "not_reached"
    fate = Fate.NOT_SENT
    passing = True


class AnswerLostError(GatewayError):
    """The connection broke or timed out after the request may have been sent."""

    title = "The answer was lost"
    code = "answer_lost"
    passing = True


class ServiceFailedError(GatewayError):
    """The service or something before it failed (5xx)."""

    title = "The service failed"
    code = "service_failed"
    passing = True


class AnswerUnreadableError(GatewayError):
    """An answer came but is not what the service speaks: HTML, broken JSON, nothing in it."""

    title = "The answer cannot be read"
    code = "answer_unreadable"
    passing = True


class ThrottledError(GatewayError):
    """429: too many requests. Nothing was accepted."""

    title = "The service asks to slow down"
    code = "throttled"
    fate = Fate.NOT_SENT
    passing = True


class RejectedError(GatewayError):
    """A definite no (4xx) with the service's own code and message."""

    title = "The service refused the request"
    code = "rejected"
    fate = Fate.REFUSED


class TokenRefusedError(GatewayError):
    """401: the token is not, or no longer, good."""

    title = "The sign-in is not, or no longer, valid"
    code = "token_refused"
    fate = Fate.REFUSED
    exit_code = ExitCode.SIGN_IN


class AccessDeniedError(GatewayError):
    """403: signed in, but without a role that may do this."""

    title = "Access denied"
    code = "access_denied"
    fate = Fate.REFUSED
    exit_code = ExitCode.SIGN_IN
