"""Whether public addresses lie among the tenant's trusted ones: arithmetic on masks."""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network

from siptui.domain.errors import UsageError
from siptui.gateway.tenant import TrustedIP

Network = IPv4Network | IPv6Network


def parse_public(text: str) -> Network:
    """The address (`203.0.113.7`) or range (`203.0.113.0/28`) in `text`; `UsageError` otherwise.

    Only addresses of the public Internet make sense here: others never reach the service.
    """
    text = text.strip()
    try:
        network = ip_network(text, strict=True)
    except ValueError as error:
        raise UsageError(
            f"“{text}” is no IP address and no range: {error}.",
            title="Wrong usage",
            remedy="Give an address like 203.0.113.7 or a range like 203.0.113.0/28.",
        ) from None
    if isinstance(network, IPv6Network) and network.network_address.ipv4_mapped:
        return ip_network(str(network.network_address.ipv4_mapped))
    return network


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
