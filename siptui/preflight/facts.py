"""Everything a preflight read, frozen: what was told, and what could not be had and why.

Nothing here judges. A value that is missing is a `Missing`, with whom to ask for it, and never
an empty value: an empty list was read and found empty.
"""

from collections.abc import Mapping
from typing import Generic, TypeVar

from msgspec import Struct, field

from siptui.gateway.tenant_model import (
    AccessPolicy,
    CallingPolicy,
    DirectoryUser,
    InventoryDevice,
    IPPhonePolicy,
    NetworkPlace,
    TeamsUser,
    TenantInfo,
    TrustedIP,
)

T = TypeVar("T")


class Missing(Struct, frozen=True):
    """Something that could not be read. `reason` is a sentence; `needs` the role or permission
    to ask for, where one is known to be lacking; `remedy` what else to do about it. `passing`: it
    was not refused, and may be had at another time."""

    reason: str
    needs: str = ""
    remedy: str = ""
    passing: bool = False

    @property
    def what_to_do(self) -> str:
        """What to do about it: a sentence, or nothing."""
        return self.remedy or (f"Ask for {self.needs}." if self.needs else "")

    def __str__(self) -> str:
        return f"{self.reason} {self.what_to_do}".strip()


#: What was not asked for, because something before it was missing or made it needless.
NOT_ASKED = Missing("It was not asked for.")


class Lookup(Struct, Generic[T], frozen=True):
    """Accounts that were looked up in one source, by name without case (or by object id).

    A name in `found` was there; one in `missing` could not be asked for; one only in `asked`
    was asked for and is not there.
    """

    asked: frozenset[str] = frozenset()
    found: Mapping[str, T] = field(default_factory=dict)
    missing: Mapping[str, Missing] = field(default_factory=dict)

    def get(self, name: str) -> T | Missing | None:
        """What was read of `name`; `None` only where the source said that there is none."""
        if (value := self.found.get(name)) is not None:
            return value
        if (missing := self.missing.get(name)) is not None:
            return missing
        return None if name in self.asked else NOT_ASKED


class TenantFacts(Struct, frozen=True):
    """What was read of the tenant and of the operator."""

    tenant: TenantInfo | Missing = NOT_ASKED
    bulk_sign_in: str | Missing = NOT_ASKED
    trusted_ips: tuple[TrustedIP, ...] | Missing = NOT_ASKED
    network_places: tuple[NetworkPlace, ...] | Missing = NOT_ASKED
    calling_policies: tuple[CallingPolicy, ...] | Missing = NOT_ASKED
    ip_phone_policies: tuple[IPPhonePolicy, ...] | Missing = NOT_ASKED
    own_roles: frozenset[str] | Missing = NOT_ASKED
    administrators: frozenset[str] | Missing = NOT_ASKED
    access_policies: tuple[AccessPolicy, ...] | Missing = NOT_ASKED
    security_defaults: bool | Missing = NOT_ASKED


class Facts(Struct, frozen=True):
    """A whole reading, of thousands of accounts: it is not written out in a `repr`, which
    `asyncio.run` makes of what its task returned.

    `users` is Teams' own view through the admin API, `graph_users` the same through Graph, asked
    for only where the former could not be had. `directory` is Entra's view. `mfa` is by object
    id. `devices` are by hardware id, without any that the inventory does not list. `calls` counts
    requests by service, tries again included; `asked` counts, by reading, those that look up
    accounts.
    """

    tenant: TenantFacts = TenantFacts()
    users: Lookup[TeamsUser] = Lookup()
    graph_users: Lookup[TeamsUser] = Lookup()
    directory: Lookup[DirectoryUser] = Lookup()
    mfa: Lookup[str] = Lookup()
    devices: Mapping[str, InventoryDevice] | Missing = NOT_ASKED
    calls: Mapping[str, int] = field(default_factory=dict)
    asked: Mapping[str, int] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"

    def teams_user(self, key: str) -> TeamsUser | Missing | None:
        """The account as Teams has it: the admin API's word, else Graph's."""
        first = self.users.get(key)
        if not isinstance(first, Missing):
            return first
        second = self.graph_users.get(key)
        return first if isinstance(second, Missing) else second

    def object_id(self, key: str) -> str:
        """The account's object id as far as a source told, or nothing."""
        for user in (self.teams_user(key), self.directory.get(key)):
            if isinstance(user, TeamsUser | DirectoryUser) and user.object_id:
                return user.object_id
        return ""
