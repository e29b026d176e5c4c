"""The one HTTP stack: every byte to and from a service passes here; only here is httpx known."""

from siptui.transport.http import Http, open_client
from siptui.transport.messages import Answer, Call, Exchange, Failure, TransportError, Watcher

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
