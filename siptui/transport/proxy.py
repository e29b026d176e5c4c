"""The proxy that the environment names for an address: which one, and how it is shown.

The one place that chooses: the client and `siptui doctor` ask here. The choice is not left to the
HTTP library, whose reading of `NO_PROXY` fails at IPv6 addresses and ranges (httpx 0.28.1).
"""

import ipaddress
import os
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from siptui.domain.patterns import regex
from siptui.domain.text import visible
from siptui.settings.address import is_loopback
from siptui.transport.messages import Failure, TransportError

_SCHEME = regex(r"[A-Za-z][A-Za-z0-9+.-]*\Z")
_USER = regex(r"[\w.\\%+-]*")
_HOST = regex(r"[\w.-]+|\[[0-9A-Fa-f:.]+(?:%[\w.-]+)?\]")


def proxy_for(url: str) -> str:
    """The address of the proxy for `url`, or nothing.

    Raises `TransportError` naming the variable for one that cannot be used; nothing was sent then.
    """
    scheme, proxy = _named(url)
    if not proxy:
        return ""
    address = proxy if "://" in proxy else f"http://{proxy}"
    kind = address.partition("://")[0].casefold()
    if _SCHEME.match(kind) and kind not in ("http", "https"):
        raise _unusable(
            f"{_variable(scheme)} names {without_password(proxy)}, which is no HTTP proxy; "
            "siptui cannot use any other kind.",
            "Name an HTTP proxy there (http://HOST:PORT), or unset it where none is needed.",
        )
    if not _readable(address):
        raise _unusable(
            f"{_variable(scheme)} cannot be read as the address of a proxy: "
            f"{without_password(proxy)}.",
            "Write it as http://USER:PASSWORD@HOST:PORT, with a port from 1 to 65535; a character "
            "such as / @ : # ? in user or password is written %2F %40 %3A %23 %3F.",
        )
    return address


def names_proxy(url: str) -> bool:
    """Whether the environment names a proxy for `url`, usable or not."""
    return bool(_named(url)[1])


def _named(url: str) -> tuple[str, str]:
    """Under which key the environment names a proxy for `url`, and what it says."""
    from urllib.request import getproxies, getproxies_environment, proxy_bypass

    parts = urlsplit(url)
    host = parts.hostname or ""
    if is_loopback(host):
        return "", ""
    given = getproxies_environment()
    proxies = given or getproxies()  # where the environment says nothing, the system may
    if given:
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme, 0)
        direct = is_exempt(host, port, given.get("no", ""))
    else:
        direct = bool(proxy_bypass(host))
    if direct:
        return "", ""
    found: Mapping[str, str] = proxies
    key = next((key for key in (parts.scheme, "all") if found.get(key)), "")
    return key, found.get(key, "").strip()


def is_exempt(host: str, port: int, no_proxy: str) -> bool:
    """Whether `no_proxy` takes `host` out: `*`, a domain with all below it, an address, with or
    without the brackets of IPv6, or a range of addresses; each perhaps with a port."""
    return any(_takes_out(entry, host, port) for entry in re.split(r"[\s,]+", no_proxy) if entry)


def _takes_out(entry: str, host: str, port: int) -> bool:
    entry = entry.rpartition("://")[2]
    if entry == "*":
        return True
    address = _address(host)
    if "/" in entry:
        try:
            network = ipaddress.ip_network(entry.replace("[", "").replace("]", ""), strict=False)
        except ValueError:
            return False
        return address is not None and address in network
    name, colon, tail = entry.rpartition(":")
    if colon and tail.isdigit() and (name.endswith("]") or ":" not in name):
        if int(tail) != port:
            return False
        entry = name
    if (wanted := _address(entry)) is not None or address is not None:
        return wanted == address
    domain = entry.casefold().removeprefix("*").strip(".")
    plain = host.casefold().rstrip(".")
    return bool(domain) and (plain == domain or plain.endswith(f".{domain}"))


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The IP address that `host` is, if it is one; a zone counts as none."""
    try:
        found = ipaddress.ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def _readable(address: str) -> bool:
    """Whether it is scheme, user, host and port and nothing else.

    A password with a `/` or `#` in it would make a host of what stands before, and part of it
    would be looked up and shown as a port.
    """
    if not address.isprintable() or " " in address:
        return False
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return False
    place = parts.netloc.rpartition("@")[2]
    host = re.sub(r":\d*\Z", "", place)
    whole = _HOST.fullmatch(host) is not None and port != 0
    return whole and parts.path in ("", "/") and not parts.query and not parts.fragment


def without_password(proxy: str) -> str:
    """The address of a proxy with `***` for what is or may be a secret in it, however odd it is:
    the password, or a user name that stands alone."""
    head, at, place = proxy.rpartition("@")
    if at:  # whatever is before it may be the password: one with a / in it is no part of a URL
        scheme, colon, user = head.partition("://")
        if not colon or not _SCHEME.match(scheme):
            scheme, user = "http", head
        name, colon, _ = user.partition(":")
        shown = f"{name}:***" if colon and _USER.fullmatch(name) else "***"
        return visible(f"{scheme}://{shown}@{re.split('[/?#]', place)[0]}")
    # Without a host behind it, a user and the beginning of a password look like host and port.
    if proxy and not _readable(proxy if "://" in proxy else f"http://{proxy}"):
        return "an address that cannot be read"
    return visible(proxy)


def _variable(scheme: str) -> str:
    names = (f"{scheme}_proxy", f"{scheme.upper()}_PROXY")
    return next((name for name in names if os.environ.get(name)), "The system's proxy setting")


def _unusable(message: str, remedy: str) -> TransportError:
    return TransportError(message, Failure.PROXY, sent=False, remedy=remedy)
