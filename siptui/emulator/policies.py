"""Policies and settings of the emulated tenant: instances by type, as of any moment."""

import ipaddress
import math
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from siptui.emulator.answer_format import cased
from siptui.emulator.scenario import Scenario
from siptui.emulator.versioned_values import Writes

GLOBAL = "Global"
CALLING, IP_PHONE = "TeamsCallingPolicy", "TeamsIPPhonePolicy"
SIP_DEVICES, TRUSTED_IP = "TeamsSipDevicesConfiguration", "TenantTrustedIPAddress"
SITE, SUBNET, REGION = "TenantNetworkSite", "TenantNetworkSubnet", "TenantNetworkRegion"
TYPES = (CALLING, IP_PHONE, SIP_DEVICES, TRUSTED_IP, SITE, SUBNET, REGION)
#: Policies that the accounts of a scenario have unless a rule says otherwise.
SIP_CALLING, COMMON_AREA = "SIPDevices", "CommonAreaPhone"

Instance = dict[str, Any]
#: Before anything was written.
BEGINNING = -math.inf
_COMMON_AREA_MODE = "commonareaphonesignin"


class NotDone(Struct, frozen=True):
    """A write that was refused."""

    status: int
    code: str
    message: str


class Configurations:
    """Instances by type. Names are compared without case and without `Tag:`."""

    def __init__(self, scenario: Scenario) -> None:
        self._writes: Writes[tuple[str, str], Instance] = Writes()
        for kind, fields in _beginning(scenario):
            self._writes.write((kind, _key(fields["Identity"])), fields, BEGINNING)
        self._first = self.trusted_networks(BEGINNING)

    def all(self, kind: str, moment: float) -> list[Instance]:
        """The instances of a type."""
        found = (
            self._writes.read(key, moment)[1] for key in self._writes.written() if key[0] == kind
        )
        return [one for one in found if one is not None]

    def one(self, kind: str, name: str, moment: float) -> Instance | None:
        """The instance of this name."""
        return self._writes.read((kind, _key(name)), moment)[1]

    def create(self, kind: str, fields: Instance, moment: float) -> NotDone | Instance:
        """Make an instance; a trusted address may name only `IPAddress`."""
        name = str(fields.get("Identity") or fields.get("IPAddress") or "").removeprefix("Tag:")
        if not name:
            return NotDone(400, "BadRequest", "Identity is missing.")
        if self.one(kind, name, moment) is not None:
            return NotDone(409, "Conflict", f"{kind} {name} exists already.")
        if kind == SIP_DEVICES:
            return NotDone(400, "BadRequest", f"There is only a Global {kind}.")
        if kind == TRUSTED_IP:
            try:
                made = _trusted(str(fields.get("IPAddress") or name), fields.get("MaskBits"))
            except ValueError as error:
                return NotDone(400, "BadRequest", str(error))
            made["Description"] = str(fields.get("Description") or "")
        else:
            identity = f"Tag:{name}" if kind in (CALLING, IP_PHONE) else name
            made = {**_DEFAULTS.get(kind, {}), **fields, "Identity": identity}
            made["Key"] = _key_of(kind, identity)
        if wrong := _wrong(kind, made):
            return wrong
        self._writes.write((kind, _key(name)), made, moment)
        return made

    def merge(self, kind: str, name: str, fields: Instance, moment: float) -> NotDone | Instance:
        """Change some properties of an instance."""
        found = self.one(kind, name, moment)
        if found is None:
            return NotDone(404, "NotFound", f"{kind} {name} was not found.")
        if "Key" in fields and cased(fields["Key"], "lower") != cased(found.get("Key"), "lower"):
            return NotDone(400, "BadRequest", "Key is not the one of this instance.")
        kept: Instance = {name: found[name] for name in ("Identity", "Key") if name in found}
        made: Instance = {**found, **fields, **kept}
        if wrong := _wrong(kind, made):
            return wrong
        self._writes.write((kind, _key(name)), made, moment)
        return made

    def delete(self, kind: str, name: str, moment: float) -> NotDone | None:
        """Take an instance away."""
        if _key(name) == _key(GLOBAL):
            return NotDone(400, "BadRequest", "Global cannot be taken away.")
        if self.one(kind, name, moment) is None:
            return NotDone(404, "NotFound", f"{kind} {name} was not found.")
        self._writes.write((kind, _key(name)), None, moment)
        return None

    # -- what they come to ----------------------------------------------------------------------

    def bulk_sign_in(self, moment: float) -> bool:
        """Whether the tenant allows bulk sign-in."""
        found = self.one(SIP_DEVICES, GLOBAL, moment) or {}
        return str(found.get("BulkSignIn", "")).casefold() == "enabled"

    def allows_sip(self, policy: str, moment: float) -> bool:
        """Whether a calling policy lets SIP devices call; one that is gone is Global."""
        found = self.one(CALLING, policy, moment) or self.one(CALLING, GLOBAL, moment) or {}
        return found.get("AllowSIPDevicesCalling") is True

    def common_area(self, policy: str, moment: float) -> bool:
        """Whether an IP-phone policy signs in as a common area phone. By its mode: whether the
        service looks at the name is not known."""
        found = self.one(IP_PHONE, policy, moment) or self.one(IP_PHONE, GLOBAL, moment) or {}
        return str(found.get("SignInMode", "")).casefold() == _COMMON_AREA_MODE

    def trusted_networks(
        self, moment: float
    ) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
        """The trusted addresses as networks."""
        return [
            ipaddress.ip_network(f"{one['IPAddress']}/{one['MaskBits']}", strict=False)
            for one in self.all(TRUSTED_IP, moment)
        ]

    def trusts(self, address: str, moment: float) -> bool:
        """Whether a public address is on the list of trusted ones."""
        return _within(address, self.trusted_networks(moment))

    def trusted_from_the_beginning(self, address: str) -> bool:
        """Whether the scenario itself lists it."""
        return _within(address, self._first)


def _within(address: str, networks: list[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(found in network for network in networks)


def _key(name: Any) -> str:
    return str(name).casefold().removeprefix("tag:")


def _key_of(kind: str, identity: str) -> dict[str, Any]:
    # What the service puts into it is not known beyond that it is there and must come back.
    return {"ScopeClass": "Global" if identity == GLOBAL else "Tag", "SchemaId": kind}


_DEFAULTS: dict[str, Instance] = {
    CALLING: {"AllowSIPDevicesCalling": False, "AllowCallRedirect": "Disabled"},
    IP_PHONE: {"SignInMode": "UserSignIn", "AllowHotDesking": True},
}
_WORDS: dict[str, dict[str, set[str]]] = {
    SIP_DEVICES: {"BulkSignIn": {"enabled", "disabled"}},
    CALLING: {"AllowCallRedirect": {"enabled", "disabled", "useroverride"}},
    IP_PHONE: {"SignInMode": {"usersignin", _COMMON_AREA_MODE, "meetingsignin"}},
}


def _wrong(kind: str, fields: Instance) -> NotDone | None:
    for name, allowed in _WORDS.get(kind, {}).items():
        if str(fields.get(name, "")).casefold() not in allowed:
            return NotDone(400, "BadRequest", f"{name} cannot be {fields.get(name)!r}.")
    return None


def _trusted(address: str, bits: Any) -> Instance:
    if bits is None:
        bits = ipaddress.ip_address(address).max_prefixlen
    if not isinstance(bits, int) or isinstance(bits, bool):
        raise ValueError("MaskBits is no number.")
    ipaddress.ip_network(f"{address}/{bits}", strict=False)
    identity = {"Identity": address, "Key": _key_of(TRUSTED_IP, address)}
    return {**identity, "IPAddress": address, "MaskBits": bits, "Description": ""}


def _beginning(scenario: Scenario) -> Iterator[tuple[str, Instance]]:
    def policy(kind: str, name: str, **fields: Any) -> tuple[str, Instance]:
        identity = GLOBAL if name == GLOBAL else f"Tag:{name}"
        key = {"Identity": identity, "Key": _key_of(kind, identity)}
        return kind, {**key, **_DEFAULTS.get(kind, {}), **fields}

    yield policy(SIP_DEVICES, GLOBAL, BulkSignIn=scenario.tenant.bulk_sign_in)
    yield policy(CALLING, GLOBAL)
    yield policy(IP_PHONE, GLOBAL)
    absent = {(CALLING, one.name) for one in scenario.calling_policies if one.absent}
    absent |= {(IP_PHONE, one.name) for one in scenario.ip_phone_policies if one.absent}
    if (CALLING, SIP_CALLING) not in absent:
        fields: Instance = {"AllowSIPDevicesCalling": True, "AllowCallRedirect": "Enabled"}
        yield policy(CALLING, SIP_CALLING, **fields)
    if (IP_PHONE, COMMON_AREA) not in absent:
        yield policy(IP_PHONE, COMMON_AREA, SignInMode="CommonAreaPhoneSignIn")
    for calling in scenario.calling_policies:
        allowed, redirect = calling.allow_sip_devices, calling.call_redirect
        fields = {"AllowSIPDevicesCalling": allowed, "AllowCallRedirect": redirect}
        if not calling.absent:
            yield policy(CALLING, calling.name, **fields)
    for phone in scenario.ip_phone_policies:
        if not phone.absent:
            yield policy(IP_PHONE, phone.name, SignInMode=phone.sign_in_mode)
    for trusted in scenario.trusted_ips:
        network = _trusted(trusted.address, trusted.mask_bits)
        yield TRUSTED_IP, {**network, "Description": trusted.description}
    for site in scenario.sites:
        region = site.region or site.name
        yield REGION, {"Identity": region, "NetworkRegionID": region}
        named = {"Identity": site.name, "NetworkSiteID": site.name}
        yield SITE, {**named, "NetworkRegionID": region, "EnableLocationBasedRouting": False}
        for subnet in site.subnets:
            address, _, bits = subnet.partition("/")
            place = {"SubnetID": address, "MaskBits": int(bits or 32), "NetworkSiteID": site.name}
            yield SUBNET, {"Identity": address, **place}
