"""Whom to trust: the system's authorities, and those the environment names."""

import os
import ssl
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from siptui.domain.errors import UsageError
from siptui.domain.text import visible

#: The variables that name further authorities; the last counts where the others are not set.
CA_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE")


def trust(environ: Mapping[str, str] | None = None) -> ssl.SSLContext:
    """A context that trusts the system's authorities and those of the environment.

    `SSL_CERT_FILE` and `SSL_CERT_DIR` as OpenSSL has them; where neither is set,
    `REQUESTS_CA_BUNDLE` (a file or a folder). There is no way to switch the check off.
    Raises `UsageError` naming the variable whose file cannot be used.
    """
    environ = os.environ if environ is None else environ
    named = [name for name in CA_VARIABLES[:2] if environ.get(name)]
    if not named and environ.get(CA_VARIABLES[2]):
        named = [CA_VARIABLES[2]]
    places = tuple(
        (name, Path(place))
        for name in named
        for place in environ[name].split(os.pathsep if name == "SSL_CERT_DIR" else "\0")
    )
    return _trusting(places, tuple(_version(place) for _, place in places))


def _version(place: Path) -> tuple[int, ...]:
    try:
        status = place.stat()
    except (OSError, ValueError):
        return ()
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


@lru_cache(maxsize=4)
def _trusting(
    places: tuple[tuple[str, Path], ...], versions: tuple[tuple[int, ...], ...]
) -> ssl.SSLContext:
    """One for all clients of the process: to read a system's authorities takes as long as dozens of
    requests. `versions` tell when it must be done again."""
    import truststore

    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    for name, place in places:
        # OpenSSL passes over a missing file in silence, and macOS never looks at the variables
        _load(context, name, place)
    return context


def _load(context: ssl.SSLContext, name: str, place: Path) -> None:
    try:
        if place.is_dir():
            context.load_verify_locations(capath=str(place))
        else:
            context.load_verify_locations(cafile=str(place))
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or str(error)
        raise UsageError(
            f"{name} names {visible(str(place))}, which cannot be used: {visible(str(reason))}.",
            remedy=f"Let {name} name a file with certificates in PEM form, or unset it.",
            code="ca_file",
        ) from error
