"""The shapes of the answers: as far as they were seen, and every option where they were not."""

from typing import Any

import pytest

from tests.emulator.support import BULK, calling, devices, mac
from tests.support import emulated_time


def answers(wire: str, *, after: float = 3600, extra: str = "") -> tuple[Any, Any, Any]:
    """What createbatch, batchstatus and batchsummaries answer for two devices."""

    async def main() -> tuple[Any, Any, Any]:
        async with calling(f"[wire]\n{wire}\n{extra}") as caller:
            created = (await caller.submit(devices(2))).json()
            caller.pass_time(after)
            [batch_id] = [value for key, value in created.items() if key.lower() == "batchid"]
            return created, await caller.status(batch_id), await caller.summaries()

    return emulated_time.run(main())


def test_the_shapes_by_default() -> None:
    created, status, summaries = answers("")
    batch_id = created["batchId"]
    assert created == {"batchId": batch_id, "batchItemsCount": 2}
    head = {
        "batchId": batch_id,
        "batchStatus": "Completed",
        "requestTime": "2026-03-02T08:00:00.0000000Z",
        "userId": "admin@contoso.com",
        "region": "EMEA",
    }
    item = {"userName": "room-0@contoso.com", "hardwareId": mac(0), "status": "Success"}
    assert {key: status[key] for key in head} == head
    assert status["batchItems"][0] == {**item, "error": None}
    assert summaries == [{**head, "batchItemsCount": 2}]


@pytest.mark.parametrize(
    ("casing", "names"),
    [
        ("pascal", ("BatchId", "BatchItem", "UserName")),
        ("camel", ("batchId", "batchItem", "userName")),
        ("lower", ("batchid", "batchitem", "username")),
    ],
)
def test_casing_and_the_name_of_the_array(casing: str, names: tuple[str, str, str]) -> None:
    created, status, summaries = answers(f'casing = "{casing}"\nitems = "BatchItem"')
    batch_id, items, user = names
    assert created[batch_id] == status[batch_id] == summaries[0][batch_id]
    assert status[items][0][user] == "room-0@contoso.com"


def test_summaries_may_be_wrapped_and_name_no_region() -> None:
    text = 'summaries_root = "Value"\nsummaries_region = false\nstatus_region = false'
    _, status, summaries = answers(text)
    assert "region" not in summaries["value"][0]
    assert "region" not in status


@pytest.mark.parametrize(
    ("form", "value"),
    [
        ("iso_offset", "2026-03-02T10:00:00+02:00"),
        ("iso_naive", "2026-03-02T08:00:00"),
        ("iso_minutes", "2026-03-02T08:00Z"),
        ("null", None),
        ("us", "3/2/2026 8:00:00 AM"),
        ("epoch", 1772438400),
        ("epoch_ms", 1772438400000),
        ("dotnet", "/Date(1772438400000)/"),
    ],
)
def test_forms_of_the_request_time(form: str, value: object) -> None:
    _, status, _ = answers(f'request_time = "{form}"')
    assert status["requestTime"] == value


def test_names_may_come_back_in_another_form() -> None:
    _, status, _ = answers('user_name = "upper"\nhardware_id = "colons"')
    item = status["batchItems"][1]
    assert (item["userName"], item["hardwareId"]) == ("ROOM-1@CONTOSO.COM", "00:15:65:00:00:01")


def test_the_words_are_the_scenarios() -> None:
    text = 'running = ["Dispatched"]\nitem_running = "Pending"\nwaiting = "Pending"'
    _, status, summaries = answers(text, after=5)
    assert status["batchStatus"] == summaries[0]["batchStatus"] == "Dispatched"
    assert {item["status"] for item in status["batchItems"]} == {"Pending"}
    failing = "[[devices]]\nonline = false"
    text = 'failed = "FAIL"\ncompleted = "Done"\ncompleted_failed = "DoneWithErrors"'
    _, status, _ = answers(text, extra=failing)
    assert status["batchStatus"] == "DoneWithErrors"
    assert {item["status"] for item in status["batchItems"]} == {"FAIL"}


def test_an_absent_error_and_items_listed_only_when_finished() -> None:
    text = 'no_error = "absent"\nfinished_only = true'
    assert answers(text, after=1)[1]["batchItems"] == []
    items = answers(text)[1]["batchItems"]
    assert [sorted(item) for item in items] == [["hardwareId", "status", "userName"]] * 2


@pytest.mark.parametrize("status", [200, 201, 202])
def test_the_status_of_a_good_submit(status: int) -> None:
    async def main() -> None:
        async with calling(f"[wire]\ncreated_status = {status}") as caller:
            assert (await caller.submit(devices(1))).status_code == status

    emulated_time.run(main())


def test_a_new_batch_may_lag_behind_in_both_reads() -> None:
    async def main() -> None:
        async with calling("[lag]\nsummaries = 30\nstatus = 10") as caller:
            batch_id = (await caller.submit(devices(1))).json()["batchId"]
            answer = await caller.client.get(f"{BULK}/batchstatus", params={"batchid": batch_id})
            assert (answer.status_code, await caller.summaries()) == (404, [])
            caller.pass_time(10)
            assert (await caller.status(batch_id))["batchId"] == batch_id
            assert await caller.summaries() == []
            caller.pass_time(20)
            assert len(await caller.summaries()) == 1

    emulated_time.run(main())


def test_summaries_reach_back_thirty_days() -> None:
    async def main() -> None:
        async with calling() as caller:
            await caller.submit(devices(1))
            caller.pass_time(29 * 86400)
            await caller.submit(devices(1, 1))
            assert len(await caller.summaries()) == 2
            caller.pass_time(2 * 86400)
            assert len(await caller.summaries()) == 1

    emulated_time.run(main())


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"{}", b"[]", b"[1]", b'[{"UserName": "a@b.de"}]', b'[{"UserName": 1}]', b"\xff"],
)
def test_a_body_that_is_no_list_of_devices_is_refused(body: bytes) -> None:
    async def main() -> None:
        async with calling() as caller:
            url = f"{BULK}/createbatch?TargetRegion=EMEA"
            answer = await caller.client.post(url, content=body)
            assert answer.status_code == 400
            assert set(answer.json()) == {"errorCode", "message"}
            assert caller.ledger.submits == []

    emulated_time.run(main())


@pytest.mark.parametrize("region", ["", "MARS"])
def test_a_region_must_be_named(region: str) -> None:
    async def main() -> None:
        async with calling() as caller:
            assert (await caller.submit(devices(1), region)).status_code == 400

    emulated_time.run(main())


def test_names_of_members_and_parameters_are_read_in_any_case() -> None:
    async def main() -> None:
        async with calling() as caller:
            url = f"{BULK}/createbatch?targetregion=apac"
            body = [{"username": "a@contoso.com", "HARDWAREID": mac(1)}]
            assert (await caller.client.post(url, json=body)).status_code == 200
            assert caller.ledger.submits[0].items == (("a@contoso.com", mac(1)),)

    emulated_time.run(main())


def test_discovery_and_the_correlation_id() -> None:
    async def main() -> None:
        async with calling() as caller:
            header = {"X-MS-Correlation-Id": "6f0e"}
            answer = await caller.client.get("/Teams.Tenant/serviceDiscovery", headers=header)
            assert answer.headers["x-ms-correlation-id"] == "6f0e"
            assert set(answer.json()) == {"Endpoints", "Headers"}
            assert answer.json()["Endpoints"]["AdminServiceEndpoint"] == "emulator.invalid"

    emulated_time.run(main())


def test_only_the_right_methods_and_paths() -> None:
    async def main() -> None:
        async with calling() as caller:
            assert (await caller.client.get(f"{BULK}/createbatch")).status_code == 405
            assert (await caller.client.get(f"{BULK}/nothing")).status_code == 404
            gone = await caller.client.get(f"{BULK}/batchstatus?batchid=1234")
            assert gone.status_code == 404
            assert (await caller.client.get(f"{BULK}/batchstatus")).status_code == 400

    emulated_time.run(main())
