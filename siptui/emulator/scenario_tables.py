"""Tables of a scenario about what bulk sign-in asks for: policies, addresses, groups, numbers."""

from typing import Annotated, Literal

import msgspec

Words = str | list[str]


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of a scenario; a key that is not known is an error."""


class CallingPolicy(Table, frozen=True):
    """A TeamsCallingPolicy. `Global` and `SIPDevices` are there anyway; one listed replaces it.

    `absent`: there is none of this name until it is created.
    """

    name: str
    absent: bool = False
    allow_sip_devices: bool = True
    call_redirect: Literal["Enabled", "Disabled", "UserOverride"] = "Enabled"


class IPPhonePolicy(Table, frozen=True):
    """A TeamsIPPhonePolicy. `Global` (UserSignIn) and `CommonAreaPhone` are there anyway; one
    listed replaces it, and `absent` is as above."""

    name: str
    absent: bool = False
    sign_in_mode: str = "CommonAreaPhoneSignIn"


class TrustedIP(Table, frozen=True):
    """A trusted public address, or a range of them."""

    address: str
    mask_bits: Annotated[int, msgspec.Meta(ge=0, le=128)] | None = None
    description: str = ""

    @property
    def network(self) -> str:
        """It as `ADDRESS/BITS`, or the address alone."""
        return self.address if self.mask_bits is None else f"{self.address}/{self.mask_bits}"


class Site(Table, frozen=True):
    """A network site with its subnets, `ADDRESS/BITS`."""

    name: str
    region: str = ""
    subnets: tuple[str, ...] = ()


class Group(Table, frozen=True):
    """A group of accounts (patterns of their names), and what is assigned to it."""

    name: str
    members: Words
    calling_policy: str = ""
    ip_phone_policy: str = ""


class AccessPolicy(Table, frozen=True):
    """A Conditional Access policy. Accounts by name or `All`, groups by name, roles by name.

    One that is enabled, demands something of SIP Gateway's or Teams' application (or all) and has
    no further condition makes bulk sign-in of its accounts fail.
    """

    name: str
    state: Literal["enabled", "disabled", "enabledForReportingButNotEnforced"] = "enabled"
    users: tuple[str, ...] = ("All",)
    excluded_users: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    excluded_groups: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    apps: tuple[str, ...] = ("All",)
    excluded_apps: tuple[str, ...] = ()
    demands: tuple[str, ...] = ("mfa",)
    transfer_methods: tuple[str, ...] = ()
    excluded_locations: tuple[str, ...] = ()


class Number(Table, frozen=True):
    """A number of the tenant that is not assigned. Direct routing needs none in stock."""

    number: str
    kind: Literal["CallingPlan", "OperatorConnect", "DirectRouting"] = "CallingPlan"


class RoleChange(Table, frozen=True):
    """From `at` on the account holds these roles and no others (see `role_changes`). Without
    `user` it is the operator."""

    at: float = 0
    roles: tuple[str, ...] = ()
    user: str = ""
