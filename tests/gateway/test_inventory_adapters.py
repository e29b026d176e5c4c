"""Phones and analog adapters in the inventory: asked for by type, matched by the bare MAC."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest

from siptui.domain.device import Device
from siptui.domain.hardware_id import HardwareId
from siptui.domain.region import Region
from siptui.domain.user_name import UserName
from siptui.emulator.scenario import DeviceRule
from siptui.gateway.inventory_client import InventoryClient
from siptui.preflight.finding import Check, Result
from siptui.transport.http import open_client
from tests.gateway.service import ADMIN_API, Service, Tokens
from tests.preflight.tenant import emulated_services
from tests.support import emulated_time
from tests.transport import web


def _client(service: Service) -> InventoryClient:
    return InventoryClient(open_client(transport=web.service(service)), ADMIN_API, Tokens())


def _types(request: web.Request) -> list[str]:
    (wanted,) = parse_qs(urlsplit(str(request.url)).query)["filterJson"]
    found: list[str] = json.loads(wanted)["deviceTypes"]["eq"]
    return found


def test_both_types_are_asked_for() -> None:
    service = Service(lambda _: web.Response(200, json={"devices": []}))
    assert emulated_time.run(_client(service).sip_devices()) == ()
    assert [_types(request) for request in service.calls] == [["sip", "sipAnalog"]]


def test_where_the_second_is_not_known_the_first_is_asked_for_alone() -> None:
    phone = {"macAddressInfos": [{"macAddress": "00-04-F2-00-00-20"}]}

    def answer(request: web.Request) -> web.Response:
        if "sipAnalog" in _types(request):
            return web.Response(400, json={"message": "unknown deviceType"})
        return web.Response(200, json={"devices": [phone]})

    (one,) = emulated_time.run(_client(Service(answer)).sip_devices())
    assert one.hardware_id == "00-04-F2-00-00-20"


@pytest.mark.parametrize("most", [None, 50])
def test_as_many_as_are_given_are_asked_for_at_once(most: int | None) -> None:
    phone = {"macAddressInfos": [{"macAddress": "00-04-F2-00-00-20"}]}

    def size(request: web.Request) -> int:
        (limit,) = parse_qs(urlsplit(str(request.url)).query)["limit"]
        return int(limit)

    def answer(request: web.Request) -> web.Response:
        if most is not None and size(request) > most:
            return web.Response(400, json={"message": "limit"})
        return web.Response(200, json={"devices": [phone]})

    service = Service(answer)
    (one,) = emulated_time.run(_client(service).sip_devices())
    assert one.hardware_id == "00-04-F2-00-00-20"
    assert [size(request) for request in service.calls] == [200] + [50] * (most is not None)
    assert _types(service.calls[-1]) == ["sip", "sipAnalog"]


_ADAPTER = "00-90-8F-00-00-0A"


def _port(number: int, user: str) -> Device:
    return Device(
        number + 1,
        UserName.parse(user),
        HardwareId.parse(f"{_ADAPTER}:{number:03}"),
        Region.EMEA,
    )


@pytest.mark.parametrize(("online", "word"), [(True, "online."), (False, "offline.")])
def test_an_adapter_is_listed_once_and_found_by_each_of_its_ports(online: bool, word: str) -> None:
    async def main() -> None:
        async with emulated_services("[tenant]\nstrict = false\n") as services:
            ports = [_port(1, "fax@contoso.com"), _port(2, "lift@contoso.com")]
            await services.errors(ports)
            services.emulator.tenant.change_devices(DeviceRule(online=online))
            listed = await services.sources.inventory.sip_devices()  # type: ignore[union-attr]
            assert [one.hardware_id for one in listed].count(HardwareId.parse(_ADAPTER)) == 1
            made = await services.preflight(ports)
            for account in made.report.accounts:
                (finding,) = [f for f in account.findings if f.check is Check.DEVICE]
                assert finding.detail.endswith(word)
                assert finding.result is (Result.PASS if online else Result.FAIL)
                assert not finding.warning, "the user of another port says nothing"

    emulated_time.run(main(), limit=24 * 3600)
