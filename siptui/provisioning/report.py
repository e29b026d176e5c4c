"""The provisioning URLs as people and programs read them: a page of text, objects, a few lines."""

from collections.abc import Iterable, Sequence
from typing import Any

from siptui.domain.provisioning import (
    Confidence,
    DeviceKind,
    ProvisioningTable,
    ProvisioningUrl,
    provisioning_urls,
)
from siptui.domain.region import Region

#: Why the plain URLs are not enough for bulk sign-in.
NO_TENANT = "Without the tenant id in its URL a phone cannot be signed in by siptui the first time"


def as_object(url: ProvisioningUrl) -> dict[str, Any]:
    """One URL as `urls --json` has it."""
    return {
        "region": url.region,
        "vendor": url.vendor,
        "device": url.device,
        "url": url.url,
        "dhcp_option": url.dhcp_option,
        "source": url.source,
        "confidence": url.confidence,
    }


def page(
    urls: Sequence[ProvisioningUrl],
    kinds: Sequence[DeviceKind],
    *,
    tenant: str | None,
    language: str | None,
) -> list[str]:
    """The whole table as lines: by region, with notes and sources.

    A URL is never broken and stands last, so that it can be marked and copied whole.
    """
    lines = [title(tenant, language)]
    rows = [_cells(url) for url in urls]
    widths = [max((len(cell) for cell in column), default=0) for column in zip(*rows, strict=True)]
    region: Region | None = None
    for url, cells in zip(urls, rows, strict=True):
        if url.region is not region:
            region = url.region
            lines += ["", region.value]
        padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        lines.append(f"  {'  '.join(padded)}  {url.url}")
    if not urls:
        lines += ["", "None is documented for these."]
    notes = [f"  {'; '.join(names)}: {note}" for note, names in _notes(kinds).items()]
    sources = [f"  {source}" for source in dict.fromkeys(url.source for url in urls)]
    lines += ["", "Notes", *notes] if notes else []
    lines += ["", "Source", *sources] if sources else []
    return lines


def title(tenant: str | None, language: str | None) -> str:
    """What the URLs are for."""
    if tenant:
        return f"Provisioning URLs for bulk sign-in, tenant {tenant}"
    if language:
        return f"Provisioning URLs with language {language}, without tenant id"
    return "Provisioning URLs without tenant id"


def option(number: int | None) -> str:
    """The DHCP option that carries a URL, in words."""
    return f"option {number}" if number else "option not stated"


def usual(
    table: ProvisioningTable, tenant: str, regions: Iterable[Region] = ()
) -> list[tuple[Region, str, tuple[str, ...]]]:
    """In each region the one URL for bulk sign-in that most kinds of device share, with their
    vendors. `ValueError` for a tenant that is no GUID."""
    found: dict[Region, dict[str, list[str]]] = {}
    for url in provisioning_urls(table, regions=regions, tenant=tenant):
        if url.confidence is not Confidence.UNCLEAR:
            found.setdefault(url.region, {}).setdefault(url.url, []).append(url.vendor)
    most = {
        region: max(by_url.items(), key=lambda pair: len(pair[1]))
        for region, by_url in found.items()
    }
    return [(region, url, tuple(dict.fromkeys(names))) for region, (url, names) in most.items()]


def _notes(kinds: Iterable[DeviceKind]) -> dict[str, list[str]]:
    """Each note with the kinds of device it is about: some share one."""
    found: dict[str, list[str]] = {}
    for kind in kinds:
        if kind.note:
            found.setdefault(kind.note, []).append(f"{kind.vendor} {kind.device}")
    return found


def _cells(url: ProvisioningUrl) -> tuple[str, str, str, str]:
    return (url.vendor, url.device, option(url.dhcp_option), url.confidence.value)
