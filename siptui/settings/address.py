"""Addresses of services: https, or plain http to this very machine."""

import ipaddress
from urllib.parse import urlsplit

from siptui.domain.errors import UsageError
from siptui.domain.text import visible


def is_loopback(host: str) -> bool:
    """Whether `host` can only mean this machine: `localhost`, 127.0.0.0/8 or ::1."""
    if host.casefold().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def checked_address(text: str, where: str) -> str:
    """The address in `text` without a final slash; `where` names the setting in the error.

    Raises `UsageError` unless it is `https://HOST[:PORT][/PATH]`, or `http://` to a loopback
    address: anything else would send the token in the clear.
    """
    try:
        parts = urlsplit(text.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        parts, host, port = urlsplit(""), "", None
    if not host or parts.scheme not in ("http", "https") or port == 0 or not text.isprintable():
        raise UsageError(
            f"{where}: {visible(text)!r} is no address of the form https://HOST[:PORT].",
            code="address",
        )
    if parts.username is not None or parts.query or parts.fragment:
        raise UsageError(
            f"{where}: an address has no user name, no ? and no # in it.", code="address"
        )
    if parts.scheme == "http" and not is_loopback(host):
        raise UsageError(
            f"{where}: plain http to {visible(host)} would send the sign-in in the clear.",
            remedy="Use https; plain http is accepted for this machine only (127.0.0.1).",
            code="plain_http",
        )
    return text.strip().rstrip("/")
