"""Whether public addresses lie among the tenant's trusted ones: arithmetic on masks."""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network

from siptui.domain.public_address import Network
from siptui.gateway.tenant_model import TrustedIP


def network_of(trusted: TrustedIP) -> Network | None:
    """The range that a trusted address covers, or none if it cannot be read.

    Host bits are passed over as the service does: an address and a mask make a range. Without a
    mask it is the address alone (New-CsTenantTrustedIPAddress: 32 and 128 are the defaults).
    """
    bits = "" if trusted.mask_bits is None else f"/{trusted.mask_bits}"
    try:
        return ip_network(f"{trusted.address.strip()}{bits}", strict=False)
    except ValueError:
        return None


def covers(trusted: Iterable[Network], wanted: Network) -> bool:
    """Whether every address of `wanted` lies in one of the ranges `trusted`, or in several
    together."""
    left: list[Network] = [wanted]
    for network in trusted:
        left = [rest for part in left for rest in _without(part, network)]
        if not left:
            return True
    return not left


def _without(part: Network, taken: Network) -> Sequence[Network]:
    """What is left of `part` when `taken` is taken out."""
    if isinstance(part, IPv4Network):
        if not isinstance(taken, IPv4Network):
            return [part]
        if part.subnet_of(taken):
            return []
        return list(part.address_exclude(taken)) if taken.subnet_of(part) else [part]
    if not isinstance(taken, IPv6Network):
        return [part]
    if part.subnet_of(taken):
        return []
    return list(part.address_exclude(taken)) if taken.subnet_of(part) else [part]


def uncovered(trusted: Iterable[TrustedIP], wanted: Iterable[Network]) -> tuple[Network, ...]:
    """Those of `wanted` that the trusted addresses do not wholly cover."""
    ranges = [network for one in trusted if (network := network_of(one)) is not None]
    return tuple(network for network in wanted if not covers(ranges, network))
