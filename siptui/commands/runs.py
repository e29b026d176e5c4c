"""`siptui runs`: the history."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from siptui.commands import options


@click.command()
@options.profile
@options.as_json
def command(profile: str | None, as_json: bool) -> int:
    """List the runs in the journal, newest first."""
    from siptui.commands.session import select
    from siptui.commands.table import columns
    from siptui.commands.telling import told
    from siptui.runs.office import Office

    selected = select(profile)
    office = told(Office(selected.journal, tenant=selected.profile.tenant))
    try:
        heads = office.runs()
    finally:
        office.close()
    if as_json:
        click.echo(json.dumps({"runs": [asdict(head) for head in heads]}, ensure_ascii=False))
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
            head.started[:19].replace("T", " "),
            head.state,
            str(head.devices),
            str(head.succeeded),
            str(head.failed),
            str(head.unknown),
            Path(head.file).name,
        )
        for head in heads
    ]
    head_line = ("RUN", "STARTED", "STATE", "DEVICES", "SIGNED IN", "FAILED", "UNKNOWN", "LIST")
    for line in columns(head_line, rows):
        click.echo(line)
    return 0
