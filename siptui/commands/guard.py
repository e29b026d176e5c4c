"""The guard of `run --preflight`: nothing is submitted while something fails."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from siptui.commands.findings import count
from siptui.domain.errors import ExitCode, SiptuiError

if TYPE_CHECKING:
    from siptui.commands.session import Selected
    from siptui.commands.tape import Tape
    from siptui.domain.device import Device
    from siptui.preflight.finding import AccountFindings, Finding, Report

#: What the confirmation says when none was made.
NOT_CHECKED = "Prerequisites: not checked (--preflight does)."
_SHOWN = 12


class PreflightFailedError(SiptuiError):
    """A preflight found what would make devices fail; nothing was submitted."""

    title = "The preflight found failures"
    code = "preflight_failed"
    exit_code = ExitCode.SOME_FAILED


class PersonalAccountsError(SiptuiError):
    """Accounts may be personal and were not named; nothing was submitted."""

    title = "Accounts may be personal"
    code = "personal_accounts"
    exit_code = ExitCode.SOME_FAILED


def preflighted(
    selected: "Selected",
    devices: "Sequence[Device]",
    *,
    public_ip: Iterable[str],
    named: Iterable[str],
    may_ask: bool,
    quiet: bool,
    record: "Tape | None",
    log_level: str | None,
) -> list[str]:
    """Make a preflight of `devices`; what the confirmation is to say about it.

    Raises `PreflightFailedError` when anything fails, `PersonalAccountsError` when an account
    without a common area policy was neither given in `named` nor, if that `may_ask`, typed.
    """
    from siptui.commands.prerequisites import (
        networks,
        record_of,
        said_progress,
        sources_of,
        typed_names,
    )
    from siptui.commands.session import open_session
    from siptui.commands.waits import say_wait
    from siptui.preflight.check import check
    from siptui.preflight.remedies import LEAD_HOURS

    addresses = networks(public_ip)
    changes = record_of(selected).lately(LEAD_HOURS)

    async def main() -> "Report":
        async with open_session(
            record=record, log_level=log_level, on_wait=say_wait, selected=selected
        ) as session:
            made = await check(
                devices,
                sources_of(session),
                public_ips=addresses,
                changes=changes,
                on_progress=said_progress(quiet),
            )
            return made.report

    report = asyncio.run(main())
    if failures := list(blocking(report)):
        raise PreflightFailedError(
            "\n".join(
                [f"{count(len(failures), 'finding')} fail, so nothing was submitted.", *failures]
                if len(failures) <= _SHOWN
                else [
                    f"{count(len(failures), 'finding')} fail, so nothing was submitted.",
                    *failures[:_SHOWN],
                    f"  and {len(failures) - _SHOWN} more",
                ]
            ),
            remedy="“siptui preflight” shows all with their remedies, “siptui fix” sets right "
            "what it can.",
        )
    wanted = {account.user_name.casefold(): account.user_name for account in report.personal}
    why = "it has no common area phone policy, and its password would be reset"
    names = typed_names([(name, why) for name in wanted.values()], named, ask=may_ask)
    if unnamed := [name for key, name in wanted.items() if key not in names]:
        shown = ", ".join(unnamed[:_SHOWN])
        more = f" and {len(unnamed) - _SHOWN} more" if len(unnamed) > _SHOWN else ""
        raise PersonalAccountsError(
            f"No common area phone policy, so they may be somebody's own: {shown}{more}. "
            "Nothing was submitted.",
            remedy="Take them off the list, assign the policy if they are shared (siptui fix), or "
            "name each with --include-personal USER; --yes does not stand for that.",
        )
    counts = report.counts()
    notes = [
        f"Prerequisites: checked, nothing fails ({count(sum(report.calls.values()), 'call')})."
    ]
    if wanted:
        notes = [f"Prerequisites: checked; may be personal, named by you: {len(wanted)}."]
    if unknown := sum(number for result, number in counts.items() if result == "unknown"):
        notes.append(f"{count(unknown, 'finding')} could not be checked.")
    return [*notes, *(note for note in report.notes if note.startswith("Could not"))]


def blocking(report: "Report") -> Iterator[str]:
    """A line for each failure that no typed name can lift."""
    for finding in report.tenant:
        if finding.result == "fail":
            yield f"  tenant, {finding.check}: {finding.detail}"
    for account in report.accounts:
        for finding in account.failures:
            if not _lifted(account, finding):
                where = f"line {account.line}, {account.user_name}"
                yield f"  {where}, {finding.check}: {finding.detail}"


def _lifted(account: "AccountFindings", finding: "Finding") -> bool:
    """Whether the failure is only that the account may be personal, which a name answers."""
    return bool(account.personal) and finding.check == "ip_phone_policy"
