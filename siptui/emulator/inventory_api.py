"""The device API of the Teams admin center: SIP devices, page by page.

Listed are the phones of the tenant's device list and those that were ever submitted, as far as
they are provisioned: docs say that a device is listed once its user signed in. A field for the
region was never seen; `region` is invented, and left out where the phone has none of its own.
"""

import json
from collections.abc import Mapping
from typing import Any

from siptui.domain.roles import INVENTORY_READS
from siptui.emulator.accounts import object_id
from siptui.emulator.answer_format import ACCESS_DENIED
from siptui.emulator.bulk_api import retry_header
from siptui.emulator.pages import paged
from siptui.emulator.paths import Source
from siptui.emulator.service_routes import Asked, Face, Handle, Told


class InventoryFace(Face):
    """HTTP in front of the tenant's phones."""

    source = Source.INVENTORY
    prefixes = ("/api/v2/",)

    def handled(self) -> Mapping[tuple[str, str], Handle]:
        """See `Face`."""
        return {("GET", "devices"): self._devices}

    def error(self, status: int, code: str, message: str, wait: float | None = None) -> Told:
        """See `Face`."""
        form = self.tenant.scenario.limits.retry_after_form
        if status == 403:
            return Told(403, ACCESS_DENIED)
        value = {"errorCode": code, "message": message}
        return Told(status, value, retry_header(self.tenant, wait, form))

    def _devices(self, asked: Asked) -> Told:
        if not asked.caller.roles & INVENTORY_READS:
            return self.error(403, "Forbidden", "Access Denied.")
        limit = asked.parameters.get("limit", "")
        size = int(limit) if limit.isascii() and limit.isdigit() and limit != "0" else 50
        size = min(size, self.tenant.scenario.limits.page)
        attempts = {phone: times + 1 for (_, phone), times in self.tenant.ledger.times.items()}
        seen = self.tenant.settle() - self.tenant.scenario.lag.inventory
        known = {**attempts, **dict.fromkeys(self.tenant.sign_ins.phones(), 1)}
        wanted = _types(asked.parameters.get("filterjson", ""))
        names = self._names({**known, **attempts}, wanted)
        page, further = paged(names, asked.parameters.get("continuationtoken", ""), size)
        shown = [p for ports in page for p in ports if p in known]
        users = {p: user for p in shown if (user := self.tenant.sign_ins.user(p, seen))}
        rows = [row for ports in page if (row := self._device(ports, attempts, users)) is not None]
        return Told(200, {"devices": rows, "continuationToken": further or None})

    def _names(self, attempts: Mapping[str, int], wanted: frozenset[str] | None) -> list[list[str]]:
        """The devices of these types, each with its hardware ids: an analog adapter has one for
        each of its ports."""
        devices: dict[str, list[str]] = {}
        for name in {**self.tenant.people.listed, **attempts}:
            devices.setdefault(name[:17], []).append(name)
        return [ids for ids in devices.values() if wanted is None or _type(ids) in wanted]

    def _device(
        self, ids: list[str], attempts: Mapping[str, int], users: Mapping[str, str]
    ) -> dict[str, Any] | None:
        """One device, as the first of its ports that is listed tells; the user of any of them."""
        user = next((users[name] for name in reversed(ids) if name in users), "")
        rows = (self._row(name, attempts.get(name, 1), user) for name in ids)
        row = next((row for row in rows if row is not None), None)
        return None if row is None else {**row, "deviceType": _type(ids)}

    def _row(self, hardware_id: str, attempt: int, user: str) -> dict[str, Any] | None:
        phone = self.tenant.phone(hardware_id, attempt)
        if not phone.known or not phone.listed:
            return None
        listed = self.tenant.people.listed.get(hardware_id)
        region = phone.region or (listed.region if listed else None)
        maker, _, model = (listed.model if listed else "").partition(" ")
        row: dict[str, Any] = {
            "baseInfo": {"id": object_id(f"device:{hardware_id}")},
            "deviceModelRef": {"manufacturer": maker, "model": model},
            "lastLoggedInUserRef": {"userName": user.partition("@")[0], "upn": user or None},
            "signInInfo": {"signInState": "SignedIn" if user else "SignedOut"},
            "userType": "commonArea",
            "macAddressInfos": [{"interfaceType": "ethernet", "macAddress": hardware_id[:17]}],
            "publicIpAddress": phone.public_ip,
            "healthSummary": {"healthState": "online" if phone.online else "offline"},
        }
        return {**row, "region": region.value} if region else row


def _type(ids: list[str]) -> str:
    """The type of a device with these hardware ids; ports make it an analog adapter."""
    return "sipAnalog" if any(len(one) > 17 for one in ids) else "sip"


def _types(wanted: str) -> frozenset[str] | None:
    """The types of devices that a filter (`filterJson`) lets through; None for all."""
    try:
        listed = json.loads(wanted)["deviceTypes"]["eq"]
    except (ValueError, KeyError, TypeError):
        return None
    return frozenset(map(str, listed)) if isinstance(listed, list) else None
