"""What a preflight reads of a tenant and what a fix writes, as Protocols over plain values.

Three sources, each of which can fail alone: the Teams admin API (what the Teams PowerShell module
calls), Microsoft Graph, and the device inventory of the Teams admin center. `None` in a field
says that the source did not tell; it is never taken for a no.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from siptui.domain.region import Region
from siptui.gateway.json_lists import Listed

#: Stands for the name of an entry that is there but cannot be read: nothing may be concluded from a
#: list with it that something is not there. Kept in place of a policy's name, of a trusted address
#: (which is none then), and in sets of ids.
UNREADABLE = "(cannot be read)"
#: The policy that holds where nothing was assigned.
GLOBAL = "Global"


class PolicyType(StrEnum):
    """Policy and configuration types by their wire names (go-teams, validated-policy-types)."""

    CALLING = "TeamsCallingPolicy"
    IP_PHONE = "TeamsIPPhonePolicy"
    SIP_DEVICES = "TeamsSipDevicesConfiguration"
    TRUSTED_IP = "TenantTrustedIPAddress"
    NETWORK_SITE = "TenantNetworkSite"
    NETWORK_SUBNET = "TenantNetworkSubnet"


class NumberType(StrEnum):
    """Where a phone number comes from, as Set-CsPhoneNumberAssignment spells it."""

    DIRECT_ROUTING = "DirectRouting"
    CALLING_PLAN = "CallingPlan"
    OPERATOR_CONNECT = "OperatorConnect"


class CallingPolicy(Struct, frozen=True):
    """A TeamsCallingPolicy. `name` is without `Tag:`; `call_redirect` is the service's word."""

    name: str
    allow_sip_devices: bool | None
    call_redirect: str


class IPPhonePolicy(Struct, frozen=True):
    """A TeamsIPPhonePolicy. `sign_in_mode` is the service's word, in whatever case it came."""

    name: str
    sign_in_mode: str

    @property
    def common_area(self) -> bool:
        """Whether it signs in as a common area phone; the documents spell the mode two ways."""
        return self.sign_in_mode.casefold() == "commonareaphonesignin"


class TrustedIP(Struct, frozen=True):
    """A trusted public address or range: `address` with a mask of `mask_bits`."""

    address: str
    mask_bits: int | None  # None: a single address
    description: str = ""


class NetworkPlace(Struct, frozen=True):
    """A network site (`subnet` empty) or a subnet of one."""

    site: str
    subnet: str = ""


class Assigned(Struct, frozen=True):
    """The policy that holds for an account. `how`: `direct`, `group`, `global`, or empty."""

    name: str
    how: str = ""


class TeamsUser(Struct, frozen=True):
    """An account as Teams has it (admin API, or Graph's user configuration).

    `numbers` are without `tel:`; `plans` are the ids or capabilities of its working service
    plans, casefolded; `features` are Teams' own feature words (`PhoneSystem`), casefolded.
    """

    object_id: str
    user_name: str
    enabled: bool | None = None
    account_type: str = ""
    numbers: tuple[str, ...] | None = None
    calling_policy: Assigned | None = None
    ip_phone_policy: Assigned | None = None
    plans: frozenset[str] | None = None
    features: frozenset[str] | None = None
    ad_synced: bool | None = None
    validation_errors: tuple[str, ...] = ()


class DirectoryUser(Struct, frozen=True):
    """An account as the directory (Graph `/users`) has it. `mfa`: `disabled`, `enabled`, …"""

    object_id: str
    user_name: str
    enabled: bool | None = None
    ad_synced: bool | None = None
    plans: frozenset[str] | None = None
    mfa: str | None = None


class AccessPolicy(Struct, frozen=True):
    """A Conditional Access policy, as far as it can stop an account from signing in.

    `users`, `excluded_users`: object ids or `All`; `groups`, `roles` likewise; `apps` are
    application ids or `All`; `demands` are its built-in controls (`mfa`, `block`,
    `compliantDevice` …); `transfer_methods` as in `authenticationFlows`; `locations_excluded`
    says that some places are left out; `narrowed` that it has further conditions (platforms,
    client apps, risks, a filter of devices or of applications, an insider risk, only some
    places), so that it may be about other sign-ins than a phone's.
    """

    object_id: str
    name: str
    state: str  # enabled, disabled, enabledForReportingButNotEnforced
    users: frozenset[str] = frozenset()
    excluded_users: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    excluded_groups: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    apps: frozenset[str] = frozenset()
    excluded_apps: frozenset[str] = frozenset()
    demands: frozenset[str] = frozenset()
    transfer_methods: frozenset[str] = frozenset()
    locations_excluded: bool = False
    narrowed: bool = False


class InventoryDevice(Struct, frozen=True):
    """A SIP device in the inventory. `hardware_id` canonical; `online` None where not told."""

    hardware_id: str
    online: bool | None = None
    region: Region | None = None
    model: str = ""
    user_name: str = ""
    signed_in: bool | None = None
    public_ip: str = ""
    health: str = ""  # the service's word


class TenantInfo(Struct, frozen=True):
    """Who the tenant is. `domains`: its verified ones."""

    tenant_id: str
    display_name: str = ""
    domains: tuple[str, ...] = ()


class TenantAdmin(Protocol):
    """The Teams admin API beyond bulk sign-in. All raise `gateway.errors.GatewayError`.

    `calls` counts what was sent, tries again included.
    """

    calls: int

    async def tenant(self) -> TenantInfo:
        """Who the tenant is."""
        ...

    async def bulk_sign_in(self) -> str:
        """`BulkSignIn` of the Global TeamsSipDevicesConfiguration: the service's word, or empty."""
        ...

    async def trusted_ips(self) -> tuple[TrustedIP, ...]:
        """The tenant's trusted public addresses."""
        ...

    async def network_places(self) -> tuple[NetworkPlace, ...]:
        """Network sites and subnets."""
        ...

    async def calling_policies(self) -> tuple[CallingPolicy, ...]:
        """Every calling policy, `Global` among them."""
        ...

    async def ip_phone_policies(self) -> tuple[IPPhonePolicy, ...]:
        """Every IP-phone policy, `Global` among them."""
        ...

    async def users(self, user_names: Sequence[str]) -> Listed[TeamsUser]:
        """Those of 1 to 50 accounts that exist; compared without case. Of a list with a gap one
        that is not in it may exist all the same; so with the accounts of `Directory`."""
        ...

    async def set_bulk_sign_in(self, enabled: bool) -> None:
        """Set `BulkSignIn` of the Global configuration. Inferred from the generic form."""
        ...

    async def create_calling_policy(self, policy: CallingPolicy) -> None:
        """Make a calling policy."""
        ...

    async def create_ip_phone_policy(self, policy: IPPhonePolicy) -> None:
        """Make an IP-phone policy."""
        ...

    async def delete_policy(self, kind: PolicyType, name: str) -> None:
        """Take away a policy (undo of a creation) or a trusted address (`name` is the address)."""
        ...

    async def grant_policy(self, user: TeamsUser, kind: PolicyType, name: str) -> None:
        """Assign a policy directly; an empty `name` takes the assignment away."""
        ...

    async def add_trusted_ip(self, trusted: TrustedIP) -> None:
        """Add a trusted public address."""
        ...


class RoleEnd(Struct, frozen=True):
    """A role of the operator that ends: that of an activation (PIM), by its name."""

    role: str
    at: datetime


class Directory(Protocol):
    """Microsoft Graph. All raise `gateway.errors.GatewayError`; `calls` as above.

    A `$batch` of up to 20 requests counts as one call.
    """

    calls: int

    async def own_roles(self) -> frozenset[str]:
        """Template ids of the directory roles the signed-in operator holds now."""
        ...

    async def role_end(self) -> RoleEnd | None:
        """When the operator's last role for bulk sign-in ends; None where one lasts."""
        ...

    async def teams_users(self, user_names: Sequence[str]) -> Listed[TeamsUser]:
        """Those of 1 to 20 accounts that Graph's Teams administration knows."""
        ...

    async def users(self, user_names: Sequence[str]) -> Listed[DirectoryUser]:
        """Those of 1 to 300 accounts that exist; `mfa` where the service tells it with them."""
        ...

    async def mfa_states(self, object_ids: Sequence[str]) -> dict[str, str]:
        """Per-user MFA of 1 to 20 accounts: object id → `disabled`, `enabled` or `enforced`."""
        ...

    async def administrators(self) -> frozenset[str]:
        """Object ids of all users and groups that hold a directory role."""
        ...

    async def access_policies(self) -> tuple[AccessPolicy, ...]:
        """The Conditional Access policies."""
        ...

    async def security_defaults(self) -> bool:
        """Whether security defaults are on."""
        ...

    async def assign_number(self, user: TeamsUser, number: str, kind: NumberType) -> str:
        """Have a number assigned; returns where its progress can be read, or nothing.

        The service does it later (202): the caller reads back the result.
        """
        ...

    async def unassign_number(self, user: TeamsUser, number: str, kind: NumberType) -> None:
        """Take a number away again."""
        ...

    async def number_progress(self, where: str) -> str:
        """What became of `assign_number`, in the service's word: `running`, `succeeded` …"""
        ...


class Inventory(Protocol):
    """The SIP devices that the Teams admin center lists; absence there is no proof."""

    calls: int

    async def sip_devices(self) -> tuple[InventoryDevice, ...]:
        """Every SIP device of the tenant, page by page."""
        ...
