"""`siptui check`: read and validate a device list, offline; print every fault with its line."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import msgspec

from siptui.app.list_input import read_list
from siptui.cli import options
from siptui.cli.command import Command
from siptui.devicelist.model import DeviceList, Fault
from siptui.domain.deadline import deadline_of, onboarded_at
from siptui.domain.errors import ExitCode
from siptui.domain.line_numbers import ranges
from siptui.domain.list_options import ListOptions
from siptui.domain.region import Region
from siptui.domain.text import plural, shell_word

#: Faults of one kind that are shown in full; of the others the lines are named.
_IN_FULL = 5
_WIDTH = 48  # characters of a value
_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}


@click.command(cls=Command)
@click.argument("file", type=options.FILE)
@options.region
@click.option(
    "--delimiter",
    metavar="CHAR",
    help="Character between the cells, or comma, semicolon, tab or pipe; else it is found out.",
)
@options.list_options
@options.profile
@options.as_json
def command(
    file: Path,
    region: Region | None,
    delimiter: str | None,
    list_options: ListOptions,
    profile: str | None,
    as_json: bool,
) -> int:
    """Read and validate the device list FILE, offline (`-` is standard input).

    Prints every fault with its line. Ends with 0 when every row can be submitted, with 2
    otherwise. A row that names no region needs --region, or a profile with a region.
    """
    found = read_list(file, profile, region=region, delimiter=delimiter, options=list_options)
    if as_json:
        # msgspec alone does not take UserName and HardwareId for texts.
        click.echo(msgspec.json.encode(as_object(found), enc_hook=str))
    else:
        for line in report(found):
            click.echo(line)
    return ExitCode.USAGE if found.has_errors else ExitCode.OK


def as_object(found: DeviceList) -> dict[str, Any]:
    """What `check --json` prints."""
    return {
        "file": found.file,
        "encoding": found.encoding,
        "delimiter": found.delimiter,
        "devices": [
            {
                "line": device.line,
                "username": device.user_name,
                "hardware_id": device.hardware_id,
                "region": device.region,
                "extra": device.extra or {},
                "onboarded_at": _moment(onboarded_at(device)),
                "deadline": _moment(deadline_of(device)),
            }
            for device in found.devices
        ],
        "faults": [
            {
                "line": fault.line,
                "column": fault.column,
                "value": fault.value,
                "rule": fault.rule,
                "message": fault.message,
                "severity": fault.severity,
                "cell": fault.cell or None,
            }
            for fault in found.faults
        ],
        "valid": len(found.devices),
        "invalid": found.rows_invalid,
        "columns": {
            read.key: {"header": read.header, "why": read.why, "instead_of": list(read.instead_of)}
            for read in found.columns
        },
        "sheet": found.sheet or None,
        "header_line": found.header_line,
        "notes": list(found.notes),
        "left_out": [{"line": line, "why": why} for line, why in sorted(found.left_out.items())],
    }


def _moment(when: datetime | None) -> str | None:
    return when.isoformat() if when else None


def report(found: DeviceList) -> Iterator[str]:
    """What `check` prints for people: the sum, then the faults by kind, errors first."""
    delimiter = _DELIMITERS.get(found.delimiter, repr(found.delimiter))
    yield f"{found.file}: {plural(len(found.devices), 'device')} can be submitted, " + (
        f"{plural(found.rows_invalid, 'row')} cannot." if found.rows_invalid else "none is faulty."
    )
    if found.sheet:
        yield f"Read from a workbook, sheet “{found.sheet}”."
    else:
        yield f"Read as {found.encoding}, delimiter {delimiter}."
    for read in found.columns:
        yield f"{read.sentence()[0].upper()}{read.sentence()[1:]}."
    if found.devices:
        yield "Regions: " + ", ".join(
            f"{region} {number}" for region, number in _regions(found) if number
        )
    for note in found.notes:
        yield f"{note}."
    kinds: dict[tuple[str, str, str], list[Fault]] = {}
    for fault in found.faults:
        kinds.setdefault((fault.severity, fault.column, fault.rule), []).append(fault)
    for (severity, column, rule), faults in sorted(
        kinds.items(), key=lambda kind: (kind[0][0], kind[1][0].line)
    ):
        yield ""
        yield from _kind(severity, column, rule, faults)
    if found.has_errors:
        yield ""
        if lacking := len(found.lacking_region):
            one = lacking == 1
            yield (
                f"{plural(lacking, 'row')} {'lacks' if one else 'lack'} nothing but a region. "
                f"Where {'it is' if one else 'all are'} of one (EMEA, APAC or NOAM):"
            )
            yield f"siptui check {shell_word(found.file)} --region EMEA"
        if not found.devices:
            yield "Rows with errors are never submitted. Correct them."
            return
        yield "Rows with errors are never submitted. Correct them, or leave them out:"
        yield f"siptui run {shell_word(found.file)} --skip-invalid"


def _regions(found: DeviceList) -> list[tuple[str, int]]:
    regions = [device.region for device in found.devices]
    return [(region.value, regions.count(region)) for region in Region]


def _kind(severity: str, column: str, rule: str, faults: Sequence[Fault]) -> Iterator[str]:
    sign = "✗" if severity == "error" else "!"
    where = f"{column}: " if column else ""
    messages = {fault.message for fault in faults}
    same = len(messages) == 1
    what = messages.pop() if same else rule.replace("_", " ")
    yield f"{sign} {severity}  {where}{what}  [{plural(len(faults), 'row')}]"
    shown = faults if len(faults) <= _IN_FULL + 1 else faults[:_IN_FULL]
    if same and not any(fault.value for fault in faults):
        shown = []
    for fault in shown:
        value = fault.value if len(fault.value) <= _WIDTH else fault.value[: _WIDTH - 1] + "…"
        yield f"    {fault.place}  {value}" + ("" if same else f"  {fault.message}")
    if rest := [fault.line for fault in faults[len(shown) :]]:
        more = "more, " if shown else ""
        word = "line" if len(rest) == 1 else "lines"
        yield f"    {f'{len(rest)} {more}' if more else ''}{word} {ranges(rest)}"
