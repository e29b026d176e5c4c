"""`siptui runs`: the history."""

import json
from collections.abc import Iterator, Sequence
from pathlib import PureWindowsPath

import click
from msgspec.structs import asdict

from siptui.app.session import select
from siptui.cli import options
from siptui.cli.command import Command
from siptui.cli.journal_notice import told
from siptui.cli.wording import columns, cut
from siptui.domain.errors import SignInNeededError
from siptui.domain.text import plural, visible
from siptui.domain.times import minute, zone
from siptui.runs.rollout.run_groups import RunGroup, run_groups
from siptui.runs.run_head import RunHead
from siptui.runs.service import RunService

_WIDTH = 80

_NONE = "There is no run yet. “siptui FILE” opens the console on a device list."


@click.command(cls=Command)
@click.option(
    "--acknowledge",
    is_flag=True,
    help="Confirm that you have read the warning about a damaged journal.",
)
@options.profile
@options.as_json
def command(acknowledge: bool, profile: str | None, as_json: bool) -> int:
    """List the runs in the journal, newest first, those of a rollout together: runs of one list
    and of lists made from it, known by their devices. “siptui report FILE” sums them up.

    When a journal was found damaged, every command says so, and none submits with --yes, until
    --acknowledge confirms that you know what may be lost.
    """
    try:
        selected = select(profile)
    except SignInNeededError:  # there is no profile, so nothing was run
        click.echo('{"runs": []}' if as_json else _NONE)
        return 0
    run_service = RunService(selected.journal, tenant=selected.profile.tenant)
    try:
        notice = run_service.acknowledge() if acknowledge else told(run_service).notice
        if acknowledge:
            click.echo(f"Acknowledged: {notice}" if notice else "There was no warning.", err=True)
            notice = ""
        groups = run_groups(run_service)
    finally:
        run_service.close()
    if as_json:
        heads = [asdict(h) | {"rollout": one.rollout} for one in groups for h in one.heads]
        heads.sort(key=lambda head: (head["started"], head["run"]), reverse=True)
        body = {"runs": heads} | ({"warning": notice} if notice else {})
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
    if not groups:
        click.echo(_NONE)
        return 0
    for line in _lines(groups):
        click.echo(line)
    return 0


def _lines(groups: Sequence[RunGroup]) -> Iterator[str]:
    """The runs under the list that they are of, 80 columns wide."""
    heads = [head for group in groups for head in group.heads]
    doubt = any(head.unknown for head in heads)
    head_line: tuple[str, ...] = (
        " RUN",
        f"STARTED ({zone()})",
        "STATE",
        "SIGNED IN",
        "FAILED",
        "UNKNOWN",
    )
    head_line = head_line if doubt else head_line[:-1]
    table = columns(head_line, [_row(head)[: len(head_line)] for head in heads])
    yield next(table)
    for group in groups:
        name = _name(group.file)
        many = f": {plural(len(group.heads), 'run')}" if len(group.heads) > 1 else ""
        yield f"{cut(name, _WIDTH - len(many))}{many}"
        for head in group.heads:
            yield next(table)
            if _name(head.file) != name:
                yield cut(f"   of {_name(head.file)}", _WIDTH)


def _row(head: RunHead) -> tuple[str, ...]:
    return (
        f" {head.run}",
        minute(head.started),
        head.state,
        f"{head.succeeded}/{head.devices}",
        str(head.failed),
        str(head.unknown),
    )


def _name(file: str) -> str:
    """The name of a list without its folders, of either system."""
    return visible(PureWindowsPath(file).name or file)
