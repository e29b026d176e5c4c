"""GUIDs, by which Entra names tenants, applications and requests."""

import re

#: A GUID, hyphens included, without braces.
GUID = re.compile(r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}")


def is_guid(text: str) -> bool:
    """Whether `text` is a GUID and nothing else."""
    return GUID.fullmatch(text) is not None
