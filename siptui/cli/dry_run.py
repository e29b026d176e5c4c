"""Showing a plan, with nothing done: what `--dry-run` prints."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import click

from siptui.domain.columns import columns_read
from siptui.domain.plan import Batch
from siptui.domain.text import plural, visible


def show_plan(
    batches: Sequence[Batch],
    *,
    as_json: bool,
    skipped: int = 0,
    notes: Sequence[str] = (),
    columns: Mapping[str, str] | None = None,
    **head: Any,
) -> None:
    """Print `batches`: a line each for people, one object with `head` for scripts. `columns` are
    the headers that were read, by key."""
    devices = sum(len(batch.devices) for batch in batches)
    if as_json:
        plan = [
            {
                "batch": batch.number,
                "region": str(batch.region),
                **({"group": batch.group, "first": batch.probe} if batch.group else {}),
                "devices": [
                    {"line": d.line, "username": d.user_name, "hardware_id": d.hardware_id}
                    for d in batch.devices
                ],
            }
            for batch in batches
        ]
        counts = {"devices": devices, "skipped": skipped, "notes": list(notes), "batches": plan}
        read = {"columns": dict(columns or {})}
        body = {"schema": 1, "type": "plan", **head, **read, **counts}
        click.echo(json.dumps(body, ensure_ascii=False))
        return
    for batch in batches:
        places = [device.line for device in batch.devices]
        first, last = min(places), max(places)
        lines = f"line {first}" if first == last else f"lines {first}-{last}"
        click.echo(
            f"batch {batch.number}  {batch.region}  {plural(len(places), 'device')}  {lines}"
            + (f"  {visible(batch.group)}" if batch.group else "")
            + ("  first" if batch.probe else "")
        )
    for note in filter(None, (columns_read(columns or {}), *notes)):
        click.echo(note)
    left_out = f", {plural(skipped, 'row')} left out" if skipped else ""
    named = f"{plural(devices, 'device')}, {plural(len(batches), 'batch')}"
    click.echo(f"{named}{left_out}. Nothing was done.")
