"""The life of a batch: devices end one by one, at moments that seed and time decide alone."""

import asyncio
from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from siptui.domain.region import Region
from siptui.emulator.clock import Clock
from siptui.emulator.scenario import Scenario, load_scenario
from siptui.emulator.tenant import Accepted, Refusal, Tenant
from tests.emulator.support import calling, devices, mac, scenario
from tests.support import emulated_time

FINAL = {"Success", "Failed"}


def test_devices_end_one_by_one_then_the_batch_is_completed() -> None:
    async def main() -> list[tuple[str, Counter[str]]]:
        seen = []
        async with calling() as caller:
            batch_id = (await caller.submit(devices(100))).json()["batchId"]
            while True:
                status = await caller.status(batch_id)
                words = Counter(item["status"] for item in status["batchItems"])
                seen.append((status["batchStatus"], words))
                if status["batchStatus"] == "Completed":
                    return seen
                await asyncio.sleep(5)

    seen = emulated_time.run(main())
    ended = [words["Success"] for _, words in seen]
    assert ended == sorted(ended)
    assert len(set(ended)) > 20, "they end one by one, not all at once"
    assert seen[0] == ("InProgress", Counter(NotStarted=100))
    assert seen[-1] == ("Completed", Counter(Success=100))
    assert 120 < 5 * len(seen) < 900, "a batch of 100 takes some minutes"


def history(chosen: Scenario, seed: int, looks: list[float]) -> list[Any]:
    """What somebody sees who looks at these moments."""
    time = 0.0
    tenant = Tenant(chosen, Clock(lambda: time, epoch=emulated_time.START), seed)
    outcome = tenant.submit(Region.EMEA, devices(30), "admin")
    assert isinstance(outcome, Accepted)
    seen = []
    for look in looks:
        time = look
        now = tenant.settle()
        items = [(item.state(now).value, item.verdict) for item in outcome.batch.items]
        seen.append((outcome.batch.batch_id, outcome.batch.done, items))
    return seen


def test_the_same_seed_tells_the_same_story() -> None:
    looks = [0, 20, 40, 60, 200, 1000]
    mixed = load_scenario("mixed")
    assert history(mixed, 5, looks) == history(mixed, 5, looks)
    assert history(mixed, 5, looks) != history(mixed, 6, looks)


def test_looking_more_often_changes_nothing() -> None:
    mixed = load_scenario("mixed")
    often = history(mixed, 3, [float(t) for t in range(400)])
    assert history(mixed, 3, [100.0, 399.0]) == [often[100], often[399]]


@given(
    seed=st.integers(0, 2**32),
    share=st.floats(0, 0.5),
    count=st.integers(1, 40),
    steps=st.lists(st.floats(0.1, 90), min_size=3, max_size=25),
)
@settings(max_examples=60, deadline=None)
def test_a_device_ends_in_one_final_state_and_stays_there(
    seed: int, share: float, count: int, steps: list[float]
) -> None:
    text = f"[[devices]]\nshare = {share:.6f}\nonline = false\nuntil = 120"
    text += "\n[[accounts]]\nshare = 0.2\nnumber = false"
    time = 0.0
    tenant = Tenant(scenario(text), Clock(lambda: time, epoch=emulated_time.START), seed)
    items = devices(count)
    outcome = tenant.submit(Region.APAC, items, "admin")
    assert isinstance(outcome, Accepted)
    final: dict[tuple[str, str], str] = {}
    for step in [*steps, 1e5]:
        time += step
        if step > 45:  # conditions change on the way; what is over stays as it ended
            tenant.change_devices(scenario("[[devices]]\nonline = true").devices[0])
        for user, hardware_id in items:
            truth = tenant.truth(user, hardware_id)
            if truth.state != "running":
                assert final.setdefault((user, hardware_id), truth.state) == truth.state
        if outcome.batch.done:
            assert len(final) == count
    assert outcome.batch.done
    assert set(final.values()) <= {"signed_in", "failed"}


def test_an_odd_device_may_be_slow_stuck_or_silent() -> None:
    slow, stuck, silent = mac(0), mac(1), mac(2)
    text = f"""
        [[devices]]
        match = "{slow}"
        slow = 10
        [[devices]]
        match = "{stuck}"
        stuck = true
        [[devices]]
        match = "{silent}"
        silent = true
    """

    async def main() -> None:
        async with calling(text) as caller:
            batch_id = (await caller.submit(devices(4))).json()["batchId"]
            caller.pass_time(150)
            status = await caller.status(batch_id)
            assert [i["hardwareId"] for i in status["batchItems"]] == [slow, stuck, mac(3)]
            words = [item["status"] for item in status["batchItems"]]
            assert words == ["InProgress", "InProgress", "Success"]
            caller.pass_time(10 * 24 * 3600)
            status = await caller.status(batch_id)
            assert [i["status"] for i in status["batchItems"]] == [
                "Success",
                "InProgress",
                "Success",
            ]
            assert status["batchStatus"] == "InProgress", "it never ends"

    emulated_time.run(main())


def test_the_nth_batch_may_be_stuck_while_others_go_on() -> None:
    async def main() -> None:
        async with calling("[[batches]]\nnth = 2\nstuck = 1") as caller:
            ids = [(await caller.submit(devices(5, n * 5))).json()["batchId"] for n in range(3)]
            caller.pass_time(3600)
            words = [(await caller.status(batch_id))["batchStatus"] for batch_id in ids]
            assert words == ["Completed", "InProgress", "Completed"]

    emulated_time.run(main())


def test_a_word_of_its_own_stands_for_the_result() -> None:
    async def main() -> None:
        async with calling('[[devices]]\nword = "Skipped"') as caller:
            batch_id = (await caller.submit(devices(1))).json()["batchId"]
            assert (await caller.status(batch_id))["batchItems"][0]["status"] == "NotStarted"
            caller.pass_time(600)
            assert (await caller.status(batch_id))["batchItems"][0]["status"] == "Skipped"

    emulated_time.run(main())


def test_speed_makes_the_tenant_faster_and_keeps_its_dates() -> None:
    async def main() -> None:
        async with calling(speed=60) as caller:
            batch_id = (await caller.submit(devices(20))).json()["batchId"]
            await asyncio.sleep(6)  # six minutes for the tenant
            status = await caller.status(batch_id)
            assert status["batchStatus"] == "Completed"
            await caller.submit(devices(20))
            newest = (await caller.summaries())[0]
            assert newest["requestTime"].startswith("2026-03-02T08:00:06")

    emulated_time.run(main())


def test_a_refusal_leaves_nothing_behind() -> None:
    tenant = Tenant(scenario(), Clock(lambda: 0.0))
    assert isinstance(tenant.submit(Region.EMEA, devices(101), "admin"), Refusal)
    assert (tenant.ledger.submits, tenant.ledger.resets, tenant.batches()) == ([], {}, [])
    assert tenant.truth(*devices(1)[0]).state == "never_submitted"
