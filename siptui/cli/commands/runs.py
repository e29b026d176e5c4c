"""`siptui runs`: the history."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from siptui.app.session import select
from siptui.cli import options
from siptui.cli.journal_notice import told
from siptui.cli.wording import columns
from siptui.domain.times import second, zone
from siptui.runs.service import RunService


@click.command()
@click.option(
    "--acknowledge",
    is_flag=True,
    help="Confirm that you have read the warning about a damaged journal.",
)
@options.profile
@options.as_json
def command(acknowledge: bool, profile: str | None, as_json: bool) -> int:
    """List the runs in the journal, newest first.

    When a journal was found damaged, every command says so, and none submits with --yes, until
    --acknowledge confirms that you know what may be lost.
    """
    selected = select(profile)
    run_service = RunService(selected.journal, tenant=selected.profile.tenant)
    try:
        notice = run_service.acknowledge() if acknowledge else told(run_service).notice
        if acknowledge:
            click.echo(f"Acknowledged: {notice}" if notice else "There was no warning.", err=True)
            notice = ""
        heads = run_service.runs()
    finally:
        run_service.close()
    if as_json:
        body = {"runs": [asdict(head) for head in heads]} | ({"warning": notice} if notice else {})
        click.echo(json.dumps(body, ensure_ascii=False))
        return 0
    if forgotten := [
        p for p in selected.host.beside if p.parent.name not in selected.settings.profiles
    ]:
        names = ", ".join(path.parent.name for path in forgotten)
        click.echo(
            f"{forgotten[0].parent.parent} also has journals of profiles that the configuration "
            f"does not name: {names}. A renamed profile finds its runs when its folder there is "
            "renamed alike.",
            err=True,
        )
    if not heads:
        click.echo("There is no run yet. “siptui FILE” opens the console on a device list.")
        return 0
    rows = [
        (
            head.run,
            second(head.started),
            head.state,
            str(head.devices),
            str(head.succeeded),
            str(head.failed),
            str(head.unknown),
            Path(head.file).name,
        )
        for head in heads
    ]
    started = f"STARTED ({zone()})"
    head_line = ("RUN", started, "STATE", "DEVICES", "SIGNED IN", "FAILED", "UNKNOWN", "LIST")
    for line in columns(head_line, rows):
        click.echo(line)
    return 0
