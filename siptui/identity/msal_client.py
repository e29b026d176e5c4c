"""The calls of msal: imported when needed, silent, and with errors of siptui's own."""

import json
import logging
import sys
import threading
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from siptui.domain.errors import SiptuiError
from siptui.domain.text import visible
from siptui.identity.broker_errors import not_registered
from siptui.identity.broker_place import INSTALL
from siptui.identity.entra_errors import explained
from siptui.identity.errors import (
    AuthorityElsewhereError,
    AuthorityUnreachableError,
    AuthorityUnreadableError,
    BrokerUnavailableError,
)
from siptui.identity.registration import TEAMS_SCOPE, Registration

if TYPE_CHECKING:
    # msal comes without type hints
    from msal import (  # type: ignore[import-untyped]
        PublicClientApplication,
        SerializableTokenCache,
    )

_SILENCE = threading.Lock()


class HttpClient(Protocol):
    """What msal needs of an HTTP client; answers have `status_code`, `text` and `headers`."""

    def get(self, url: str, **options: Any) -> Any:
        """GET."""
        ...

    def post(self, url: str, **options: Any) -> Any:
        """POST."""
        ...

    def close(self) -> None:
        """Close its connections."""
        ...


HttpFactory = Callable[[], HttpClient]


class AuthorityOnly:
    """`inner`, for requests to the host of `authority` alone.

    The authority's metadata names the addresses that codes and refresh tokens are sent to. Another
    host there is refused: it is not in the list of hosts that a network was opened for, and who
    can change the metadata would get the sign-in. Raises `AuthorityElsewhereError`.
    """

    def __init__(self, inner: HttpClient, authority: str) -> None:
        self._inner = inner
        self._authority = authority

    def get(self, url: str, **options: Any) -> Any:
        """GET."""
        self._check(url)
        return self._inner.get(url, **options)

    def post(self, url: str, **options: Any) -> Any:
        """POST."""
        self._check(url)
        return self._inner.post(url, **options)

    def close(self) -> None:
        """Close its connections."""
        self._inner.close()

    def _check(self, url: str) -> None:
        if _place(url) != _place(self._authority):
            named = visible(urlsplit(url).netloc.rpartition("@")[2])[:120]
            raise AuthorityElsewhereError(
                f"{urlsplit(self._authority).netloc} names {named} as the place to sign in, which "
                "is no host of the profile's cloud. No sign-in data was sent there.",
                remedy="Check `cloud` in the profile, or `authority` of its [clouds.NAME]: it must "
                "be the one of the tenant's cloud. `siptui info --hosts` lists the hosts.",
            )


def _place(url: str) -> tuple[str, str, int]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "", "", 0
    return parts.scheme, (parts.hostname or "").rstrip("."), 443 if port is None else port


def default_http() -> HttpClient:
    """The one HTTP stack, in the shape msal needs; its exchanges go to the log, scrubbed."""
    from siptui.identity.msal_http import Connection
    from siptui.transport.exchange_log import log_exchange

    return Connection((log_exchange,))


@dataclass(frozen=True, slots=True)
class MsalClient:
    """One msal application with its own token cache in memory. Everything here blocks."""

    registration: Registration
    http: HttpClient = field(repr=False)
    cache: "SerializableTokenCache" = field(repr=False)
    application: "PublicClientApplication" = field(repr=False)
    throttle: dict[str, Any] = field(repr=False)

    def try_again(self) -> None:
        """Let the next call go out, though one just failed: msal would repeat that for 60 s."""
        self.throttle.clear()

    @property
    def tenant_guid(self) -> str:
        """GUID of the profile's tenant as the authority resolved it; empty where it names none."""
        if self.registration.any_tenant:
            return ""
        return self.registration.tenant_guid or str(self.application.authority.tenant).casefold()

    def close(self) -> None:
        """Close the connections."""
        self.http.close()


def open_msal(
    registration: Registration, http: HttpFactory, cache: str = "", *, by_broker: bool = False
) -> MsalClient:
    """An msal application over `cache`. Asks the authority for its endpoints; blocks.

    Raises `SignInRefusedError` (no such tenant), `AuthorityUnreachableError`,
    `AuthorityUnreadableError`, or what the HTTP client raises; where it is to sign in and renew
    `by_broker`, `BrokerUnavailableError`, since msal would open a browser on this host instead.
    """
    import msal

    _silence_msal()
    connection = AuthorityOnly(http(), registration.authority)
    tokens = msal.SerializableTokenCache()
    throttle: dict[str, Any] = {}
    if cache:
        tokens.deserialize(cache)
    try:
        application = guarded(
            registration,
            # Instance discovery would ask login.microsoftonline.com about a host that the profile
            # names already, and fail where that is not reachable. False also keeps the aliases
            # of a host, and so its tokens, out of it.
            lambda: msal.PublicClientApplication(
                registration.client_id,
                authority=registration.url,
                instance_discovery=False,
                http_client=connection,
                token_cache=tokens,
                http_cache=throttle,
                enable_broker_on_windows=by_broker,
            ),
            lambda: _why_no_discovery(registration, connection),
        )
        # What msal's "proof of possession" stands for: on Windows, that there is a broker.
        if by_broker and not application.is_pop_supported():
            raise BrokerUnavailableError("The broker of Windows did not start.")
    except BaseException:
        connection.close()
        raise
    return MsalClient(registration, connection, tokens, application, throttle)


def guarded(
    registration: Registration,
    call: Callable[[], Any],
    why: Callable[[], SiptuiError] | None = None,
) -> Any:
    """What `call` returns; what msal raises becomes an error of ours that repeats none of it.

    msal puts answers, states and nonces into its exceptions. Hence ours are raised outside the
    handler: not even as a context do they hold the original.
    """
    host = urlsplit(registration.authority).netloc
    problem: SiptuiError | None = None
    try:
        return call()
    except SiptuiError:
        raise
    except ValueError as error:  # JSON that is none, or discovery that was refused
        if _redirect_refused(error):
            problem = not_registered(registration)
        else:
            problem = why() if why else _unreadable(host)
    except ImportError:  # msal's broker without its package
        problem = BrokerUnavailableError(
            "The package “pymsalruntime”, which talks to the broker of Windows, is not installed, "
            "or does not fit this system.",
            advice=f"Install it: `{INSTALL}`.",
        )
    except OSError:
        problem = AuthorityUnreachableError(
            f"No connection to {host}.", remedy="Check the network; `siptui doctor` shows more."
        )
    except Exception as error:  # msal raises RuntimeError, and its own for 5xx
        name = type(error).__name__
        problem = AuthorityUnreachableError(
            f"{host} failed to answer as it should ({name}).", remedy="Try again in a few minutes."
        )
    raise problem


def _redirect_refused(error: ValueError) -> bool:
    broker = sys.modules.get("msal.broker")  # loaded by msal where it is used
    return broker is not None and isinstance(error, broker.RedirectUriError)


def scopes() -> list[str]:
    """What is asked for."""
    return [TEAMS_SCOPE]


def _why_no_discovery(registration: Registration, http: HttpClient) -> SiptuiError:
    """msal drops what the authority said; ask once more and read it."""
    host = urlsplit(registration.authority).netloc
    try:
        answer = http.get(f"{registration.url}/v2.0/.well-known/openid-configuration")
        body = json.loads(answer.text)
    except SiptuiError as error:
        return error
    except (ValueError, OSError):
        return _unreadable(host)
    if isinstance(body, Mapping) and body.get("error"):
        return explained(body)
    return _unreadable(host)


def _unreadable(host: str) -> AuthorityUnreadableError:
    return AuthorityUnreadableError(
        f"What answered for {host} is not a sign-in service, or its answer was damaged; a proxy "
        "may have put a page of its own in its place.",
        remedy="Check `authority`, `tenant` and `cloud` in the profile, and the proxy; "
        "`siptui doctor` shows what answers.",
    )


def _silence_msal() -> None:
    """Keep msal's records out of every log: at debug level they hold codes, in errors answers."""
    logger = logging.getLogger("msal")
    with _SILENCE:
        if logger.propagate:
            logger.propagate = False
            logger.addHandler(logging.NullHandler())
        warnings.filterwarnings("ignore", module=r"msal\.")  # advice to developers
