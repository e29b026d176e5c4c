"""Looking in and changing things from outside, as a black-box test does."""

from typing import Any

from tests.emulator.support import Caller, calling, devices, mac
from tests.support import emulated_time


async def tell(caller: Caller, page: str, what: Any) -> int:
    return (await caller.client.post(f"/_emulator/{page}", json=what)).status_code


async def ask(caller: Caller, page: str) -> Any:
    return (await caller.client.get(f"/_emulator/{page}")).raise_for_status().json()


def test_ledger_and_truth_are_plain_json() -> None:
    async def main() -> None:
        async with calling(f'[[devices]]\nmatch = "{mac(1)}"\nonline = false') as caller:
            batch_id = (await caller.submit(devices(2))).json()["batchId"]
            await caller.submit(devices(1), "NOAM")
            await caller.submit(devices(101), "NOAM")
            assert await tell(caller, "time", {"advance": 600}) == 200
            ledger = await ask(caller, "ledger")
            assert ledger["now"] == 600
            assert ledger["submits"][0] == {
                "at": 0.0,
                "batch_id": batch_id,
                "region": "EMEA",
                "items": [list(device) for device in devices(2)],
                "by": "admin@contoso.com",
            }
            assert ledger["resets"] == {"room-0@contoso.com": 2, "room-1@contoso.com": 1}
            assert ledger["max_live"] == {"EMEA": 1, "NOAM": 1}
            assert ledger["violations"][0]["wrong"] == "device_live_twice"
            assert ledger["refused"][0]["status"] == 400
            assert ledger["calls"] == {"createbatch": 3}
            truths = {t["hardware_id"]: t for t in (await ask(caller, "truth"))["devices"]}
            assert truths[mac(0)]["state"] == "signed_in"
            assert truths[mac(1)]["error"] == "Device is offline."

    emulated_time.run(main())


def test_conditions_change_from_now_on() -> None:
    async def main() -> None:
        async with calling("[[devices]]\nonline = false") as caller:
            assert await caller.errors(devices(1)) == ["Device is offline."]
            assert await tell(caller, "devices", {"match": mac(0), "online": True}) == 200
            assert await caller.errors(devices(2)) == [None, "Device is offline."]
            assert await tell(caller, "accounts", {"number": False}) == 200
            assert await caller.errors(devices(1)) == ["User missing phone number assignment."]

    emulated_time.run(main())


def test_batches_faults_and_refused_tokens_can_be_ordered() -> None:
    async def main() -> None:
        async with calling() as caller:
            assert await tell(caller, "foreign", {"at": 0, "region": "EMEA", "devices": 3}) == 200
            [summary] = await caller.summaries()
            assert summary["batchItemsCount"] == 3
            assert await tell(caller, "faults", {"kind": "status", "status": 500}) == 200
            assert (await caller.submit(devices(1))).status_code == 500
            assert await tell(caller, "faults/clear", {}) == 200
            assert (await caller.submit(devices(1))).status_code == 200
            assert await tell(caller, "revoke", {}) == 200
            assert (await caller.submit(devices(1))).status_code == 401
            assert (await ask(caller, "scenario"))["limits"]["devices"] == 100

    emulated_time.run(main())


def test_nonsense_is_refused_and_named() -> None:
    async def main() -> None:
        async with calling() as caller:
            for page, what in (
                ("time", {"advance": -1}),
                ("time", {}),
                ("devices", {"colour": "red"}),
                ("faults", {"kind": "bang"}),
                ("foreign", []),
            ):
                answer = await caller.client.post(f"/_emulator/{page}", json=what)
                assert answer.status_code == 400
                assert answer.json()["error"]

    emulated_time.run(main())
