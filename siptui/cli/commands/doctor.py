"""`siptui doctor`: tries the way to the tenant step by step and says where it ends."""

import asyncio
import json
from pathlib import Path
from typing import Any

import click
from msgspec.structs import replace

from siptui.app.doctor_checks import Step, examine
from siptui.app.invocation import Invocation
from siptui.app.support_bundle import write_bundle
from siptui.cli import options
from siptui.cli.command import Command
from siptui.cli.commands.info import gathered
from siptui.cli.profile_hint import for_profile
from siptui.domain.errors import ExitCode, SiptuiError
from siptui.domain.text import visible

_SIGNS = {"pass": "✓", "fail": "✗", "unknown": "?"}


@click.command("doctor", cls=Command)
@options.common
@options.as_json
@click.option(
    "--bundle",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Also write a support bundle (ZIP), with pseudonyms for all names, numbers and addresses.",
)
def command(
    bundle: Path | None,
    call: Invocation,
) -> int:
    """Try settings, worker, DNS, proxy, TLS, clock, sign-in, discovery and one read, and time each.

    Also shows the terminal and where the journals lie. Changes nothing. Ends with 0 when nothing
    failed, 4 when it is the sign-in, else 1.
    """
    steps: list[Step] = []
    if call.record is not None:
        call.record.begin()

    async def main() -> None:
        async for found in examine(call):
            step = replace(found, remedy=for_profile(found.remedy, call.profile))
            steps.append(step)
            if not call.as_json:
                _say(step)

    asyncio.run(main())
    if bundle is not None:
        try:
            info = gathered(call.profile)
        except SiptuiError as error:
            info = {"error": error.message}
        write_bundle(bundle, info, [as_object(step) for step in steps])
    if call.as_json:
        found = {
            "steps": [as_object(step) for step in steps],
            "bundle": str(bundle) if bundle else None,
        }
        click.echo(json.dumps(found))
    elif bundle is not None:
        click.echo(f"Bundle written to {visible(str(bundle))}. Look into it before you hand it on.")
    codes = [step.exit_code for step in steps if step.exit_code]
    if not codes:
        return ExitCode.OK
    return codes[0] if codes[0] in (ExitCode.SIGN_IN, ExitCode.USAGE) else ExitCode.ERROR


def _say(step: Step) -> None:
    sign = _SIGNS[step.result]
    click.echo(f"{sign} {step.name:<16} {step.seconds:6.2f} s  {step.detail}")
    if step.remedy:
        for line in step.remedy.splitlines():
            click.echo(f"{'':29}{line}")


def as_object(step: Step) -> dict[str, Any]:
    """One step as `doctor --json` prints it."""
    return {
        "step": step.name,
        "result": step.result,
        "detail": step.detail,
        "remedy": step.remedy,
        "seconds": round(step.seconds, 3),
    }
