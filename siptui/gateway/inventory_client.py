"""`Inventory` over the device API of the Teams admin center, page by page."""

import json
from collections.abc import Sequence
from urllib.parse import quote, urlencode

from siptui.gateway import inventory_json
from siptui.gateway.errors import AnswerUnreadableError, RejectedError
from siptui.gateway.http_client import Authorized, read
from siptui.gateway.protocol import TokenSource
from siptui.gateway.tenant_model import InventoryDevice
from siptui.transport.http import Http
from siptui.transport.messages import Call
from siptui.transport.retry import OnWait
from siptui.transport.throttle import Throttle

#: Devices in a page: as many as spare three of four calls, and what the public scripts that use
#: this API ask for, where so many are refused. How many it gives at most was never seen.
PAGES = (200, 50)
#: Types of devices: phones, and analog adapters, which have one of their own since 2023 (Microsoft
#: 365 developer blog, Graph's `teamworkDeviceType`); this API's own spelling of it is inferred.
_TYPES = ("sip", "sipAnalog")
_MOST_PAGES = 2000
#: Pages on end without a device that was not seen before.
_MOST_IDLE = 20
_NEEDS = (
    "Reading the inventory of devices needs the role Teams Administrator, Teams Devices "
    "Administrator or Global Reader."
)
_Page = tuple[tuple[InventoryDevice, ...], str]


class InventoryClient(Authorized):
    """`Inventory` over HTTP."""

    def __init__(
        self,
        http: Http,
        devices: str,
        tokens: TokenSource,
        *,
        on_wait: OnWait | None = None,
        throttle: Throttle | None = None,
    ) -> None:
        super().__init__(
            http, devices, tokens, setting="devices", on_wait=on_wait, throttle=throttle
        )

    async def sip_devices(self) -> tuple[InventoryDevice, ...]:
        """Every SIP phone and analog adapter of the tenant; an adapter is one device, whatever its
        ports."""
        for types, size in (*((_TYPES, size) for size in PAGES), (_TYPES[:1], PAGES[-1])):
            try:
                return await self._devices(types, size)
            except RejectedError as error:
                if error.status != 400 or len(types) == 1:
                    raise  # else it gives no pages of that size, or knows no such type of device
        raise AssertionError("unreachable")

    async def _devices(self, types: Sequence[str], size: int) -> tuple[InventoryDevice, ...]:
        found: dict[str, InventoryDevice] = {}
        seen: set[str] = set()
        token, idle = "", 0
        while len(seen) < _MOST_PAGES and idle < _MOST_IDLE:
            seen.add(token)
            listed, further = await self._page(types, size, token)
            before = len(found)
            for device in listed:
                found.setdefault(device.hardware_id, device)
            if not further or further in seen:
                return tuple(found.values())
            token, idle = further, 0 if len(found) > before else idle + 1
        raise AnswerUnreadableError(
            f"The inventory does not end, as far as {len(seen):,} pages go."
        )

    async def _page(self, types: Sequence[str], size: int, token: str) -> _Page:
        wanted = json.dumps({"deviceTypes": {"eq": list(types)}}, separators=(",", ":"))
        parameters = {"limit": str(size), "filterJson": wanted}
        if token:
            parameters["continuationToken"] = token
        path = f"/api/v2/devices?{urlencode(parameters, quote_via=quote)}"

        async def once() -> _Page:
            answer, correlation_id = await self.authorized(Call.READ, "GET", path, needs=_NEEDS)
            return read(answer, correlation_id, inventory_json.page)

        return await self.retried(once)
