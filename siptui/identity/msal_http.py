"""The HTTP stack in the shape msal wants: blocking, with `get`, `post` and `close`."""

import asyncio
import threading
from collections.abc import Mapping
from urllib.parse import urlencode

from msgspec import Struct

from siptui.identity.errors import AuthorityUnreachableError
from siptui.transport.http import Http, open_client
from siptui.transport.messages import Call, Watcher


class Response(Struct, frozen=True):
    """An answer as msal reads it."""

    status_code: int
    headers: Mapping[str, str]
    text: str

    def __repr__(self) -> str:
        return f"Response({self.status_code})"

    def raise_for_status(self) -> None:
        """Raise `AuthorityUnreachableError` for 4xx and 5xx."""
        if self.status_code >= 400:
            raise AuthorityUnreachableError(
                f"The sign-in service answered with HTTP status {self.status_code}.",
                remedy="Try again in a few minutes.",
            )


class Connection:
    """Blocking calls over the one HTTP stack, from any thread, one at a time.

    Raises what the stack raises (`TransportError`), so that a proxy or a private authority is
    explained in one way everywhere. Not for use on a thread that runs an event loop.
    """

    def __init__(self, watchers: tuple[Watcher, ...] = ()) -> None:
        self._lock = threading.Lock()
        self._runner = asyncio.Runner()
        self._watchers = watchers
        self._http: Http | None = None

    def get(
        self,
        url: str,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        **_: object,
    ) -> Response:
        """GET `url`, with `params` as its query."""
        return self._sent("GET", _with_query(url, params), headers, b"")

    def post(
        self,
        url: str,
        params: Mapping[str, str] | None = None,
        data: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        **_: object,
    ) -> Response:
        """POST `data` as a form."""
        form = {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})}
        body = urlencode({key: value for key, value in (data or {}).items() if value is not None})
        return self._sent("POST", _with_query(url, params), form, body.encode())

    def close(self) -> None:
        """Close the connections. A call that is under way ends first."""
        with self._lock:
            http, self._http = self._http, None
            if http is not None:
                self._runner.run(http.aclose())
            self._runner.close()

    def _sent(
        self, method: str, url: str, headers: Mapping[str, str] | None, body: bytes
    ) -> Response:
        given = {key: value for key, value in (headers or {}).items() if value is not None}
        with self._lock:
            if self._http is None:
                self._http = open_client(watchers=self._watchers)
            answer = self._runner.run(
                self._http.send(Call.TOKEN, method, url, headers=given, body=body)
            )
        return Response(answer.status, answer.headers, answer.body.decode("utf-8", "replace"))


def _with_query(url: str, params: Mapping[str, str] | None) -> str:
    if not params:
        return url
    return f"{url}{'&' if '?' in url else '?'}{urlencode(params)}"
