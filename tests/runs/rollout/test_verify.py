"""Following the inventory until phones are seen signed in, in emulated time."""

import asyncio
from collections.abc import Mapping, Sequence

from siptui.emulator.emulator import Emulator
from siptui.emulator.scenario import read_scenario
from siptui.gateway.inventory_client import InventoryClient
from siptui.runs.rollout.evidence import Seen, SourceRead
from siptui.runs.rollout.tenant_reads import read_inventory
from siptui.runs.rollout.verify import Sight, Verification
from siptui.transport import open_client
from tests.support import emulated_time
from tests.tui.scripted_runs import START, make_devices

_SCENARIO = """
[lag]
inventory = 120
[[by_hand]]
hardware_id = "00-04-F2-00-00-00"
user = "lobby.00000@contoso.com"
[[by_hand]]
hardware_id = "00-04-F2-00-00-01"
user = "someone.else@contoso.com"
at = -600
[[by_hand]]
hardware_id = "00-04-F2-00-00-02"
user = "lobby.00002@contoso.com"
at = 200
[[faults]]
kind = "status"
call = "devices"
nth = [1, 2, 3, 4, 5]
status = 500
"""


class _Token:
    async def token(self, *, refresh: bool = False, lasting: bool = False) -> str:
        return "t"


def _followed(count: int, seconds: float) -> tuple[Verification, list[str], float]:
    """What is seen of so many phones, what each look found, and how long it took."""
    found, looks = Verification(make_devices(count)), list[str]()

    async def main() -> float:
        loop = asyncio.get_running_loop()
        emulator = Emulator(read_scenario(_SCENARIO, "test"), clock=loop.time, epoch=START)
        async with open_client(transport=emulator.transport()) as http:
            client = InventoryClient(http, "https://emulator.invalid", _Token())

            async def look() -> tuple[Mapping[str, Seen], SourceRead]:
                return await read_inventory(client, START)

            def looked() -> None:
                assert found.source is not None
                looks.append(found.source.error or f"{len(found.signed_in())} seen")

            await found.follow(look, seconds, looked)
            return float(loop.time())

    return found, looks, emulated_time.run(main())


def _sights(found: Verification) -> Sequence[tuple[Sight, str]]:
    return [found.sight(device) for device in found.wanted]


def test_it_ends_as_soon_as_all_are_seen_and_a_failed_look_ends_nothing() -> None:
    found, looks, took = _followed(1, 600)
    assert looks[0].startswith("The service")
    assert looks[-1] == "1 seen"
    assert found.complete
    assert 120 <= took < 300


def test_what_is_not_seen_in_time_is_told_apart() -> None:
    found, _, took = _followed(4, 600)
    assert _sights(found) == [
        (Sight.SIGNED_IN, "lobby.00000@contoso.com"),
        (Sight.OTHER, "someone.else@contoso.com"),
        (Sight.SIGNED_IN, "lobby.00002@contoso.com"),
        (Sight.NOT_YET, ""),
    ]
    assert 600 <= took < 660
