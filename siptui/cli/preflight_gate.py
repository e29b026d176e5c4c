"""What is checked before a submit.

`run --preflight` submits nothing while a prerequisite fails. Without it accounts that may be
personal are looked for, and left out until they are named. Devices that are signed in as the list
wants it are submitted once more only after a confirmation.
"""

import asyncio
import sys
from collections.abc import Iterable, Sequence

import click

from siptui.app.invocation import Invocation
from siptui.app.session import Selected, open_session
from siptui.cli.passing_rows import NOT_CHECKED, Accounts, Checked, passed, sorted_out, unread
from siptui.cli.preflight_options import networks, record_of, said_progress, sources_of
from siptui.cli.wording import say_wait
from siptui.domain.device import Device
from siptui.gateway.errors import GatewayError
from siptui.preflight.check import check, look
from siptui.preflight.finding import Report
from siptui.preflight.remedies import LEAD_HOURS
from siptui.runs.conflicts import Overlap, signed_in_note
from siptui.runs.state import RunState

#: Seconds that looking for personal accounts may take without a terminal.
_PATIENCE = 180.0


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
    return passed(report, devices, named=named, may_ask=may_ask, passing=passing)


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


def attended(call: Invocation, yes: bool) -> bool:
    """Whether questions can be asked: at a terminal, unless the options say otherwise."""
    return sys.stdin.isatty() and not (yes or call.no_input or call.as_json)


def read_accounts(selected: Selected, devices: Sequence[Device], *, patient: bool) -> Report:
    """Read what tells shared accounts from personal ones; a while at most, unless `patient`."""

    async def main() -> Report:
        opening = open_session(selected, on_wait=say_wait)
        async with asyncio.timeout(None if patient else _PATIENCE), opening as session:
            sources = sources_of(session)
            return await look(devices, sources, on_progress=said_progress(not patient))

    return asyncio.run(main())


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
            raise unread(message) from error
        why = f"Could not check whether accounts are personal: {message}"
        return Accounts(tuple(devices), notes=(not_checked, why))
    return sorted_out(
        report,
        devices,
        named=named,
        may_ask=may_ask,
        needed=needed,
        whole=whole,
        not_checked=not_checked,
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
