"""What is written down of every exchange: a line in the log, without bodies or tokens."""

import logging
from urllib.parse import parse_qsl, urlsplit

from siptui.transport.messages import Call, Exchange

_LOG = logging.getLogger("siptui.transport")
#: Query parameters whose values may be seen.
_QUERY = frozenset({"targetregion", "batchid"})
#: Response headers that help Microsoft's support find a call.
_SUPPORT = ("request-id", "client-request-id", "ms-cv", "retry-after")


def log_exchange(exchange: Exchange) -> None:
    """A watcher that logs method, place, status and time; never bodies, tokens or other queries."""
    parts = urlsplit(exchange.url)
    shown = [
        f"{name}={value if name.casefold() in _QUERY else '…'}"
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
    ]
    answer, failure = exchange.answer, exchange.failure
    headers = answer.headers if answer else {}
    support = {
        name: value
        for name, value in headers.items()
        if name in _SUPPORT or name.startswith("x-ms-")
    }
    good = answer is not None and answer.status < 400
    _LOG.log(
        logging.DEBUG if good and exchange.call is not Call.SUBMIT else logging.INFO,
        "%s",
        failure.message if failure else f"HTTP {answer.status if answer else 0}",
        extra={
            "call": exchange.call.value,
            "method": exchange.method,
            "host": parts.netloc,
            "path": parts.path + (f"?{'&'.join(shown)}" if shown else ""),
            "status": answer.status if answer else None,
            "failure": failure.failure.value if failure else None,
            "seconds": round(exchange.seconds, 3),
            "correlation_id": exchange.request_headers.get("X-MS-Correlation-Id"),
            "service_headers": str(support) if support else None,
        },
    )
