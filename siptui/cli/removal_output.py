"""What `forget` and `prune` ask beforehand, and what they print."""

import json
import sys

import click

from siptui.app.data_removal import Removed, removed_words
from siptui.cli.wording import columns
from siptui.domain.errors import UsageError
from siptui.domain.text import plural, visible
from siptui.domain.times import day
from siptui.runs.forgetting import Obstacle, RunToForget

#: What is lost, in one sentence: asked before, and printed by a dry run.
LOST = "It cannot be undone: no results, no retry and no report of it any more."
_FINGERPRINTS = (
    "Fingerprints stay, so that a later run still asks before it signs the same devices in again."
)
_NO_FINGERPRINTS = (
    "No fingerprint stays: a later run does not know that these devices were signed in."
)


def confirm_removal(what: Removed, *, yes: bool, no_input: bool, no_fingerprints: bool) -> None:
    """Ask at a terminal, unless `yes` or nothing would go. Raises `UsageError` where no terminal
    can be asked, as before a submit."""
    if yes or not what:
        return
    if no_input or not sys.stdin.isatty():
        raise UsageError(
            "This forgets for good, and there is no terminal to ask on. Nothing was forgotten.",
            title="Confirmation needed",
            code="confirmation_needed",
            remedy="Look at it with --dry-run, then give --yes.",
        )
    for line in removal_lines(what, dry_run=True, no_fingerprints=no_fingerprints):
        click.echo(line, err=True)
    if not click.confirm("Go on", default=False, err=True):
        raise UsageError(
            "Nothing was forgotten.", title="Not confirmed", code="not_confirmed", remedy=""
        )


def removal_lines(what: Removed, *, dry_run: bool, no_fingerprints: bool) -> list[str]:
    """What was forgotten, or would be, by lines."""
    said = "Would forget" if dry_run else "Forgot"
    lines = []
    if what.runs or what.rows:
        lines.append(f"{said} {removed_words(what)}:")
        lines += [f"  {line}" for line in _table(what)]
    elif not what:
        lines.append("There is nothing to forget.")
    if what.files:
        names = ", ".join(dict.fromkeys(visible(path.name) for path in what.files))
        lines.append(f"Names {'would go' if dry_run else 'went'} from: {names}.")
    if what.changes:
        gone = "would leave" if dry_run else "left"
        lines.append(f"{plural(what.changes, 'line')} {gone} the record of changes.")
    lines += [f"Kept: run {one.run}, {one.why}." for one in what.kept]
    if any(one.obstacle is not Obstacle.AT_WORK for one in what.kept):
        lines.append("To forget one of those all the same: siptui forget RUN --force")
    if what.runs or what.rows:
        lines.append(_NO_FINGERPRINTS if no_fingerprints else _FINGERPRINTS)
        if dry_run:
            lines.append(LOST)
    return lines


def _table(what: Removed) -> list[str]:
    if what.rows:
        head = ("RUN", "DEVICES")
        return list(columns(head, [(run, str(count)) for run, count in what.rows]))
    titles = ("RUN", "ENDED", "DEVICES", "LIST")
    return list(columns(titles, [_cells(one) for one in what.runs]))


def _cells(one: RunToForget) -> tuple[str, ...]:
    file = one.state.plan.file if one.state.plan else ""
    return (one.run, day(one.ended), str(len(one.state.devices)), visible(file))


def removal_object(what: Removed, *, dry_run: bool) -> str:
    """The same as one JSON object."""
    rows = dict(what.rows)
    forgotten = [
        {"run": one.run, "devices": len(one.state.devices), "whole": True} for one in what.runs
    ] + [{"run": run, "devices": count, "whole": False} for run, count in rows.items()]
    return json.dumps(
        {
            "dry_run": dry_run,
            "forgotten": forgotten,
            "kept": [
                {"run": one.run, "obstacle": str(one.obstacle), "why": one.why} for one in what.kept
            ],
            "files": [str(path) for path in what.files],
            "changes": what.changes,
        },
        ensure_ascii=False,
    )
