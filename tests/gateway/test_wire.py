"""Answers are read leniently where it is safe, and nothing hostile gets past."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siptui.domain.region import Region
from siptui.gateway import bulk_json, errors
from siptui.gateway.bulk_json import WireError
from siptui.gateway.http_errors import of_answer
from siptui.gateway.protocol import Phase
from siptui.transport.messages import Answer
from tests.gateway.contract import devices
from tests.gateway.service import Service
from tests.support import emulated_time
from tests.transport import web

_NAMES = (
    *("batchId", "BatchStatus", "REGION", "requestTime", "UserId", "batchItemsCount"),
    *("batchItems", "BatchItem", "items", "item", "value"),
    *("hardwareId", "userName", "Status", "Error", "error", "code", "message", "x"),
)
_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=20)
    | st.sampled_from(["b-1", "Completed", "success", "EMEA", "00-15-65-00-00-01", "\x1b[2J"])
)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(_NAMES) | st.text(max_size=5), inner, max_size=6)
    ),
    max_leaves=25,
)
_BODIES = (
    st.binary(max_size=300)
    | _VALUES.map(lambda value: json.dumps(value).encode())
    | _VALUES.map(lambda value: json.dumps(value).encode("utf-16"))
    | _VALUES.map(lambda value: json.dumps(value).encode()[:-1])
)


@settings(max_examples=120, deadline=None)
@given(body=_BODIES)
def test_whatever_comes_is_read_or_refused_and_never_steers_a_terminal(body: bytes) -> None:
    for parse in (
        bulk_json.accepted,
        lambda v: bulk_json.batch_status(v, "b-1"),
        bulk_json.batch_summaries,
    ):
        try:
            found = parse(bulk_json.decode(body))  # type: ignore[operator] # three parsers, one call
        except WireError:
            continue
        assert "\x1b" not in str(found)
    for status in (400, 403, 500, 302):
        error = of_answer(Answer(status, {}, body), "c")
        assert "\x1b" not in error.message + error.remedy + error.raw + error.code


@settings(max_examples=40, deadline=None)
@given(body=_BODIES, status=st.sampled_from([200, 201, 400, 401, 403, 429, 500, 502]))
def test_through_the_client_only_errors_of_the_gateway_come_out(body: bytes, status: int) -> None:
    service = Service(
        lambda _: web.Response(status, content=body),
        discovery=lambda _: web.Response(200, content=body),
    )

    async def main() -> None:
        client = service.client()
        for call in (
            lambda: client.create_batch(Region.APAC, devices(1)),
            lambda: client.batch_status("b-1"),
            client.batch_summaries,
        ):
            try:
                await call()
            except errors.GatewayError:
                continue

    emulated_time.run(main())


def test_deep_nesting_is_refused() -> None:
    for deep in (b"[" * 100_000, b'{"batchItems":' * 50_000, b"[" * 100_000 + b"]" * 100_000):
        with pytest.raises(WireError):
            bulk_json.batch_status(bulk_json.decode(deep), "b-1")


def test_a_number_too_long_to_read_is_refused() -> None:
    with pytest.raises(WireError):
        bulk_json.decode(b'{"batchId": ' + b"9" * 5000 + b"}")


@pytest.mark.parametrize("casing", [str, str.lower, str.upper, lambda s: s[0].lower() + s[1:]])
@pytest.mark.parametrize("array", ["BatchItems", "BatchItem", "Items", "Devices"])
def test_names_are_read_in_any_case_and_the_array_under_any_name(casing: Any, array: str) -> None:
    item = {
        "UserName": "a@x.com",
        "HardwareId": "001565000001",
        "Status": "SUCCESS",
        "Error": "",
    }
    answer = {
        casing("BatchId"): "b-1",
        casing("BatchStatus"): "In Progress",
        casing("Region"): "emea",
        casing("RequestTime"): 1767225600,
        casing("UserId"): None,
        casing(array): [{casing(name): value for name, value in item.items()}],
    }
    status = bulk_json.batch_status(answer, "B-1")
    assert status.phase is Phase.RUNNING
    assert status.word == "In Progress"
    assert status.region is Region.EMEA
    assert status.request_time == "1767225600"
    assert status.items[0].hardware_id == "00-15-65-00-00-01"
    assert status.items[0].phase is Phase.SUCCEEDED


@pytest.mark.parametrize(
    ("word", "item", "batch"),
    [
        ("success", Phase.SUCCEEDED, Phase.SUCCEEDED),
        ("Succeeded", Phase.SUCCEEDED, Phase.SUCCEEDED),
        ("FAILED", Phase.FAILED, Phase.FAILED),
        ("error", Phase.FAILED, Phase.FAILED),
        ("Completed", Phase.RUNNING, Phase.COMPLETED),
        ("complete", Phase.RUNNING, Phase.COMPLETED),
        ("PartiallySucceeded", Phase.RUNNING, Phase.COMPLETED),
        ("PartiallyCompleted", Phase.RUNNING, Phase.COMPLETED),
        ("partially_completed", Phase.RUNNING, Phase.COMPLETED),
        ("COMPLETED WITH ERRORS", Phase.RUNNING, Phase.COMPLETED),
        ("completed-with-errors", Phase.RUNNING, Phase.COMPLETED),
        ("TimedOut", Phase.RUNNING, Phase.COMPLETED),
        ("timed out", Phase.RUNNING, Phase.COMPLETED),
        ("Timeout", Phase.RUNNING, Phase.COMPLETED),
        ("Cancelled", Phase.RUNNING, Phase.COMPLETED),
        ("CANCELED", Phase.RUNNING, Phase.COMPLETED),
        ("Partial_Success", Phase.RUNNING, Phase.COMPLETED),
        ("Cancelling", Phase.RUNNING, Phase.RUNNING),
        ("Completing", Phase.RUNNING, Phase.RUNNING),
        ("NotCompleted", Phase.RUNNING, Phase.RUNNING),
        ("InProgress", Phase.RUNNING, Phase.RUNNING),
        ("not failed", Phase.RUNNING, Phase.RUNNING),
        ("", Phase.RUNNING, Phase.RUNNING),
    ],
)
def test_only_words_that_are_known_end_anything(word: str, item: Phase, batch: Phase) -> None:
    assert bulk_json.item_phase(word) is item
    assert bulk_json.batch_phase(word) is batch


@pytest.mark.parametrize(
    "answer",
    [
        {"batchId": "other", "batchItems": []},
        {},
        [],
        "Completed",
        None,
    ],
)
def test_a_status_of_the_wrong_kind_is_no_status(answer: object) -> None:
    with pytest.raises(WireError):
        bulk_json.batch_status(answer, "b-1")


@pytest.mark.parametrize(
    "answer",
    [
        [{"BatchId": 7, "BatchStatus": "x"}],
        {"value": [{"BatchId": 7, "BatchStatus": "x"}]},
        {"BatchSummaries": [{"BatchId": "7", "BatchStatus": "x"}]},
        {"whatever": [{"batchid": "7", "batchstatus": "x"}]},
        {"batchId": "7", "batchStatus": "x"},
    ],
)
def test_summaries_come_bare_or_wrapped(answer: object) -> None:
    (summary,) = bulk_json.batch_summaries(answer)
    assert (summary.batch_id, summary.word) == ("7", "x")


@pytest.mark.parametrize("answer", [None, [], {"value": None}, {"BatchSummaries": []}])
def test_a_tenant_without_batches_has_an_empty_list(answer: object) -> None:
    assert bulk_json.batch_summaries(answer) == ()


@pytest.mark.parametrize(
    "answer", [{}, "x", 7, {"message": "no"}, {"value": "x"}, {"whatever": None}]
)
def test_what_is_no_list_of_batches_is_not_an_empty_one(answer: object) -> None:
    with pytest.raises(WireError):
        bulk_json.batch_summaries(answer)


@pytest.mark.parametrize("value", [True, 1.5, [], {}, "", " ", "a\x1b", "x" * 300])
def test_what_cannot_be_a_batch_id_is_none(value: object) -> None:
    with pytest.raises(WireError):
        bulk_json.accepted({"batchId": value})


def test_an_array_of_an_unknown_name_counts_only_when_it_alone_holds_devices() -> None:
    item = {"UserName": "a@x.com", "HardwareId": "001565000001", "Status": "Success"}
    head = {"BatchId": "b-1", "BatchStatus": "Completed"}
    others: list[dict[str, object]] = [
        {"Devices": ["00-15-65-00-00-01"]},
        {"Errors": [{"Code": "x"}], "Links": []},
        {"Done": [item], "Open": [item]},
    ]
    for other in others:
        assert bulk_json.batch_status(head | other, "b-1").items == ()
    assert len(bulk_json.batch_status(head | {"Done": [item], "Links": ["x"]}, "b-1").items) == 1


@pytest.mark.parametrize(
    ("items", "count", "gap"),
    [
        ("none", 0, True),
        ([None], 0, True),
        ([7, "x", []], 0, True),
        ([{"status": ["success"]}], 0, True),
        ([{"userName": "a@x.com", "status": ["success"]}], 1, False),
        ([{"userName": {"a": 1}, "hardwareId": 7, "status": {}}], 1, False),
    ],
)
def test_a_device_that_cannot_be_read_is_passed_over_and_told_of(
    items: object, count: int, gap: bool
) -> None:
    status = bulk_json.batch_status({"batchId": "b-1", "batchItems": items}, "b-1")
    assert len(status.items) == count
    assert {item.phase for item in status.items} <= {Phase.RUNNING}
    assert status.odd
    assert bool(status.gap) == gap


def test_devices_may_come_by_some_key() -> None:
    item = {"userName": "a@x.com", "hardwareId": "001565000001", "status": "success"}
    for items in (item, {"1": item}, {"00-15-65-00-00-01": item, "x": None}):
        status = bulk_json.batch_status({"batchId": "b-1", "batchItems": items}, "b-1")
        assert [one.phase for one in status.items] == [Phase.SUCCEEDED]


def test_a_field_of_the_wrong_kind_is_kept_as_it_came() -> None:
    item = {
        "userName": "a@x.com",
        "hardwareId": "001565000001",
        "status": "failed",
        "error": {"code": 7, "text": ["Device is offline"]},
    }
    value = {"batchStatus": ["Completed"], "userId": {"id": 1}, "batchItems": [item]}
    status = bulk_json.batch_status(value, "b-1")
    assert (status.word, status.phase) == ('["Completed"]', Phase.RUNNING)
    assert status.user_id == '{"id": 1}'
    assert status.items[0].error == '{"code": 7, "text": ["Device is offline"]}'
    assert status.items[0].phase is Phase.FAILED
    assert len(status.odd) == 3


@pytest.mark.parametrize("entry", [None, 7, "x", [], {}, {"batchId": None}, {"batchId": "x" * 300}])
def test_an_entry_that_is_no_batch_is_passed_over_and_told_of(entry: object) -> None:
    found = bulk_json.batch_summaries([entry, {"batchId": "b-1", "requestTime": {"at": 1}}])
    assert [one.batch_id for one in found] == ["b-1"]
    assert found.lost == 1
    assert not found.whole
    assert len(found.odd) == 2


@pytest.mark.parametrize(("count", "whole"), [(3, True), (19, True), (20, False), (100, False)])
def test_a_list_of_round_length_may_be_a_part(count: int, whole: bool) -> None:
    listed = [{"batchId": f"b-{n}"} for n in range(count)]
    assert bulk_json.batch_summaries(listed).whole == whole
    assert bulk_json.batch_summaries({"value": listed, "nextLink": None}).whole
