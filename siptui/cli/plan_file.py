"""A plan for another person's eyes: what a run would submit, as a JSON file, and back again."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from siptui.devicelist.writing import write_new
from siptui.domain.device import Device
from siptui.domain.errors import UsageError
from siptui.domain.hardware_id import HardwareId
from siptui.domain.region import Region
from siptui.domain.text import visible
from siptui.domain.user_name import UserName
from siptui.host.private_files import PrivateFileError, read_own
from siptui.runs.events import Actor, Options
from siptui.runs.first_events import planned_batches
from siptui.runs.journal.codec import timestamp

SCHEMA = 1
_MAKE = "Make one with: siptui run LIST --plan-to FILE"
_ANEW = "Have it planned anew: siptui run LIST --plan-to FILE"
_LARGEST = 64 * 1024 * 1024


class PlanError(UsageError):
    """A plan that cannot be read, does not hold together, or does not hold any more."""

    title = "The plan cannot be carried out"
    code = "plan"


class _Device(msgspec.Struct, frozen=True, kw_only=True):
    line: int
    username: str
    hardware_id: str
    extra: dict[str, str] = {}


class _Batch(msgspec.Struct, frozen=True, kw_only=True):
    batch: int
    region: Region
    devices: list[_Device]
    group: str = ""
    first: bool = False


class _File(msgspec.Struct, frozen=True, kw_only=True):
    schema: int
    tenant: str
    file: str
    sha256: str
    planned_by: Actor
    planned_at: str
    skipped: int = 0
    options: Options
    batches: list[_Batch]
    findings: list[str] = []
    columns: dict[str, str] = {}
    digest: str = ""


class PlanFile(Struct, frozen=True):
    """A plan as it was read. `digest` tells it from every other, however it is laid out.
    `devices` are in list order."""

    digest: str
    tenant: str
    file: str
    sha256: str
    planned_by: Actor
    planned_at: str
    skipped: int
    options: Options
    devices: tuple[Device, ...]
    findings: tuple[str, ...]
    columns: dict[str, str]

    @property
    def planner(self) -> str:
        """Who planned it, for people."""
        return self.planned_by.account or f"{self.planned_by.os_user}@{self.planned_by.host}"


def write_plan(
    path: Path,
    devices: Sequence[Device],
    options: Options,
    *,
    tenant: str,
    file: str,
    sha256: str,
    skipped: int,
    by: Actor,
    findings: Sequence[str],
    columns: dict[str, str],
    estimate: dict[str, Any],
    force: bool = False,
) -> None:
    """Write the plan to `path`. Raises `WriteError`."""
    batches = [
        {
            "batch": batch.number,
            "region": str(batch.region),
            "group": batch.group,
            "first": batch.probe,
            "devices": [
                {
                    "line": d.line,
                    "username": str(d.user_name),
                    "hardware_id": str(d.hardware_id),
                    "extra": dict(d.extra),
                }
                for d in batch.devices
            ],
        }
        for batch in planned_batches(devices, options)
    ]
    body = {
        "schema": SCHEMA,
        "tenant": tenant,
        "file": file,
        "sha256": sha256,
        "planned_by": msgspec.to_builtins(by),
        "planned_at": timestamp(datetime.now(UTC)),
        "skipped": skipped,
        "options": msgspec.to_builtins(options),
        "findings": list(findings),
        "estimate": estimate,
        "columns": columns,
        "batches": batches,
    }
    body["digest"] = _digest(json.dumps(body))
    text = json.dumps(body, ensure_ascii=False, indent=1) + "\n"
    write_new(path, text.encode("utf-8", "backslashreplace"), force=force)


def read_plan(path: Path) -> PlanFile:
    """The plan in the file at `path`. Raises `PlanError` for what is none, or was changed after it
    was written: its digest, or its batches, are no longer what its contents come to."""
    try:
        data = read_own(path, _LARGEST + 1)
        if len(data) > _LARGEST:
            raise PlanError(f"{visible(str(path))} is too large for a plan.")
        read = msgspec.json.decode(data, type=_File)
        devices = [_device(d, batch.region) for batch in read.batches for d in batch.devices]
        digest = _digest(data)
    except PrivateFileError as error:  # a whole other plan would have a digest that fits
        raise PlanError(error.message, remedy=error.remedy) from error
    except OSError as error:
        raise PlanError(
            f"{visible(str(path))} cannot be read: {error.strerror}.", remedy=_MAKE
        ) from error
    except ValueError as error:
        raise PlanError(
            f"{visible(str(path))} is no plan: {visible(str(error))}.",
            remedy=_MAKE,
        ) from error
    if read.schema != SCHEMA:
        raise PlanError(f"The plan is of another version of siptui (schema {read.schema}).")
    if read.digest != digest:
        raise PlanError("The plan was changed after it was written.", remedy=_ANEW)
    devices.sort(key=lambda device: device.line)
    _held_together(read, devices)
    return PlanFile(
        *(digest, read.tenant, read.file, read.sha256, read.planned_by),
        *(read.planned_at, read.skipped, read.options, tuple(devices), tuple(read.findings)),
        columns=read.columns,
    )


def _held_together(read: _File, devices: Sequence[Device]) -> None:
    try:
        again = planned_batches(devices, read.options)
    except (ValueError, KeyError) as error:
        raise PlanError(f"The plan does not hold together: {error}.") from error
    mine: list[Any] = [(b.region, [d.key for d in b.devices]) for b in again]
    written: list[Any] = [
        (b.region, [(d.username.casefold(), d.hardware_id) for d in b.devices])
        for b in read.batches
    ]
    if mine != written:
        raise PlanError(
            "The plan was changed after it was written: its batches are not those that its "
            "devices and options come to.",
            remedy=_ANEW,
        )


def _digest(data: str | bytes) -> str:
    """The SHA-256 of what a plan says, however it is laid out: a copy with other blanks, line ends
    or order of its keys is the same plan."""
    body = json.loads(data, parse_float=_number)
    body.pop("digest", None)
    return sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def _number(text: str) -> float:
    return int(number) if (number := float(text)).is_integer() else number


def _device(found: _Device, region: Region) -> Device:
    user_name, hardware_id = UserName.read(found.username), HardwareId.parse(found.hardware_id)
    extra = {visible(key): visible(value) for key, value in found.extra.items()}
    return Device(found.line, user_name, hardware_id, region, extra)
