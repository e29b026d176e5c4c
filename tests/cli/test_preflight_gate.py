"""What is read of accounts before a submit, and what it means where it cannot be read."""

import io
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from siptui.app.invocation import Invocation
from siptui.app.session import Selected, open_session, select
from siptui.cli import preflight_gate
from siptui.cli.passing_rows import (
    NOT_CHECKED,
    Accounts,
    AccountsUnreadError,
    PersonalAccountsError,
    PreflightFailedError,
)
from siptui.cli.preflight_gate import (
    again_wanted,
    attended,
    checked_accounts,
    named_before,
    preflighted,
    read_accounts,
)
from siptui.domain.errors import SignInNeededError
from siptui.domain.state import DeviceState
from siptui.emulator.emulator import Emulator
from siptui.emulator.scenario import AccountRule, Scenario
from siptui.gateway.errors import AccessDeniedError, GatewayError, ServiceFailedError
from siptui.preflight.finding import Report
from siptui.runs.conflicts import Overlap
from siptui.runs.events import Options
from siptui.runs.state import RunState
from tests.preflight.personal import OTHER, PERSONAL, SHARED, THREE, made
from tests.runs.state_builder import AT, StateBuilder
from tests.support.replace import replace

NAME = "ROOM1@contoso.example"


class Terminal(io.StringIO):
    """What is typed at a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(name="selected")
def _selected(own_folders: Path, monkeypatch: pytest.MonkeyPatch) -> Selected:
    """A profile of an emulated tenant in this process, of whose accounts the second is a person's
    and the third has no number."""
    path = own_folders / "config" / "config.toml"
    path.parent.mkdir(parents=True)
    path.write_text(
        '[profiles.a]\ntenant = "contoso.com"\ncloud = "lab"\n[clouds.lab]\n'
        'authority = "https://localhost:9"\nadmin_api = "https://emulator.invalid"\n'
    )
    monkeypatch.setenv("SIPTUI_ACCESS_TOKEN", "any")
    accounts = (
        AccountRule(match=str(PERSONAL.user_name), common_area=False),
        AccountRule(match=str(OTHER.user_name), number=False),
    )
    emulator = Emulator(Scenario(accounts=accounts))
    opened = partial(open_session, transport=emulator.transport())
    monkeypatch.setattr(preflight_gate, "open_session", opened)
    return select("a")


# -- read in a session


@pytest.mark.parametrize("patient", [True, False])
def test_accounts_are_read_for_a_while_unless_there_is_time(
    selected: Selected, patient: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = read_accounts(selected, THREE, patient=patient)
    assert [account.user_name for account in report.personal] == [PERSONAL.user_name]
    monkeypatch.setattr(preflight_gate, "_PATIENCE", 0.0)
    if patient:
        assert read_accounts(selected, THREE, patient=True).personal
        return
    with pytest.raises(TimeoutError):
        read_accounts(selected, THREE, patient=False)


def test_a_preflight_lets_nothing_go_on_that_fails(selected: Selected) -> None:
    done: Callable[..., Any] = partial(preflighted, selected, public_ip=(), may_ask=False)
    assert done([SHARED], named=()).kept == (SHARED,)
    with pytest.raises(PersonalAccountsError):
        done([SHARED, PERSONAL], named=())
    named = done([SHARED, PERSONAL], named=[NAME])
    assert (named.kept, named.named) == ((SHARED, PERSONAL), (str(PERSONAL.user_name),))
    with pytest.raises(PreflightFailedError):
        done([SHARED, OTHER], named=())
    passing = done(THREE, named=(), passing=True)
    assert (passing.kept, passing.left_out) == ((SHARED,), (PERSONAL, OTHER))


def test_a_preflight_asks_at_a_terminal(
    selected: Selected, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal(f"{NAME}\n"))
    found = preflighted(selected, [SHARED, PERSONAL], public_ip=(), named=(), may_ask=True)
    assert found.kept == (SHARED, PERSONAL)


def test_the_phones_own_address_must_be_trusted(selected: Selected) -> None:
    done = partial(preflighted, selected, [SHARED], named=(), may_ask=False)
    assert done(public_ip=["203.0.113.24"]).kept == (SHARED,)
    with pytest.raises(PreflightFailedError):
        done(public_ip=["203.0.114.7"])


# -- what it means


class Reading:
    """Stands for the reading: `came` is what it comes to."""

    def __init__(self, came: Report | BaseException) -> None:
        self.came = came
        self.patient: list[bool] = []

    def __call__(self, selected: Selected, devices: Any, *, patient: bool) -> Report:
        self.patient.append(patient)
        if isinstance(self.came, BaseException):
            raise self.came
        return self.came


@pytest.fixture(name="looked")
def _looked(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[Accounts, list[bool]]]:
    def looked(
        came: Report | BaseException, devices: Any = THREE, **more: Any
    ) -> tuple[Accounts, list[bool]]:
        reading = Reading(came)
        monkeypatch.setattr(preflight_gate, "read_accounts", reading)
        more = {"named": (), "may_ask": False, **more}
        selected: Any = None
        return checked_accounts(selected, devices, **more), reading.patient

    return looked


Looked = Callable[..., tuple[Accounts, list[bool]]]


def test_nothing_is_read_where_there_is_nothing_or_it_is_not_wanted(looked: Looked) -> None:
    report = made(THREE, [PERSONAL])
    assert looked(report, skip=True) == (Accounts(tuple(THREE), notes=(NOT_CHECKED,)), [])
    found = looked(report, devices=[], not_checked="no")
    assert found == (Accounts((), notes=("no",)), [])


def test_what_may_be_personal_goes_on_by_its_name_alone(
    looked: Looked, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = made(THREE, [PERSONAL])
    found, patient = looked(report, not_checked="no")
    assert (found.kept, found.left_out, patient) == ((SHARED, OTHER), (PERSONAL,), [False])
    assert found.notes[0] == "no"
    assert looked(report, named=[NAME])[0].left_out == ()
    monkeypatch.setattr("sys.stdin", Terminal(f"{NAME}\n"))
    found, patient = looked(report, may_ask=True)
    assert (found.left_out, patient) == ((), [True])


def test_where_nothing_is_left_it_is_refused(looked: Looked) -> None:
    report = made([PERSONAL], [PERSONAL])
    with pytest.raises(PersonalAccountsError):
        looked(report, [PERSONAL])
    assert looked(report, [PERSONAL], needed=False)[0].left_out == (PERSONAL,)
    with pytest.raises(PersonalAccountsError):
        looked(made(THREE, [PERSONAL]), whole=True)


@pytest.mark.parametrize("may_ask", [True, False])
@pytest.mark.parametrize(
    ("error", "passing", "said"),
    [
        (AccessDeniedError("Denied.", status=403), False, "Denied."),
        (ServiceFailedError("Away.", status=503), True, "Away."),
        (TimeoutError(), True, "the service took too long to answer."),
    ],
)
def test_what_cannot_be_read_stops_a_script_unless_it_was_refused(
    looked: Looked, error: Exception, passing: bool, said: str, may_ask: bool
) -> None:
    if isinstance(error, GatewayError):
        assert error.passing is passing
    if passing and not may_ask:
        with pytest.raises(AccountsUnreadError, match=said):
            looked(error)
        return
    found, _ = looked(error, may_ask=may_ask, not_checked="no")
    why = f"Could not check whether accounts are personal: {said}"
    assert found == Accounts(tuple(THREE), notes=("no", why))


def test_without_a_sign_in_nothing_goes_on(looked: Looked) -> None:
    with pytest.raises(SignInNeededError):
        looked(SignInNeededError("No one is signed in.", remedy=""), may_ask=True)


def test_those_that_were_named_when_a_run_was_ordered_stay_named() -> None:
    state = StateBuilder(THREE, Options(personal=[NAME])).state
    assert named_before(state) == [NAME]
    assert named_before(RunState("run", THREE)) == []


# -- questions


@pytest.mark.parametrize(
    ("call", "yes", "asks"),
    [
        (Invocation(), False, True),
        (Invocation(), True, False),
        (Invocation(no_input=True), False, False),
        (Invocation(as_json=True), False, False),
    ],
)
def test_questions_are_asked_at_a_terminal_alone(
    call: Invocation, yes: bool, asks: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal())
    assert attended(call, yes) is asks
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert not attended(call, yes)


DONE = Overlap(SHARED, "run 1", DeviceState.SUCCEEDED, AT)


@pytest.mark.parametrize(
    ("typed", "again"),
    [
        ("again", True),
        (" Again ", True),
        ("“again”", True),
        ("'AGAIN' ", True),
        ("", False),
        ("y", False),
        ("again!", False),
    ],
)
def test_what_is_signed_in_goes_out_again_by_the_word_alone(
    typed: str, again: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal(f"{typed}\n"))
    assert again_wanted([DONE], may_ask=True) is again
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("1 device is signed in as the list wants it, last in run run 1.\n")
    assert err.endswith("Type “again” to submit them once more, Enter to leave them out: ")


def test_where_nothing_is_signed_in_or_nobody_is_there_nothing_is_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal("again\nagain\n"))
    assert not again_wanted([], may_ask=True)
    assert not again_wanted([replace(DONE)], may_ask=False)
    assert capsys.readouterr() == ("", "")
