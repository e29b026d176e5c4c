"""`siptui fix`: fix what a preflight found, step by step, confirmed, recorded, undoable."""

import asyncio
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click
from msgspec import Struct

from siptui.app.invocation import Invocation
from siptui.app.list_input import whole_and_part
from siptui.app.session import Selected, open_session, select_for
from siptui.cli import options
from siptui.cli.change_log import account_of, say, say_audit_news, show_history, take_back
from siptui.cli.command import Command
from siptui.cli.preflight_gate import attended
from siptui.cli.preflight_options import (
    fix_object,
    networks,
    record_of,
    refuse_unlisted,
    said_progress,
    sources_of,
    typed_names,
)
from siptui.cli.preflight_options import include_personal as include_personal_option
from siptui.cli.preflight_output import named_by
from siptui.cli.profile_rules import refuse_read_only
from siptui.cli.wording import say_wait
from siptui.devicelist.model import DeviceList
from siptui.domain.errors import ExitCode, UsageError
from siptui.domain.list_options import ListOptions
from siptui.domain.region import Region
from siptui.domain.text import plural, shell_word
from siptui.gateway.tenant_model import NumberType
from siptui.preflight.change_log import Step
from siptui.preflight.check import check
from siptui.preflight.finding import Check, Result
from siptui.preflight.fix_plan import Fix, FixPlan, Left, Wishes, plan_fixes
from siptui.preflight.fix_runner import Fixer, FixOutcome
from siptui.preflight.script import pinned_tenant, script_lines
from siptui.settings.model import Profile

_CHECKS = ("bulk_sign_in", "trusted_ip", "calling_policy", "ip_phone_policy", "phone_number")
_NUMBER_TYPES = ("DirectRouting", "CallingPlan", "OperatorConnect")
_SHOWN = 30


class FixOptions(Struct, frozen=True):
    """Which fixes are made, with what, and who decides."""

    public_ip: tuple[str, ...]
    only: tuple[str, ...]
    number_type: str | None
    calling_policy: str | None
    ip_phone_policy: str | None
    include_personal: tuple[str, ...]
    powershell: bool
    dry_run: bool
    yes: bool

    def wishes(self, profile: Profile) -> Wishes:
        """What was chosen, and the profile where nothing was."""
        return Wishes(
            public_ips=networks(self.public_ip, profile),
            number_type=NumberType(self.number_type or profile.number_type),
            calling_policy=self.calling_policy or "",
            ip_phone_policy=self.ip_phone_policy or "",
            only=frozenset(Check(one) for one in self.only),
        )


@click.command(cls=Command)
@click.argument("file", type=options.FILE, required=False)
@options.region
@options.list_options
@options.public_ip
@click.option(
    "--only",
    type=click.Choice(_CHECKS),
    multiple=True,
    metavar="CHECK",
    help=f"Only what this check found: {', '.join(_CHECKS)}. Can be repeated.",
)
@click.option(
    "--number-type",
    type=click.Choice(_NUMBER_TYPES, case_sensitive=False),
    help="Where the numbers in the PhoneNumber column come from. Default: number_type of the "
    f"profile, else {_NUMBER_TYPES[0]}.",
)
@click.option(
    "--calling-policy", metavar="NAME", help="Assign this policy. Default: one that fits."
)
@click.option(
    "--ip-phone-policy", metavar="NAME", help="Assign this policy. Default: one that fits."
)
@include_personal_option
@click.option(
    "--powershell",
    is_flag=True,
    help="Print a PowerShell script that makes the changes; change nothing.",
)
@click.option(
    "--undo", metavar="ID", help="Take back the change of this id (--history lists them)."
)
@click.option("--history", is_flag=True, help="List the changes made from here, newest first.")
@options.dry_run
@options.yes
@options.as_json
@options.common
@options.grouped(FixOptions, "chosen")
def command(
    file: Path | None,
    region: Region | None,
    list_options: ListOptions,
    undo: str | None,
    history: bool,
    chosen: FixOptions,
    call: Invocation,
) -> int:
    """Fix what a preflight of the device list FILE finds, step by step.

    Each step is shown with the PowerShell lines that do the same, and made only after you typed
    its number of changes. Every change is logged, sent once and read back; --undo takes one back.
    An account that may be personal gets the common area policy only after you typed its name.
    """
    selected = select_for(call)
    if history:
        return show_history(selected, call.as_json)
    if not chosen.dry_run:
        refuse_read_only(selected)
    may_ask = attended(call, chosen.yes)
    if undo is not None:
        return take_back(selected, undo, yes=chosen.yes, may_ask=may_ask)
    if file is None:
        raise UsageError(
            "Name the device list whose tenant and accounts are to be fixed.",
            title="Wrong usage",
            remedy="Try “siptui fix --help”.",
        )
    whole, found = whole_and_part(file, call.profile, region=region, options=list_options)
    refuse_unlisted(chosen.include_personal, whole.user_names, whole.file)
    if not found.devices:
        raise UsageError(f"{found.file} has no device that can be submitted.")
    return _fix(selected, found, chosen, may_ask=may_ask)


def _fix(selected: Selected, found: DeviceList, chosen: FixOptions, *, may_ask: bool) -> int:
    devices = found.devices
    wishes = chosen.wishes(selected.profile)
    as_json = selected.call.as_json

    async def main() -> int:
        async with open_session(selected, on_wait=say_wait) as session:
            sources = sources_of(session)
            made = await check(
                devices,
                sources,
                public_ips=wishes.public_ips,
                number_type=wishes.number_type,
                on_progress=said_progress(as_json),
            )
            plan = plan_fixes(made.report, made.facts, devices, wishes)
            if chosen.powershell:
                pinned = pinned_tenant(made.facts, selected.profile.tenant)
                for line in script_lines(plan, pinned):
                    click.echo(line)
                return ExitCode.OK
            if chosen.dry_run:
                _show_dry(plan, as_json)
                return ExitCode.OK
            unknown = made.report.counts()[Result.UNKNOWN]
            if unknown and not as_json:
                said = plural(unknown, "finding")
                click.echo(
                    f"{said} could not be checked: siptui preflight {shell_word(found.file)}",
                    err=True,
                )
            if plan.fixes and not (chosen.yes or may_ask):
                raise UsageError(
                    "This changes the tenant, and no terminal can be asked. Nothing was changed.",
                    title="Confirmation needed",
                    code="confirmation_needed",
                    remedy="Look at it with --dry-run, then give --yes.",
                )
            record = record_of(selected, account_of(session))
            fixer = Fixer(sources, record, on_outcome=None if as_json else say)
            outcomes = await _steps(fixer, plan, chosen, may_ask=may_ask, as_json=as_json)
            say_audit_news(record)
            return _end(plan, outcomes, as_json)

    return asyncio.run(main())


async def _steps(
    fixer: Fixer, plan: FixPlan, chosen: FixOptions, *, may_ask: bool, as_json: bool
) -> list[tuple[Fix, FixOutcome | None]]:
    """Show, ask and carry out, check by check. `None` for a fix that was declined."""
    done: list[tuple[Fix, FixOutcome | None]] = []
    for name in dict.fromkeys(fix.check for fix in plan.fixes):
        step = [fix for fix in plan.fixes if fix.check is name]
        if not as_json:
            click.echo(f"\n{name}: {_changes(len(step))}")
            for line in _shown(step):
                click.echo(line)
        doubtful = [(fix.change.target, fix.needs_name) for fix in step if fix.needs_name]
        names = typed_names(doubtful, chosen.include_personal, ask=may_ask)
        taken = [fix for fix in step if not fix.needs_name or fix.change.target.casefold() in names]
        for fix in step:
            if fix not in taken:
                done.append((fix, None))
                click.echo(
                    f"{fix.change.target} is left out: it may be personal ({fix.needs_name}). "
                    "Name it with --include-personal.",
                    err=True,
                )
        if taken and (chosen.yes or _confirmed(len(taken))):
            if not as_json:
                click.echo("  Sending and reading back; that may take a minute or two.", err=True)
            outcomes = await fixer.apply_all(taken, named=names)
            done += zip(taken, outcomes, strict=True)
        else:
            done += [(fix, None) for fix in taken]
    return done


def _confirmed(number: int) -> bool:
    answer = click.prompt(
        f"Type {number} to make {_changes(number)}, Enter to leave this step out",
        default="",
        show_default=False,
        err=True,
    )
    typed = str(answer).strip()
    if typed and typed.replace(",", "") != str(number):
        click.echo(f"That is not {number}; nothing of this step was changed.", err=True)
    return typed.replace(",", "") == str(number)


def _changes(number: int) -> str:
    return plural(number, "change")


def _shown(step: Sequence[Fix]) -> Iterator[str]:
    for fix in step[:_SHOWN]:
        late = f" (takes up to {fix.lead_time_hours} h)" if fix.lead_time_hours else ""
        yield f"  {fix.title}{late}"
        yield f"      {fix.powershell}"
    if len(step) > _SHOWN:
        yield f"  and {len(step) - _SHOWN:,} more like these (--dry-run --json shows all)"


def _end(plan: FixPlan, outcomes: Sequence[tuple[Fix, FixOutcome | None]], as_json: bool) -> int:
    steps = [outcome.step for _, outcome in outcomes if outcome is not None]
    if as_json:
        body = {"fixes": [_object(f, o) for f, o in outcomes], "left": _left(plan.left)}
        click.echo(json.dumps(body, ensure_ascii=False))
    else:
        seen = sum(step is Step.SEEN for step in steps)
        left_out = sum(outcome is None for _, outcome in outcomes)
        if outcomes:
            click.echo(
                f"\n{seen:,} of {_changes(len(outcomes))} done and seen"
                + (f", {left_out:,} left out" if left_out else "")
                + (". siptui fix --undo ID takes one back." if steps else ".")
            )
        else:
            click.echo("Nothing fails that can be fixed from here. Nothing was changed.")
        for line in _left_lines(plan.left):
            click.echo(line)
    if any(step in (Step.IN_DOUBT, Step.NOT_SEEN) for step in steps):
        return ExitCode.SOME_UNKNOWN
    unmade = any(outcome is None for _, outcome in outcomes) or Step.FAILED in steps
    return ExitCode.SOME_FAILED if unmade or plan.left else ExitCode.OK


def _object(fix: Fix, outcome: FixOutcome | None) -> dict[str, Any]:
    return {
        **fix_object(fix),
        "before": outcome.change.before if outcome else fix.change.before,
        "id": outcome.fix_id if outcome else None,
        "step": outcome.step if outcome else None,
        "detail": outcome.detail if outcome else "",
    }


def _left(left: Sequence[Left]) -> list[dict[str, Any]]:
    return [
        {"line": one.line or None, "username": one.user_name, "check": one.check, "why": _why(one)}
        for one in left
    ]


def _why(one: Left) -> str:
    return f"{one.why} {named_by(one.lacking, one.address)}".strip()


def _left_lines(left: Sequence[Left]) -> Iterator[str]:
    groups: dict[tuple[str, str], list[Left]] = {}
    for one in left:
        groups.setdefault((one.check, _why(one)), []).append(one)
    if groups:
        yield "Left to you:"
    for (name, why), members in groups.items():
        lines = ", ".join(str(one.line) for one in members[:10] if one.line)
        more = f" and {len(members) - 10:,} more" if len(members) > 10 else ""
        yield f"  {name}{f' (line {lines}{more})' if lines else ''}: {why}"


def _show_dry(plan: FixPlan, as_json: bool) -> None:
    if as_json:
        fixes = [{**fix_object(fix), "id": None, "step": None, "detail": ""} for fix in plan.fixes]
        body = {"fixes": fixes, "left": _left(plan.left)}
        click.echo(json.dumps(body, ensure_ascii=False))
        return
    for name in dict.fromkeys(fix.check for fix in plan.fixes):
        step = [fix for fix in plan.fixes if fix.check is name]
        click.echo(f"{name}: {_changes(len(step))}")
        for line in _shown(step):
            click.echo(line)
        for fix in step:
            if fix.needs_name:
                click.echo(f"  ! {fix.change.target}: only if you type its name: {fix.needs_name}.")
    for line in _left_lines(plan.left):
        click.echo(line)
    click.echo(f"{_changes(len(plan.fixes))}. Nothing was done.")
