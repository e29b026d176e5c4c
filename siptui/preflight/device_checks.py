"""What the inventory of SIP devices tells of one device. Pure.

The inventory lists devices after their first sign-in (Microsoft Learn, "Configure SIP Gateway"),
so a device that is not in it may be provisioned all the same.
"""

from siptui.domain.device import Device
from siptui.gateway.tenant import InventoryDevice
from siptui.preflight import remedies
from siptui.preflight.facts import Facts, Missing
from siptui.preflight.finding import Check, Finding, Result
from siptui.preflight.tenant_checks import missing


def device_finding(device: Device, facts: Facts) -> Finding:
    """Known, online and in the region of the list, as far as the inventory tells."""
    if isinstance(facts.devices, Missing):
        return missing(Check.DEVICE, facts.devices)
    found = facts.devices.get(str(device.hardware_id))
    if found is None:
        return Finding(
            Check.DEVICE,
            Result.UNKNOWN,
            "The inventory does not list it. That proves nothing: it lists a phone only after "
            "its first sign-in.",
        )
    return _listed(device, found)


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
        return Finding(
            Check.DEVICE, Result.UNKNOWN, f"{model}known; whether it is online is not told."
        )
    if found.signed_in and found.user_name.casefold() not in ("", device.user_name.key):
        return Finding(
            Check.DEVICE,
            Result.PASS,
            f"{model}online, signed in as {found.user_name} now.",
            warning=True,
        )
    return Finding(Check.DEVICE, Result.PASS, f"{model}online.")
