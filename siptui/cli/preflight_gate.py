"""What is checked before a submit.

`run --preflight` submits nothing while a prerequisite fails. Without it accounts that may be
personal are looked for, and left out until they are named. Devices that are signed in as the list
wants it are submitted once more only after a confirmation.
"""

import asyncio
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field

import click

from siptui.app.invocation import Invocation
from siptui.app.session import Selected, open_session
from siptui.cli.preflight_options import networks, record_of, said_progress, sources_of, typed_names
from siptui.cli.wording import say_wait
from siptui.domain.dataclass import dataclass
from siptui.domain.device import Device, DeviceKey
from siptui.domain.errors import ExitCode, SiptuiError
from siptui.domain.text import plural
from siptui.gateway.errors import GatewayError
from siptui.preflight.check import check, look, unclear_note
from siptui.preflight.finding import AccountFindings, Finding, Report, Result
from siptui.preflight.remedies import LEAD_HOURS
from siptui.runs.conflicts import Overlap, signed_in_note
from siptui.runs.state import RunState

#: What the confirmation says when none was made.
NOT_CHECKED = "Prerequisites: not checked (--preflight does)."
#: The same of an order that has no such option.
NOT_CHECKED_AGAIN = "Prerequisites: not checked (siptui preflight LIST does)."
_SHOWN = 12
#: Seconds that looking for personal accounts may take without a terminal.
_PATIENCE = 180.0


class PreflightFailedError(SiptuiError):
    """A preflight found what would make devices fail; nothing was submitted."""

    title = "The preflight found failures"
    code = "preflight_failed"
    exit_code = ExitCode.PREFLIGHT_FAILED


class PersonalAccountsError(SiptuiError):
    """Accounts may be personal and were not named; nothing was submitted."""

    title = "Accounts may be personal"
    code = "personal_accounts"
    exit_code = ExitCode.SOME_FAILED


class AccountsUnreadError(SiptuiError):
    """Whether accounts are personal could not be read just now; nothing was submitted."""

    title = "The accounts could not be checked"
    code = "accounts_unread"


@dataclass(frozen=True)
class Checked:
    """What a preflight came to: the devices that go on, the names of accounts that may be personal
    and were named, and notes for the confirmation. `left_out` do not pass; `rows` say why."""

    kept: tuple[Device, ...]
    named: tuple[str, ...]
    notes: list[str]
    left_out: tuple[Device, ...] = ()
    rows: Mapping[DeviceKey, AccountFindings] = field(default_factory=dict)


def preflighted(
    selected: Selected,
    devices: Sequence[Device],
    *,
    public_ip: Iterable[str],
    named: Iterable[str],
    may_ask: bool,
    passing: bool = False,
) -> Checked:
    """Make a preflight of `devices`; those that go on, and what the confirmation says about it.

    Raises `PreflightFailedError` when anything fails, `PersonalAccountsError` when an account
    without a common area policy was neither given in `named` nor, if that `may_ask`, typed, and
    `AccountsUnreadError` as `checked_accounts` does. With `passing` rows that fail, and accounts
    that were not named, are left out; only what fails of the tenant is raised.
    """
    report = _report(selected, devices, public_ip)
    failures = list(_of_tenant(report) if passing else blocking(report))
    if failures:
        raise _failed(failures)
    if report.not_now and not may_ask:
        raise _unread(report.not_now)
    failing = {one.key for one in report.accounts if any(_of_row(one))}
    fit = [account for account in report.personal if account.key not in failing]
    wanted = {account.user_name.casefold(): account.user_name for account in fit}
    names = typed_names([(name, _WHY) for name in wanted.values()], named, ask=may_ask)
    unnamed = {key: name for key, name in wanted.items() if key not in names}
    if unnamed and not passing:
        raise PersonalAccountsError(
            "No common area phone policy of their own, so perhaps a person's: "
            f"{_some(list(unnamed.values()))}. Nothing was submitted.",
            remedy="Take them off the list, assign the policy if they are shared "
            "(siptui fix LIST), or name each with --include-personal USER; --yes does not "
            "stand for that.",
        )
    out = tuple(d for d in devices if d.key in failing or d.user_name.key in unnamed)
    kept = tuple(d for d in devices if d.key not in failing and d.user_name.key not in unnamed)
    calls = plural(sum(report.calls.values()), "call")
    notes = [f"Prerequisites: checked, nothing fails ({calls})."]
    if wanted.keys() - unnamed.keys():
        count = len(wanted) - len(unnamed)
        notes = [f"Prerequisites: checked; may be personal, named by you: {count:,}."]
    if out:
        notes = [
            f"Prerequisites: checked; {plural(len(kept), 'row')} of {len(devices):,} pass. "
            f"{plural(len(out), 'row')} left out."
        ]
    if unknown := report.counts()[Result.UNKNOWN]:
        notes.append(f"{plural(unknown, 'finding')} could not be checked.")
    taken = tuple(name for key, name in wanted.items() if key in names)
    return Checked(kept, taken, [*notes, *unclear_note(report)], out, report.by_key)


def _report(selected: Selected, devices: Sequence[Device], public_ip: Iterable[str]) -> Report:
    addresses = networks(public_ip, selected.profile)
    changes = record_of(selected).lately(LEAD_HOURS)

    async def main() -> Report:
        async with open_session(selected, on_wait=say_wait) as session:
            made = await check(
                devices,
                sources_of(session),
                public_ips=addresses,
                changes=changes,
                on_progress=said_progress(selected.call.as_json),
            )
            return made.report

    return asyncio.run(main())


def _failed(failures: Sequence[str]) -> PreflightFailedError:
    more = len(failures) - _SHOWN
    shown = [*failures[:_SHOWN], *([f"  and {more:,} more"] if more > 0 else [])]
    return PreflightFailedError(
        "\n".join([f"{plural(len(failures), 'finding')} fail, so nothing was submitted.", *shown]),
        remedy="“siptui preflight LIST” shows all with their remedies, “siptui fix LIST” fixes "
        "what it can. --passing submits the rows that pass.",
    )


_WHY = "it has no common area phone policy of its own, and its password would be reset"


def attended(call: Invocation, yes: bool) -> bool:
    """Whether questions can be asked: at a terminal, unless the options say otherwise."""
    return sys.stdin.isatty() and not (yes or call.no_input or call.as_json)


@dataclass(frozen=True)
class Accounts:
    """What looking for personal accounts came to.

    `kept` may go on, `left_out` may be personal and were not named; `named` are the names of those
    that may be and were. `notes` are for the confirmation.
    """

    kept: tuple[Device, ...]
    left_out: tuple[Device, ...] = ()
    named: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def findings(self) -> tuple[str, ...]:
        """The notes that a run keeps: all but that nothing else was checked."""
        return self.notes[1:]


def read_accounts(selected: Selected, devices: Sequence[Device], *, patient: bool) -> Report:
    """Read what tells shared accounts from personal ones; a while at most, unless `patient`."""

    async def main() -> Report:
        opening = open_session(selected, on_wait=say_wait)
        async with asyncio.timeout(None if patient else _PATIENCE), opening as session:
            sources = sources_of(session)
            return await look(devices, sources, on_progress=said_progress(not patient))

    return asyncio.run(main())


def may_be_personal(devices: Sequence[Device]) -> str:
    """The accounts of `devices` in a list for people, each once."""
    return _some(list(dict.fromkeys(str(device.user_name) for device in devices)))


def checked_accounts(
    selected: Selected,
    devices: Sequence[Device],
    *,
    named: Iterable[str],
    may_ask: bool,
    skip: bool = False,
    needed: bool = True,
    whole: bool = False,
    not_checked: str = NOT_CHECKED,
) -> Accounts:
    """Look for personal accounts alone (a call per 50); the names of those that go on all the
    same are `named` already or, if that `may_ask`, typed.

    What is refused is said and stops nothing: a role that signs in phones may not be able to read
    policies. With `skip` nothing is read. Raises `PersonalAccountsError` when nothing is left
    although something is `needed`, or when of a `whole`, of which no device is to be left out, an
    account was not named; `AccountsUnreadError` when what was not refused could not be read, and
    no terminal can be asked whether to continue.
    """
    if skip or not devices:
        return Accounts(tuple(devices), notes=(not_checked,))

    try:
        report = read_accounts(selected, devices, patient=may_ask)
    except (GatewayError, TimeoutError) as error:
        message = getattr(error, "message", "the service took too long to answer.")
        if not may_ask and getattr(error, "passing", True):
            raise _unread(message) from error
        why = f"Could not check whether accounts are personal: {message}"
        return Accounts(tuple(devices), notes=(not_checked, why))
    if report.not_now and not may_ask:
        raise _unread(report.not_now)
    wanted = {account.user_name.casefold(): account.user_name for account in report.personal}
    names = typed_names([(name, _WHY) for name in wanted.values()], named, ask=may_ask)
    kept = tuple(d for d in devices if d.user_name.key not in wanted or d.user_name.key in names)
    out = tuple(d for d in devices if d not in kept)
    if out and (whole or (needed and not kept)):
        left_out = [name for key, name in wanted.items() if key not in names]
        raise PersonalAccountsError(
            f"{_some(left_out)} may be personal and {_was(left_out)} not named. Nothing was "
            "submitted.",
            remedy="Assign them a common area phone policy if they are shared (siptui fix LIST), "
            "take them off the list, or name each with --include-personal USER; --yes does not "
            "stand for that.",
        )
    notes = [not_checked]
    if out:
        notes.append(
            f"{plural(len(out), 'row')} left out: the account may be personal "
            f"({may_be_personal(out)}). "
            "--include-personal USER takes one all the same."
        )
    if unclear := len(report.maybe_personal):
        notes.append(f"Could not check whether {plural(unclear, 'row')} may be personal.")
    taken = tuple(name for key, name in wanted.items() if key in names)
    return Accounts(kept, out, taken, tuple(notes))


def _unread(why: str) -> AccountsUnreadError:
    return AccountsUnreadError(
        f"It could not be read which accounts may be personal. {why} Nothing was submitted.",
        remedy="Try again later; --no-account-check goes on without (and without --preflight).",
    )


def named_before(state: RunState) -> list[str]:
    """The accounts of the run that may be personal and were named when it was ordered."""
    return list(state.plan.options.personal) if state.plan else []


def again_wanted(done: Sequence[Overlap], *, may_ask: bool) -> bool:
    """Whether the devices `done`, which are signed in as the list wants it, go out once more.

    Asked at a terminal; without one the answer is no.
    """
    if not done or not may_ask:
        return False
    click.echo(signed_in_note(done), err=True)
    answer = click.prompt(
        "Type “again” to submit them once more, Enter to leave them out",
        default="",
        show_default=False,
        err=True,
    )
    return str(answer).strip().strip("“”\"'").casefold() == "again"


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _was(names: Sequence[str]) -> str:
    return "was" if len(names) == 1 else "were"


def blocking(report: Report) -> Iterator[str]:
    """A line for each failure that no typed name can lift."""
    yield from _of_tenant(report)
    for account in report.accounts:
        yield from _of_row(account)


def _of_tenant(report: Report) -> Iterator[str]:
    for finding in report.tenant:
        if finding.result == "fail":
            yield f"  tenant, {finding.check}: {finding.detail}"


def _of_row(account: AccountFindings) -> Iterator[str]:
    for finding in account.failures:
        if not _lifted(account, finding):
            where = f"line {account.line}, {account.user_name}"
            yield f"  {where}, {finding.check}: {finding.detail}"


def _lifted(account: AccountFindings, finding: Finding) -> bool:
    """Whether the failure is only that the account may be personal, which a name answers."""
    return bool(account.personal) and finding.check == "ip_phone_policy"
