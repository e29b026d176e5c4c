"""The questions from which a profile is made: tenant, cloud, region."""

import re
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct
from textual.screen import Screen

from siptui.domain.region import Region
from siptui.domain.text import visible
from siptui.tui.dialogs.ask import Choice, Prompt
from siptui.tui.dialogs.help_text import Topic
from siptui.tui.sentences import REGIONS
from siptui.tui.widgets.text_lines import Line

#: Shows a dialog; its answer, or none where it was left.
Ask = Callable[[Screen[Any]], Awaitable[Any]]
_TENANT = re.compile(r"[0-9A-Za-z][0-9A-Za-z.-]*[.-][0-9A-Za-z.-]*[0-9A-Za-z]")
_ASK_TENANT: Line = (
    (
        "The tenant's id, or one of its domains such as contoso.com. A sign-in to another tenant "
        "will be refused.",
        "normal",
    ),
)


class NewProfile(Struct, frozen=True):
    """What was answered. `region` is None where each list is to name it."""

    tenant: str
    cloud: str
    region: Region | None


async def ask_profile(ask: Ask, clouds: Mapping[str, str], config: Path) -> NewProfile | None:
    """One question after the other; Escape goes a step back, and at last leads nowhere.

    `clouds` are their names with what is to be known of each, `config` is the file.
    """
    where: Line = ((f"It will be written to {visible(str(config))}.", "muted"),)
    tenant = ""
    while True:
        typed = await ask(
            Prompt(
                "New profile: tenant",
                [_ASK_TENANT, where],
                value=tenant,
                check=_wrong,
            )
        )
        if typed is None:
            return None
        tenant = typed
        while (cloud := await _cloud(ask, clouds, tenant)) is not None:
            region = await _region(ask)
            if region is not None:
                return NewProfile(tenant, cloud, region if isinstance(region, Region) else None)


async def _cloud(ask: Ask, clouds: Mapping[str, str], tenant: str) -> str | None:
    choices = [(name, name, note) for name, note in clouds.items()]
    text: Line = ((f"The cloud of {visible(tenant)}; most tenants are public.", "normal"),)
    chosen = await ask(Choice("New profile: cloud", choices, [text], topic=Topic.PROFILE_CLOUD))
    return chosen if isinstance(chosen, str) else None


async def _region(ask: Ask) -> Region | str | None:
    choices = [("none", "no default", "each list names it, or siptui asks")]
    choices += [(region, str(region), about) for region, about in REGIONS.items()]
    text: Line = (
        (
            "The SIP Gateway region of rows that name none. A device lives in exactly one; in "
            "another it is not found.",
            "normal",
        ),
    )
    chosen = await ask(Choice("New profile: region", choices, [text], topic=Topic.PROFILE_REGION))
    return chosen if isinstance(chosen, Region) or chosen == "none" else None


def _wrong(tenant: str) -> str:
    if _TENANT.fullmatch(tenant):
        return ""
    return "That is neither an id (xxxxxxxx-xxxx-…) nor a domain (contoso.com)."
