"""`run --verify`: follow the device inventory until the phones are seen signed in."""

import asyncio
import json
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import click

from siptui.app.session import Selected, open_session
from siptui.cli.wording import say_wait
from siptui.domain.device import Device
from siptui.domain.errors import ExitCode, SiptuiError
from siptui.domain.state import DeviceState
from siptui.domain.text import plural, visible
from siptui.gateway.tenant_model import Inventory
from siptui.runs.journal.codec import timestamp
from siptui.runs.journal.journal import Journal
from siptui.runs.output.json_lines import SCHEMA, lines
from siptui.runs.rollout.evidence import Seen, SourceRead
from siptui.runs.rollout.tenant_reads import read_inventory
from siptui.runs.rollout.verify import Sight, Verification
from siptui.runs.state import RunState
from siptui.runs.state_load import load


def verify(selected: Selected, path: Path, run: str, seconds: float, ended: ExitCode) -> ExitCode:
    """Look for the phones that `run` signed in until the inventory has each as its account, for so
    many seconds; a line each, and the end of the run. `ended` is how it ended; the exit code."""
    with Journal(path, read_only=True) as journal:
        state = load(journal, run)
        last = journal.first_and_last(run)[1]
    wanted = [r.device for r in state.devices if r.state is DeviceState.SUCCEEDED]
    as_json = selected.call.as_json
    if wanted and not as_json:
        click.echo(f"Looking for {plural(len(wanted), 'device')} in the inventory …")
    found = Verification(wanted)
    asyncio.run(_follow(selected, found, seconds, partial(_tell, run, as_json=as_json)))
    rest = [device for device in wanted if found.sight(device)[0] is not Sight.SIGNED_IN]
    for device in rest:
        _tell(run, device, *found.sight(device), as_json=as_json)
    verified = len(wanted) - len(rest)
    if as_json:
        _end(state, last, verified, len(rest))
    else:
        click.echo(f"{verified} of {len(wanted)} are seen signed in; {len(rest)} not yet.")
    if rest and ended in (ExitCode.OK, ExitCode.SOME_FAILED, ExitCode.NOT_SUBMITTED):
        return ExitCode.SOME_UNKNOWN
    return ended


async def _follow(
    selected: Selected,
    found: Verification,
    seconds: float,
    tell: Callable[[Device, Sight, str], None],
) -> None:
    told: set[Device] = set()

    def looked() -> None:
        if found.source is not None and found.source.error:
            click.echo(f"The inventory could not be read. {found.source.error}", err=True)
        for device in found.signed_in():
            if device not in told:
                told.add(device)
                tell(device, *found.sight(device))

    try:
        async with open_session(selected, on_wait=say_wait) as session:
            await found.follow(partial(_look, session.inventory), seconds, looked)
    except SiptuiError as error:
        click.echo(f"The inventory could not be read. {error.message}", err=True)


async def _look(inventory: Inventory | None) -> tuple[Mapping[str, Seen], SourceRead]:
    return await read_inventory(inventory, datetime.now(UTC))


def _tell(run: str, device: Device, sight: Sight, user: str, *, as_json: bool) -> None:
    if as_json:
        _line(
            {
                "schema": SCHEMA,
                "type": "device_verified",
                "at": timestamp(datetime.now(UTC)),
                "run": run,
                "line": device.line,
                "username": device.user_name,
                "hardware_id": device.hardware_id,
                "seen": str(sight),
                "seen_as": user or None,
            }
        )
    elif sight is not Sight.SIGNED_IN:
        what = f"signed in as {visible(user)}" if user else "not yet"
        click.echo(
            f"? {device.user_name}  {device.hardware_id}: the service says success, the inventory "
            f"{what}"
        )


def _end(state: RunState, last: Any, verified: int, rest: int) -> None:
    for line in lines(state, last, ()):
        if line["type"] in ("run_finished", "run_stopped"):
            _line(line | {"verified": verified, "not_verified": rest})


def _line(body: dict[str, Any]) -> None:
    click.echo(json.dumps(body, ensure_ascii=False))
    sys.stdout.flush()
