"""Which rows go on by what a preflight, or a look for personal accounts, came to.

An account that may be personal goes on by its name alone, and a name lifts nothing else.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct, field

from siptui.cli.preflight_options import typed_names
from siptui.domain.device import Device, DeviceKey
from siptui.domain.errors import ExitCode, SiptuiError
from siptui.domain.text import plural
from siptui.preflight.check import unclear_note
from siptui.preflight.finding import AccountFindings, Finding, Report, Result

#: What the confirmation says when none was made.
NOT_CHECKED = "Prerequisites: not checked (--preflight does)."
#: The same of an order that has no such option.
NOT_CHECKED_AGAIN = "Prerequisites: not checked (siptui preflight LIST does)."
_SHOWN = 12
_WHY = "it has no common area phone policy of its own, and its password would be reset"


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


class Checked(Struct, frozen=True):
    """What a preflight came to: the devices that go on, the names of accounts that may be personal
    and were named, and notes for the confirmation. `left_out` do not pass; `rows` say why."""

    kept: tuple[Device, ...]
    named: tuple[str, ...]
    notes: list[str]
    left_out: tuple[Device, ...] = ()
    rows: Mapping[DeviceKey, AccountFindings] = field(default_factory=dict)


class Accounts(Struct, frozen=True):
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


def passed(
    report: Report,
    devices: Sequence[Device],
    *,
    named: Iterable[str],
    may_ask: bool,
    passing: bool = False,
) -> Checked:
    """What a preflight that came to `report` lets go on, and the errors of `preflighted`."""
    failures = list(_of_tenant(report) if passing else blocking(report))
    if failures:
        raise _failed(failures)
    if report.not_now and not may_ask:
        raise unread(report.not_now)
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
    if out:
        notes = [
            f"Prerequisites: checked; {plural(len(kept), 'row')} of {len(devices):,} pass. "
            f"{plural(len(out), 'row')} left out."
        ]
    elif wanted:
        notes = [f"Prerequisites: checked; may be personal, named by you: {len(wanted):,}."]
    else:
        notes = [f"Prerequisites: checked, nothing fails ({calls})."]
    if unknown := report.counts()[Result.UNKNOWN]:
        notes.append(f"{plural(unknown, 'finding')} could not be checked.")
    taken = tuple(name for key, name in wanted.items() if key in names)
    return Checked(kept, taken, [*notes, *unclear_note(report)], out, report.by_key)


def sorted_out(
    report: Report,
    devices: Sequence[Device],
    *,
    named: Iterable[str],
    may_ask: bool,
    needed: bool = True,
    whole: bool = False,
    not_checked: str = NOT_CHECKED,
) -> Accounts:
    """What goes on by a `report` that tells shared accounts from personal ones, and the errors of
    `checked_accounts`."""
    if report.not_now and not may_ask:
        raise unread(report.not_now)
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


def may_be_personal(devices: Sequence[Device]) -> str:
    """The accounts of `devices` in a list for people, each once."""
    return _some(list(dict.fromkeys(str(device.user_name) for device in devices)))


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


def _failed(failures: Sequence[str]) -> PreflightFailedError:
    more = len(failures) - _SHOWN
    shown = [*failures[:_SHOWN], *([f"  and {more:,} more"] if more > 0 else [])]
    return PreflightFailedError(
        "\n".join([f"{plural(len(failures), 'finding')} fail, so nothing was submitted.", *shown]),
        remedy="“siptui preflight LIST” shows all with their remedies, “siptui fix LIST” fixes "
        "what it can. --passing submits the rows that pass.",
    )


def unread(why: str) -> AccountsUnreadError:
    return AccountsUnreadError(
        f"It could not be read which accounts may be personal. {why} Nothing was submitted.",
        remedy="Try again later; --no-account-check goes on without (and without --preflight).",
    )


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _was(names: Sequence[str]) -> str:
    return "was" if len(names) == 1 else "were"
