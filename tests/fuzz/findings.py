"""What admin API, Graph and inventory might tell of a tenant, and what a check makes of it."""

import json
import random
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from siptui.cli.preflight_output import report_lines, report_object
from siptui.domain.device import Device
from siptui.domain.hardware_id import HardwareId
from siptui.domain.public_address import parse_public
from siptui.domain.region import Region
from siptui.domain.user_name import UserName
from siptui.gateway import graph_json, inventory_json, tenant_json
from siptui.gateway.bulk_json import WireError, decode
from siptui.gateway.json_fields import record, word
from siptui.gateway.tenant_model import TeamsUser
from siptui.preflight.check import evaluate
from siptui.preflight.facts import Facts, Lookup, Missing, TenantFacts
from siptui.preflight.finding import Check, Report, Result
from siptui.preflight.fix_plan import FixPlan, Wishes, plan_fixes
from tests.fuzz.damage import Damage, body, steers

T = TypeVar("T")
_ID, _OTHER = "11111111-0000-0000-0000-000000000001", "22222222-0000-0000-0000-000000000002"
_NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
_ROWS = tuple(
    Device(
        line,
        UserName.read(f"{name}@contoso.com"),
        HardwareId.parse(f"00-04-F2-81-24-B{line}"),
        Region.EMEA,
        {"PhoneNumber": "+49 30 123456"},
    )
    for line, name in ((2, "lobby"), (3, "o'neill"), (4, "d’arc"))
)
_PUBLIC = (parse_public("203.0.113.7"),)
_POLICY = {"policyType": "TeamsCallingPolicy", "policyAssignment": {"displayName": "SIPDevices"}}
_COMMON = {
    "policyType": "TeamsIPPhonePolicy",
    "policyAssignment": {"displayName": "Tag:CommonAreaPhone", "assignmentType": "Group"},
}
_PLAN = {"capability": "MCOEV", "capabilityStatus": "Enabled", "servicePlanId": _OTHER}
_USER = {
    "userPrincipalName": "Lobby@contoso.com",
    "objectId": _ID,
    "accountEnabled": True,
    "accountType": "User",
    "lineUri": "tel:+4930123456;ext=7",
    "telephoneNumbers": [{"telephoneNumber": "+4930123456", "assignmentCategory": "primary"}],
    "effectivePolicyAssignments": [_POLICY, _COMMON],
    "assignedPlan": [_PLAN],
    "featureTypes": ["Teams", "PhoneSystem"],
    "userDirSyncEnabled": False,
    "userValidationErrors": [{"errorCode": "x", "errorDescription": "y"}],
}
#: A whole answer of each reading, to be damaged.
_GOOD: dict[str, Any] = {
    "tenant": {"tenantId": _ID, "displayName": "Contoso", "verifiedDomains": [{"name": "x.y"}]},
    "bulk": [{"Identity": "Global", "BulkSignIn": "Enabled"}],
    "ips": [{"Identity": "203.0.113.0", "IPAddress": "203.0.113.0", "MaskBits": 28}],
    "sites": [{"Identity": "Berlin", "NetworkSiteID": "Berlin"}],
    "calling": [
        {"Identity": "Global", "AllowSIPDevicesCalling": False, "AllowCallRedirect": "Disabled"},
        {"Identity": "Tag:SIPDevices", "AllowSIPDevicesCalling": True},
    ],
    "phone": [
        {"Identity": "Global", "SignInMode": "UserSignIn"},
        {"Identity": "Tag:CommonAreaPhone", "SignInMode": "CommonAreaPhoneSignin"},
    ],
    "users": {"users": [_USER, {**_USER, "userPrincipalName": "o'neill@contoso.com"}]},
    "roles": {"value": [{"roleTemplateId": "62e90394-69f5-4237-9190-012177145e10"}]},
    "holders": {"value": [{"principalId": _OTHER}]},
    "access": {
        "value": [
            {
                "id": "1",
                "displayName": "Everybody",
                "state": "enabled",
                "conditions": {
                    "users": {"includeUsers": ["All"], "excludeUsers": [_ID]},
                    "applications": {"includeApplications": ["All"]},
                },
                "grantControls": {"builtInControls": ["mfa"]},
            }
        ]
    },
    "defaults": {"isEnabled": False},
    "entra": {
        "value": [
            {
                "id": _ID,
                "userPrincipalName": "lobby@contoso.com",
                "accountEnabled": True,
                "onPremisesSyncEnabled": None,
                "assignedPlans": [_PLAN],
                "perUserMfaState": "disabled",
            }
        ]
    },
    "batch": {"responses": [{"id": "0", "status": 200, "body": {"perUserMfaState": "enforced"}}]},
    "devices": {
        "devices": [
            {
                "macAddressInfos": [{"interfaceType": "eth", "macAddress": "0004F28124B2"}],
                "healthSummary": {"healthState": "online"},
                "deviceModelRef": {"manufacturer": "Poly", "model": "VVX"},
                "lastLoggedInUserRef": {"upn": "x@contoso.com"},
                "signInInfo": {"signInState": "signedIn"},
                "publicIpAddress": "198.51.100.7",
                "region": "emea",
            }
        ],
        "continuationToken": "x",
    },
}


def _names(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set(value).union(*map(_names, value.values()))
    return set().union(*map(_names, value)) if isinstance(value, list) else set()


_DAMAGE = Damage(
    (*sorted(_names(_GOOD)), "", "x", "\x1b]0;x\x07", "Name", "Authority"),
    (
        *(None, True, False, 0, -1, 129, 1.5, 10**30, float("nan"), float("inf"), "", "  ", "All"),
        *(
            "Global",
            "Tag:",
            "Tag:Global",
            "Enabled",
            "Disabled",
            "\x1b[2J",
            "\u202e",
            "\x00",
            "\ud800",
        ),
        *("x" * 5000, "o'neill’s'; Remove-Item *", "$(x)`n\n", "::1", "0.0.0.0", "10.0.0.1", "1/2"),
        *("lobby@contoso.com", "LOBBY@contoso.com", _ID, "mfa", "block", "direct", "group"),
        *("TeamsIPPhonePolicy", "UserSignIn", "MeetingSignIn", "enforced", "offline", "ＥMEA", "٣"),
    ),
)


def attack(folder: Path, rnd: random.Random, number: int) -> bool:
    """A tenant of which some answers are damaged; whether every one of them was understood.

    Raises `AssertionError` when something that was told could steer a terminal or break out of a
    PowerShell line, when something passes or fails without the word for it, or when an account
    counts as shared without a common area policy; whatever else is raised is a fault as well.
    """
    hurt = rnd.random() * 0.5
    refused: list[str] = []

    def read(name: str, parse: Callable[[Any], T]) -> T | Missing:
        value, sent = _GOOD[name], json.dumps(_GOOD[name]).encode()
        if rnd.random() < hurt:
            some = rnd.random() < 0.8
            value = _DAMAGE.damaged(value, rnd) if some else _DAMAGE.value(rnd, 4)
            sent = body(value, rnd)
        try:
            return parse(decode(sent))
        except WireError as error:
            refused.append(name)
            return Missing(f"The answer cannot be read: {error}.")

    facts = _facts(read)
    report = evaluate(_ROWS, facts, _NOW, _PUBLIC)
    plan = plan_fixes(report, facts, _ROWS, Wishes(public_ips=_PUBLIC))
    _checked(report, plan, facts)
    return not refused


def _state(value: Any) -> str:
    first = next(iter(graph_json.parts(value).values()), None)
    return graph_json.mfa(record(first.body, "it")) if first else ""


def _facts(read: Callable[[str, Callable[[Any], Any]], Any]) -> Facts:
    keys = frozenset(row.user_name.key for row in _ROWS)

    def listed(parse: Callable[[Any], T]) -> Callable[[Any], T]:
        return lambda value: parse(graph_json.page(value)[0])

    def looked_up(found: Any, name: Callable[[Any], str]) -> Lookup[Any]:
        if isinstance(found, Missing):
            return Lookup(keys, {}, dict.fromkeys(keys, found))
        return Lookup(keys, {name(one).casefold(): one for one in found})

    users = read("users", lambda value: tenant_json.users(value)[0])
    entra = read("entra", listed(lambda rows: [graph_json.directory_user(row) for row in rows]))
    devices = read("devices", lambda value: inventory_json.page(value)[0])
    state = read("batch", _state)
    known: Any = devices
    if not isinstance(devices, Missing):
        known = {one.hardware_id: one for one in devices}
    return Facts(
        tenant=TenantFacts(
            tenant=read("tenant", tenant_json.tenant),
            bulk_sign_in=read("bulk", lambda v: word(tenant_json.instance(v).get("bulksignin"))),
            trusted_ips=read("ips", tenant_json.trusted_ips),
            network_places=read("sites", tenant_json.sites),
            calling_policies=read("calling", tenant_json.calling_policies),
            ip_phone_policies=read("phone", tenant_json.ip_phone_policies),
            own_roles=read("roles", listed(graph_json.role_ids)),
            administrators=read("holders", listed(graph_json.principals)),
            access_policies=read(
                "access", listed(lambda rows: tuple(map(graph_json.access_policy, rows)))
            ),
            security_defaults=read("defaults", graph_json.security_defaults),
        ),
        users=looked_up(users, lambda user: user.user_name),
        directory=looked_up(entra, lambda user: user.user_name),
        mfa=Lookup(frozenset({_ID}), {_ID: state} if state and isinstance(state, str) else {}),
        devices=known,
    )


def _checked(report: Report, plan: FixPlan, facts: Facts) -> None:
    findings = [*report.tenant, *(f for account in report.accounts for f in account.findings)]
    texts = [text for f in findings for text in (f.detail, f.remedy, f.powershell)]
    texts += [text for fix in plan.fixes for text in (fix.title, fix.powershell, fix.needs_name)]
    texts += [left.why for left in plan.left]
    for text in (*texts, *report_lines(report), *report.notes):
        assert not steers(text), text
        assert len(text) < 25_000, "nobody reads that"
    json.dumps(report_object(report)).encode()
    for line in (*(f.powershell for f in findings), *(fix.powershell for fix in plan.fixes)):
        assert "\n" not in line, line
        assert _outside(line).isascii(), line
        assert not set(_outside(line)) & set(';`"#&|'), line
    for account in report.accounts:
        user = facts.teams_user(account.user_name.casefold())
        if account.personal is False:
            assert isinstance(user, TeamsUser), account
            assert user.ip_phone_policy is not None
        for finding in account.failures:
            assert finding.check is Check.EXISTS or finding.remedy, finding
    by = {finding.check: finding.result for finding in report.tenant}
    bulk = facts.tenant.bulk_sign_in
    told = bulk.casefold() if isinstance(bulk, str) else ""
    assert (by[Check.BULK_SIGN_IN] is Result.PASS) == (told == "enabled")
    assert (by[Check.BULK_SIGN_IN] is Result.FAIL) == (told == "disabled")


def _outside(line: str) -> str:
    """What of a PowerShell line stands outside its quoted texts."""
    for quote in "‘’‚‛":  # PowerShell takes each of them for one
        line = line.replace(quote, "'")
    parts = line.replace("''", "").split("'")
    assert len(parts) % 2, f"a quote is left open: {line}"
    return "".join(parts[::2])
