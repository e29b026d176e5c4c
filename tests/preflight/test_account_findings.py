"""What is found of one account, whole: result, words, remedy, and whether it may be personal.

Over 400 lines because each check is told of the same account.
"""

from typing import Any

import pytest

from siptui.gateway.tenant_model import (
    UNREADABLE,
    AccessPolicy,
    Assigned,
    CallingPolicy,
    DirectoryUser,
    IPPhonePolicy,
    TeamsUser,
)
from siptui.preflight.account_checks import Tables, account_findings
from siptui.preflight.facts import Facts, Lookup, Missing
from siptui.preflight.finding import Check, Finding, Result
from siptui.preflight.remedies import LEAD_HOURS
from tests.preflight.made import DENIED, KEY, LOBBY, USER, facts
from tests.support.replace import replace

PASS, FAIL, UNKNOWN = Result.PASS, Result.FAIL, Result.UNKNOWN
OFFICE = "43de0ff5-c92c-492b-9116-175376d08c38"
PHONE_SYSTEM = "4828c8ec-dc2e-4779-b502-87ac9ce28ab7"
ENTRA = DirectoryUser(USER.object_id, LOBBY, enabled=True, ad_synced=False)


def found(of: Facts) -> dict[Check, Finding]:
    """The findings of the account."""
    findings, _ = account_findings(LOBBY, of, Tables.of(of))
    assert len({finding.check for finding in findings}) == len(findings)
    return {finding.check: finding for finding in findings}


def personal(of: Facts) -> bool | None:
    """Whether it may be personal."""
    return account_findings(LOBBY, of, Tables.of(of))[1]


def unread(teams: Missing | None, entra: Missing | DirectoryUser | None, **tenant: Any) -> Facts:
    """Facts without what Teams has of the account: it could not be had, or there is none."""
    made = facts(None, entra if isinstance(entra, DirectoryUser) else None, **tenant)
    if isinstance(teams, Missing):
        made = replace(made, users=Lookup(missing={KEY: teams}))
    if isinstance(entra, Missing):
        made = replace(made, directory=Lookup(missing={KEY: entra}))
    return made


# -- personal accounts ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("CommonAreaPhoneSignIn", False),
        ("commonareaphonesignin", False),
        ("CommonAreaPhoneSignin", False),
        ("UserSignIn", True),
        ("HotDeskingSignIn", True),
        ("CommonAreaPhoneSignInX", True),
        ("", None),
    ],
)
@pytest.mark.parametrize("name", ["CommonAreaPhone", "Lobby"])
def test_the_mode_of_its_own_policy_tells_a_shared_account(
    mode: str, expected: bool | None, name: str
) -> None:
    user = replace(USER, ip_phone_policy=Assigned(name, "direct"))
    policies = (IPPhonePolicy("Global", "UserSignIn"), IPPhonePolicy(name, mode))
    assert personal(facts(user, ip_phone_policies=policies)) is expected
    finding = found(facts(user, ip_phone_policies=policies))[Check.IP_PHONE_POLICY]
    assert finding.result is {False: PASS, True: FAIL, None: UNKNOWN}[expected]
    assert finding.detail.startswith(f"“{name}” (assigned to the account) ")
    assert finding.warning is (expected is False and name == "Lobby")
    if expected is None:
        assert finding.detail.endswith("does not say its SignInMode.")
        assert finding.remedy == ""


@pytest.mark.parametrize("name", ["Global", "global", "Tag:Global", " tag:global "])
@pytest.mark.parametrize(
    ("assigned", "plans", "expected"),
    [
        (("Global", "global"), frozenset({PHONE_SYSTEM}), False),
        (("", "global"), frozenset({PHONE_SYSTEM}), False),
        (("Global", "direct"), frozenset({PHONE_SYSTEM}), False),
        (("Global", "global"), frozenset({PHONE_SYSTEM, "mcoev"}), False),
        (("Global", "global"), frozenset({PHONE_SYSTEM, OFFICE}), True),
        (("Global", "global"), frozenset({OFFICE}), True),
        (("Global", "global"), frozenset({"mcoev"}), True),  # words tell nothing
        (("Global", "global"), frozenset(), True),
        (("Global", "global"), None, None),
    ],
)
def test_the_policy_of_all_accounts_tells_nothing_and_licences_may(
    name: str, assigned: tuple[str, str], plans: frozenset[str] | None, expected: bool | None
) -> None:
    policies = (IPPhonePolicy(name, "CommonAreaPhoneSignIn"),)
    # What Teams says of licences is in words, which do not count.
    user = replace(USER, ip_phone_policy=Assigned(*assigned), plans=frozenset({PHONE_SYSTEM}))
    made = facts(user, replace(ENTRA, plans=plans), ip_phone_policies=policies)
    assert personal(made) is expected
    finding = found(made)[Check.IP_PHONE_POLICY]
    assert (finding.result, finding.warning) == (PASS, True)
    assert finding.detail.endswith("as people do.") is bool(expected)
    assert finding.remedy.startswith("Assign a common area policy to the shared accounts alone")
    assert personal(facts(user, None, ip_phone_policies=policies)) is None


@pytest.mark.parametrize(
    ("change", "tenant", "words"),
    [
        ({"ip_phone_policy": None}, {}, "Which policy holds for the account could not be read."),
        (
            {"ip_phone_policy": Assigned("Gone", "group")},
            {},
            "The policy “Gone” holds, but is not in the list that was read.",
        ),
        ({}, {"ip_phone_policies": ()}, "“CommonAreaPhone” holds, but is not in the list"),
        (
            {},
            {"ip_phone_policies": DENIED},
            "The policy CommonAreaPhone holds, but not what it says",
        ),
        (
            {"ip_phone_policy": Assigned("", "global")},
            {"ip_phone_policies": DENIED},
            "The policy Global holds, but not what it says: Access denied (403).",
        ),
        ({"ip_phone_policy": Assigned("", "")}, {}, "The policy “” holds, but is not in the list"),
    ],
)
def test_where_the_policy_is_not_known_nothing_is_guessed(
    change: dict[str, Any], tenant: dict[str, Any], words: str
) -> None:
    made = facts(replace(USER, **change), **tenant)
    assert personal(made) is None
    finding = found(made)[Check.IP_PHONE_POLICY]
    assert finding.result is UNKNOWN
    assert words in finding.detail
    denied = DENIED in tenant.values()
    assert finding.remedy == ("Ask for the role Global Reader." if denied else "")


def test_a_policy_without_a_name_is_never_what_holds() -> None:
    """As an entry of the list that has none."""
    policies = (IPPhonePolicy("", "CommonAreaPhoneSignIn"),)
    user = replace(USER, ip_phone_policy=Assigned("", "direct"))
    assert personal(facts(user, ip_phone_policies=policies)) is None


def test_an_account_that_could_not_be_read_is_not_called_shared() -> None:
    assert personal(unread(DENIED, None)) is None
    assert personal(unread(DENIED, ENTRA)) is None
    assert found(unread(DENIED, ENTRA))[Check.IP_PHONE_POLICY].result is UNKNOWN
    assert personal(facts(None)) is None


def test_a_personal_account_is_told_with_the_policy_that_would_fit() -> None:
    user = replace(USER, ip_phone_policy=Assigned("Global", "global"))
    finding = found(facts(user))[Check.IP_PHONE_POLICY]
    assert finding.detail == (
        "“Global” signs in by UserSignIn, not as a common area phone: this may be a personal "
        "account, whose password would be reset."
    )
    assert finding.powershell == (
        f"Grant-CsTeamsIPPhonePolicy -Identity '{LOBBY}' -PolicyName 'CommonAreaPhone'"
    )
    other = (IPPhonePolicy("Global", "UserSignIn"), IPPhonePolicy("Lobby", "CommonAreaPhoneSignIn"))
    finding = found(facts(user, ip_phone_policies=other))[Check.IP_PHONE_POLICY]
    assert finding.powershell.endswith("-PolicyName 'Lobby'")
    for none in ((IPPhonePolicy("Global", "UserSignIn"),), ()):
        assert Tables.of(facts(ip_phone_policies=none)).fit_ip_phone == ""
    assert Tables.of(facts(ip_phone_policies=DENIED)).fit_ip_phone == ""


# -- whether it is there ----------------------------------------------------------------------


def test_an_account_that_is_there_is_said_so_whatever_case_its_kind_is_in() -> None:
    for kind in ("User", " user ", "USER", ""):
        finding = found(facts(replace(USER, account_type=kind)))[Check.EXISTS]
        assert finding == Finding(Check.EXISTS, PASS, "The account exists.")


def test_an_account_of_another_kind_is_told_with_the_line_to_look_at_it() -> None:
    finding = found(facts(replace(USER, account_type=" Robot ")))[Check.EXISTS]
    assert finding.detail == "Teams calls it Robot."
    assert finding.remedy.startswith("Look at what it is;")
    assert finding.powershell == f"Get-CsOnlineUser -Identity '{LOBBY}'"
    assert finding.warning
    errors = found(facts(replace(USER, validation_errors=("One.", "Two."))))[Check.EXISTS]
    assert errors.detail == "Teams reports: One.; Two.."
    assert errors.remedy == "Look at what Teams reports of the account in its admin center."


@pytest.mark.parametrize(
    ("teams", "entra", "result", "words"),
    [
        (None, None, FAIL, "The tenant has no account of this name."),
        (DENIED, None, FAIL, "The tenant has no account of this name."),  # the directory would know
        (None, DENIED, FAIL, "The tenant has no account of this name."),
        (DENIED, ENTRA, PASS, "The directory has the account."),
        (None, ENTRA, UNKNOWN, "The directory has the account, Teams does not: it is new"),
        (DENIED, Missing("Gone (410)."), UNKNOWN, "Could not check: Access denied (403). Gone"),
    ],
)
def test_whether_an_account_exists(
    teams: Missing | None, entra: Any, result: Result, words: str
) -> None:
    finding = found(unread(teams, entra))[Check.EXISTS]
    assert finding.result is result
    assert finding.detail.startswith(words)
    assert finding.warning is (teams is None and entra is ENTRA)


def test_an_account_that_is_not_there_has_that_finding_alone() -> None:
    assert list(found(facts(None))) == [Check.EXISTS]
    assert found(facts(None))[Check.EXISTS].remedy


def test_a_healthy_account_has_all_findings_without_a_remedy() -> None:
    everything = found(facts())
    assert list(everything) == [
        *(Check.EXISTS, Check.ENABLED, Check.PHONE_NUMBER, Check.CALLING_POLICY),
        *(Check.IP_PHONE_POLICY, Check.LICENCE, Check.MFA, Check.AD_SYNCED, Check.ADMINISTRATOR),
    ]
    for finding in everything.values():
        assert (finding.result, finding.warning, finding.remedy, finding.powershell) == (
            PASS,
            False,
            "",
            "",
        )


# -- what could not be read -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("teams", "entra", "detail", "remedy"),
    [
        (
            Missing("No.", "role A"),
            Missing("No.", "role B"),
            "Could not check: No.",
            "Ask for role A, or role B.",
        ),
        (
            Missing("No.", "role A", "Do it."),
            Missing("Nor this.", "role B", "Do it."),
            "Could not check: No. Nor this.",
            "Do it.",
        ),
        (
            Missing("No.", "", "Do it."),
            Missing("Nor this.", "role B"),
            "Could not check: No. Nor this.",
            "Ask for role B. Do it.",
        ),
        (Missing("No."), Missing("Nor this."), "Could not check: No. Nor this.", ""),
    ],
)
def test_what_could_not_be_read_says_why_and_whom_to_ask(
    teams: Missing, entra: Missing, detail: str, remedy: str
) -> None:
    made = unread(teams, entra)
    for check in (Check.ENABLED, Check.AD_SYNCED, Check.LICENCE):
        finding = found(made)[check]
        assert (finding.result, finding.detail, finding.remedy) == (UNKNOWN, detail, remedy)


def test_what_was_not_asked_for_is_no_reason() -> None:
    made = replace(unread(DENIED, ENTRA), directory=Lookup())
    assert found(made)[Check.EXISTS].detail == "Could not check: Access denied (403)."
    silent = found(facts(replace(USER, enabled=None)))[Check.ENABLED]
    assert (silent.result, silent.detail) == (UNKNOWN, "Could not check: The service did not tell.")
    assert silent.remedy == ""


# -- one thing after the other ----------------------------------------------------------------


@pytest.mark.parametrize("field", ["enabled", "ad_synced"])
def test_the_directory_answers_for_what_teams_does_not_tell(field: str) -> None:
    check = {"enabled": Check.ENABLED, "ad_synced": Check.AD_SYNCED}[field]
    for value in (True, False):
        silent = replace(USER, **{field: None})  # type: ignore[arg-type]
        said = found(facts(silent, replace(ENTRA, **{field: value})))[check]  # type: ignore[arg-type]
        told = found(facts(replace(USER, **{field: value})))[check]  # type: ignore[arg-type]
        assert said == told
        # Where both tell, Teams counts.
        other = replace(ENTRA, **{field: not value})  # type: ignore[arg-type]
        assert found(facts(replace(USER, **{field: value}), other))[check] == told  # type: ignore[arg-type]
    assert found(facts(replace(USER, **{field: None}), None))[check].result is UNKNOWN  # type: ignore[arg-type]


def test_a_number_is_named() -> None:
    assert found(facts(replace(USER, numbers=("+1", "+2"))))[Check.PHONE_NUMBER].detail == "+1, +2."


@pytest.mark.parametrize(
    ("allow", "redirect", "result", "warning", "words"),
    [
        (True, "Enabled", PASS, False, "allows SIP devices."),
        (True, "ENABLED", PASS, False, "allows SIP devices."),
        (True, "Disabled", PASS, True, "not call redirection: forwarding will not work"),
        (False, "Enabled", FAIL, False, "does not allow SIP devices."),
        (None, "Enabled", UNKNOWN, False, "does not say whether it allows SIP devices."),
    ],
)
def test_the_calling_policy(
    allow: bool | None, redirect: str, result: Result, warning: bool, words: str
) -> None:
    policies = (CallingPolicy("Mine", allow, redirect), CallingPolicy("Fits", True, "Enabled"))
    user = replace(USER, calling_policy=Assigned("Mine", "group"))
    finding = found(facts(user, calling_policies=policies))[Check.CALLING_POLICY]
    assert (finding.result, finding.warning) == (result, warning)
    assert finding.detail.startswith("“Mine” (assigned through a group) ")
    assert words in finding.detail
    fails = result is FAIL or warning
    line = f"Grant-CsTeamsCallingPolicy -Identity '{LOBBY}' -PolicyName 'Fits'"
    assert finding.powershell == (line if fails else "")
    assert finding.lead_time_hours == (LEAD_HOURS if fails else None)
    assert bool(finding.remedy) is fails


def test_the_calling_policy_that_could_not_be_read() -> None:
    finding = found(facts(calling_policies=DENIED))[Check.CALLING_POLICY]
    assert (finding.result, finding.remedy) == (UNKNOWN, "Ask for the role Global Reader.")
    assert Tables.of(facts(calling_policies=DENIED)).fit_calling == ""
    assert Tables.of(facts(calling_policies=())).fit_calling == ""
    assert Tables.of(facts()).fit_calling == "SIPDevices"
    assert Tables.of(facts(calling_policies=DENIED)).calling is DENIED
    assert Tables.of(facts(ip_phone_policies=DENIED)).ip_phone is DENIED


def test_plans_of_the_directory_count_where_teams_tells_none() -> None:
    silent = replace(USER, plans=None, features=None)
    with_phone = replace(ENTRA, plans=frozenset({"teams", "mcostandard", "mcoev"}))
    assert found(facts(silent, with_phone))[Check.LICENCE].result is PASS
    assert found(facts(silent, replace(ENTRA, plans=frozenset())))[Check.LICENCE].result is FAIL
    assert found(facts(silent, ENTRA))[Check.LICENCE].result is UNKNOWN
    none = replace(USER, plans=frozenset(), features=None)
    assert found(facts(none, with_phone))[Check.LICENCE].result is FAIL
    only = replace(USER, plans=None, features=frozenset({"teams"}))
    assert found(facts(only))[Check.LICENCE].result is FAIL


@pytest.mark.parametrize(
    ("state", "result", "words"),
    [
        ("Disabled", PASS, "Per-user MFA is disabled."),
        ("ENFORCED", FAIL, "Per-user MFA is enforced."),
        ("Enabled", FAIL, "Per-user MFA is enabled."),
        ("perhaps", UNKNOWN, "Per-user MFA is “perhaps”, a word not known here."),
    ],
)
def test_mfa_is_read_whatever_its_case(state: str, result: Result, words: str) -> None:
    finding = found(facts(mfa=state))[Check.MFA]
    assert (finding.result, finding.detail) == (result, words)


def test_mfa_is_known_by_the_object_id_without_case() -> None:
    user = replace(USER, object_id=USER.object_id.replace("1111", "ABCD"))
    made = replace(facts(user), mfa=Lookup(found={user.object_id.casefold(): "disabled"}))
    assert found(made)[Check.MFA].result is PASS
    denied = replace(facts(), mfa=Lookup(missing={USER.object_id: DENIED}))
    assert found(denied)[Check.MFA].detail == "Could not check: Access denied (403)."
    # Without an object id it is that which could not be had; with one the directory is no reason.
    made = unread(DENIED, Missing("Gone (410)."))
    assert found(made)[Check.MFA].detail == "Could not check: Gone (410)."
    both = replace(facts(), directory=Lookup(missing={KEY: Missing("Gone (410).")}), mfa=Lookup())
    assert found(both)[Check.MFA].detail == "Could not check: The service did not tell."


def test_where_an_account_lives() -> None:
    assert found(facts())[Check.AD_SYNCED].detail == "The account lives in the cloud."
    assert found(facts(replace(USER, ad_synced=True)))[Check.AD_SYNCED].warning


@pytest.mark.parametrize(
    ("holders", "result", "warning", "words"),
    [
        (frozenset(), PASS, False, "It holds no directory role of its own."),
        (frozenset({UNREADABLE}), UNKNOWN, False, "Could not check: Not all holders"),
        (frozenset({"ABC"}), PASS, True, "The account is an administrator"),
        (frozenset({"abc", UNREADABLE}), PASS, True, "The account is an administrator"),
        (DENIED, UNKNOWN, False, "Could not check: Access denied (403)."),
    ],
)
def test_whether_it_is_an_administrator(
    holders: Any, result: Result, warning: bool, words: str
) -> None:
    user = replace(USER, object_id="Abc")
    finding = found(facts(user, administrators=holders))[Check.ADMINISTRATOR]
    assert (finding.result, finding.warning) == (result, warning)
    assert finding.detail.startswith(words)


def test_of_an_account_without_an_id_it_is_not_known_whether_it_is_an_administrator() -> None:
    finding = found(unread(DENIED, Missing("Gone (410).")))[Check.ADMINISTRATOR]
    assert finding.detail == "Could not check: Access denied (403). Gone (410)."
    nameless = found(facts(replace(USER, object_id="")))[Check.ADMINISTRATOR]
    assert nameless.detail == "Could not check: The service did not tell."


def test_a_policy_that_names_the_account_is_a_finding_of_it() -> None:
    policy = AccessPolicy(
        *("id", "Block", "enabled"),
        users=frozenset({USER.object_id}),
        apps=frozenset({"All"}),
        demands=frozenset({"block"}),
    )
    assert found(facts(access_policies=(policy,)))[Check.CONDITIONAL_ACCESS].result is FAIL
    assert Check.CONDITIONAL_ACCESS not in found(facts())


def test_an_account_as_graph_has_it_counts_where_the_admin_api_is_silent() -> None:
    graph = replace(USER, ip_phone_policy=Assigned("Global", "global"))
    made = replace(
        facts(None),
        users=Lookup(missing={KEY: DENIED}),
        graph_users=Lookup(found={KEY: graph}),
    )
    assert personal(made) is True
    assert isinstance(made.teams_user(KEY), TeamsUser)
