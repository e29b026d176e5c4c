"""Which rows go on where accounts may be personal, by what was found and named."""

import io
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from siptui.cli.passing_rows import (
    NOT_CHECKED,
    Accounts,
    AccountsUnreadError,
    PersonalAccountsError,
    PreflightFailedError,
    blocking,
    passed,
    sorted_out,
)
from siptui.domain.device import Device
from siptui.preflight.check import evaluate, unclear_note
from siptui.preflight.facts import Facts, Lookup, Missing
from siptui.preflight.finding import AccountFindings, Check, Finding, Report, Result
from tests.preflight.made import DENIED, NOW, USER, facts
from tests.preflight.personal import OTHER, OWN, PERSONAL, SHARED, THREE, TWICE, made
from tests.runs.engine.engine_harness import device
from tests.support.replace import replace


def looked(devices: Sequence[Device] = THREE, named: Sequence[str] = (), **more: Any) -> Accounts:
    """What looking for personal accounts alone lets go on; the second account may be personal."""
    return sorted_out(made(devices, [PERSONAL, TWICE]), devices, named=named, may_ask=False, **more)


# -- looked for alone


def test_what_may_be_personal_is_left_out_and_told() -> None:
    found = looked([*THREE, TWICE])
    assert (found.kept, found.left_out) == ((SHARED, OTHER), (PERSONAL, TWICE))
    assert found.named == ()
    assert found.notes == (
        NOT_CHECKED,
        "2 rows left out: the account may be personal (room1@contoso.example, "
        "ROOM1@contoso.example). --include-personal USER takes one all the same.",
    )
    assert found.findings == found.notes[1:]


@pytest.mark.parametrize("name", ["room1@contoso.example", "Room1@CONTOSO.example"])
def test_what_is_named_goes_on(name: str) -> None:
    found = looked(THREE, [name, "someone@contoso.example"])
    assert (found.kept, found.left_out) == (tuple(THREE), ())
    assert found.named == ("room1@contoso.example",)
    assert found.notes == (NOT_CHECKED,)


def test_the_case_of_a_name_in_the_list_is_of_no_account() -> None:
    assert looked([SHARED, TWICE]).left_out == (TWICE,)


class Terminal(io.StringIO):
    """What is typed at a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("typed", ["Room1@Contoso.example", "", "yes", "room2@contoso.example"])
def test_at_a_terminal_each_name_is_typed(
    typed: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    report = made(THREE, [PERSONAL])
    right = typed.casefold() == PERSONAL.user_name.key
    for decide in (sorted_out, passed):
        monkeypatch.setattr("sys.stdin", Terminal(f"{typed}\n"))
        if right or decide is sorted_out:
            found = decide(report, THREE, named=(), may_ask=True)  # type: ignore[operator]
            assert (PERSONAL in found.kept) is right
            assert found.named == ((PERSONAL.user_name,) if right else ())
        else:
            with pytest.raises(PersonalAccountsError):
                decide(report, THREE, named=(), may_ask=True)  # type: ignore[operator]
        assert capsys.readouterr().err.startswith(
            "room1@contoso.example may be personal: it has no common area phone policy of its own, "
            "and its password would be reset.\n"
        )


def test_where_nothing_is_personal_all_goes_on() -> None:
    found = sorted_out(made(THREE), THREE, named=(), may_ask=False, not_checked="not at all")
    assert found == Accounts(tuple(THREE), notes=("not at all",))


def test_where_nothing_is_left_it_is_refused_unless_nothing_is_needed() -> None:
    with pytest.raises(PersonalAccountsError) as told:
        looked([PERSONAL])
    assert told.value.message == (
        "room1@contoso.example may be personal and was not named. Nothing was submitted."
    )
    assert looked([PERSONAL], needed=False).left_out == (PERSONAL,)
    many = [device(number) for number in range(14)]
    with pytest.raises(PersonalAccountsError) as told:
        sorted_out(made(many, many), many, named=(), may_ask=False)
    names = ", ".join(f"room{number}@contoso.example" for number in range(12))
    assert told.value.message.startswith(f"{names} and 2 more may be personal and were not named.")


def test_of_a_whole_none_is_left_out() -> None:
    with pytest.raises(
        PersonalAccountsError, match=r"room1@contoso\.example may be personal and was"
    ):
        looked(whole=True)
    with pytest.raises(PersonalAccountsError) as told:
        sorted_out(
            made(THREE, [PERSONAL, OTHER]),
            THREE,
            named=["room1@contoso.example"],
            may_ask=False,
            whole=True,
            needed=False,
        )
    assert told.value.message.startswith("room2@contoso.example may be personal")
    assert looked(THREE, ["room1@contoso.example"], whole=True).kept == tuple(THREE)


def test_what_could_not_be_read_goes_on_and_is_told() -> None:
    found = sorted_out(made(THREE, unclear=[PERSONAL]), THREE, named=(), may_ask=False)
    assert (found.kept, found.left_out) == (tuple(THREE), ())
    assert found.notes == (NOT_CHECKED, "Could not check whether 1 row may be personal.")


def test_what_may_be_read_at_another_time_stops_where_nobody_can_be_asked() -> None:
    report = made(THREE, unclear=[PERSONAL], not_now=True)
    with pytest.raises(AccountsUnreadError) as told:
        sorted_out(report, THREE, named=(), may_ask=False)
    assert told.value.message == (
        "It could not be read which accounts may be personal. Access denied (403). Nothing was "
        "submitted."
    )
    assert sorted_out(report, THREE, named=(), may_ask=True).kept == tuple(THREE)
    with pytest.raises(AccountsUnreadError):
        passed(report, THREE, named=(), may_ask=False)
    assert passed(report, THREE, named=(), may_ask=True).kept == tuple(THREE)


# -- with a preflight


def test_where_nothing_fails_all_goes_on() -> None:
    found = passed(made(THREE), THREE, named=(), may_ask=False)
    assert (found.kept, found.named, found.left_out) == (tuple(THREE), (), ())
    assert found.notes == ["Prerequisites: checked, nothing fails (3 calls)."]
    assert set(found.rows) == {one.key for one in THREE}


def test_what_fails_stops_all_or_leaves_its_row_out() -> None:
    report = made(THREE, failing=[OTHER])
    with pytest.raises(PreflightFailedError) as told:
        passed(report, THREE, named=(), may_ask=False)
    assert told.value.message.splitlines() == [
        "1 finding fail, so nothing was submitted.",
        "  line 4, room2@contoso.example, phone_number: The account has no phone number.",
    ]
    found = passed(report, THREE, named=(), may_ask=False, passing=True)
    assert (found.kept, found.left_out) == ((SHARED, PERSONAL), (OTHER,))
    assert found.notes == ["Prerequisites: checked; 2 rows of 3 pass. 1 row left out."]


def test_what_fails_of_the_tenant_stops_all_whatever_passes() -> None:
    report = made(THREE, bulk_sign_in="Disabled")
    for passing in (False, True):
        with pytest.raises(PreflightFailedError, match=r"tenant, bulk_sign_in: "):
            passed(report, THREE, named=(), may_ask=False, passing=passing)
    (line,) = blocking(report)
    assert line.startswith("  tenant, bulk_sign_in: ")


def test_of_many_failures_a_dozen_are_named() -> None:
    for count, more in ((12, ""), (13, "  and 1 more")):
        many = [device(number) for number in range(count)]
        with pytest.raises(PreflightFailedError) as told:
            passed(made(many, failing=many), many, named=(), may_ask=False)
        lines = told.value.message.splitlines()
        assert lines[0] == f"{count} findings fail, so nothing was submitted."
        assert len(lines) == 13 + bool(more)
        assert (lines[-1] == more) is bool(more)


def test_a_personal_account_goes_on_by_its_name_alone() -> None:
    report = made(THREE, [PERSONAL])
    with pytest.raises(PersonalAccountsError) as told:
        passed(report, THREE, named=["room2@contoso.example"], may_ask=False)
    assert "so perhaps a person's: room1@contoso.example. Nothing was sub" in told.value.message
    found = passed(report, THREE, named=["ROOM1@contoso.example"], may_ask=False)
    assert (found.kept, found.named) == (tuple(THREE), ("room1@contoso.example",))
    assert found.notes == ["Prerequisites: checked; may be personal, named by you: 1."]
    found = passed(report, THREE, named=(), may_ask=False, passing=True)
    assert (found.kept, found.left_out, found.named) == ((SHARED, OTHER), (PERSONAL,), ())
    assert found.notes == ["Prerequisites: checked; 2 rows of 3 pass. 1 row left out."]


def test_a_name_lifts_nothing_else_that_fails_of_the_account() -> None:
    report = made(THREE, [PERSONAL], failing=[PERSONAL])
    (line,) = blocking(report)
    assert "phone_number" in line
    with pytest.raises(PreflightFailedError):
        passed(report, THREE, named=["room1@contoso.example"], may_ask=False)
    found = passed(report, THREE, named=["room1@contoso.example"], may_ask=False, passing=True)
    assert (found.kept, found.left_out, found.named) == ((SHARED, OTHER), (PERSONAL,), ())


def test_a_policy_that_fails_of_a_shared_account_is_not_lifted() -> None:
    """As a finding of that check is where it is not about a person."""
    row = AccountFindings(
        *(2, "a", "b"), (Finding(Check.IP_PHONE_POLICY, Result.FAIL, "other"),), personal=False
    )
    (line,) = blocking(Report((), (row,), NOW))
    assert line == "  line 2, a, ip_phone_policy: other"
    assert list(blocking(Report((), (replace(row, personal=True),), NOW))) == []


def test_of_several_personal_accounts_those_that_are_named_go_on() -> None:
    report = made(THREE, [PERSONAL, OTHER])
    found = passed(report, THREE, named=["room2@contoso.example"], may_ask=False, passing=True)
    assert (found.kept, found.left_out) == ((SHARED, OTHER), (PERSONAL,))
    assert found.named == ("room2@contoso.example",)
    report = made([*THREE, TWICE], [PERSONAL, OTHER, TWICE])
    found = passed(
        report,
        [TWICE, *THREE],
        named=["room2@contoso.example", "room1@contoso.example"],
        may_ask=False,
    )
    assert len(found.named) == 2
    assert found.notes == ["Prerequisites: checked; may be personal, named by you: 2."]


def test_what_could_not_be_checked_is_counted() -> None:
    report = made(THREE, unclear=[PERSONAL, OTHER])
    found = passed(report, THREE, named=(), may_ask=False)
    unknown = report.counts()[Result.UNKNOWN]
    assert found.notes[1:] == [
        f"{unknown} findings could not be checked.",
        "Could not check whether 2 rows are of personal accounts.",
    ]


# -- what a report says of all


def test_a_report_says_how_many_accounts_may_be_personal() -> None:
    assert made(THREE).notes == ()
    one = made([*THREE, TWICE], [PERSONAL, TWICE])
    assert one.notes == (
        "1 account may be personal: no common area phone policy of its own. Its password must not "
        "be reset unless you know better.",
    )
    assert [row.hardware_id for row in one.personal] == [PERSONAL.hardware_id, TWICE.hardware_id]
    two = made(THREE, [SHARED, PERSONAL], [OTHER])
    assert two.notes == (
        "2 accounts may be personal: no common area phone policy of their own. Their passwords "
        "must not be reset unless you know better.",
        "Could not check whether 1 row is of a personal account.",
    )
    assert unclear_note(made(THREE)) == []


def test_an_account_that_is_not_there_may_not_be_personal() -> None:
    found = Facts(users=Lookup(asked=frozenset({SHARED.user_name.key})))
    report = evaluate([SHARED], found, NOW)
    assert (report.personal, report.maybe_personal) == ((), ())


def test_why_it_could_not_be_told_is_only_what_passes() -> None:
    passing, refused = Missing("Later.", passing=True), Missing("Never.")
    assert made(THREE, unclear=[PERSONAL], not_now=True).not_now == "Access denied (403)."
    assert made(THREE, unclear=[PERSONAL]).not_now == ""
    assert made(THREE, ip_phone_policies=passing).not_now == "Later."
    assert made(THREE, ip_phone_policies=refused).not_now == ""
    # Where all are told, it does not matter what could not be read.
    users = {SHARED.user_name.key: replace(USER, ip_phone_policy=OWN)}
    other = Lookup(found=users, missing={OTHER.user_name.key: passing})
    assert evaluate([SHARED], replace(facts(), users=other), NOW).not_now == ""


def test_the_name_of_an_account_is_that_of_its_first_row() -> None:
    report = evaluate([TWICE, PERSONAL], made_facts(), NOW)
    assert [row.user_name for row in report.accounts] == [TWICE.user_name, PERSONAL.user_name]
    lines = [row.of(Check.PHONE_NUMBER).powershell for row in report.accounts]  # type: ignore[union-attr]
    assert all("-Identity 'ROOM1@contoso.example'" in line for line in lines)


def made_facts() -> Facts:
    """Facts about the second account, which has no number."""
    key = PERSONAL.user_name.key
    return replace(facts(), users=Lookup(found={key: replace(USER, numbers=())}))


def test_the_number_of_a_row_is_for_an_account_without_one_alone() -> None:
    row = replace(SHARED, extra={"PhoneNumber": "+4930123456", "PublicIP": "203.0.113.5"})
    for user, lines in ((USER, False), (replace(USER, numbers=(), enabled=False), True)):
        found = replace(facts(), users=Lookup(found={SHARED.user_name.key: user}))
        report = evaluate([row, PERSONAL], found, NOW)
        findings = {finding.check: finding for finding in report.accounts[0].findings}
        assert ("+4930123456" in findings[Check.PHONE_NUMBER].powershell) is lines
        assert "+4930123456" not in findings[Check.ENABLED].powershell
        (trusted,) = (one for one in report.tenant if one.check is Check.TRUSTED_IP)
        assert trusted.detail.endswith("The list's own addresses are checked row by row.")


def test_a_change_counts_while_it_may_not_work_yet() -> None:
    for hours, since in ((23, True), (24, False)):
        changes = {
            (check, SHARED.user_name.key): NOW - timedelta(hours=hours)
            for check in (Check.CALLING_POLICY, Check.ENABLED)
        }
        key = SHARED.user_name.key
        users = Lookup(found={key: USER})
        (row,) = evaluate([SHARED], replace(facts(), users=users), NOW, changes=changes).accounts
        assert (row.of(Check.CALLING_POLICY).since is not None) is since  # type: ignore[union-attr]
        assert row.of(Check.ENABLED).since is None  # type: ignore[union-attr]
    unknown = Lookup(missing={SHARED.user_name.key: DENIED})
    (row,) = evaluate(
        [SHARED],
        replace(facts(), users=unknown),
        NOW,
        changes={(Check.CALLING_POLICY, SHARED.user_name.key): NOW},
    ).accounts
    assert row.of(Check.CALLING_POLICY).since is None  # type: ignore[union-attr]


def test_the_worst_of_a_row_counts() -> None:
    row = AccountFindings(2, "A@c.de", "b", ())
    assert (row.result, row.key, row.failures) == (Result.PASS, ("a@c.de", "b"), ())
    ok, unknown, bad = (Finding(Check.MFA, result, "") for result in Result if result)
    found = {finding.result: finding for finding in (ok, unknown, bad)}
    for results in (
        [Result.PASS],
        [Result.PASS, Result.UNKNOWN],
        [Result.UNKNOWN, Result.PASS],
        [Result.FAIL, Result.UNKNOWN],
        [Result.UNKNOWN, Result.FAIL, Result.PASS],
    ):
        one = replace(row, findings=tuple(found[result] for result in results))
        worst = next(r for r in (Result.FAIL, Result.UNKNOWN, Result.PASS) if r in results)
        assert one.result is worst
        assert one.failures == tuple(f for f in one.findings if f.result is Result.FAIL)
        report = Report((found[Result.FAIL],), (one,), NOW)
        assert report.failed
        assert report.counts()[Result.FAIL] == 1 + results.count(Result.FAIL)
        assert Report((), (one,), NOW).failed is (Result.FAIL in results)
        assert report.by_key == {one.key: one}
