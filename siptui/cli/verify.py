"""`run --verify`: follow the device inventory until the phones are seen signed in."""

import asyncio
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from siptui.app.session import Selected, open_session
from siptui.cli.wording import say_wait
from siptui.domain.device import Device
from siptui.domain.errors import ExitCode, SiptuiError
from siptui.domain.state import DeviceState
from siptui.domain.text import plural, visible
from siptui.runs.journal.codec import timestamp
from siptui.runs.journal.journal import Journal
from siptui.runs.output.json_lines import SCHEMA, lines
from siptui.runs.rollout.evidence import Seen
from siptui.runs.rollout.tenant_reads import read_inventory
from siptui.runs.state import RunState
from siptui.runs.state_load import load

#: Seconds between looks at the inventory: each reads all of it.
APART = 15.0


def seen_as(device: Device, seen: Mapping[str, Seen]) -> tuple[str, str]:
    """`signed_in`, `not_yet` or `other`, and as whom the inventory has the phone."""
    found = seen.get(str(device.hardware_id)) or seen.get(str(device.hardware_id.mac))
    if found is None or not found.signed_in or not found.user_name:
        return "not_yet", ""
    same = found.user_name.casefold() == device.user_name.casefold()
    if not same and device.hardware_id.mac != device.hardware_id:
        return "not_yet", ""  # it may be of another port of the adapter
    return ("signed_in" if same else "other"), found.user_name


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
    seen = asyncio.run(_followed(selected, wanted, seconds, _teller(run, as_json)))
    results = {device: seen_as(device, seen) for device in wanted}
    for device, (result, user) in results.items():
        if result != "signed_in":
            _tell(run, device, result, user, as_json)
    verified = sum(result == "signed_in" for result, _ in results.values())
    rest = len(wanted) - verified
    if as_json:
        _end(state, last, verified, rest)
    else:
        click.echo(f"{verified} of {len(wanted)} are seen signed in; {rest} not yet.")
    if rest and ended in (ExitCode.OK, ExitCode.SOME_FAILED, ExitCode.NOT_SUBMITTED):
        return ExitCode.SOME_UNKNOWN
    return ended


async def _followed(
    selected: Selected,
    wanted: Sequence[Device],
    seconds: float,
    tell: Callable[[Device, str], None],
) -> Mapping[str, Seen]:
    seen: Mapping[str, Seen] = {}
    told: set[Device] = set()
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    try:
        async with open_session(selected, on_wait=say_wait) as session:
            while wanted:
                found, source = await read_inventory(session.inventory, datetime.now(UTC))
                if source.error:
                    click.echo(f"The inventory could not be read. {source.error}", err=True)
                    if source.cause is None:
                        break  # there is none
                else:
                    seen = found
                for device in wanted:
                    result, user = seen_as(device, seen)
                    if result == "signed_in" and device not in told:
                        told.add(device)
                        tell(device, user)
                if len(told) == len(wanted) or loop.time() >= end:
                    break
                await asyncio.sleep(min(APART, max(0.05, end - loop.time()), seconds / 10))
    except SiptuiError as error:
        click.echo(f"The inventory could not be read. {error.message}", err=True)
    return seen


def _teller(run: str, as_json: bool) -> Callable[[Device, str], None]:
    return lambda device, user: _tell(run, device, "signed_in", user, as_json)


def _tell(run: str, device: Device, result: str, user: str, as_json: bool) -> None:
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
                "seen": result,
                "seen_as": user or None,
            }
        )
    elif result != "signed_in":
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
