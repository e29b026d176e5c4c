"""The clients of everything beyond bulk sign-in, made when first asked for, with their tokens."""

import functools
from typing import TYPE_CHECKING

from siptui.domain.errors import SignInNeededError

if TYPE_CHECKING:
    from siptui.commands.session import Selected
    from siptui.gateway.admin import TenantAdminClient
    from siptui.gateway.graph import DirectoryClient
    from siptui.gateway.inventory import InventoryClient
    from siptui.gateway.protocol import TokenSource
    from siptui.identity.client import HttpFactory
    from siptui.transport import Http
    from siptui.transport.retry import OnWait


class NoToken:
    """A token source without any: `SignInNeededError` at each call, nothing is sent."""

    def __init__(self, message: str, remedy: str) -> None:
        self._message, self._remedy = message, remedy

    async def token(self, *, refresh: bool = False, lasting: bool = False) -> str:
        """Raises `SignInNeededError`."""
        raise SignInNeededError(self._message, remedy=self._remedy, code="no_token")


class TenantSources:
    """Admin API, Graph and device inventory of a profile's tenant.

    `connection` opens connections to the authority. Making them asks nothing of any network.
    """

    def __init__(
        self,
        selected: "Selected",
        http: "Http",
        tokens: "TokenSource",
        connection: "HttpFactory",
        on_wait: "OnWait | None" = None,
    ) -> None:
        self._selected = selected
        self._http = http
        self._tokens = tokens
        self._connection = connection
        self._on_wait = on_wait

    @functools.cached_property
    def admin(self) -> "TenantAdminClient":
        """The admin API, with the session's own tokens."""
        from siptui.gateway.admin import TenantAdminClient

        address = self._selected.profile.cloud.admin_api
        throttle = self._selected.throttle("admin_api")
        return TenantAdminClient(
            self._http, address, self._tokens, on_wait=self._on_wait, throttle=throttle
        )

    @functools.cached_property
    def directory(self) -> "DirectoryClient | None":
        """Microsoft Graph; None where the cloud names no address of it."""
        from siptui.gateway.graph import DirectoryClient
        from siptui.identity.environment import GRAPH

        address = self._selected.profile.cloud.graph
        if not address:
            return None
        tokens = self._tokens_for(f"{address}/.default", GRAPH)
        throttle = self._selected.throttle("graph")
        return DirectoryClient(
            self._http, address, tokens, on_wait=self._on_wait, throttle=throttle
        )

    @functools.cached_property
    def inventory(self) -> "InventoryClient | None":
        """The device inventory; None where the cloud names no address of it."""
        from siptui.gateway.inventory import InventoryClient
        from siptui.identity.environment import DEVICES
        from siptui.identity.registration import INVENTORY_SCOPE

        address = self._selected.profile.cloud.devices
        if not address:
            return None
        tokens = self._tokens_for(INVENTORY_SCOPE, DEVICES)
        throttle = self._selected.throttle("devices")
        return InventoryClient(
            self._http, address, tokens, on_wait=self._on_wait, throttle=throttle
        )

    def _tokens_for(self, scope: str, variable: str) -> "TokenSource":
        """A token of the environment first: the client of a sign-in may lack permissions."""
        from siptui.identity.environment import environment_token
        from siptui.identity.opening import registration_of
        from siptui.identity.registration import resource_name

        environ = self._selected.environ
        registration = registration_of(self._selected.profile)
        if given := environment_token(registration, environ, variable=variable, scope=scope):
            return given
        if admin := environment_token(registration, environ):
            return NoToken(
                f"There is no token for {resource_name(scope)}: {admin.name} is for the admin API "
                "alone.",
                f"Give one in {variable}, or unset {admin.name} and sign in: siptui auth login.",
            )
        return self._stored(scope)

    def _stored(self, scope: str) -> "TokenSource":
        from siptui.identity.opening import registration_of
        from siptui.identity.source import StoredTokens
        from siptui.identity.store import existing_store

        selected = self._selected
        find = functools.partial(existing_store, selected.store_folder)
        return StoredTokens(
            registration_of(selected.profile), find, http=self._connection, scope=scope
        )
