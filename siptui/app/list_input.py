"""A device list read as the profile in use has it: its region, and what its headers mean."""

from dataclasses import replace
from pathlib import Path

from siptui.devicelist.model import DeviceList, Fault
from siptui.devicelist.part import part_of
from siptui.devicelist.reading import read
from siptui.domain.columns import NOT_MAPPED
from siptui.domain.errors import UsageError
from siptui.domain.line_numbers import lines_named
from siptui.domain.list_options import DEFAULT_OPTIONS, ListOptions
from siptui.domain.region import Region
from siptui.settings.load import load
from siptui.settings.model import Profile


def read_list(
    file: Path,
    profile: str | None,
    *,
    region: Region | None = None,
    delimiter: str | None = None,
    options: ListOptions = DEFAULT_OPTIONS,
) -> DeviceList:
    """Read and validate the list at `file`; `region` and `options` beat the profile's own.

    Without any profile a list can be read all the same. Only the part that `options` name is
    given. Raises `ListError`, `UsageError`.
    """
    known = _profile(profile)
    found = read(
        file,
        region=region or (known.region if known else None),
        delimiter=delimiter,
        options=replace(
            options, columns=options.columns.over(known.columns if known else NOT_MAPPED)
        ),
    )
    return part_of(found, options.where)


def whole_and_part(
    file: Path,
    profile: str | None,
    *,
    region: Region | None = None,
    options: ListOptions = DEFAULT_OPTIONS,
) -> tuple[DeviceList, DeviceList]:
    """The whole list at `file`, and the part of it that `options` name. Errors as `read_list`."""
    whole = read_list(file, profile, region=region, options=replace(options, where=()))
    return whole, part_of(whole, options.where)


def read_how(found: DeviceList) -> list[str]:
    """What was decided about a list and could have been decided otherwise, for a plan."""
    return [f"{text}." for text in found.decided] + [
        f"Read: {column.sentence()}." for column in found.columns if not column.plain
    ]


def left_out(found: DeviceList) -> list[str]:
    """The faulty rows that a plan leaves out, by what is wrong with them, a line each."""
    first: dict[int, Fault] = {}
    for fault in found.faults:
        if fault.severity == "error":
            first.setdefault(fault.line, fault)
    kinds: dict[tuple[str, str], list[Fault]] = {}
    for row in found.invalid:
        if found_fault := first.get(row.line):
            kinds.setdefault((found_fault.rule, found_fault.column), []).append(found_fault)
    return [
        f"Left out, {lines_named([f.line for f in faults])}: {_why(rule, column, faults)}"
        for (rule, column), faults in kinds.items()
    ]


def _why(rule: str, column: str, faults: list[Fault]) -> str:
    if rule == "duplicate":
        return "one hardware id for two accounts; neither is submitted."
    if rule == "duplicate_region":
        return "one device and account in two regions; neither is submitted."
    same = len({fault.message for fault in faults}) == 1
    what = faults[0].message if same else rule.replace("_", " ")
    return f"{column}: {what}." if column else f"{what}."


def _profile(name: str | None) -> Profile | None:
    settings = load()
    if name is None and not settings.profiles:
        return None  # a list can be checked before anything is set up
    try:
        return settings.profile(name)
    except UsageError:
        if name is not None:
            raise
        return None  # several profiles and none chosen
