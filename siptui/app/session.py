"""From a profile to a client of its tenant."""

import contextlib
import dataclasses
import functools
import os
from collections.abc import AsyncIterator, Callable, Mapping
from hashlib import sha256
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from siptui.app.invocation import NOTHING_GIVEN, Invocation
from siptui.app.token_files import warn_once
from siptui.app.watchers import watching
from siptui.domain.errors import SignInNeededError
from siptui.gateway.bulk_client import BulkSignInClient
from siptui.gateway.graph_client import DirectoryClient
from siptui.gateway.inventory_client import InventoryClient
from siptui.gateway.protocol import TokenSource
from siptui.gateway.tenant_client import TenantAdminClient
from siptui.host.private_files import (
    PrivateFileError,
    private_folder,
    runtime_folder,
    runtime_place,
)
from siptui.host.unused_locks import WAITS, remove_unused_daily
from siptui.identity.account import account_of
from siptui.identity.environment import DEVICES, GRAPH, VALUE, EnvironmentToken, environment_token
from siptui.identity.msal_client import HttpFactory
from siptui.identity.msal_http import Connection
from siptui.identity.registration import INVENTORY_SCOPE, resource_name
from siptui.identity.store import existing_store, no_sign_in
from siptui.identity.stored_tokens import StoredTokens
from siptui.identity.token_source import registration_of, tokens_of
from siptui.logs.audit import AuditLog, audit_log
from siptui.logs.start import start
from siptui.runs.host_tenant import HostTenant
from siptui.settings.load import Settings, load
from siptui.settings.model import BUILT_IN_CLOUDS, Profile
from siptui.transport import Http, Watcher, open_client
from siptui.transport.in_process import App
from siptui.transport.retry import OnWait
from siptui.transport.throttle import Throttle


@dataclasses.dataclass(frozen=True, slots=True)
class Selected:
    """The profile that options, environment and configuration select. No network was used."""

    settings: Settings
    profile: Profile
    environ: Mapping[str, str] = dataclasses.field(repr=False)
    call: Invocation = NOTHING_GIVEN

    @property
    def journal(self) -> Path:
        """The profile's journal; its folder is made."""
        return self.settings.folders.journal(self.profile.name)

    @property
    def audit_log(self) -> AuditLog | None:
        """Where acts that change the profile's tenant are written down, if anywhere."""
        return audit_log(self.profile.audit_log, self.profile.name)

    @property
    def submits_to(self) -> list[str]:
        """The tenant and the service that a submit goes to. A worker reads the configuration
        itself, after the operator decided: it must not be of others by then."""
        return [self.profile.tenant, self.profile.cloud.admin_api]

    @property
    def host(self) -> HostTenant:
        """What this host has of the profile's tenant."""
        return HostTenant(self.profile.tenant, self.settings.folders.state, self.journal)

    @property
    def submitting_host(self) -> HostTenant:
        """The same for a process that submits: it takes turns with others of this user."""
        return replace(self.host, turns=self._turns())

    def _turns(self) -> Path | None:
        """Where processes of this user take turns to submit at the service, whatever folders they
        have. One for all tenants: a profile may name a tenant by its id, another by its domain."""
        address = self.profile.cloud.admin_api.rstrip("/")
        name = sha256(address.encode()).hexdigest()[:16]
        try:
            turns = self._turns_in(name)
        except (OSError, PrivateFileError):
            return None  # the tenant's batches are still compared
        remove_unused_daily(turns.parent, keep=turns)
        return turns

    def _turns_in(self, name: str) -> Path:
        try:
            return private_folder(runtime_folder() / name)
        except (OSError, PrivateFileError):
            # Another user has made it first: turns with those that have this folder of state.
            return private_folder(private_folder(self.settings.folders.waits) / name)

    @property
    def store_folder(self) -> Path:
        """Where the profile's sign-in is kept; not made by looking."""
        return self.settings.folders.state / self.profile.name

    def throttle(self, service: str) -> Throttle:
        """When the service (`admin_api`, `graph` or `devices`) may be asked: one answer for all
        processes of this user that ask it for this tenant, of whatever profile, and whatever folder
        of state they have."""
        tenant, address = self.profile.tenant.casefold(), getattr(self.profile.cloud, service)
        name = sha256(f"{tenant} {address.rstrip('/')}".encode()).hexdigest()[:16]
        return Throttle(self._waits() / f"{tenant[:80]}-{service}-{name}.json")

    def _waits(self) -> Path:
        """Where the waits that services asked for are kept; not made by looking."""
        try:
            return runtime_place() / WAITS
        except (OSError, PrivateFileError):
            return self.settings.folders.waits  # those with this folder of state see it


def turns_note() -> str:
    """What an operator should know before a submit where the folder by which all processes of this
    user take turns is another user's, or in a place that all write; or nothing."""
    try:
        runtime_folder()
    except PrivateFileError as error:
        return (
            f"{error.message} So a siptui with another SIPTUI_STATE_DIR is not waited for before a "
            f"submit. {error.remedy}"
        )
    return ""


class Session(Struct, frozen=True):
    """A client of the profile's tenant, open as long as the `async with` it came from.

    `origin` says where the tokens come from: the name of a variable, or `sign-in`.
    """

    selected: Selected
    tokens: TokenSource
    origin: str
    http: Http
    client: BulkSignInClient
    sources: "TenantSources"

    @property
    def profile(self) -> Profile:
        """The profile in use."""
        return self.selected.profile

    @property
    def admin(self) -> TenantAdminClient:
        """The admin API beyond bulk sign-in."""
        return self.sources.admin

    @property
    def directory(self) -> DirectoryClient | None:
        """Microsoft Graph, where the cloud has one."""
        return self.sources.directory

    @property
    def inventory(self) -> InventoryClient | None:
        """The device inventory, where its address is known."""
        return self.sources.inventory


def select(
    profile: str | None = None, environ: Mapping[str, str] | None = None, *, tenant: str = ""
) -> Selected:
    """The profile to use; see `Settings.profile` for which one and for the errors.

    Without any profile a token in `SIPTUI_ACCESS_TOKEN` that names its tenant is enough: it
    stands for one in the public cloud. So does `tenant`, for a worker. A token file of this
    process's own environment that others can read is warned of.
    """
    if environ is None:
        environ = os.environ
        if any(name.endswith("_TOKEN_FILE") for name in environ):
            warn_once(environ)
    settings = load(environ)
    nameless = not (profile or environ.get("SIPTUI_PROFILE") or settings.profiles)
    if nameless and (tenant := tenant or _tenant_of(environ)):
        return Selected(settings, Profile("default", tenant, BUILT_IN_CLOUDS["public"]), environ)
    return Selected(settings, settings.profile(profile, environ), environ)


def select_for(call: Invocation) -> Selected:
    """`select` for a command: the options that it was given stay with what was selected."""
    return dataclasses.replace(select(call.profile), call=call)


def select_offline(call: Invocation) -> Selected:
    """`select_for` a command that asks no service: without any profile one of no tenant."""
    try:
        return select_for(call)
    except SignInNeededError:
        public = BUILT_IN_CLOUDS["public"]
        return Selected(load(os.environ), Profile("default", "", public), os.environ, call=call)


def _tenant_of(environ: Mapping[str, str]) -> str:
    return account_of(environ.get(VALUE, "")).tenant


def token_source(selected: Selected, watchers: tuple[Watcher, ...] = ()) -> tuple[TokenSource, str]:
    """Where the tokens come from, and its name: the environment before the kept sign-in.

    Raises `SignInNeededError` when there is neither.
    """
    folder = selected.store_folder
    tokens = tokens_of(
        selected.profile, folder, environ=selected.environ, http=lambda: Connection(watchers)
    )
    if isinstance(tokens, EnvironmentToken):
        return tokens, tokens.name
    if existing_store(folder) is None:
        name = selected.profile.name
        raise SignInNeededError(
            f"No one is signed in to {selected.profile.tenant} (profile {name})."
            f"{no_sign_in(folder)}",
            remedy=f"Sign in: siptui auth login --profile {name}\n"
            "or give a token in SIPTUI_ACCESS_TOKEN.",
        )
    return tokens, "sign-in"


@contextlib.asynccontextmanager
async def open_session(
    selected: Selected | None = None,
    *,
    on_wait: OnWait | None = None,
    transport: App | None = None,
    tokens_by: Callable[[HttpFactory], TokenSource] | None = None,
) -> AsyncIterator[Session]:
    """A session with the tenant of the profile, from settings, environment and kept sign-in.

    Without `selected` the profile in use is taken. `on_wait` hears of waits between tries of a
    read; `transport` puts an in-process service in place of the network; `tokens_by` makes another
    source of tokens. Raises `UsageError`, `SignInNeededError`; nothing was sent then.
    """
    selected = selected or select()
    start_log(selected.settings, selected.call.log_level)
    with watching(selected.call.record) as watchers:
        if tokens_by is None:
            tokens, origin = token_source(selected, watchers)
        else:
            tokens, origin = tokens_by(lambda: Connection(watchers)), "handed over"
        async with open_client(transport=transport, watchers=watchers) as http:
            admin_api = selected.profile.cloud.admin_api
            throttle = selected.throttle("admin_api")
            client = BulkSignInClient(http, admin_api, tokens, on_wait=on_wait, throttle=throttle)
            sources = TenantSources(
                selected, http, tokens, lambda: Connection(watchers), on_wait=on_wait
            )
            yield Session(selected, tokens, origin, http, client, sources)


def start_log(settings: Settings, level: str | None = None) -> Path:
    """Begin to log, to this user's log folder; `level` beats the file's. Returns the log file."""
    return start(settings.folders.log_folder(), (level or settings.log_level).lower())


class NoToken:
    """A token source without any: `SignInNeededError` at each call, nothing is sent."""

    def __init__(self, message: str, remedy: str) -> None:
        self._message, self._remedy = message, remedy

    async def token(self, *, refresh: bool = False, lasting: bool = False) -> str:
        """Raises `SignInNeededError`."""
        raise SignInNeededError(self._message, remedy=self._remedy, code="no_token")


class TenantSources:
    """Admin API, Graph and device inventory of a profile's tenant.

    `connection` opens connections to the authority. Making them uses no network.
    """

    def __init__(
        self,
        selected: Selected,
        http: Http,
        tokens: TokenSource,
        connection: HttpFactory,
        on_wait: OnWait | None = None,
    ) -> None:
        self._selected = selected
        self._http = http
        self._tokens = tokens
        self._connection = connection
        self._on_wait = on_wait

    @functools.cached_property
    def admin(self) -> TenantAdminClient:
        """The admin API, with the session's own tokens."""
        address = self._selected.profile.cloud.admin_api
        throttle = self._selected.throttle("admin_api")
        return TenantAdminClient(
            self._http, address, self._tokens, on_wait=self._on_wait, throttle=throttle
        )

    @functools.cached_property
    def directory(self) -> DirectoryClient | None:
        """Microsoft Graph; None where the cloud names no address of it."""
        address = self._selected.profile.cloud.graph
        if not address:
            return None
        tokens = self._tokens_for(f"{address}/.default", GRAPH)
        throttle = self._selected.throttle("graph")
        return DirectoryClient(
            self._http, address, tokens, on_wait=self._on_wait, throttle=throttle
        )

    @functools.cached_property
    def inventory(self) -> InventoryClient | None:
        """The device inventory; None where the cloud names no address of it."""
        address = self._selected.profile.cloud.devices
        if not address:
            return None
        tokens = self._tokens_for(INVENTORY_SCOPE, DEVICES)
        throttle = self._selected.throttle("devices")
        return InventoryClient(
            self._http, address, tokens, on_wait=self._on_wait, throttle=throttle
        )

    def _tokens_for(self, scope: str, variable: str) -> TokenSource:
        """A token of the environment first: the client of a sign-in may lack permissions."""
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

    def _stored(self, scope: str) -> TokenSource:
        selected = self._selected
        find = functools.partial(existing_store, selected.store_folder)
        return StoredTokens(
            registration_of(selected.profile), find, http=self._connection, scope=scope
        )
