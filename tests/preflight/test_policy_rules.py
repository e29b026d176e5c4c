"""Which policy holds and fits, and whether licences make a phone of an account."""

import pytest

from siptui.gateway.tenant_model import (
    Assigned,
    CallingPolicy,
    IPPhonePolicy,
)
from siptui.preflight import licences
from siptui.preflight.finding import Result
from siptui.preflight.policies import (
    Unresolved,
    effective,
    fitting_calling,
    fitting_ip_phone,
    policy_key,
    redirects,
    usual_name,
    where_from,
)

PASS, FAIL, UNKNOWN = Result.PASS, Result.FAIL, Result.UNKNOWN
OFFICE = "43de0ff5-c92c-492b-9116-175376d08c38"
PHONE_SYSTEM = "4828c8ec-dc2e-4779-b502-87ac9ce28ab7"

# -- policies ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["CommonAreaPhone", "Tag:commonareaphone", " COMMONAREAPHONE "])
def test_spellings_of_the_usual_name(name: str) -> None:
    assert policy_key(name) == "commonareaphone"
    assert usual_name(IPPhonePolicy(name, ""))
    assert not usual_name(IPPhonePolicy(f"{name}s", ""))


def test_only_what_holds_for_everybody_is_global_without_a_name() -> None:
    policies = {"global": IPPhonePolicy("Global", "")}
    assert effective(Assigned("", "global"), policies) == policies["global"]
    for how in ("direct", "group", ""):
        assert isinstance(effective(Assigned("", how), policies), Unresolved)
    assert effective(Assigned("Tag:GLOBAL", "direct"), policies) == policies["global"]


def test_how_a_policy_came_to_an_account() -> None:
    assert where_from(Assigned("a", "direct")) == " (assigned to the account)"
    assert where_from(Assigned("a", "group")) == " (assigned through a group)"
    assert where_from(Assigned("a", "somehow")) == where_from(None) == ""


def test_the_calling_policy_to_assign() -> None:
    fits, forwards = CallingPolicy("a", True, "Disabled"), CallingPolicy("z", True, "enabled")
    none = [CallingPolicy("Global", True, "Enabled"), CallingPolicy("x", False, "Enabled")]
    assert fitting_calling([*none, CallingPolicy("y", None, "Enabled")]) is None
    assert fitting_calling([*none, fits]) == fits
    assert fitting_calling([*none, fits, forwards]) == forwards
    upper = CallingPolicy("B", True, "Disabled")
    assert fitting_calling([upper, fits]) == fits
    assert redirects(forwards)
    assert not redirects(fits)


def test_the_phone_policy_to_assign() -> None:
    one, usual = IPPhonePolicy("a", "CommonAreaPhoneSignIn"), "CommonAreaPhone"
    none = [IPPhonePolicy("Global", "CommonAreaPhoneSignIn"), IPPhonePolicy("b", "UserSignIn")]
    assert fitting_ip_phone(none) is None
    assert fitting_ip_phone([*none, one]) == one
    named = IPPhonePolicy(usual, "CommonAreaPhoneSignIn")
    assert fitting_ip_phone([one, named]) == named
    upper = IPPhonePolicy("B", "CommonAreaPhoneSignIn")
    assert fitting_ip_phone([upper, one]) == one
    assert fitting_ip_phone([IPPhonePolicy(usual, "UserSignIn"), one]) == one


# -- licences ---------------------------------------------------------------------------------

SHARED = (
    *("41781fb2-bc02-4b7c-bd55-b576c07bb09d", "efb87545-963c-4e0d-99df-69c6916d9eb0"),
    *("113feb6c-3fe4-4440-bddc-54d774bf0318", "c1ec4a95-1f05-45b3-a911-aa3fa01094f5"),
    *("cfce7ae3-4b41-4438-999c-c0e91f3b7fb9", "4ed3ff63-69d7-4fb7-b984-5aec7f605ca8"),
    *("cb22fbd7-ed7d-4786-a27a-e4cd617b69c0", "57ff2da0-773e-42df-b2af-ffb7a2317929"),
    *("304767db-7d23-49e8-a945-4a7eb65f9f28", "0feaeb32-d00e-4d66-bd5a-43b5b83db82c"),
    *("a31ef4a2-f787-435e-8335-e47eb0cafc94", PHONE_SYSTEM),
    *("db23fce2-a974-42ef-9002-d78dd42a0f22", "ed777b71-af04-42ca-9798-84344c66f7c6"),
    *("f47330e9-c134-43b3-9993-e7f004506889",),
)


def test_what_licences_of_shared_devices_are_made_of() -> None:
    assert licences.only_shared(frozenset(SHARED))
    for plan in SHARED:
        assert licences.only_shared(frozenset({plan}))
        assert licences.only_shared(frozenset({plan, "teams", "some-word"}))
        assert not licences.only_shared(frozenset({plan, OFFICE}))
    assert not licences.only_shared(frozenset())
    assert not licences.only_shared(frozenset({"teams", "mcoev"}))
    assert not licences.only_shared(frozenset({f"{PHONE_SYSTEM}-x", "teams"}))


@pytest.mark.parametrize(
    "phone",
    [
        *("mcoev", "mcoev_gov", "mcoevsmb", "mcoev_virtualuser", PHONE_SYSTEM),
        *("db23fce2-a974-42ef-9002-d78dd42a0f22", "ed777b71-af04-42ca-9798-84344c66f7c6"),
        "f47330e9-c134-43b3-9993-e7f004506889",
    ],
)
def test_each_plan_of_teams_phone_makes_a_phone(phone: str) -> None:
    assert licences.judged(frozenset({phone, "teams", "mcostandard"}), None)[0] is PASS


@pytest.mark.parametrize(
    "teams",
    [
        *("teams", "teams1", "teams_gov"),
        *("57ff2da0-773e-42df-b2af-ffb7a2317929", "304767db-7d23-49e8-a945-4a7eb65f9f28"),
    ],
)
@pytest.mark.parametrize(
    "skype",
    [
        *("mcostandard", "mcostandard_gov", "mcoprofessional"),
        *("0feaeb32-d00e-4d66-bd5a-43b5b83db82c", "a31ef4a2-f787-435e-8335-e47eb0cafc94"),
    ],
)
def test_each_plan_beside_it_is_known(teams: str, skype: str) -> None:
    assert licences.judged(frozenset({"mcoev", teams, skype}), None)[0] is PASS
    assert licences.judged(frozenset({teams, skype}), None)[0] is FAIL


@pytest.mark.parametrize(
    ("plans", "features", "result", "words"),
    [
        (None, None, UNKNOWN, "Neither plans nor features could be read."),
        (None, frozenset({"teams"}), FAIL, "Teams does not count Phone System"),
        (None, frozenset({"phonesystem"}), PASS, "Teams says that the account has Phone System."),
        (frozenset(), frozenset({"phonesystem"}), PASS, "Teams says"),
        (frozenset({"mcoev"}), None, UNKNOWN, "no known plan of Teams and Skype for Business On"),
        (frozenset({"mcoev", "teams"}), None, UNKNOWN, "no known plan of Skype for Business On"),
        (frozenset({"mcoev", "mcostandard"}), None, UNKNOWN, "no known plan of Teams."),
    ],
)
def test_what_is_said_of_a_licence(
    plans: frozenset[str] | None, features: frozenset[str] | None, result: Result, words: str
) -> None:
    judged, said = licences.judged(plans, features)
    assert judged is result
    assert words in said
