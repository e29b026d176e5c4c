"""From an answer that is no success, or from no answer at all, to the error that says so."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct

from siptui.domain.text import visible
from siptui.gateway.bulk_json import WireError, decode, folded_keys, text
from siptui.gateway.errors import (
    AccessDeniedError,
    AnswerLostError,
    AnswerUnreadableError,
    GatewayError,
    NotReachedError,
    RejectedError,
    ServiceFailedError,
    ThrottledError,
    TokenRefusedError,
)
from siptui.logs.secrets import without_tokens
from siptui.transport.messages import Answer, Failure, TransportError
from siptui.transport.retry import asked_wait

#: Longest piece of an answer that is kept in an error.
MAX_RAW = 4096
#: Microsoft Learn, "Configure SIP Gateway": who may call the bulk sign-in cmdlets.
ROLES = (
    "Global Administrator, Privileged Authentication Administrator or Authentication Administrator"
)
#: Statuses that mean the same from any sender: sign in to the proxy, slow down.
_OWN = frozenset({407, 429})
# Statuses of the 400s that say "gave up waiting" and not "no": the request may have gone through.
_GAVE_UP = frozenset({408, 444, 460, 499})
_HTML = re.compile(rb"\s*(?:\xef\xbb\xbf)?\s*<(?:!doctype|html|head|body|title|\?xml)", re.I)


class Told(Struct, frozen=True):
    """What the service says of its error, from any of the shapes known (service.md 6)."""

    code: str = ""
    message: str = ""
    action: str = ""
    correlation_id: str = ""


def told(body: bytes) -> Told:
    """Code, message, action and correlation id in the body of an error; empty if not there."""
    try:
        value = decode(body)
    except WireError:
        words = body[:MAX_RAW].decode(errors="replace").strip()
        return Told() if is_html(body) else Told(message=without_tokens(visible(words))[:500])
    if isinstance(value, str):
        return Told(message=text(value)[:500])
    if isinstance(value, list) and value:
        value = value[0]
    if not isinstance(value, dict):
        return Told()
    outer = folded_keys(value)
    inner = outer.get("error")
    record = {**outer, **folded_keys(inner)} if isinstance(inner, dict) else outer
    return Told(
        code=_field(record, "code", "errorcode"),
        message=_field(record, "message", "errormessage", "errordescription", "error", "title"),
        action=_field(record, "action"),
        correlation_id=_field(record, "correlationid"),
    )


def _field(record: Mapping[str, Any], *names: str) -> str:
    for name in names:
        value = record.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
            return text(value)[:500]
    return ""


def is_html(body: bytes) -> bool:
    """Whether `body` is a page for a browser."""
    return _HTML.match(body[:400]) is not None


def is_foreign(answer: Answer) -> bool:
    """Whether `answer` is none of the service's, which speaks JSON: it comes from something on
    the way. Plain text and an empty body are taken for the service's own."""
    if not answer.body.strip():
        return False
    if is_html(answer.body):
        return True
    try:
        if isinstance(decode(answer.body), dict | list):
            return False
    except WireError:
        pass
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().casefold()
    return kind not in ("", "text/plain") and not _is_word(answer.body, kind)


def refuses_token(answer: Answer) -> bool:
    """Whether `answer` is the service's word that the token is not good: a 401 that is not of
    something on the way. Whatever its body, one that asks for a bearer token is the service's."""
    if answer.status != 401:
        return False
    asked = answer.headers.get("www-authenticate", "").strip().casefold()
    return asked.startswith("bearer") or not is_foreign(answer)


def _is_word(body: bytes, kind: str) -> bool:
    """Whether it is a single JSON value, such as a text, and says that it is JSON."""
    try:
        decode(body)
    except WireError:
        return False
    return kind.endswith("json")


def raw(answer: Answer) -> str:
    """The answer's body as text made visible, without tokens, cut."""
    words = visible(answer.body[:MAX_RAW].decode(errors="replace"))
    return without_tokens(words)[: MAX_RAW * 2]


def of_transport(error: TransportError, correlation_id: str) -> GatewayError:
    """The error of the gateway for a request that got no answer."""
    if error.status is not None and 400 <= error.status < 500:
        return of_answer(Answer(error.status, {}, b""), correlation_id)  # the no itself did arrive
    kind: type[GatewayError]
    if not error.sent:
        kind = NotReachedError
    elif error.failure in (Failure.GARBLED, Failure.TOO_LARGE):
        kind = AnswerUnreadableError
    else:
        kind = AnswerLostError
    return kind(
        error.message,
        remedy=error.remedy,
        status=error.status,
        correlation_id=correlation_id,
        lasting=error.failure is Failure.PROXY,
    )


def of_answer(
    answer: Answer, correlation_id: str, now: datetime | None = None, *, needs: str = ""
) -> GatewayError:
    """The error of the gateway for an answer that is no success (anything but 2xx).

    `needs` says which role or permission the call takes; without it, that of bulk sign-in.
    """
    status = answer.status
    said = told(answer.body)
    foreign = is_foreign(answer)
    sentence = _sentence(answer, said, foreign)
    wait = asked_wait(status, answer.headers, now or datetime.now(UTC))
    common: dict[str, Any] = {
        "status": status,
        "raw": raw(answer),
        "correlation_id": correlation_id or said.correlation_id,
        "retry_after": wait,
    }
    if refuses_token(answer):
        return TokenRefusedError(
            sentence,
            remedy="Sign in again: siptui auth login. A token of the environment "
            "(SIPTUI_ACCESS_TOKEN…) must be renewed there.",
            **common,
        )
    if foreign and 400 <= status < 500 and status not in _OWN:
        # A proxy may put its page in the place of the answer to a submit that went through.
        return AnswerUnreadableError(sentence, remedy=_PROXY_REMEDY, **common)
    if status == 403:
        remedy = needs or f"Bulk sign-in needs the role {ROLES}."
        return AccessDeniedError(sentence, remedy=remedy, **common)
    if status == 407:
        return NotReachedError(
            "The proxy asks for a sign-in (407).",
            lasting=True,
            remedy="Put user and password into HTTPS_PROXY: http://USER:PASSWORD@HOST:PORT",
            **common,
        )
    if status == 429:
        return ThrottledError(sentence, remedy="Wait; fewer batches at once help.", **common)
    if status in _GAVE_UP:
        return AnswerLostError(sentence, **common)
    if 400 <= status < 500:
        return RejectedError(sentence, remedy=said.action or _REFUSED, code=said.code, **common)
    if status >= 500:
        remedy = _PROXY_REMEDY if foreign else "Wait a while; the service may be having trouble."
        return ServiceFailedError(sentence, remedy=remedy, **common)
    return AnswerUnreadableError(
        f"{sentence} A redirect is not followed, since it would show the sign-in to another host.",
        remedy="Check the address of the admin API in the profile's cloud, and the proxy.",
        **common,
    )


#: Where the service refuses a call and does not say what to do.
_REFUSED = "“siptui doctor” tries each service; “siptui doctor --bundle FILE” collects a report."
_PROXY_REMEDY = "Check HTTPS_PROXY and NO_PROXY, and ask for the service's hosts to be allowed."


def unreadable(answer: Answer, why: str, correlation_id: str) -> AnswerUnreadableError:
    """The error for a success (2xx) that does not hold what it should; `why` says so."""
    if is_foreign(answer):
        message = f"{_page(answer)} instead of the service's answer."
        remedy = _PROXY_REMEDY
    else:
        message = f"The answer cannot be read: {why}."
        remedy = "Report it with the raw answer; siptui doctor --bundle FILE collects it."
    return AnswerUnreadableError(
        message,
        remedy=remedy,
        status=answer.status,
        raw=raw(answer),
        correlation_id=correlation_id,
    )


def _page(answer: Answer) -> str:
    kind = visible(answer.headers.get("content-type", "").partition(";")[0].strip())[:60]
    what = "An HTML page" if is_html(answer.body) else f"Something else ({kind})"
    return f"{what} came (HTTP {answer.status}), most likely from a proxy,"


def _sentence(answer: Answer, said: Told, foreign: bool) -> str:
    if foreign:
        return f"{_page(answer)} instead of the service's answer."
    status, words = answer.status, said.message or said.code
    if not words:
        return f"The service answered with HTTP {status} and no reason."
    code = f" ({said.code})" if said.code and said.code != words else ""
    return f"{words.rstrip('.')}{code}, HTTP {status}."
