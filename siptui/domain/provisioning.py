"""How a provisioning URL is put together: base of the region, then what the device wants.

Which forms exist is data (`siptui.provisioning`); here is only what may be combined. A form that
is documented nowhere is never made up: there is none with language and tenant id together, and
none for a device whose maker the documents name without a URL.

Named tuples instead of dataclasses: `siptui urls` is to start like a small tool, and what makes
dataclasses costs a fifth of its time.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple

from siptui.domain.guid import is_guid
from siptui.domain.region import Region
from siptui.domain.text import folded


class Confidence(StrEnum):
    """How sure a form is."""

    DOCUMENTED = "documented"  # printed so in the source
    UNCLEAR = "unclear"  # printed, but the source leaves open what a part of it stands for
    INFERRED = "inferred"  # concluded from what the source prints for other devices


class Form(NamedTuple):
    """What follows the region's base; `{tenant}` and `{language}` are filled in.

    `source` names where the form was read, with its date.
    """

    path: str
    source: str
    confidence: Confidence = Confidence.DOCUMENTED


class DeviceKind(NamedTuple):
    """One kind of device of one vendor, and the forms documented for it (`None`: not one).

    `dhcp_option` is the DHCP option that carries the URL, if stated; `languages` are the codes
    the language form takes; `note` says what a person must know besides.
    """

    vendor: str
    device: str
    dhcp_option: int | None = None
    plain: Form | None = None
    tenant: Form | None = None
    language: Form | None = None
    languages: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    note: str = ""

    @property
    def known(self) -> bool:
        """Whether any URL is documented for it."""
        return bool(self.plain or self.tenant or self.language)

    def is_of(self, vendor: str) -> bool:
        """Whether `vendor` names its maker, by full name or alias, in any case."""
        wanted = folded(vendor.strip())
        return any(wanted == folded(name) for name in (self.vendor, *self.aliases))


class ProvisioningTable(NamedTuple):
    """All that is known: the base URL of each region, languages by code, kinds of devices."""

    bases: Mapping[Region, str]
    languages: Mapping[str, str]
    kinds: tuple[DeviceKind, ...] = ()

    @property
    def vendors(self) -> tuple[str, ...]:
        """The vendors, each once, in the order of the table."""
        return tuple(dict.fromkeys(kind.vendor for kind in self.kinds))


class ProvisioningUrl(NamedTuple):
    """One URL for one kind of device in one region, and how it is known."""

    region: Region
    vendor: str
    device: str
    url: str
    dhcp_option: int | None
    source: str
    confidence: Confidence


class TenantId(NamedTuple):
    """The tenant's id as far as it is known: a GUID, or nothing and `why` it is missing."""

    guid: str = ""
    why: str = ""


def tenant_id(text: str) -> str:
    """The tenant id in `text`, lower case; `ValueError` for anything but a GUID.

    The URL takes the GUID alone, never a domain (Microsoft Learn, "Configure SIP Gateway").
    """
    found = text.strip().removeprefix("{").removesuffix("}").lower()
    if not is_guid(found):
        raise ValueError(f"{text!r} is not a tenant id; it must be a GUID, not a name or domain")
    return found


def provisioning_urls(
    table: ProvisioningTable,
    *,
    regions: Iterable[Region] = (),
    vendors: Iterable[str] = (),
    tenant: str | None = None,
    language: str | None = None,
) -> list[ProvisioningUrl]:
    """The documented URLs, region by region; none given means all regions, all vendors.

    With `tenant` the forms for bulk sign-in, with `language` those that set a language, else the
    plain ones. Raises `ValueError` for both at once, for a tenant that is no GUID, for a vendor
    or language the table does not have.
    """
    if tenant is not None and language is not None:
        raise ValueError(
            "No URL with both a tenant id and a language is documented, so none is made up"
        )
    if language is not None and language not in table.languages:
        raise ValueError(f"{language!r} is not a language; use {', '.join(table.languages)}")
    kinds = kinds_of(table, vendors)
    filled = tenant_id(tenant) if tenant is not None else ""
    wanted = set(regions) or set(table.bases)
    found = []
    for region, base in table.bases.items():
        for kind in kinds if region in wanted else ():
            form = _form(kind, tenant=tenant is not None, language=language)
            if form is not None:
                path = form.path.replace("{tenant}", filled)
                path = path.replace("{language}", language or "")
                found.append(
                    ProvisioningUrl(
                        region,
                        kind.vendor,
                        kind.device,
                        base + path,
                        kind.dhcp_option,
                        form.source,
                        form.confidence,
                    )
                )
    return found


def kinds_of(table: ProvisioningTable, vendors: Iterable[str]) -> tuple[DeviceKind, ...]:
    """The kinds of device of `vendors`, of all if none is named; `ValueError` for one not known."""
    named = tuple(vendors)
    for vendor in named:
        if not any(kind.is_of(vendor) for kind in table.kinds):
            raise ValueError(f"{vendor!r} is not in the table; it has {', '.join(table.vendors)}")
    if not named:
        return table.kinds
    return tuple(kind for kind in table.kinds if any(kind.is_of(vendor) for vendor in named))


def _form(kind: DeviceKind, *, tenant: bool, language: str | None) -> Form | None:
    if tenant:
        return kind.tenant
    if language is None:
        return kind.plain
    return kind.language if language in kind.languages else None
