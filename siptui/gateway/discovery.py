"""Service discovery of the admin API: the headers that name the tenant's own endpoint."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from siptui.domain.patterns import regex
from siptui.gateway import bulk_json
from siptui.gateway.errors import GatewayError, NotReachedError, ThrottledError, TokenRefusedError
from siptui.gateway.http_client import Authorized, Leaving, read
from siptui.gateway.protocol import TokenSource
from siptui.transport.http import Http
from siptui.transport.messages import Answer, Call
from siptui.transport.retry import OnWait
from siptui.transport.throttle import Throttle

_LOG = logging.getLogger("siptui.gateway")
_DISCOVERY = "/Teams.Tenant/serviceDiscovery"
_HOST = regex(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?(?::[0-9]{1,5})?")
_FOREST = regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,60}")


class AdminApi(Authorized):
    """A client of the admin API.

    Before its first call it asks the service for the tenant's own endpoint and forest and names
    them in every call, as the Teams PowerShell module does. Where that question gets no answer
    it goes on without, and `discovery_note` says so: the headers were seen to be optional.
    """

    def __init__(
        self,
        http: Http,
        admin_api: str,
        tokens: TokenSource,
        *,
        on_wait: OnWait | None = None,
        throttle: Throttle | None = None,
    ) -> None:
        super().__init__(
            http, admin_api, tokens, setting="admin_api", on_wait=on_wait, throttle=throttle
        )
        self._discovered: dict[str, str] | None = None
        self._discovering = asyncio.Lock()
        self.discovery_note = ""

    async def call(
        self,
        call: Call,
        method: str,
        path: str,
        body: bytes = b"",
        *,
        needs: str = "",
        leaving: Leaving = lambda: None,
    ) -> tuple[Answer, str]:
        """`authorized`, with the headers of discovery."""
        headers = await self.discover()
        return await self.authorized(
            call, method, path, headers=headers, body=body, needs=needs, leaving=leaving
        )

    async def discover(self) -> Mapping[str, str]:
        """The headers that name the tenant's endpoint and forest, asked for once.

        Raises `GatewayError` only where going on would be in vain and nothing can be in doubt:
        not reached, throttled, token refused.
        """
        async with self._discovering:
            if self._discovered is None:
                self._discovered = await self._discover()
            return self._discovered

    async def _discover(self) -> dict[str, str]:
        try:
            answer, correlation_id = await self.authorized(Call.READ, "GET", _DISCOVERY)
            found = read(answer, correlation_id, _endpoints)
        except (NotReachedError, ThrottledError, TokenRefusedError):
            raise
        except GatewayError as error:
            self.discovery_note = f"Service discovery failed, going on without: {error.message}"
            found = {}
        else:
            missing = "" if found else "Service discovery named no endpoint, going on without."
            self.discovery_note = missing
        if self.discovery_note:
            _LOG.warning(self.discovery_note)
        return found


def _endpoints(value: Any) -> dict[str, str]:
    """The headers in an answer of service discovery; what cannot be a host name is left out."""
    if not isinstance(value, dict):
        raise bulk_json.WireError("it is no object")
    record = bulk_json.folded_keys(value)
    headers: dict[str, str] = {}
    endpoints, given = record.get("endpoints"), record.get("headers")
    if isinstance(endpoints, dict):
        host = bulk_json.folded_keys(endpoints).get("adminserviceendpoint")
        if isinstance(host, str) and _HOST.fullmatch(host):
            headers["X-MS-Target-Uri"] = f"https://{host}/"
    if isinstance(given, dict):
        forest = bulk_json.folded_keys(given).get("xmsforest")
        if isinstance(forest, str) and _FOREST.fullmatch(forest):
            headers["X-MS-Forest"] = forest
    return headers
