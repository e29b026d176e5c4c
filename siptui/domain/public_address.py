"""Public addresses of phones, as an operator names them: an address, or a range with its mask."""

from ipaddress import IPv4Network, IPv6Network, ip_network

from siptui.domain.errors import UsageError

Network = IPv4Network | IPv6Network

#: Addresses that no phone is seen by: nothing sent from them reaches the service. Those kept for
#: documentation are not among them; they stand for public ones in examples.
_INSIDE = tuple(
    ip_network(text)
    for text in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
        *("172.16.0.0/12", "192.168.0.0/16", "224.0.0.0/3"),
        *("::/127", "fc00::/7", "fe80::/10", "ff00::/8"),
    )
)


def parse_public(text: str) -> Network:
    """The address (`203.0.113.7`) or range (`203.0.113.0/28`) in `text`; `UsageError` otherwise.

    Only addresses of the public Internet make sense here: others never reach the service, and a
    range that holds some of them as well would trust far more than is meant.
    """
    text = text.strip()
    try:
        if "%" in text:
            raise ValueError("an interface of one computer is named in it")
        network = ip_network(text, strict=True)
    except ValueError as error:
        raise _refused(f"“{text}” is no IP address and no range: {error}.") from None
    if isinstance(network, IPv6Network) and network.network_address.ipv4_mapped:
        if network.num_addresses > 1:
            raise _refused(f"“{text}” is a range of IPv4 addresses in the form of IPv6.")
        network = ip_network(str(network.network_address.ipv4_mapped))
    for inside in _INSIDE:
        if network.version == inside.version and network.overlaps(inside):
            holds = "is" if network.num_addresses == 1 else "holds addresses"
            raise _refused(
                f"“{text}” {holds} of {inside}, which is not of the public Internet: the service "
                "never sees it."
            )
    return network


def parse_all(text: str) -> tuple[Network, ...]:
    """Several of them, with commas or blanks between; `UsageError` for the first that is none."""
    return tuple(dict.fromkeys(parse_public(one) for one in text.replace(",", " ").split()))


def shown(network: Network) -> str:
    """As people write it: an address alone without its mask."""
    return str(network.network_address) if network.num_addresses == 1 else str(network)


def _refused(why: str) -> UsageError:
    return UsageError(
        why,
        title="Wrong usage",
        remedy="Give the public address that the phones' traffic comes from, like 203.0.113.7, "
        "or a range like 203.0.113.0/28.",
    )
