"""What each rule says of accounts and devices."""

from datetime import timedelta
from typing import Any

import pytest

from siptui.domain.hardware_id import HardwareId
from siptui.domain.region import Region
from siptui.domain.roles import ROLE_IDS
from siptui.gateway.tenant_model import (
    Assigned,
    DirectoryUser,
    InventoryDevice,
    IPPhonePolicy,
    NumberType,
)
from siptui.preflight.check import evaluate
from siptui.preflight.finding import Check, Result
from tests.preflight.made import (
    DENIED,
    DEVICE,
    KEY,
    LOBBY,
    NOW,
    USER,
    account,
    facts,
    of_account,
    report,
)
from tests.support.replace import replace

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
    made = evaluate(rows, facts(replace(USER, numbers=())), NOW, number_type=kind)
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
    assert "every account" in finding.detail


def test_an_account_with_two_phones_is_one_that_may_be_personal() -> None:
    own = facts(replace(USER, ip_phone_policy=Assigned("Global", "global")))
    rows = [DEVICE, replace(DEVICE, line=3, hardware_id=HardwareId.parse("00-04-F2-81-24-B4"))]
    note = evaluate(rows, own, NOW).notes[0]
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
        (frozenset({ROLE_IDS["Authentication Administrator"]}), Result.FAIL),
        (
            frozenset({ROLE_IDS["Authentication Administrator"], ROLE_IDS["Global Administrator"]}),
            Result.PASS,
        ),
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
        ({"online": False}, Result.FAIL),
        ({"online": None}, Result.UNKNOWN),
        ({"online": True, "region": Region.NOAM}, Result.FAIL),
        ({"online": True}, Result.PASS),
    ],
)
def test_the_inventory(listed: dict[str, Any], result: Result) -> None:
    hardware_id = str(DEVICE.hardware_id)
    devices = {hardware_id: InventoryDevice(hardware_id, **listed)}
    finding = of_account(Check.DEVICE, replace(facts(), devices=devices))
    assert finding.result is result


def test_what_the_inventory_does_not_list_is_a_note_on_the_tenant() -> None:
    found = report(replace(facts(), devices={}))
    assert found.accounts[0].of(Check.DEVICE) is None
    assert any("does not list 1 device of 1" in note for note in found.notes)


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
