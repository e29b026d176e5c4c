"""What each rule says of facts: a failure only where they are certain, no pass from nothing."""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siptui.domain.hardware_id import HardwareId
from siptui.domain.public_address import parse_public
from siptui.domain.region import Region
from siptui.gateway.tenant import (
    AccessPolicy,
    Assigned,
    CallingPolicy,
    DirectoryUser,
    InventoryDevice,
    IPPhonePolicy,
    NumberType,
    TeamsUser,
    TrustedIP,
)
from siptui.preflight import roles
from siptui.preflight.check import judge
from siptui.preflight.facts import Facts, Lookup, Missing, TenantFacts
from siptui.preflight.finding import AccountFindings, Check, Finding, Report, Result
from tests.preflight.made import DEVICE, KEY, LOBBY, TENANT, USER, facts

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
DENIED = Missing("Access denied (403).", "the role Global Reader")


def report(found: Facts, **more: Any) -> Report:
    return judge([DEVICE], found, NOW, **more)


def account(found: Facts) -> AccountFindings:
    return report(found).accounts[0]


def of_account(check: Check, found: Facts) -> Finding:
    finding = account(found).of(check)
    assert finding is not None
    return finding


def of_tenant(check: Check, found: Facts, **more: Any) -> Finding:
    return next(f for f in report(found, **more).tenant if f.check is check)


def test_a_healthy_tenant_passes_everything() -> None:
    found = report(facts())
    assert {f.result for f in (*found.tenant, *found.accounts[0].findings)} == {Result.PASS}
    assert not any(f.warning for f in (*found.tenant, *found.accounts[0].findings))
    assert {f.check for f in found.tenant} == {
        *(Check.BULK_SIGN_IN, Check.TRUSTED_IP, Check.CALLING_POLICY, Check.IP_PHONE_POLICY),
        *(Check.OPERATOR_ROLES, Check.CONDITIONAL_ACCESS, Check.NETWORK_SITES),
    }
    assert found.accounts[0].personal is False
    assert found.by_key[DEVICE.key] is found.accounts[0]


# -- the tenant -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "result"),
    [
        ("enabled", Result.PASS),
        ("Disabled", Result.FAIL),
        ("", Result.UNKNOWN),
        ("On", Result.UNKNOWN),
    ],
)
def test_bulk_sign_in(word: str, result: Result) -> None:
    finding = of_tenant(Check.BULK_SIGN_IN, facts(bulk_sign_in=word))
    assert finding.result is result
    if result is Result.FAIL:
        assert "BulkSignIn 'Enabled'" in finding.powershell


@pytest.mark.parametrize(
    ("ips", "result"),
    [
        ((), Result.PASS),
        (("203.0.113.9",), Result.PASS),
        (("203.0.113.9", "198.51.100.1"), Result.FAIL),
    ],
)
def test_trusted_addresses(ips: tuple[str, ...], result: Result) -> None:
    finding = of_tenant(Check.TRUSTED_IP, facts(), public_ips=[parse_public(ip) for ip in ips])
    assert finding.result is result
    if result is Result.FAIL:
        assert "198.51.100.1" in finding.detail
        assert "203.0.113.9" not in finding.detail
        assert finding.lead_time_hours == 24


def test_no_trusted_address_fails_and_an_unreadable_one_is_no_proof() -> None:
    assert of_tenant(Check.TRUSTED_IP, facts(trusted_ips=())).result is Result.FAIL
    odd = facts(trusted_ips=(TrustedIP("Tag:Berlin", None),))
    wanted = [parse_public("203.0.113.9")]
    assert of_tenant(Check.TRUSTED_IP, odd, public_ips=wanted).result is Result.UNKNOWN


def test_ipv6_is_warned_of() -> None:
    found = facts(trusted_ips=(TrustedIP("2001:db8::", 32),))
    finding = of_tenant(Check.TRUSTED_IP, found, public_ips=[parse_public("2001:db8::1")])
    assert (finding.result, finding.warning) == (Result.PASS, True)
    assert "IPv4" in finding.detail


@pytest.mark.parametrize(
    ("policies", "result", "warning"),
    [
        ([("A", False, "Enabled")], Result.FAIL, False),
        ([("A", None, "Enabled")], Result.UNKNOWN, False),
        ([], Result.UNKNOWN, False),
        ([("A", True, "Disabled")], Result.PASS, True),
        ([("A", True, "enabled")], Result.PASS, False),
    ],
)
def test_a_calling_policy_exists(policies: Any, result: Result, warning: bool) -> None:
    found = facts(calling_policies=tuple(CallingPolicy(*p) for p in policies))
    finding = of_tenant(Check.CALLING_POLICY, found)
    assert (finding.result, finding.warning) == (result, warning)


@pytest.mark.parametrize(
    ("held", "result"),
    [
        ({roles.GLOBAL}, Result.PASS),
        ({roles.AUTHENTICATION, "another"}, Result.PASS),
        ({"another"}, Result.FAIL),
        (set(), Result.UNKNOWN),
    ],
)
def test_roles_of_the_operator(held: set[str], result: Result) -> None:
    found = facts(own_roles=frozenset(held))
    assert of_tenant(Check.OPERATOR_ROLES, found).result is result


@pytest.mark.parametrize("places", [(), TENANT.network_places])
def test_network_sites_never_fail(places: Any) -> None:
    finding = of_tenant(Check.NETWORK_SITES, facts(network_places=places))
    assert finding.result is Result.PASS


def policy(**more: Any) -> AccessPolicy:
    given: dict[str, Any] = {
        "state": "enabled",
        "users": frozenset({"All"}),
        "apps": frozenset({"All"}),
        "demands": frozenset({"mfa"}),
    }
    return AccessPolicy("p", "MFA for all", **{**given, **more})


_TEAMS = "cc15fd57-2c6c-4117-a88c-83b1d56b4bbe"


@pytest.mark.parametrize(
    ("more", "result"),
    [
        ({}, Result.FAIL),
        ({"demands": frozenset({"block"})}, Result.FAIL),
        ({"demands": frozenset({"compliantDevice"})}, Result.FAIL),
        ({"demands": frozenset({"termsOfUse"})}, Result.PASS),
        ({"state": "disabled"}, Result.PASS),
        ({"state": "enabledForReportingButNotEnforced"}, Result.PASS),
        ({"apps": frozenset({_TEAMS})}, Result.FAIL),
        ({"apps": frozenset({"61c8fd69-c13e-4ee6-aaa6-24ff71c09bca"})}, Result.FAIL),
        ({"apps": frozenset({"another"})}, Result.PASS),
        ({"excluded_apps": frozenset({_TEAMS})}, Result.PASS),
        ({"excluded_users": frozenset({USER.object_id})}, Result.PASS),
        ({"excluded_groups": frozenset({"g"})}, Result.UNKNOWN),
        ({"locations_excluded": True}, Result.UNKNOWN),
        ({"narrowed": True}, Result.UNKNOWN),
        (
            {"demands": frozenset({"block"}), "transfer_methods": frozenset({"deviceCodeFlow"})},
            Result.UNKNOWN,
        ),
        ({"users": frozenset(), "groups": frozenset({"g"})}, Result.UNKNOWN),
        ({"users": frozenset(), "roles": frozenset({roles.GLOBAL})}, Result.PASS),
        ({"users": frozenset({"someone-else"})}, Result.PASS),
    ],
)
def test_conditional_access(more: dict[str, Any], result: Result) -> None:
    finding = of_tenant(Check.CONDITIONAL_ACCESS, facts(access_policies=(policy(**more),)))
    assert finding.result is result
    if result is not Result.PASS:
        assert "MFA for all" in finding.detail
        assert "out of" in finding.remedy


def test_a_policy_that_names_the_account_is_its_own_finding() -> None:
    named = policy(users=frozenset({USER.object_id.upper()}))
    found = facts(access_policies=(named,))
    assert of_tenant(Check.CONDITIONAL_ACCESS, found).result is Result.PASS
    assert of_account(Check.CONDITIONAL_ACCESS, found).result is Result.FAIL
    left_out = replace(named, excluded_users=frozenset({USER.object_id}))
    assert account(facts(access_policies=(left_out,))).of(Check.CONDITIONAL_ACCESS) is None


def test_security_defaults_may_stop_them() -> None:
    finding = of_tenant(Check.CONDITIONAL_ACCESS, facts(security_defaults=True))
    assert finding.result is Result.UNKNOWN
    assert "ecurity defaults" in finding.detail


# -- an account -------------------------------------------------------------------------------


def test_an_account_that_is_not_there_has_one_finding() -> None:
    found = account(facts(None))
    failing = found.failures
    assert [f.check for f in failing] == [Check.EXISTS]
    assert {f.check for f in found.findings} == {Check.EXISTS, Check.DEVICE}
    assert found.personal is None
    assert report(facts(None)).maybe_personal == ()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"account_type": "Guest"}, ["guest", "Take it off the list"]),
        ({"account_type": "resourceAccount"}, ["resource account", "ordinary account"]),
        ({"account_type": "SfBOnPremUser"}, ["Skype for Business Server", "Move-CsUser"]),
        ({"account_type": "Robot"}, ["Robot", "ordinary account"]),
        ({"validation_errors": ("No usage location.",)}, ["No usage location", "admin center"]),
        (
            {"account_type": "ineligibleUser", "validation_errors": ("x",)},
            ["not eligible", "Teams reports: x", "licences", "admin center"],
        ),
    ],
)
def test_an_account_that_is_none_for_a_phone_is_warned_of_with_what_fits(
    change: dict[str, Any], words: list[str]
) -> None:
    finding = of_account(Check.EXISTS, facts(replace(USER, **change)))
    assert (finding.result, finding.warning) == (Result.PASS, True)
    for word in words:
        assert word in f"{finding.detail} {finding.remedy}"
    assert "user name" not in finding.remedy, "it is there"


def test_the_number_to_assign_is_the_one_of_the_list() -> None:
    rows = [
        replace(DEVICE, extra={"PhoneNumber": "+49 30 1234567"}),
        replace(
            DEVICE, line=3, extra={"PhoneNumber": "+1 425 5550100", "NumberType": "CallingPlan"}
        ),
        replace(DEVICE, line=4),
    ]
    kind = NumberType.OPERATOR_CONNECT
    made = judge(rows, facts(replace(USER, numbers=())), NOW, number_type=kind)
    lines = [row.of(Check.PHONE_NUMBER).powershell for row in made.accounts]  # type: ignore[union-attr]
    who = f"Set-CsPhoneNumberAssignment -Identity '{LOBBY}' -PhoneNumber "
    assert lines == [
        f"{who}'+49301234567' -PhoneNumberType OperatorConnect",
        f"{who}'+14255550100' -PhoneNumberType CallingPlan",
        f"{who}<number> -PhoneNumberType DirectRouting",
    ]


def test_an_account_only_the_directory_knows() -> None:
    entra = DirectoryUser(USER.object_id, USER.user_name, enabled=False)
    finding = of_account(Check.EXISTS, facts(None, entra))
    assert finding.result is Result.UNKNOWN
    assert of_account(Check.ENABLED, facts(None, entra)).result is Result.FAIL


@pytest.mark.parametrize(
    ("change", "check", "result"),
    [
        ({"enabled": False}, Check.ENABLED, Result.FAIL),
        ({"enabled": None}, Check.ENABLED, Result.UNKNOWN),
        ({"numbers": ()}, Check.PHONE_NUMBER, Result.FAIL),
        ({"numbers": None}, Check.PHONE_NUMBER, Result.UNKNOWN),
        ({"calling_policy": Assigned("Global", "global")}, Check.CALLING_POLICY, Result.FAIL),
        ({"calling_policy": Assigned("", "global")}, Check.CALLING_POLICY, Result.FAIL),
        ({"calling_policy": Assigned("tag:sipdevices")}, Check.CALLING_POLICY, Result.PASS),
        ({"calling_policy": Assigned("Gone", "direct")}, Check.CALLING_POLICY, Result.UNKNOWN),
        ({"calling_policy": None}, Check.CALLING_POLICY, Result.UNKNOWN),
        ({"ip_phone_policy": Assigned("Global", "global")}, Check.IP_PHONE_POLICY, Result.FAIL),
        ({"ip_phone_policy": Assigned("Gone", "group")}, Check.IP_PHONE_POLICY, Result.UNKNOWN),
        ({"ip_phone_policy": None}, Check.IP_PHONE_POLICY, Result.UNKNOWN),
        ({"plans": frozenset(), "features": None}, Check.LICENCE, Result.FAIL),
        ({"plans": frozenset({"teams"}), "features": frozenset()}, Check.LICENCE, Result.FAIL),
        ({"plans": None, "features": None}, Check.LICENCE, Result.UNKNOWN),
        ({"plans": None}, Check.LICENCE, Result.PASS),
        ({"plans": frozenset({"mcoev"}), "features": None}, Check.LICENCE, Result.UNKNOWN),
        ({"ad_synced": None}, Check.AD_SYNCED, Result.UNKNOWN),
    ],
)
def test_one_thing_amiss(change: dict[str, Any], check: Check, result: Result) -> None:
    found = account(facts(replace(USER, **change)))
    finding = found.of(check)
    assert finding is not None
    assert finding.result is result
    assert {f.check for f in found.findings if f.result is not Result.PASS} <= {check}
    if result is Result.FAIL:
        assert finding.remedy
        assert finding.powershell


def test_a_service_plan_by_its_id() -> None:
    ids = {
        "57FF2DA0-773E-42DF-B2AF-FFB7A2317929".casefold(),
        "0feaeb32-d00e-4d66-bd5a-43b5b83db82c",
        "4828c8ec-dc2e-4779-b502-87ac9ce28ab7",
    }
    user = replace(USER, features=None, plans=frozenset(ids))
    assert of_account(Check.LICENCE, facts(user)).result is Result.PASS


def test_the_mode_decides_and_an_unusual_name_is_a_warning() -> None:
    policies = (
        IPPhonePolicy("Lobby phones", "commonareaphonesignin"),
        IPPhonePolicy("CommonAreaPhone", "UserSignIn"),
    )
    user = replace(USER, ip_phone_policy=Assigned("Lobby phones", "direct"))
    found = account(facts(user, ip_phone_policies=policies))
    finding = found.of(Check.IP_PHONE_POLICY)
    assert finding is not None
    assert (finding.result, finding.warning, found.personal) == (Result.PASS, True, False)
    found = account(facts(ip_phone_policies=policies))
    assert (found.of(Check.IP_PHONE_POLICY).result, found.personal) == (Result.FAIL, True)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("plans", "personal"),
    [
        (None, None),
        (frozenset({"4828c8ec-dc2e-4779-b502-87ac9ce28ab7"}), False),  # Phone System alone
        (frozenset({"43de0ff5-c92c-492b-9116-175376d08c38"}), True),  # Office
    ],
)
def test_a_common_area_policy_for_everybody_shows_no_shared_account(
    plans: frozenset[str] | None, personal: bool | None
) -> None:
    user = replace(USER, ip_phone_policy=Assigned("Global", "global"))
    entra = None if plans is None else DirectoryUser(USER.object_id, LOBBY, plans=plans)
    policies = (IPPhonePolicy("Global", "CommonAreaPhoneSignIn"),)
    found = account(facts(user, entra, ip_phone_policies=policies))
    finding = found.of(Check.IP_PHONE_POLICY)
    assert finding is not None
    assert (finding.result, finding.warning, found.personal) == (Result.PASS, True, personal)
    assert "everybody" in finding.detail


def test_an_account_with_two_phones_is_one_that_may_be_personal() -> None:
    own = facts(replace(USER, ip_phone_policy=Assigned("Global", "global")))
    rows = [DEVICE, replace(DEVICE, line=3, hardware_id=HardwareId.parse("00-04-F2-81-24-B4"))]
    (note,) = judge(rows, own, NOW).notes
    assert note.startswith("1 account may be personal")


def test_whether_an_account_is_personal_is_not_guessed() -> None:
    found = report(facts(ip_phone_policies=DENIED))
    assert found.accounts[0].personal is None
    assert found.maybe_personal == found.accounts
    assert any("personal" in note for note in found.notes)


@pytest.mark.parametrize(
    ("state", "result"),
    [
        ("disabled", Result.PASS),
        ("enabled", Result.FAIL),
        ("enforced", Result.FAIL),
        ("maybe", Result.UNKNOWN),
        (None, Result.UNKNOWN),
    ],
)
def test_mfa(state: str | None, result: Result) -> None:
    assert of_account(Check.MFA, facts(mfa=state)).result is result


def test_a_synchronised_account_is_warned_of_with_the_rules_of_write_back() -> None:
    finding = of_account(Check.AD_SYNCED, facts(replace(USER, ad_synced=True)))
    assert (finding.result, finding.warning) == (Result.PASS, True)
    assert "write-back" in finding.remedy


@pytest.mark.parametrize(
    ("mine", "result"),
    [
        (frozenset({roles.AUTHENTICATION}), Result.FAIL),
        (frozenset({roles.AUTHENTICATION, roles.GLOBAL}), Result.PASS),
        (DENIED, Result.PASS),
    ],
)
def test_an_administrator(mine: Any, result: Result) -> None:
    found = facts(administrators=frozenset({USER.object_id}), own_roles=mine)
    finding = of_account(Check.ADMINISTRATOR, found)
    assert finding.result is result
    assert finding.warning is (result is Result.PASS)


# -- a device ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("listed", "result"),
    [
        (None, Result.UNKNOWN),
        ({"online": False}, Result.FAIL),
        ({"online": None}, Result.UNKNOWN),
        ({"online": True, "region": Region.NOAM}, Result.FAIL),
        ({"online": True}, Result.PASS),
    ],
)
def test_the_inventory(listed: dict[str, Any] | None, result: Result) -> None:
    hardware_id = str(DEVICE.hardware_id)
    devices = {} if listed is None else {hardware_id: InventoryDevice(hardware_id, **listed)}
    finding = of_account(Check.DEVICE, replace(facts(), devices=devices))
    assert finding.result is result
    if listed is None:
        assert "proves nothing" in finding.detail


# -- since when -------------------------------------------------------------------------------


def test_what_was_changed_lately_says_since_when() -> None:
    when = NOW - timedelta(hours=3)
    changes = {(Check.CALLING_POLICY, KEY): when, (Check.TRUSTED_IP, ""): when}
    found = report(facts(), changes=changes)
    finding = found.accounts[0].of(Check.CALLING_POLICY)
    assert finding is not None
    assert (finding.since, finding.lead_time_hours, finding.warning) == (when, 24, True)
    assert next(f for f in found.tenant if f.check is Check.TRUSTED_IP).since == when
    quick = report(facts(), changes={(Check.IP_PHONE_POLICY, KEY): when})
    assert quick.accounts[0].of(Check.IP_PHONE_POLICY).since is None  # type: ignore[union-attr]
    old = report(facts(), changes={(Check.CALLING_POLICY, KEY): NOW - timedelta(hours=25)})
    assert old.accounts[0].of(Check.CALLING_POLICY).since is None  # type: ignore[union-attr]


# -- for all facts ----------------------------------------------------------------------------

_ASSIGNED = st.one_of(
    st.none(),
    st.builds(
        Assigned,
        st.sampled_from(["Global", "SIPDevices", "CommonAreaPhone", "Gone", ""]),
        st.sampled_from(["direct", "group", "global", ""]),
    ),
)
_BOOL = st.none() | st.booleans()
_WORDS = st.none() | st.frozensets(st.sampled_from(["mcoev", "teams", "phonesystem", "x"]))
_USERS = st.builds(
    TeamsUser,
    object_id=st.sampled_from(["", USER.object_id]),
    user_name=st.just(USER.user_name),
    enabled=_BOOL,
    account_type=st.sampled_from(["", "User", "Guest"]),
    numbers=st.none() | st.sampled_from([(), ("+4930123456",)]),
    calling_policy=_ASSIGNED,
    ip_phone_policy=_ASSIGNED,
    plans=_WORDS,
    features=_WORDS,
    ad_synced=_BOOL,
)
_DIRECTORY = st.builds(
    DirectoryUser,
    object_id=st.just(USER.object_id),
    user_name=st.just(USER.user_name),
    enabled=_BOOL,
    ad_synced=_BOOL,
    plans=_WORDS,
)


def _looked_up(values: st.SearchStrategy[Any], key: str) -> st.SearchStrategy[Lookup[Any]]:
    return st.one_of(
        st.just(Lookup()),
        st.just(Lookup(missing={key: DENIED})),
        st.just(Lookup(asked=frozenset({key}))),
        values.map(lambda value: Lookup(frozenset({key}), {key: value})),
    )


_TENANTS = st.builds(
    TenantFacts,
    **{
        field.name: st.sampled_from([DENIED, getattr(TENANT, field.name)])
        for field in fields(TenantFacts)
    },
)
_FACTS = st.builds(
    Facts,
    tenant=_TENANTS,
    users=_looked_up(_USERS, KEY),
    graph_users=_looked_up(_USERS, KEY),
    directory=_looked_up(_DIRECTORY, KEY),
    mfa=_looked_up(st.sampled_from(["disabled", "enabled", "odd"]), USER.object_id),
    devices=st.sampled_from([DENIED, {}, facts().devices]),
)
#: What each check of an account rests on; without it there is nothing to pass or fail by.
_GROUNDS: dict[Check, Any] = {
    Check.ENABLED: lambda user, entra, f: _told(user, "enabled") or _told(entra, "enabled"),
    Check.PHONE_NUMBER: lambda user, entra, f: _told(user, "numbers"),
    Check.CALLING_POLICY: lambda user, entra, f: (
        _told(user, "calling_policy") and not isinstance(f.tenant.calling_policies, Missing)
    ),
    Check.IP_PHONE_POLICY: lambda user, entra, f: (
        _told(user, "ip_phone_policy") and not isinstance(f.tenant.ip_phone_policies, Missing)
    ),
    Check.LICENCE: lambda user, entra, f: (
        _told(user, "plans") or _told(user, "features") or _told(entra, "plans")
    ),
    Check.MFA: lambda user, entra, f: bool(f.mfa.found),
    Check.AD_SYNCED: lambda user, entra, f: _told(user, "ad_synced") or _told(entra, "ad_synced"),
    Check.ADMINISTRATOR: lambda user, entra, f: not isinstance(f.tenant.administrators, Missing),
    Check.DEVICE: lambda user, entra, f: bool(f.devices) and not isinstance(f.devices, Missing),
}
_TENANT_GROUNDS = {
    Check.BULK_SIGN_IN: "bulk_sign_in",
    Check.TRUSTED_IP: "trusted_ips",
    Check.CALLING_POLICY: "calling_policies",
    Check.IP_PHONE_POLICY: "ip_phone_policies",
    Check.OPERATOR_ROLES: "own_roles",
    Check.CONDITIONAL_ACCESS: "access_policies",
    Check.NETWORK_SITES: "network_places",
}


def _told(source: Any, name: str) -> bool:
    return getattr(source, name, None) is not None


@given(_FACTS)
def test_nothing_passes_and_nothing_fails_without_grounds(found: Facts) -> None:
    made = report(found)
    for finding in made.tenant:
        ground = getattr(found.tenant, _TENANT_GROUNDS[finding.check])
        assert (finding.result is Result.UNKNOWN) or not isinstance(ground, Missing)
        assert finding.result is not Result.FAIL, "each part of the tenant is healthy or unread"
    (one,) = made.accounts
    user, entra = found.teams_user(KEY), found.directory.get(KEY)
    there = one.of(Check.EXISTS)
    assert there is not None
    if there.result is Result.FAIL:
        assert user is None or entra is None
        assert not isinstance(user, TeamsUser)
        assert not isinstance(entra, DirectoryUser)
        return
    if there.result is Result.PASS:
        assert isinstance(user, TeamsUser) or isinstance(entra, DirectoryUser)
    for finding in one.findings:
        if finding.check in _GROUNDS and finding.result is not Result.UNKNOWN:
            assert _GROUNDS[finding.check](user, entra, found), finding
    if one.personal is not None:
        assert _GROUNDS[Check.IP_PHONE_POLICY](user, entra, found)
    assert sum(made.counts().values()) == len(made.tenant) + len(one.findings)


@given(_FACTS)
def test_what_could_not_be_checked_says_what_to_ask_for(found: Facts) -> None:
    """Wherever a role or permission is known to be lacking, the finding names it."""
    for finding in report(found).tenant:
        ground = getattr(found.tenant, _TENANT_GROUNDS[finding.check])
        if isinstance(ground, Missing):
            assert "Global Reader" in finding.remedy
            assert finding.detail.startswith("Could not check")
