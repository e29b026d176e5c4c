"""Facts of a healthy tenant, to be spoiled one at a time."""

from datetime import UTC, datetime
from typing import Any

from siptui.domain.device import Device
from siptui.domain.hardware_id import HardwareId
from siptui.domain.region import Region
from siptui.domain.roles import ROLE_IDS
from siptui.domain.user_name import UserName
from siptui.gateway.tenant_model import (
    Assigned,
    CallingPolicy,
    DirectoryUser,
    InventoryDevice,
    IPPhonePolicy,
    NetworkPlace,
    TeamsUser,
    TenantInfo,
    TrustedIP,
)
from siptui.preflight.check import evaluate
from siptui.preflight.facts import Facts, Lookup, Missing, TenantFacts
from siptui.preflight.finding import AccountFindings, Check, Finding, Report
from tests.support.replace import replace

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
DENIED = Missing("Access denied (403).", "the role Global Reader")
LOBBY = "Lobby@contoso.com"
KEY = LOBBY.casefold()
DEVICE = Device(2, UserName.parse(LOBBY), HardwareId.parse("00-04-F2-81-24-B3"), Region.EMEA, {})
USER = TeamsUser(
    object_id="11111111-0000-0000-0000-000000000001",
    user_name=LOBBY,
    enabled=True,
    account_type="User",
    numbers=("+4930123456",),
    calling_policy=Assigned("SIPDevices", "direct"),
    ip_phone_policy=Assigned("CommonAreaPhone", "group"),
    plans=frozenset({"teams", "mcoprofessional", "mcoev"}),
    features=frozenset({"phonesystem", "teams"}),
    ad_synced=False,
)
TENANT = TenantFacts(
    tenant=TenantInfo("b5a2f4c8-6f0e-4a53-9d0b-0c6f6c1f7e21", "Contoso Ltd"),
    bulk_sign_in="Enabled",
    trusted_ips=(TrustedIP("203.0.113.0", 28),),
    network_places=(NetworkPlace("Berlin"), NetworkPlace("Berlin", "10.0.0.0/24")),
    calling_policies=(
        CallingPolicy("Global", False, "Disabled"),
        CallingPolicy("SIPDevices", True, "Enabled"),
    ),
    ip_phone_policies=(
        IPPhonePolicy("Global", "UserSignIn"),
        IPPhonePolicy("CommonAreaPhone", "CommonAreaPhoneSignin"),
    ),
    own_roles=frozenset({ROLE_IDS["Privileged Authentication Administrator"]}),
    administrators=frozenset({"99999999-0000-0000-0000-000000000009"}),
    access_policies=(),
    security_defaults=False,
)


def facts(
    user: TeamsUser | None = USER,
    entra: DirectoryUser | None = None,
    mfa: str | None = "disabled",
    **tenant: Any,
) -> Facts:
    """Healthy facts about `LOBBY`, with parts of them replaced."""
    return Facts(
        tenant=replace(TENANT, **tenant),
        users=Lookup(frozenset({KEY}), {} if user is None else {KEY: user}),
        directory=Lookup(frozenset({KEY}), {} if entra is None else {KEY: entra}),
        mfa=Lookup(frozenset({USER.object_id}), {} if mfa is None else {USER.object_id: mfa}),
        devices={
            str(DEVICE.hardware_id): InventoryDevice(
                str(DEVICE.hardware_id), online=True, region=Region.EMEA
            )
        },
    )


def report(found: Facts, **more: Any) -> Report:
    """The verdict on the one device."""
    return evaluate([DEVICE], found, NOW, **more)


def account(found: Facts) -> AccountFindings:
    """What it says of the account."""
    return report(found).accounts[0]


def of_account(check: Check, found: Facts) -> Finding:
    """Its finding of a check, which is there."""
    finding = account(found).of(check)
    assert finding is not None
    return finding


def of_tenant(check: Check, found: Facts, **more: Any) -> Finding:
    """The same of the tenant."""
    return next(f for f in report(found, **more).tenant if f.check is check)
