"""A service that answers as a test says, in place of the network."""

from collections.abc import Callable

from siptui.gateway.bulk_client import BulkSignInClient
from siptui.transport.http import open_client
from tests.transport import web

Reply = web.Response | Exception
Handler = Callable[[web.Request], Reply]
ADMIN_API = "https://admin.example"
DISCOVERY = "/Teams.Tenant/serviceDiscovery"
CREATE = "/Teams.SipDevicesGatewayManagement/v1/createbatch"


class Tokens:
    """A token source that counts how often it was asked for a new one."""

    def __init__(self, *tokens: str) -> None:
        self.tokens = list(tokens or ("first", "second"))
        self.refreshed = 0

    async def token(self, *, refresh: bool = False, lasting: bool = False) -> str:
        if refresh:
            self.refreshed += 1
        return self.tokens[min(self.refreshed, len(self.tokens) - 1)]


class Service:
    """Records every request; `handler` answers what is not service discovery."""

    def __init__(self, handler: Handler, discovery: Handler | None = None) -> None:
        self.handler = handler
        self.discovery = discovery or (lambda _: discovered())
        self.requests: list[web.Request] = []

    def __call__(self, request: web.Request) -> web.Response:
        self.requests.append(request)
        chosen = self.discovery if request.url.path == DISCOVERY else self.handler
        reply = chosen(request)
        if isinstance(reply, Exception):
            raise reply
        return reply

    @property
    def calls(self) -> list[web.Request]:
        """The requests that were not service discovery."""
        return [r for r in self.requests if r.url.path != DISCOVERY]

    def client(self, tokens: Tokens | None = None, **more: object) -> BulkSignInClient:
        http = open_client(transport=web.service(self))
        return BulkSignInClient(http, ADMIN_API, tokens or Tokens(), **more)  # type: ignore[arg-type] # passed on as given


def discovered() -> web.Response:
    return web.Response(
        200,
        json={
            "Endpoints": {"ConfigApiEndpoint": "c.example", "AdminServiceEndpoint": "a1.example"},
            "Headers": {"X-MS-Forest": "1a"},
        },
    )
