"""The operator's word: what will be done, what it costs, and the number typed."""

import sys
from collections import Counter
from collections.abc import Iterable

import click

from siptui.domain.device import Device
from siptui.domain.errors import UsageError


def confirm(
    devices: Iterable[Device],
    *,
    tenant: str,
    batches: int,
    skipped: int = 0,
    notes: Iterable[str] = (),
    yes: bool,
    no_input: bool,
) -> None:
    """Ask for the number of devices to be typed, unless `--yes` was given.

    Raises `UsageError` when nobody may be asked, `click.Abort` when the answer is another.
    """
    wanted = list(devices)
    regions = Counter(str(device.region) for device in wanted)
    named = ", ".join(f"{region} {count}" for region, count in sorted(regions.items()))
    lines = [
        f"{len(wanted)} devices in {tenant} ({named}) will be signed in, {batches} batches. "
        "The password of each account will be reset to an unknown value; this cannot be undone.",
        *([f"{skipped} rows are left out."] if skipped else []),
        *notes,
    ]
    if yes:
        for note in notes:
            click.echo(note, err=True)
        return
    if no_input or not sys.stdin.isatty():
        raise UsageError(
            "This resets passwords and there is nobody to ask.",
            title="Confirmation needed",
            code="confirmation_needed",
            remedy="Look at it with --dry-run, then give --yes.",
        )
    click.echo("\n".join(lines), err=True)
    answer = click.prompt(f"Type {len(wanted)} to go on", default="", show_default=False, err=True)
    if answer.strip() != str(len(wanted)):
        raise UsageError(
            "The number was another; nothing was submitted.",
            title="Not confirmed",
            code="not_confirmed",
            remedy="Start again when you are sure.",
        )
