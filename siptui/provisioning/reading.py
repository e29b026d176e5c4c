"""Reads the table of provisioning URLs that is packed with siptui."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from siptui.domain.provisioning import Confidence, DeviceKind, Form, ProvisioningTable
from siptui.domain.region import Region


@cache
def provisioning_table() -> ProvisioningTable:
    """The packed table. A fault in it is a fault of the package, so it raises what it may."""
    text = Path(__file__).with_name("table.toml").read_text(encoding="utf-8")
    data = tomllib.loads(text)
    sources = {
        name: f"{source['title']} ({source['date']}), {source['url']}"
        for name, source in data["sources"].items()
    }
    languages = dict(data["languages"])
    return ProvisioningTable(
        bases={Region(name): base for name, base in data["regions"].items()},
        languages=languages,
        kinds=tuple(_kind(entry, sources, tuple(languages)) for entry in data["device"]),
    )


def _kind(entry: dict[str, Any], sources: dict[str, str], languages: tuple[str, ...]) -> DeviceKind:
    def form(name: str) -> Form | None:
        if name not in entry:
            return None
        found = entry[name]
        return Form(
            found["path"],
            sources[found["source"]],
            Confidence(found.get("confidence", Confidence.DOCUMENTED)),
        )

    return DeviceKind(
        vendor=entry["vendor"],
        device=entry["device"],
        dhcp_option=entry.get("dhcp_option"),
        plain=form("plain"),
        tenant=form("tenant"),
        language=form("language"),
        languages=tuple(entry.get("languages", languages)),
        aliases=tuple(entry.get("aliases", ())),
        note=entry.get("note", ""),
    )
