"""`siptui preflight`: the prerequisites of the tenant and of every account, before a submit."""

import asyncio
import json
from pathlib import Path

import click

from siptui.app.invocation import Invocation
from siptui.app.list_input import read_list
from siptui.app.session import open_session, select_for
from siptui.cli import options
from siptui.cli.command import Command
from siptui.cli.preflight_file import write_findings
from siptui.cli.preflight_options import networks, record_of, said_progress, sources_of
from siptui.cli.preflight_output import report_lines, report_object
from siptui.cli.wording import say_wait
from siptui.domain.errors import ExitCode, UsageError
from siptui.domain.list_options import ListOptions
from siptui.domain.region import Region
from siptui.domain.text import plural, shell_word, visible
from siptui.gateway.tenant_model import NumberType
from siptui.preflight.check import Preflight, check
from siptui.preflight.remedies import LEAD_HOURS


@click.command(cls=Command)
@click.argument("file", type=options.FILE)
@options.region
@options.list_options
@options.public_ip
@options.output
@options.force
@options.as_json
@options.common
def command(
    file: Path,
    region: Region | None,
    list_options: ListOptions,
    public_ip: tuple[str, ...],
    output: Path | None,
    force: bool,
    call: Invocation,
) -> int:
    """Check the prerequisites of the tenant and of every account in the device list FILE.

    Changes nothing. Ends with 0 when nothing fails, with 3 when something does. What your roles
    do not let you read is “could not check”, with the role to ask for; it is never a pass.
    -o writes all findings as CSV, JSON or Markdown, by the ending of the file.
    """
    found = read_list(file, call.profile, region=region, options=list_options)
    if not found.devices:
        raise UsageError(
            f"{found.file} has no device that can be submitted.",
            remedy=f"“siptui check {shell_word(found.file)}” shows why.",
        )
    selected = select_for(call)
    addresses = networks(public_ip, selected.profile)
    changes = record_of(selected).lately(LEAD_HOURS)

    async def main() -> Preflight:
        async with open_session(selected, on_wait=say_wait) as session:
            return await check(
                found.devices,
                sources_of(session),
                public_ips=addresses,
                number_type=NumberType(selected.profile.number_type),
                changes=changes,
                on_progress=said_progress(call.as_json),
            )

    report = asyncio.run(main()).report
    if found.rows_invalid:
        click.echo(
            f"{found.rows_invalid} faulty rows were not looked at: siptui check "
            f"{shell_word(found.file)}",
            err=True,
        )
    if output is not None:
        count = write_findings(output, report, force=force)
        click.echo(f"{plural(count, 'finding')} written to {visible(str(output))}", err=True)
    if call.as_json:
        click.echo(json.dumps(report_object(report), ensure_ascii=False))
    else:
        for line in report_lines(report):
            click.echo(line)
    return ExitCode.SOME_FAILED if report.failed else ExitCode.OK
