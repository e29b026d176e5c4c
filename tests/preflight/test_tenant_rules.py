"""What each rule says of a tenant: a failure only where it is certain, no pass from nothing."""

from typing import Any

import pytest

from siptui.cli.preflight_output import report_lines
from siptui.domain.public_address import parse_public
from siptui.domain.roles import ROLE_IDS
from siptui.gateway.tenant_model import (
    AccessPolicy,
    CallingPolicy,
    InventoryDevice,
    TrustedIP,
)
from siptui.preflight.facts import Missing
from siptui.preflight.finding import Check, Result
from tests.preflight.made import (
    DENIED,
    DEVICE,
    TENANT,
    USER,
    account,
    facts,
    of_account,
    of_tenant,
    report,
)
from tests.support.replace import replace


def test_a_healthy_tenant_passes_everything() -> None:
    found = report(facts())
    assert {f.result for f in (*found.tenant, *found.accounts[0].findings)} == {Result.PASS}
    warned = [f.check for f in (*found.tenant, *found.accounts[0].findings) if f.warning]
    assert warned == [Check.TRUSTED_IP]  # whether the phones' own is among them was not told
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
        ({ROLE_IDS["Global Administrator"]}, Result.PASS),
        ({ROLE_IDS["Authentication Administrator"], "another"}, Result.PASS),
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
    if places:
        assert finding.detail.startswith("1 network site with 1 subnet (")


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
        (
            {"users": frozenset(), "roles": frozenset({ROLE_IDS["Global Administrator"]})},
            Result.PASS,
        ),
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


@pytest.mark.parametrize(
    ("devices", "said", "unsaid"),
    [
        ({}, "✓ 1 of 1 row pass every check.", "?"),
        (DENIED, "? 1 of 1 row fail nothing, but not every check could be made.", "✓ 0"),
    ],
    ids=["fresh", "unreadable"],
)
def test_no_green_tick_for_rows_that_were_not_checked(
    devices: dict[str, InventoryDevice] | Missing, said: str, unsaid: str
) -> None:
    """A phone that was never signed in is in no inventory: that is a note on the whole."""
    found = report(replace(facts(), devices=devices))
    lines = [line.strip() for line in report_lines(found)]
    assert said in lines
    assert not any(line.startswith(unsaid) for line in lines)
    assert bool(found.notes) is (devices == {})
