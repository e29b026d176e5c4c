"""Who is signed in on a phone by the inventory: late, fallen back, by hand."""

from typing import Any

from tests.emulator.support import Caller, calling
from tests.support import emulated_time

PHONE = "00-04-F2-00-00-01"
_TEXT = f"""
[lag]
inventory = 300
[timing]
device = [10, 10]
start = [0, 0]
finish = [0, 0]
[[devices]]
match = "{PHONE}"
falls_back = 4000
[[by_hand]]
hardware_id = "00-04-F2-00-00-02"
user = "lobby@contoso.com"
at = -1000
"""


async def shown(caller: Caller) -> dict[str, str | None]:
    answer = await caller.client.get("/api/v2/devices")
    rows: list[dict[str, Any]] = answer.raise_for_status().json()["devices"]
    return {
        r["macAddressInfos"][0]["macAddress"][-2:]: r["lastLoggedInUserRef"]["upn"] for r in rows
    }


def test_the_inventory_is_late_and_phones_fall_back() -> None:
    async def main() -> None:
        async with calling(_TEXT) as caller:
            assert await shown(caller) == {"02": "lobby@contoso.com"}
            await caller.submit([("room@contoso.com", PHONE)])
            caller.pass_time(200)
            assert (await shown(caller))["01"] is None  # signed in, but not seen yet
            caller.pass_time(200)
            assert (await shown(caller))["01"] == "room@contoso.com"
            caller.pass_time(4200)
            assert (await shown(caller))["01"] is None

    emulated_time.run(main())


def test_by_hand_from_outside() -> None:
    async def main() -> None:
        async with calling() as caller:
            hand = {"hardware_id": "00:04:f2:00:00:01", "user": "room@contoso.com"}
            answer = await caller.client.post("/_emulator/by_hand", json=hand)
            assert answer.status_code == 200
            assert await shown(caller) == {"01": "room@contoso.com"}
            truth = (await caller.client.get("/_emulator/truth")).json()
            assert truth["phones"] == {PHONE: "room@contoso.com"}
            await caller.client.post("/_emulator/by_hand", json={"hardware_id": PHONE})
            assert await shown(caller) == {"01": None}

    emulated_time.run(main())
