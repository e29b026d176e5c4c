"""Making a profile from what was answered in the console: its name comes from the tenant."""

import re
from collections.abc import Collection

from siptui.domain.file_names import windows_device
from siptui.domain.guid import is_guid
from siptui.domain.region import Region
from siptui.settings.folders import RESERVED
from siptui.settings.load import Settings, load
from siptui.settings.write import add_profile


def make_profile(tenant: str, cloud: str, region: Region | None) -> str:
    """Write it into the configuration; its name. Raises `SiptuiError` for what is not allowed."""
    settings = load()
    name = free_name(profile_name(tenant), settings.profiles)
    add_profile(settings.folders, name, tenant, cloud=cloud, region=region)
    return name


def free_name(name: str, taken: Collection[str]) -> str:
    """`name`, or with a number behind it where there is one of that name."""
    folded = {one.casefold() for one in taken}
    names = (name, *(f"{name}-{number}" for number in range(2, len(folded) + 3)))
    return next(one for one in names if one.casefold() not in folded)


def cloud_notes(settings: Settings) -> dict[str, str]:
    """The clouds, each with what is to be known before it is chosen."""
    return {
        name: cloud.note or ("almost all tenants" if name == "public" else "")
        for name, cloud in settings.clouds.items()
    }


def profile_name(tenant: str) -> str:
    """`contoso` for `contoso.com`; an id says nothing to people, so it is `default`."""
    label = tenant.split(".")[0].casefold()
    good = not is_guid(tenant) and re.fullmatch(r"[a-z0-9][a-z0-9-]{0,62}", label)
    return label if good and label not in RESERVED and not windows_device(label) else "default"
