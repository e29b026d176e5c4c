"""What the inventory of SIP devices tells of one device. Pure.

The inventory lists devices after their first sign-in (Microsoft Learn, "Configure SIP Gateway"),
so a device that is not in it may be provisioned all the same.
"""

from collections.abc import Sequence

from siptui.domain.device import Device
from siptui.domain.errors import UsageError
from siptui.domain.public_address import parse_public
from siptui.domain.text import plural
from siptui.gateway.tenant_model import InventoryDevice, TrustedIP
from siptui.preflight import remedies
from siptui.preflight.facts import Facts, Missing
from siptui.preflight.finding import Check, Finding, Result
from siptui.preflight.listed_addresses import address_finding
from siptui.preflight.public_ip import network_of, uncovered
from siptui.preflight.tenant_checks import missing


def device_findings(device: Device, facts: Facts) -> tuple[Finding, ...]:
    """Known, online and in the region of the list, as far as the inventory tells; and where its
    public address is told, there or in the list, whether that is trusted."""
    listed = address_finding(device, facts)
    of_list = () if listed is None else (listed,)
    if isinstance(facts.devices, Missing):
        return (missing(Check.DEVICE, facts.devices), *of_list)
    found = facts.devices.get(str(device.hardware_id))
    if found is None:
        return of_list  # it lists a phone only after its first sign-in; see `unlisted_note`
    address = _address(found, facts)
    seen = () if address is None or _same(address, listed) else (address,)
    return (_listed(device, found), *of_list, *seen)


def _same(seen: Finding, listed: Finding | None) -> bool:
    """Whether the list's own address fails with the same line to add it."""
    return listed is not None and bool(seen.powershell) and seen.powershell in listed.powershell


def unlisted_note(devices: Sequence[Device], facts: Facts) -> str:
    """How many devices the inventory does not list, or nothing. That proves nothing of any."""
    if isinstance(facts.devices, Missing):
        return ""
    count = sum(str(device.hardware_id) not in facts.devices for device in devices)
    if not count:
        return ""
    return (
        f"The inventory does not list {plural(count, 'device')} of {len(devices):,}: it lists a "
        "phone only after its first sign-in."
    )


def _address(found: InventoryDevice, facts: Facts) -> Finding | None:
    """The phone's own public address is not trusted; nothing where that is not certain."""
    trusted = facts.tenant.trusted_ips
    try:
        public = parse_public(found.public_ip) if found.public_ip else None
    except UsageError:
        return None
    if public is None or isinstance(trusted, Missing) or not uncovered(trusted, [public]):
        return None
    if any(network_of(one) is None for one in trusted):
        return None  # what cannot be read may cover it
    address = str(public.network_address)
    return Finding(
        Check.TRUSTED_IP,
        Result.FAIL,
        f"The inventory saw it at {address}, which is not among the trusted IPs.",
        remedy=f"If {address} is yours, add it to the trusted IPs; it may take up to 24 hours.",
        powershell=remedies.add_trusted_ip(TrustedIP(address, public.prefixlen)),
        lead_time_hours=remedies.LEAD_HOURS,
    )


def _listed(device: Device, found: InventoryDevice) -> Finding:
    model = f"{found.model}, " if found.model else ""
    remedy = remedies.remedy(Check.DEVICE).text
    if found.region is not None and found.region is not device.region:
        return Finding(
            Check.DEVICE,
            Result.FAIL,
            f"{model}in the region {found.region}, not {device.region}.",
            remedy=f"Put {found.region} into the list's Region column for this device.",
        )
    if found.online is False:
        return Finding(Check.DEVICE, Result.FAIL, f"{model}offline.", remedy=remedy)
    if found.online is None:
        health = f", its health is {found.health}" if found.health else ""
        return Finding(
            Check.DEVICE, Result.UNKNOWN, f"{model}known{health}; whether it is online is not told."
        )
    # An adapter is one device there: the last sign-in may be on another of its ports.
    alone = device.hardware_id.port is None or found.hardware_id == device.hardware_id
    if alone and found.signed_in and found.user_name.casefold() not in ("", device.user_name.key):
        return Finding(
            Check.DEVICE,
            Result.PASS,
            f"{model}online, signed in as {found.user_name} now.",
            warning=True,
        )
    return Finding(Check.DEVICE, Result.PASS, f"{model}online.")
