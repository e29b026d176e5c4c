"""Whether public addresses are among the trusted ones."""

from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siptui.domain.errors import UsageError
from siptui.domain.public_address import parse_all, parse_public, shown
from siptui.gateway.tenant_model import TrustedIP
from siptui.preflight.public_ip import covers, network_of, uncovered


@pytest.mark.parametrize(
    ("trusted", "wanted", "covered"),
    [
        (("203.0.113.7", None), "203.0.113.7", True),
        (("203.0.113.7", None), "203.0.113.8", False),
        (("203.0.113.9", 29), "203.0.113.8", True),  # host bits are passed over
        (("203.0.113.9", 29), "203.0.113.16", False),
        (("203.0.113.0", 28), "203.0.113.0/29", True),
        (("203.0.113.0", 29), "203.0.113.0/28", False),
        (("2001:db8::", 32), "2001:db8:1::1", True),
        (("2001:db8::1", None), "2001:db8::2", False),
        (("0.0.0.0", 0), "2001:db8::2", False),
        (("nonsense", 24), "203.0.113.7", False),
    ],
)
def test_one_range(trusted: tuple[str, int | None], wanted: str, covered: bool) -> None:
    lacking = uncovered([TrustedIP(*trusted)], [parse_public(wanted)])
    assert (not lacking) is covered


def test_several_ranges_together() -> None:
    halves = [ip_network("203.0.113.0/29"), ip_network("203.0.113.8/29")]
    assert covers(halves, ip_network("203.0.113.0/28"))
    assert not covers(halves[:1], ip_network("203.0.113.0/28"))


def test_an_ipv4_address_in_ipv6_form_is_one() -> None:
    assert parse_public("::ffff:203.0.113.7") == ip_network("203.0.113.7")


@pytest.mark.parametrize(
    "text",
    [
        *("", "nonsense", "203.0.113", "203.0.113.1/24", "1.2.3.4/33", "203.0.113.7/-1"),
        *("2001:db8::1/129", "2001:db8::1%eth0", "203.0.113.7 203.0.113.8", "３.0.113.7"),
        # what never reaches the service, or would trust the whole world
        *("10.1.2.3", "192.168.1.0/24", "100.64.3.4", "127.0.0.1", "169.254.1.1", "::1"),
        *(
            "0.0.0.0/0",
            "::/0",
            "8.0.0.0/5",
            "fe80::1",
            "fd00::1",
            "224.0.0.5",
            "::ffff:1.2.3.0/120",
        ),
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_public(text)
    assert "203.0.113.7" in caught.value.remedy


def test_several_in_one_text_each_once() -> None:
    found = parse_all(" 203.0.113.7,198.51.100.0/30  203.0.113.7/32 ")
    assert [shown(one) for one in found] == ["203.0.113.7", "198.51.100.0/30"]
    with pytest.raises(UsageError, match="nonsense"):
        parse_all("203.0.113.7, nonsense")


_V4 = st.builds(
    lambda n, bits: IPv4Network((n, bits), strict=False),
    st.integers(0, 2**32 - 1),
    st.integers(0, 32),
)
_V6 = st.builds(
    lambda n, bits: IPv6Network((n, bits), strict=False),
    st.integers(0, 2**128 - 1),
    st.integers(0, 128),
)
_SMALL = st.builds(
    lambda n, bits: IPv4Network((int(IPv4Address("203.0.113.0")) + n, bits), strict=False),
    st.integers(0, 63),
    st.integers(26, 32),
)


@given(st.one_of(_V4, _V6), st.data())
def test_masks_are_those_of_the_arithmetic(
    network: IPv4Network | IPv6Network, data: st.DataObject
) -> None:
    """Any address of a range is covered by it, whichever of its addresses names the range."""
    at = data.draw(st.integers(0, network.num_addresses - 1))
    named = data.draw(st.integers(0, network.num_addresses - 1))
    trusted = TrustedIP(str(network[named]), network.prefixlen)
    assert network_of(trusted) == network
    assert not uncovered([trusted], [ip_network(str(network[at]))])


@given(st.lists(_SMALL, max_size=6), _SMALL)
def test_covered_is_every_address_covered(trusted: list[IPv4Network], wanted: IPv4Network) -> None:
    one_by_one = all(any(address in network for network in trusted) for address in wanted)
    assert covers(trusted, wanted) is one_by_one


@given(_V4, st.integers(0, 2**128 - 1))
def test_families_never_mix(trusted: IPv4Network, number: int) -> None:
    six = ip_network(str(ip_address(number + 2**32 if number < 2**32 else number)))
    if six.version == 6:
        assert not covers([trusted], six)
