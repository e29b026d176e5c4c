"""The proxy that the environment names: which one, whether it can be used, and how it is shown."""

import os
from urllib.parse import urlsplit

from siptui.domain.text import visible
from siptui.settings.address import is_loopback
from siptui.transport.exchange import Failure, TransportError

#: In the order in which the HTTP stack looks for one.
_SCHEMES = ("https", "http", "all")


def proxy_for(url: str) -> str:
    """The proxy the HTTP stack will use for `url`, or nothing."""
    from urllib.request import getproxies, proxy_bypass

    parts = urlsplit(url)
    host = parts.hostname or ""
    if is_loopback(host) or proxy_bypass(host):
        return ""
    proxies = getproxies()
    return proxies.get(parts.scheme) or proxies.get("all") or ""


def without_password(proxy: str) -> str:
    """The address of a proxy with `***` for the password in it, however odd it is."""
    head, at, place = proxy.rpartition("@")
    if at:  # whatever is before it may be the password: one with a / in it is no part of a URL
        scheme, _, user = head.partition("://") if "://" in head else ("http", "", head)
        return visible(f"{scheme}://{user.partition(':')[0]}:***@{place}")
    try:
        _ = urlsplit(proxy if "://" in proxy else f"http://{proxy}").port
    except ValueError:
        return "an address that cannot be read"
    return visible(proxy)


def check_proxies() -> None:
    """Raise `TransportError` naming the variable, if the environment names a proxy that cannot be
    used. Nothing was sent then."""
    from urllib.request import getproxies

    import httpx

    found = getproxies()
    if "*" in (name.strip() for name in found.get("no", "").split(",")):
        return
    for scheme in _SCHEMES:
        proxy = found.get(scheme, "")
        if not proxy:
            continue
        try:
            address = httpx.URL(proxy if "://" in proxy else f"http://{proxy}")
            known, whole = address.scheme in ("http", "https"), bool(address.host)
        except (httpx.InvalidURL, ValueError):
            known, whole = True, False
        if not known:
            raise _unusable(
                f"{_variable(scheme)} names {without_password(proxy)}, which is no HTTP proxy; "
                "siptui cannot use any other kind.",
                "Name an HTTP proxy there (http://HOST:PORT), or unset it where none is needed.",
            )
        if not whole:
            raise _unusable(
                f"{_variable(scheme)} cannot be read as the address of a proxy: "
                f"{without_password(proxy)}.",
                "Write it as http://USER:PASSWORD@HOST:PORT; a character such as / @ : # ? in user "
                "or password is written %2F %40 %3A %23 %3F.",
            )


def _variable(scheme: str) -> str:
    names = (f"{scheme}_proxy", f"{scheme.upper()}_PROXY")
    return next((name for name in names if os.environ.get(name)), "The system's proxy setting")


def _unusable(message: str, remedy: str) -> TransportError:
    return TransportError(message, Failure.PROXY, sent=False, remedy=remedy)
