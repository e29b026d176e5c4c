"""The confirmation: what will be done, and the number of devices to be typed."""

import sys
from collections import Counter
from collections.abc import Iterable, Mapping

import click

from siptui.domain.columns import columns_read
from siptui.domain.device import Device
from siptui.domain.errors import UsageError
from siptui.domain.plan import CONSEQUENCE
from siptui.domain.text import plural


def confirm(
    devices: Iterable[Device],
    *,
    tenant: str,
    batches: int,
    skipped: int = 0,
    first: int = 0,
    instead: str = "",
    columns: Mapping[str, str] | None = None,
    notes: Iterable[str] = (),
    yes: bool,
    no_input: bool,
) -> None:
    """Ask for the number of devices to be typed, unless `--yes` was given.

    The others wait while the `first` few are tried. `instead` says what is done where nothing is
    submitted, `columns` the headers that user names and hardware ids were read from.

    Raises `UsageError` when no terminal can be asked, `click.Abort` when the answer is another.
    """
    wanted = list(devices)
    regions = Counter(str(device.region) for device in wanted)
    named = ", ".join(f"{region} {count}" for region, count in sorted(regions.items()))
    read = columns_read(columns or {})
    lines = [
        instead
        or f"{plural(len(wanted), 'device')} in {tenant} ({named}) will be signed in, "
        f"{plural(batches, 'batch')}. {CONSEQUENCE}",
        *([read] if read else []),
        *_apart(first, len(wanted)),
        *([f"{plural(skipped, 'row')} left out."] if skipped else []),
        *notes,
    ]
    if yes:
        for note in filter(None, (instead, read, *notes)):
            click.echo(note, err=True)
        return
    if no_input or not sys.stdin.isatty():
        raise UsageError(
            "This needs a confirmation, and there is no terminal to ask on."
            if instead
            else "This resets passwords, and there is no terminal to ask on.",
            title="Confirmation needed",
            code="confirmation_needed",
            remedy="Look at it with --dry-run, then give --yes.",
        )
    click.echo("\n".join(lines), err=True)
    try:
        answer = click.prompt(
            f"Type {len(wanted)} to go on", default="", show_default=False, err=True
        )
    except click.Abort:
        click.echo("\nNothing was submitted.", err=True)
        raise
    if answer.strip() != str(len(wanted)):
        raise UsageError(
            "Another number was typed; nothing was submitted.",
            title="Not confirmed",
            code="not_confirmed",
            remedy="Start again when you are sure.",
        )


def _apart(first: int, count: int) -> list[str]:
    """That a few go out alone first, if there are others to wait for them."""
    if not 0 < first < count:
        return []
    goes = "goes" if first == 1 else "go"
    return [
        f"The first {plural(first, 'device')} {goes} out alone; the others wait until enough of "
        "them were signed in."
    ]
