"""The public addresses that a list names for its rows, held against the trusted ones. Pure."""

from collections.abc import Sequence
from functools import lru_cache

from msgspec import Struct

from siptui.domain.columns import cell_of
from siptui.domain.device import Device
from siptui.domain.errors import UsageError
from siptui.domain.public_address import Network, parse_public, shown
from siptui.gateway.tenant_model import TrustedIP
from siptui.preflight import remedies
from siptui.preflight.facts import Facts, Missing
from siptui.preflight.finding import Check, Finding, Result
from siptui.preflight.public_ip import network_of, uncovered

_SHOWN = 12


class Unusable(Struct, frozen=True):
    """Why what stands in the column can be held against nothing."""

    why: str


def addresses_of(device: Device) -> tuple[Network, ...] | Unusable:
    """The addresses and ranges in the row's `PublicIP` column; none where it has no such cell."""
    return _parsed(cell_of(device.extra, "public_ip"))


@lru_cache(maxsize=4096)
def _parsed(cell: str) -> tuple[Network, ...] | Unusable:
    try:
        words = cell.replace(",", " ").replace(";", " ").split()
        return tuple(dict.fromkeys(parse_public(word) for word in words))
    except UsageError as error:
        return Unusable(error.message)


def site_of(device: Device) -> str:
    """The row's site, or nothing."""
    return cell_of(device.extra, "site")


def address_finding(device: Device, facts: Facts) -> Finding | None:
    """Whether the address that the list has for the row is trusted; nothing without one."""
    wanted, trusted = addresses_of(device), facts.tenant.trusted_ips
    if isinstance(wanted, Unusable):
        return Finding(
            Check.TRUSTED_IP,
            Result.UNKNOWN,
            f"Could not check: {wanted.why}",
            remedy="Put the public address that the site's traffic comes from into the list's "
            "PublicIP column.",
        )
    if not wanted or isinstance(trusted, Missing):  # which the tenant's finding tells
        return None
    place = f"Site {site_of(device)}: " if site_of(device) else ""
    lacking = uncovered(trusted, wanted)
    if not lacking:
        names = ", ".join(map(shown, wanted))
        return Finding(Check.TRUSTED_IP, Result.PASS, f"{place}{names} is trusted.")
    names = ", ".join(map(shown, lacking))
    if any(network_of(one) is None for one in trusted):  # what cannot be read may cover it
        said = f"{place}{names} is not among the trusted IPs as far as those can be read."
        return Finding(Check.TRUSTED_IP, Result.UNKNOWN, said)
    lines = [
        remedies.add_trusted_ip(TrustedIP(str(one.network_address), one.prefixlen))
        for one in lacking
    ]
    return Finding(
        Check.TRUSTED_IP,
        Result.FAIL,
        f"{place}{names} is not among the trusted IPs.",
        remedy=f"Add {names} to the trusted IPs; it may take up to {remedies.LEAD_HOURS} hours.",
        powershell="; ".join(lines),
        lead_time_hours=remedies.LEAD_HOURS,
    )


def sites_note(devices: Sequence[Device], facts: Facts) -> str:
    """The sites of which an address is not trusted, in one sentence; nothing where all are, and
    where that is not certain."""
    trusted = facts.tenant.trusted_ips
    if isinstance(trusted, Missing) or any(network_of(one) is None for one in trusted):
        return ""
    listed = dict.fromkeys((site_of(device), addresses_of(device)) for device in devices)
    sites: dict[str, dict[str, None]] = {}
    for site, wanted in listed:
        for one in () if isinstance(wanted, Unusable) else uncovered(trusted, wanted):
            sites.setdefault(site or "no site", {})[shown(one)] = None
    if not sites:
        return ""
    said = [f"{site} ({', '.join(names)})" for site, names in sorted(sites.items())]
    more = f" and {len(said) - _SHOWN:,} more" if len(said) > _SHOWN else ""
    return f"Sites without a trusted public address: {', '.join(said[:_SHOWN])}{more}."
