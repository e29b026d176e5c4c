"""A device list read as the profile in use has it: its region, and what its headers mean."""

from pathlib import Path
from typing import TYPE_CHECKING

from siptui.domain.columns import NOT_MAPPED
from siptui.domain.errors import UsageError
from siptui.domain.region import Region

if TYPE_CHECKING:
    from siptui.devicelist.model import DeviceList
    from siptui.settings.model import Profile


def read_list(
    file: Path,
    profile: str | None,
    *,
    region: Region | None = None,
    delimiter: str | None = None,
) -> "DeviceList":
    """Read and validate the list at `file`; `region` beats the profile's own.

    Without any profile a list can be read all the same. Raises `ListError`, `UsageError`.
    """
    from siptui.devicelist.reading import read

    known = _profile(profile)
    return read(
        file,
        region=region or (known.region if known else None),
        delimiter=delimiter,
        columns=known.columns if known else NOT_MAPPED,
    )


def _profile(name: str | None) -> "Profile | None":
    from siptui.settings.load import load

    settings = load()
    if name is None and not settings.profiles:
        return None  # a list can be checked before anything is set up
    try:
        return settings.profile(name)
    except UsageError:
        if name is not None:
            raise
        return None  # several profiles and none chosen
