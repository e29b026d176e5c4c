"""From a profile's name to a client of its tenant: what every command that meets it begins with."""

import contextlib
import functools
import os
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from siptui.domain.errors import SignInNeededError
from siptui.settings.load import Settings, load
from siptui.settings.model import BUILT_IN_CLOUDS, Profile

if TYPE_CHECKING:
    from siptui.commands.sources import TenantSources
    from siptui.commands.tape import Tape
    from siptui.gateway.admin import TenantAdminClient
    from siptui.gateway.client import BulkSignInClient
    from siptui.gateway.graph import DirectoryClient
    from siptui.gateway.inventory import InventoryClient
    from siptui.gateway.protocol import TokenSource
    from siptui.identity.client import HttpFactory
    from siptui.runs.host_tenant import HostTenant
    from siptui.transport import Http, Watcher
    from siptui.transport.in_process import App
    from siptui.transport.retry import OnWait
    from siptui.transport.throttle import Throttle


@dataclass(frozen=True, slots=True)
class Selected:
    """What the flags, the environment and the file come to. Nothing was asked of any network."""

    settings: Settings
    profile: Profile
    environ: Mapping[str, str] = field(repr=False)

    @property
    def journal(self) -> Path:
        """The profile's journal; its folder is made."""
        return self.settings.folders.journal(self.profile.name)

    @property
    def host(self) -> "HostTenant":
        """What this host has of the profile's tenant."""
        from siptui.runs.host_tenant import HostTenant

        return HostTenant(self.profile.tenant, self.settings.folders.state, self.journal)

    @property
    def submitting_host(self) -> "HostTenant":
        """The same for a process that submits: it takes turns with others of this user."""
        return replace(self.host, turns=self._turns())

    def _turns(self) -> Path | None:
        """Where processes of this user take turns to submit in the tenant, whatever folders they
        have."""
        import hashlib

        from siptui.posix import PrivateFileError, private_folder, runtime_folder

        service = f"{self.profile.cloud.admin_api} {self.profile.tenant.casefold()}"
        name = hashlib.sha256(service.encode()).hexdigest()[:16]
        try:
            return private_folder(runtime_folder() / name)
        except (OSError, PrivateFileError):
            return None  # the tenant's batches are looked at all the same

    @property
    def store_folder(self) -> Path:
        """Where the profile's sign-in is kept; not made by looking."""
        return self.settings.folders.state / self.profile.name

    def throttle(self, service: str) -> "Throttle":
        """When the service (`admin_api`, `graph` or `devices`) may be asked: one answer for all
        processes that ask it for this tenant, of whatever profile."""
        from hashlib import sha256

        from siptui.transport.throttle import Throttle

        tenant, address = self.profile.tenant.casefold(), getattr(self.profile.cloud, service)
        name = sha256(f"{tenant} {address.rstrip('/')}".encode()).hexdigest()[:16]
        return Throttle(self.settings.folders.waits / f"{tenant[:80]}-{service}-{name}.json")


@dataclass(frozen=True, slots=True)
class Session:
    """A client of the profile's tenant, open as long as the `async with` it came from.

    `origin` says where the tokens come from: the name of a variable, or `sign-in`.
    """

    selected: Selected
    tokens: "TokenSource"
    origin: str
    http: "Http"
    client: "BulkSignInClient"
    sources: "TenantSources"

    @property
    def profile(self) -> Profile:
        """The profile in use."""
        return self.selected.profile

    @property
    def admin(self) -> "TenantAdminClient":
        """The admin API beyond bulk sign-in."""
        return self.sources.admin

    @property
    def directory(self) -> "DirectoryClient | None":
        """Microsoft Graph, where the cloud has one."""
        return self.sources.directory

    @property
    def inventory(self) -> "InventoryClient | None":
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
            from siptui.commands.token_files import warn_once

            warn_once(environ)
    settings = load(environ)
    nameless = not (profile or environ.get("SIPTUI_PROFILE") or settings.profiles)
    if nameless and (tenant := tenant or _tenant_of(environ)):
        return Selected(settings, Profile("default", tenant, BUILT_IN_CLOUDS["public"]), environ)
    return Selected(settings, settings.profile(profile, environ), environ)


def _tenant_of(environ: Mapping[str, str]) -> str:
    from siptui.identity.account import account_of
    from siptui.identity.environment import VALUE

    return account_of(environ.get(VALUE, "")).tenant


def token_source(
    selected: Selected, watchers: "tuple[Watcher, ...]" = ()
) -> "tuple[TokenSource, str]":
    """Where the tokens come from, and its name: the environment before the kept sign-in.

    Raises `SignInNeededError` when there is neither.
    """
    from siptui.identity.connection import Connection
    from siptui.identity.environment import environment_token
    from siptui.identity.opening import registration_of
    from siptui.identity.source import StoredTokens
    from siptui.identity.store import existing_store, nobody_signed_in

    registration = registration_of(selected.profile)
    if given := environment_token(registration, selected.environ):
        return given, given.name
    folder = selected.store_folder
    if existing_store(folder) is None:
        name = selected.profile.name
        raise SignInNeededError(
            f"Nobody is signed in to {selected.profile.tenant} (profile {name})."
            f"{nobody_signed_in(folder)}",
            remedy=f"Sign in: siptui auth login --profile {name}\n"
            "or give a token in SIPTUI_ACCESS_TOKEN.",
        )
    find = functools.partial(existing_store, folder)
    return StoredTokens(registration, find, http=lambda: Connection(watchers)), "sign-in"


@contextlib.asynccontextmanager
async def open_session(
    profile: str | None = None,
    *,
    record: "Tape | None" = None,
    log_level: str | None = None,
    on_wait: "OnWait | None" = None,
    environ: Mapping[str, str] | None = None,
    transport: "App | None" = None,
    selected: Selected | None = None,
    tokens_by: "Callable[[HttpFactory], TokenSource] | None" = None,
) -> AsyncIterator[Session]:
    """A session with the tenant of `profile`, from settings, environment and kept sign-in.

    `record` writes every exchange, scrubbed; `on_wait` hears of waits between tries of a read;
    `transport` puts an in-process service in place of the network; `tokens_by` makes another
    source of tokens. Raises `UsageError`, `SignInNeededError`; nothing was sent then.
    """
    from siptui.commands.sources import TenantSources
    from siptui.commands.tape import watching
    from siptui.gateway.client import BulkSignInClient
    from siptui.identity.connection import Connection
    from siptui.transport import open_client

    selected = selected or select(profile, environ)
    start_log(selected.settings, log_level)
    with watching(record) as watchers:
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
    from siptui.logs import start

    return start(settings.folders.log_folder(), (level or settings.log_level).lower())
