"""Reading everything a preflight needs: in parallel within limits, each source failing alone.

The admin API comes first, because one call tells nearly everything of fifty accounts; Graph is
asked where it knows more, or where the admin API could not be read.

Over 400 lines because one reading's tasks share its slots, its counts and its first error.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Generic, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from siptui.domain.device import Device
from siptui.domain.errors import SignInNeededError, SiptuiError
from siptui.gateway.errors import (
    AccessDeniedError,
    AnswerLostError,
    GatewayError,
    NotReachedError,
    RejectedError,
    ServiceFailedError,
    ThrottledError,
    TokenRefusedError,
)
from siptui.gateway.json_lists import gap_of
from siptui.gateway.tenant_model import (
    Directory,
    DirectoryUser,
    Inventory,
    InventoryDevice,
    TeamsUser,
    TenantAdmin,
)
from siptui.preflight import roles
from siptui.preflight.facts import Facts, Lookup, Missing, TenantFacts

T = TypeVar("T")
#: Accounts in one call: what the admin API's filter and one `$batch` of Graph take.
PER_ADMIN_CALL, PER_GRAPH_CALL = 50, 20
#: The same of accounts in Graph's directory: a filter of 15 names in each request of a `$batch`.
PER_DIRECTORY_CALL = 300
#: Calls at once to one service. No figures are published; a few are enough to hide the latency.
AT_ONCE = 4


#: After one of these, which were tried again where that may help, no further account is asked for.
_FINAL = (
    *(AccessDeniedError, SignInNeededError, TokenRefusedError),
    *(NotReachedError, AnswerLostError, ThrottledError),
)
#: How often those that an answer leaves open are asked for once more, in halves, in one reading.
_HALVINGS = 32
#: Calls that may fail at the service before it is left alone: one may be an account's own fault.
_FAILURES = 2


class Source(StrEnum):
    """The services that are asked, as calls are counted by."""

    ADMIN = "admin"
    GRAPH = "graph"
    INVENTORY = "inventory"


class Sources(Struct, frozen=True):
    """Whom to ask. `None`: there is none, as in a cloud without Graph."""

    admin: TenantAdmin
    directory: Directory | None = None
    inventory: Inventory | None = None

    def calls(self) -> dict[str, int]:
        """Requests sent so far, by service."""
        asked = {
            Source.ADMIN: self.admin,
            Source.GRAPH: self.directory,
            Source.INVENTORY: self.inventory,
        }
        return {str(name): one.calls for name, one in asked.items() if one is not None}


class Progress(Struct, frozen=True):
    """How far a reading is: calls answered of those known to be needed, and the last one."""

    done: int
    of: int
    what: str


OnProgress = Callable[[Progress], None]
_NO_GRAPH = Missing("This profile's cloud has no address of Microsoft Graph.")
_NO_INVENTORY = Missing("This profile's cloud has no inventory of devices.")


async def gather(
    devices: Sequence[Device], sources: Sources, *, on_progress: OnProgress | None = None
) -> Facts:
    """Everything that can be read about `devices`, their accounts and their tenant.

    What cannot be read is a `Missing`. Raises only where nothing can be had: without a sign-in
    for the admin API (`SignInNeededError`, `TokenRefusedError`), or when not one of its reads
    was answered (the first `GatewayError`).
    """
    return await _alone(_Reading(sources, on_progress).everything(devices))


async def look_up(
    user_names: Iterable[str], sources: Sources, *, on_progress: OnProgress | None = None
) -> Facts:
    """Only what tells shared accounts from personal ones: a call per 50 accounts, and one for
    the policies. Errors as `gather`."""
    return await _alone(_Reading(sources, on_progress).policies_of(user_names))


async def _alone(reading: Awaitable[Facts]) -> Facts:
    """The first error itself rather than the group a task group makes of it."""
    try:
        return await reading
    except BaseExceptionGroup as group:
        raise group.exceptions[0] from None


class _Told(Struct, Generic[T], frozen=True):
    """An answer about some accounts: those in it, and why others may be there all the same."""

    found: Mapping[str, T]
    gap: str = ""


class _DownError(SiptuiError):
    """A service from which nothing was heard is not asked again."""

    def __init__(self, missing: Missing) -> None:
        super().__init__(missing.reason)
        self.missing = missing


class _Reading:
    """One reading; its tasks share the slots, the counts and the first error."""

    def __init__(self, sources: Sources, on_progress: OnProgress | None) -> None:
        self._sources = sources
        self._on_progress = on_progress
        self._slots = {source: asyncio.Semaphore(AT_ONCE) for source in Source}
        self._done = self._of = 0
        self._answered: set[Source] = set()  # those that answered, if only with a no
        self._down: dict[Source, Missing] = {}
        self._unanswered: SiptuiError | None = None
        self._asked: dict[str, int] = {}
        self._before = sources.calls()

    async def everything(self, devices: Sequence[Device]) -> Facts:
        names = _unique(device.user_name for device in devices)
        async with asyncio.TaskGroup() as group:
            tenant = group.create_task(self._tenant())
            users = group.create_task(self._users(names))
            listed = group.create_task(self._inventory(devices))
        self._raise_if_mute()
        facts = Facts(tenant=tenant.result(), users=users.result(), devices=listed.result())
        if self._sources.directory is None:
            none = dict.fromkeys(names, _NO_GRAPH)
            facts = replace(
                facts,
                graph_users=Lookup(missing=none),
                directory=Lookup(missing=none),
                mfa=Lookup(missing={facts.object_id(key).casefold(): _NO_GRAPH for key in names}),
            )
        else:
            facts = await self._with_graph(self._sources.directory, facts, names)
        return self._counted(facts)

    async def policies_of(self, user_names: Iterable[str]) -> Facts:
        async with asyncio.TaskGroup() as group:
            users = group.create_task(self._users(_unique(user_names)))
            policies = group.create_task(
                self._admin("IP-phone policies", self._sources.admin.ip_phone_policies)
            )
        self._raise_if_mute()
        tenant = TenantFacts(ip_phone_policies=policies.result())
        return self._counted(Facts(tenant=tenant, users=users.result()))

    # -- the parts ----------------------------------------------------------------------------

    async def _tenant(self) -> TenantFacts:
        admin, graph = self._sources.admin, self._sources.directory
        async with asyncio.TaskGroup() as group:
            task = group.create_task
            about = task(self._admin("the tenant", admin.tenant))
            bulk = task(self._admin("BulkSignIn", admin.bulk_sign_in))
            ips = task(self._admin("trusted IPs", admin.trusted_ips))
            places = task(self._admin("network sites", admin.network_places))
            calling = task(self._admin("calling policies", admin.calling_policies))
            phone = task(self._admin("IP-phone policies", admin.ip_phone_policies))
            if graph is not None:
                own = task(self._graph("your roles", roles.READS_OWN_ROLES, graph.own_roles))
                holders = task(
                    self._graph("administrators", roles.READS_ROLES, graph.administrators)
                )
                access = task(
                    self._graph("Conditional Access", roles.READS_POLICIES, graph.access_policies)
                )
                defaults = task(
                    self._graph("security defaults", roles.READS_POLICIES, graph.security_defaults)
                )
        return TenantFacts(
            tenant=about.result(),
            bulk_sign_in=bulk.result(),
            trusted_ips=ips.result(),
            network_places=places.result(),
            calling_policies=calling.result(),
            ip_phone_policies=phone.result(),
            own_roles=own.result() if graph else _NO_GRAPH,
            administrators=holders.result() if graph else _NO_GRAPH,
            access_policies=access.result() if graph else _NO_GRAPH,
            security_defaults=defaults.result() if graph else _NO_GRAPH,
        )

    async def _users(self, names: Mapping[str, str]) -> Lookup[TeamsUser]:
        async def ask(some: Sequence[str]) -> _Told[TeamsUser]:
            found = await self._sources.admin.users([names[key] for key in some])
            return _Told({user.user_name.casefold(): user for user in found}, gap_of(found))

        return await self._looked_up(
            Source.ADMIN, "accounts in Teams", roles.READS_TEAMS, list(names), PER_ADMIN_CALL, ask
        )

    async def _with_graph(self, graph: Directory, facts: Facts, names: Mapping[str, str]) -> Facts:
        """What the admin API left open, licences beyond Teams' own, and per-user MFA, of which
        only Graph knows: together with the account where it tells it so, else one by one."""

        async def teams(some: Sequence[str]) -> _Told[TeamsUser]:
            found = await graph.teams_users([names[key] for key in some])
            return _Told({user.user_name.casefold(): user for user in found}, gap_of(found))

        async def entra(some: Sequence[str]) -> _Told[DirectoryUser]:
            found = await graph.users([names[key] for key in some])
            return _Told({user.user_name.casefold(): user for user in found}, gap_of(found))

        async def mfa(some: Sequence[str]) -> _Told[str]:
            states = await graph.mfa_states(some)
            return _Told({one.casefold(): state for one, state in states.items()})

        unread = [key for key in names if isinstance(facts.users.get(key), Missing)]
        async with asyncio.TaskGroup() as group:
            users = group.create_task(
                self._looked_up(
                    *(Source.GRAPH, "accounts in Teams, from Graph", roles.READS_TEAMS_USERS),
                    *(unread, PER_GRAPH_CALL, teams),
                )
            )
            directory = group.create_task(
                self._looked_up(
                    *(Source.GRAPH, "accounts in the directory", roles.READS_USERS),
                    *(list(names), PER_DIRECTORY_CALL, entra),
                )
            )
        facts = replace(facts, graph_users=users.result(), directory=directory.result())
        ids = [found.casefold() for key in names if (found := facts.object_id(key))]
        told = {
            user.object_id.casefold(): user.mfa
            for user in facts.directory.found.values()
            if user.mfa is not None
        }
        left = [one for one in ids if one not in told]
        states = await self._looked_up(
            Source.GRAPH, "per-user MFA", roles.READS_POLICIES, left, PER_GRAPH_CALL, mfa
        )
        states = replace(states, asked=frozenset(ids), found={**told, **states.found})
        return replace(facts, mfa=states)

    async def _inventory(
        self, devices: Sequence[Device]
    ) -> Mapping[str, InventoryDevice] | Missing:
        inventory = self._sources.inventory
        if inventory is None:
            return _NO_INVENTORY
        found = await self._read(
            Source.INVENTORY, "the inventory", roles.READS_INVENTORY, inventory.sip_devices
        )
        if isinstance(found, Missing):
            return found
        listed = {device.hardware_id: device for device in found}
        return {
            str(device.hardware_id): one
            for device in devices
            # An adapter is one device there, whatever its ports.
            if (one := listed.get(device.hardware_id) or listed.get(device.hardware_id.mac))
        }

    # -- one call -----------------------------------------------------------------------------

    async def _admin(self, what: str, call: Callable[[], Awaitable[T]]) -> T | Missing:
        return await self._read(Source.ADMIN, what, roles.READS_TEAMS, call)

    async def _graph(self, what: str, needs: str, call: Callable[[], Awaitable[T]]) -> T | Missing:
        return await self._read(Source.GRAPH, what, needs, call)

    async def _read(
        self, source: Source, what: str, needs: str, call: Callable[[], Awaitable[T]]
    ) -> T | Missing:
        """What `call` gives, or why it gives nothing."""
        self._of += 1
        try:
            return await self._called(source, call)
        except SiptuiError as error:
            return self._missing(source, needs, error)
        finally:
            self._progress(what)

    async def _looked_up(
        self,
        source: Source,
        what: str,
        needs: str,
        keys: Sequence[str],
        size: int,
        ask: Callable[[Sequence[str]], Awaitable[_Told[T]]],
    ) -> Lookup[T]:
        """`keys` asked for `size` at a time; the first answer shows whether it is worth going on.

        Where the role is lacking or the service does not answer, the others are not asked:
        hundreds of refusals tell nothing more, and hundreds of time-outs take hours. A call refused
        as malformed (one odd name spoils it) is halved until it is found; so are those that an
        answer with a gap leaves open, for a while.
        """
        found: dict[str, T] = {}
        missing: dict[str, Missing] = {}
        refused: Missing | None = None
        failed = 0
        halvings = _HALVINGS

        async def one(some: Sequence[str]) -> None:
            nonlocal refused, failed, halvings

            async def call() -> _Told[T]:
                if refused is not None:  # while this one waited for its turn
                    raise _DownError(refused)
                self._asked[what] = self._asked.get(what, 0) + 1
                return await ask(some)

            try:
                told = await self._called(source, call)
                found.update(told.found)
                open_ = [key for key in some if key not in told.found] if told.gap else []
                if len(some) > 1 and open_ and halvings:
                    halvings -= 1
                    await both(open_)
                else:
                    why = Missing(f"Not all of the answer can be read: {told.gap}.")
                    missing.update(dict.fromkeys(open_, why))
            except RejectedError as error:
                if error.status == 400 and len(some) > 1:
                    await both(some)
                else:
                    missing.update(dict.fromkeys(some, self._missing(source, needs, error)))
            except SiptuiError as error:
                lacking = self._missing(source, needs, error)
                failed += isinstance(error, ServiceFailedError)
                if isinstance(error, _FINAL) or failed >= _FAILURES:
                    refused = lacking
                missing.update(dict.fromkeys(some, lacking))
            finally:
                self._progress(what)

        async def both(some: Sequence[str]) -> None:
            halves = [part for part in (some[: len(some) // 2], some[len(some) // 2 :]) if part]
            self._of += len(halves)
            for half in halves:
                await one(half)

        parts = [keys[at : at + size] for at in range(0, len(keys), size)]
        self._of += len(parts)
        if parts:
            await one(parts[0])
        async with asyncio.TaskGroup() as group:
            for part in parts[1:]:
                group.create_task(one(part))
        return Lookup(asked=frozenset(keys), found=found, missing=missing)

    async def _called(self, source: Source, call: Callable[[], Awaitable[T]]) -> T:
        async with self._slots[source]:
            if (down := self._down.get(source)) is not None:
                raise _DownError(down)
            value = await call()
        self._answered.add(source)
        return value

    def _missing(self, source: Source, needs: str, error: SiptuiError) -> Missing:
        if isinstance(error, _DownError):
            return error.missing
        signed_out = isinstance(error, SignInNeededError | TokenRefusedError)
        if isinstance(error, AccessDeniedError | RejectedError):
            self._answered.add(source)
        if source is Source.ADMIN:
            if signed_out:
                raise error
            self._unanswered = self._unanswered or error
        if isinstance(error, AccessDeniedError):
            return Missing("Access denied (403).", needs)
        if signed_out:
            return Missing(error.message, needs, error.remedy)
        passing = isinstance(error, GatewayError) and error.passing
        missing = Missing(f"{error.title}: {error.message}", passing=passing)
        if isinstance(error, NotReachedError | AnswerLostError) and source not in self._answered:
            self._down[source] = missing  # tried again and again, and never heard of
        return missing

    def _raise_if_mute(self) -> None:
        if self._unanswered and Source.ADMIN not in self._answered:
            raise self._unanswered

    def _progress(self, what: str) -> None:
        self._done += 1
        if self._on_progress is not None:
            self._on_progress(Progress(self._done, self._of, what))

    def _counted(self, facts: Facts) -> Facts:
        calls = {name: n - self._before.get(name, 0) for name, n in self._sources.calls().items()}
        return replace(facts, calls=calls, asked=dict(self._asked))


def _unique(names: Iterable[str]) -> dict[str, str]:
    """Each account once: its name without case → as it is written."""
    return {name.casefold(): str(name) for name in names}
