"""What is planned to set right what fails, and what is left to people."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from siptui.domain.device import Device
from siptui.domain.errors import UsageError
from siptui.domain.public_address import parse_public
from siptui.gateway.tenant_model import (
    Assigned,
    CallingPolicy,
    DirectoryUser,
    IPPhonePolicy,
    NumberType,
    TeamsUser,
)
from siptui.preflight.change_log import Kind
from siptui.preflight.check import evaluate
from siptui.preflight.facts import Facts, Missing
from siptui.preflight.finding import Check, Lacking
from siptui.preflight.fix_plan import FixPlan, Wishes, plan_fixes
from tests.preflight.made import DEVICE, LOBBY, USER, facts
from tests.support.replace import replace

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def planned(found: Facts, devices: Sequence[Device] = (DEVICE,), **wishes: Any) -> FixPlan:
    given = Wishes(**wishes)
    report = evaluate(devices, found, NOW, given.public_ips)
    return plan_fixes(report, found, devices, given)


def test_the_number_type_of_the_row_beats_the_option() -> None:
    device = replace(DEVICE, extra={"PhoneNumber": "+4930123456", "Number Type": "callingplan"})
    (fix,) = planned(of(numbers=()), [device]).fixes
    assert fix.change.number_type is NumberType.CALLING_PLAN
    odd = replace(DEVICE, extra={"PhoneNumber": "+4930123456", "NumberType": "Mobile"})
    plan = planned(of(numbers=()), [odd])
    assert plan.fixes == ()
    assert "NumberType" in plan.left[0].why


def of(user: TeamsUser | None = None, **change: Any) -> Facts:
    return facts(replace(user or USER, **change))


def test_a_healthy_tenant_needs_nothing() -> None:
    assert planned(facts()) == FixPlan((), ())


def test_the_tenant() -> None:
    plan = planned(facts(bulk_sign_in="Disabled"), public_ips=(parse_public("198.51.100.0/30"),))
    enable, trust = plan.fixes
    assert (enable.change.kind, enable.change.before) == (Kind.ENABLE_BULK_SIGN_IN, "Disabled")
    assert (trust.change.target, trust.change.value) == ("198.51.100.0", "30")
    assert trust.powershell == (
        "New-CsTenantTrustedIPAddress -IPAddress '198.51.100.0' -MaskBits 30 "
        "-Description 'SIP phones'"
    )
    assert trust.lead_time_hours == 24


def test_without_an_address_none_can_be_trusted() -> None:
    plan = planned(facts(trusted_ips=()))
    assert plan.fixes == ()
    assert [left.check for left in plan.left] == [Check.TRUSTED_IP]
    assert plan.left[0].lacking is Lacking.PUBLIC_ADDRESS


def test_the_policy_that_fits_is_assigned_and_the_one_before_is_kept() -> None:
    policies = (
        CallingPolicy("Global", True, "Enabled"),
        CallingPolicy("Half", True, "Disabled"),
        CallingPolicy("Whole", True, "Enabled"),
        CallingPolicy("Office", False, "Enabled"),
    )
    found = facts(
        replace(USER, calling_policy=Assigned("Office", "direct")), calling_policies=policies
    )
    (fix,) = planned(found).fixes
    assert (fix.change.value, fix.change.before) == ("Whole", "Office")
    assert fix.powershell == f"Grant-CsTeamsCallingPolicy -Identity '{LOBBY}' -PolicyName 'Whole'"
    (chosen,) = planned(found, calling_policy="Half").fixes
    assert chosen.change.value == "Half"


def test_what_a_group_gave_is_not_taken_for_the_account_s_own() -> None:
    (fix,) = planned(of(calling_policy=Assigned("Global", "group"))).fixes
    assert fix.change.before == ""


def test_a_policy_is_made_where_none_fits_and_before_it_is_assigned() -> None:
    none = (IPPhonePolicy("Global", "UserSignIn"), IPPhonePolicy("commonareaphone", "UserSignIn"))
    two = replace(DEVICE, line=3, hardware_id=type(DEVICE.hardware_id).parse("00-04-F2-81-24-B4"))
    found = facts(
        replace(USER, ip_phone_policy=Assigned("Global", "global")), ip_phone_policies=none
    )
    create, grant = planned(found, [DEVICE, two]).fixes
    assert (create.change.kind, create.change.target) == (
        Kind.CREATE_IP_PHONE_POLICY,
        "CommonAreaPhone2",
    )
    assert (grant.change.value, grant.needs) == ("CommonAreaPhone2", "CommonAreaPhone2")


_TEAMS = "57ff2da0-773e-42df-b2af-ffb7a2317929"
_PHONE = "4828c8ec-dc2e-4779-b502-87ac9ce28ab7"
_OFFICE = "43de0ff5-c92c-492b-9116-175376d08c38"
_ENTRA = DirectoryUser(USER.object_id, LOBBY, plans=frozenset({_TEAMS, _PHONE, "teams"}))


@pytest.mark.parametrize(
    ("entra", "why"),
    [
        (_ENTRA, ""),
        (replace(_ENTRA, plans=frozenset({_TEAMS, _PHONE, _OFFICE})), "other licences"),
        (replace(_ENTRA, plans=frozenset({"teams", "mcoev"})), "other licences"),
        (replace(_ENTRA, plans=frozenset()), "other licences"),
        (replace(_ENTRA, plans=None), "nothing shows"),
        (None, "nothing shows"),
    ],
)
def test_the_common_area_policy_is_not_given_to_people(
    entra: DirectoryUser | None, why: str
) -> None:
    user = replace(USER, ip_phone_policy=Assigned("Global", "global"))
    (fix,) = planned(facts(user, entra)).fixes
    assert bool(fix.needs_name) is bool(why)
    assert why in fix.needs_name


@pytest.mark.parametrize(
    ("mfa", "holders", "why"),
    [("enabled", frozenset(), "MFA"), ("disabled", frozenset({USER.object_id}), "directory role")],
)
def test_nor_to_who_uses_mfa_or_administers(mfa: str, holders: Any, why: str) -> None:
    user = replace(USER, ip_phone_policy=Assigned("Global", "global"))
    plan = planned(facts(user, _ENTRA, mfa=mfa, administrators=holders))
    fix = next(f for f in plan.fixes if f.check is Check.IP_PHONE_POLICY)
    assert why in fix.needs_name


def with_number(cell: str, head: str = "Phone Number") -> Device:
    return replace(DEVICE, extra={"Site": "Berlin", head: cell})


@pytest.mark.parametrize(
    ("cell", "number"),
    [("+49 30 123-456", "+4930123456"), ("tel:+14255550100", "+14255550100")],
)
def test_a_number_from_the_list(cell: str, number: str) -> None:
    (fix,) = planned(of(numbers=()), [with_number(cell)], number_type=NumberType.CALLING_PLAN).fixes
    assert (fix.change.value, fix.change.number_type) == (number, NumberType.CALLING_PLAN)
    assert f"-PhoneNumber '{number}' -PhoneNumberType CallingPlan" in fix.powershell


@pytest.mark.parametrize(
    "cell",
    [
        *("", "4930123456", "030 123456", "+49", "=1+1", "+49x30123456", "+4930123456;ext=12"),
        *("+49 (0)30 123456", "+٤٩30123456", "+49301234567890123", "+4930123456, +4930123457"),
    ],
)
def test_what_is_no_number_is_left_and_said(cell: str) -> None:
    plan = planned(of(numbers=()), [with_number(cell)])
    assert plan.fixes == ()
    assert plan.left[0].check is Check.PHONE_NUMBER
    assert "PhoneNumber column" in plan.left[0].why


def test_only_one_check() -> None:
    found = facts(replace(USER, numbers=(), enabled=False), bulk_sign_in="Disabled")
    assert {f.check for f in planned(found, [with_number("+4930123456")]).fixes} == {
        Check.BULK_SIGN_IN,
        Check.PHONE_NUMBER,
    }
    plan = planned(found, [with_number("+4930123456")], only=frozenset({Check.PHONE_NUMBER}))
    assert {f.check for f in plan.fixes} == {Check.PHONE_NUMBER}
    assert plan.left == ()


def test_what_could_not_be_checked_is_not_set_right() -> None:
    denied = Missing("Access denied (403).", "a role")
    found = facts(calling_policies=denied, ip_phone_policies=denied, bulk_sign_in=denied)
    assert planned(found) == FixPlan((), ())


def test_an_account_that_does_not_exist_is_left() -> None:
    plan = planned(facts(None))
    assert plan.fixes == ()
    assert [left.check for left in plan.left] == [Check.EXISTS]


@pytest.mark.parametrize(
    "wish",
    [
        {"calling_policy": "Nope"},
        {"calling_policy": "Global"},
        {"ip_phone_policy": "Nope"},
        {"ip_phone_policy": "Global"},
    ],
)
def test_a_policy_that_would_set_nothing_right_is_refused(wish: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="cannot be assigned"):
        planned(of(numbers=()), **wish)
    assert planned(facts(), calling_policy="sipdevices", ip_phone_policy="CommonAreaPhone")
