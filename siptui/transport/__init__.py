"""The one HTTP stack: every byte to and from a service passes here; only here is httpx known."""

from siptui.transport.exchange import Answer, Call, Exchange, Failure, TransportError, Watcher
from siptui.transport.http import Http, open_client

__all__ = [
    "Answer",
    "Call",
    "Exchange",
    "Failure",
    "Http",
    "TransportError",
    "Watcher",
    "open_client",
]
