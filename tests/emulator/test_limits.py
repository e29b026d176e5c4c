"""Limits, collisions and other people's batches, and what the ledger says of them."""

import email.utils

import pytest

from siptui.domain.region import Region
from siptui.emulator.call_log import Wrong
from siptui.emulator.scenario import ForeignBatch
from tests.emulator.support import calling, devices, mac
from tests.support import emulated_time


def test_a_hundred_devices_and_no_more() -> None:
    async def main() -> None:
        async with calling() as caller:
            assert (await caller.submit(devices(101))).status_code == 400
            refused = await caller.submit(devices(101))
            assert set(refused.json()) == {"errorCode", "message"}
            assert (await caller.submit(devices(100))).status_code == 200
            assert [entry.devices for entry in caller.ledger.refused] == [101, 101]

    emulated_time.run(main())


@pytest.mark.parametrize(("over", "status"), [("429", 429), ("400", 400)])
def test_a_fourth_live_batch_is_turned_away(over: str, status: int) -> None:
    async def main() -> None:
        async with calling(f'[limits]\nover = "{over}"\nretry_after = 30') as caller:
            for n in range(3):
                assert (await caller.submit(devices(2, n * 2))).status_code == 200
            refused = await caller.submit(devices(2, 10))
            assert refused.status_code == status
            assert refused.headers.get("retry-after") == ("30" if status == 429 else None)
            assert (await caller.submit(devices(2, 10), "NOAM")).status_code == 200
            caller.pass_time(600)
            assert (await caller.submit(devices(2, 20))).status_code == 200
            assert caller.ledger.max_live == {Region.EMEA: 3, Region.NOAM: 1}
            assert caller.ledger.violations == []

    emulated_time.run(main())


def test_a_fourth_live_batch_may_be_queued() -> None:
    async def main() -> None:
        async with calling('[limits]\nover = "queue"') as caller:
            ids = [(await caller.submit(devices(2, n * 2))).json()["batchId"] for n in range(4)]
            assert (await caller.status(ids[3]))["batchStatus"] == "Queued"
            caller.pass_time(100)
            words = [(await caller.status(batch_id))["batchStatus"] for batch_id in ids]
            assert words == ["Completed"] * 3 + ["InProgress"]
            caller.pass_time(600)
            assert (await caller.status(ids[3]))["batchStatus"] == "Completed"
            [violation] = caller.ledger.violations
            assert (violation.wrong, violation.batch_id) == (Wrong.TOO_MANY_LIVE, ids[3])

    emulated_time.run(main())


def test_over_the_limit_may_be_accepted_and_is_seen() -> None:
    async def main() -> None:
        async with calling('[limits]\nover = "accept"') as caller:
            for n in range(5):
                assert (await caller.submit(devices(1, n))).status_code == 200
            assert caller.ledger.max_live == {Region.EMEA: 5}
            assert [v.wrong for v in caller.ledger.violations] == [Wrong.TOO_MANY_LIVE] * 2

    emulated_time.run(main())


def test_over_the_limit_it_is_told_for_how_long_a_caller_could_know() -> None:
    async def main() -> None:
        async with calling('[limits]\nover = "accept"\n[timing]\ndevice = [900, 900]') as caller:
            for n in range(2):
                await caller.submit(devices(1, n))
            colleague = ForeignBatch(at=0, region=Region.EMEA, devices=1)
            caller.tenant.start_foreign(colleague)
            caller.pass_time(20)
            await caller.submit(devices(1, 7))  # no list had the colleague's
            await caller.summaries()
            caller.pass_time(20)
            await caller.submit(devices(1, 8))
            known = [round(v.known_for) for v in caller.ledger.violations]
            assert known == [0, 20]
            assert {v.wrong for v in caller.ledger.violations} == {Wrong.TOO_MANY_LIVE}

    emulated_time.run(main())


def test_retry_after_may_be_a_date_and_is_shorter_for_a_faster_tenant() -> None:
    async def main() -> None:
        text = '[limits]\nlive = 1\nretry_after = 60\nretry_after_form = "date"'
        async with calling(text, speed=10) as caller:
            await caller.submit(devices(1))
            header = (await caller.submit(devices(1, 1))).headers["retry-after"]
            wait = email.utils.parsedate_to_datetime(header) - emulated_time.START
            assert wait.total_seconds() == 6

    emulated_time.run(main())


def test_requests_may_be_limited() -> None:
    async def main() -> None:
        async with calling("[limits]\nrequests_per_minute = 2") as caller:
            await caller.summaries()
            await caller.summaries()
            refused = await caller.submit(devices(1))
            assert (refused.status_code, refused.headers["retry-after"]) == (429, "60")
            assert caller.ledger.submits == []
            caller.pass_time(61)
            assert (await caller.submit(devices(1))).status_code == 200

    emulated_time.run(main())


def test_a_device_or_account_in_two_live_batches_is_a_violation() -> None:
    async def main() -> None:
        async with calling() as caller:
            first = (await caller.submit([("a@contoso.com", mac(1))])).json()["batchId"]
            await caller.submit([("A@contoso.com", mac(2)), ("b@contoso.com", mac(1))], "NOAM")
            assert [
                (v.wrong, v.user, v.hardware_id, v.other) for v in caller.ledger.violations
            ] == [
                (Wrong.ACCOUNT_LIVE_TWICE, "a@contoso.com", mac(2), first),
                (Wrong.DEVICE_LIVE_TWICE, "b@contoso.com", mac(1), first),
            ]
            assert caller.ledger.resets == {"a@contoso.com": 2, "b@contoso.com": 1}

    emulated_time.run(main())


def test_twice_in_one_batch_is_a_violation() -> None:
    async def main() -> None:
        async with calling() as caller:
            await caller.submit([("a@contoso.com", mac(1)), ("a@contoso.com", mac(1).lower())])
            wrongs = {violation.wrong for violation in caller.ledger.violations}
            assert wrongs == {Wrong.ACCOUNT_LIVE_TWICE, Wrong.DEVICE_LIVE_TWICE}

    emulated_time.run(main())


def test_a_collision_may_be_refused() -> None:
    async def main() -> None:
        async with calling('[limits]\nconflict = "409"') as caller:
            await caller.submit(devices(2))
            assert (await caller.submit(devices(2, 1))).status_code == 409
            assert len(caller.ledger.submits) == 1
            assert caller.ledger.violations

    emulated_time.run(main())


def test_a_retry_of_a_failed_device_is_none_and_of_a_signed_in_one_is() -> None:
    async def main() -> None:
        async with calling(f'[[devices]]\nmatch = "{mac(0)}"\nonline = false') as caller:
            await caller.errors(devices(2))
            await caller.errors(devices(1))
            assert caller.ledger.violations == []
            await caller.errors(devices(2))
            [violation] = caller.ledger.violations
            assert (violation.wrong, violation.hardware_id) == (
                Wrong.SUBMITTED_AFTER_SUCCESS,
                mac(1),
            )
            assert caller.ledger.times[devices(1)[0]] == 3
            truth = caller.tenant.truth("ROOM-1@contoso.com", mac(1).lower())
            assert (truth.state, truth.attempts) == ("signed_in", 2)

    emulated_time.run(main())


FOREIGN = """
    [[foreign]]
    at = 60
    region = "EMEA"
    devices = 10
    user = "someone@contoso.com"
    [[foreign]]
    at = -86400
    region = "EMEA"
    failing = 1
"""


def test_other_peoples_batches_take_slots_and_stand_in_the_summaries() -> None:
    async def main() -> None:
        async with calling(FOREIGN) as caller:
            [old] = await caller.summaries()
            assert (old["batchStatus"], old["requestTime"][:10]) == ("Completed", "2026-03-01")
            errors = [i["error"] for i in (await caller.status(old["batchId"]))["batchItems"]]
            assert errors == ["Device is offline."] * 40
            caller.pass_time(61)
            newest = (await caller.summaries())[0]
            assert (newest["userId"], newest["batchItemsCount"]) == ("someone@contoso.com", 10)
            statuses = [(await caller.submit(devices(1, n))).status_code for n in range(3)]
            assert statuses == [200, 200, 429]
            assert (len(caller.ledger.submits), len(caller.ledger.foreign)) == (2, 2)

    emulated_time.run(main())


def test_a_foreign_batch_waits_for_a_slot() -> None:
    async def main() -> None:
        async with calling(FOREIGN) as caller:
            for n in range(3):
                await caller.submit(devices(40, n * 40))
            caller.pass_time(61)
            assert len(caller.ledger.foreign) == 1
            caller.pass_time(3600)
            assert len(caller.ledger.foreign) == 2
            assert caller.ledger.max_live == {Region.EMEA: 3}

    emulated_time.run(main())


def test_a_foreign_batch_may_hold_the_same_devices() -> None:
    text = f'[[foreign]]\nat = 1\nregion = "NOAM"\nitems = [["a@contoso.com", "{mac(1)}"]]'

    async def main() -> None:
        async with calling(text) as caller:
            await caller.submit([("a@contoso.com", mac(1))])
            caller.pass_time(2)
            assert {v.wrong for v in caller.ledger.violations} == {
                Wrong.ACCOUNT_LIVE_TWICE,
                Wrong.DEVICE_LIVE_TWICE,
            }

    emulated_time.run(main())
