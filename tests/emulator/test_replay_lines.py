"""Single exchanges, written by hand, as a recording answers them."""

import contextlib
import json
from pathlib import Path

import pytest

from siptui.domain.region import Region
from siptui.emulator.emulator import Emulator
from siptui.emulator.recording import load_recording
from siptui.emulator.replay import replaying
from siptui.gateway.bulk_client import BulkSignInClient
from siptui.gateway.errors import Fate, GatewayError
from siptui.transport import Answer, Call, TransportError, open_client
from tests.gateway.service import Tokens
from tests.runs.engine.engine_harness import devices
from tests.support import emulated_time

LINE = {
    "at": "2026-03-02T08:00:00.000+00:00",
    "seconds": 0.1,
    "call": "read",
    "method": "GET",
    "host": "admin.example",
    "path": "/Teams.SipDevicesGatewayManagement/v1/batchsummaries",
    "query": "",
}
CREATE = {
    "path": "/Teams.SipDevicesGatewayManagement/v1/createbatch",
    "query": "TargetRegion=EMEA",
    "call": "submit",
    "method": "POST",
}
ITEMS = {"json": [{"UserName": "user-1@tenant-1.example", "HardwareId": "02-00-00-00-00-01"}]}
MADE = {"status": 200, "headers": {}, "answer": {"json": {"batchId": "b-1"}}}
LISTED = {
    "status": 200,
    "headers": {},
    "answer": {"json": [{"batchId": "b-0"}, {"batchId": "b-1"}]},
}


def written(folder: Path, *lines: dict[str, object]) -> Path:
    """A recording of these lines; what they leave out is as in any other."""
    path = folder / "lines.jsonl"
    rows = [{"siptui_recording": 1}, *({**LINE, **line} for line in lines)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.mark.parametrize("lost", [False, True])
def test_a_batch_is_listed_once_it_was_submitted(tmp_path: Path, lost: bool) -> None:
    made = {"failure": "broken", "sent": True} if lost else MADE
    items = [{"userName": "user-1@tenant-1.example", "hardwareId": "02-00-00-00-00-01"}]
    status = {"batchId": "b-1", "batchItems": items}
    path = written(
        tmp_path,
        {**CREATE, "request": ITEMS, **made},
        LISTED,
        {
            "path": LINE["path"].replace("summaries", "status"),
            "query": "batchid=b-1",
            **LISTED,
            "answer": {"json": status},
        },
    )
    emulator = replaying(load_recording(path), Emulator("healthy"))

    async def main() -> list[list[str]]:
        async with open_client(transport=emulator.transport()) as http:
            client = BulkSignInClient(http, "https://emulator.invalid", Tokens())
            seen = [[batch.batch_id for batch in await client.batch_summaries()]]
            with pytest.raises(GatewayError) if lost else contextlib.nullcontext():
                await client.create_batch(Region.EMEA, devices(1))
            return [*seen, [batch.batch_id for batch in await client.batch_summaries()]]

    assert emulated_time.run(main()) == [["b-0"], ["b-0", "b-1"]]


@pytest.mark.parametrize("on_port", [False, True])
def test_a_submit_that_never_left_is_passed_over_on_a_port(tmp_path: Path, on_port: bool) -> None:
    never = {"failure": "refused", "sent": False}
    path = written(
        tmp_path, {**CREATE, "request": ITEMS, **never}, {**CREATE, "request": ITEMS, **MADE}
    )
    emulator = replaying(load_recording(path), Emulator("healthy"), on_port=on_port)

    async def main() -> str:
        async with open_client(transport=emulator.transport()) as http:
            client = BulkSignInClient(http, "https://emulator.invalid", Tokens())
            if not on_port:
                with pytest.raises(GatewayError) as caught:
                    await client.create_batch(Region.EMEA, devices(1))
                assert caught.value.fate is Fate.NOT_SENT
            return (await client.create_batch(Region.EMEA, devices(1))).batch_id

    assert emulated_time.run(main()) == "b-1"


def asked(folder: Path, *lines: dict[str, object]) -> list[Answer | tuple[str, bool, int | None]]:
    """What comes of asking for the batches as often as a recording of these lines was."""
    emulator = replaying(load_recording(written(folder, *lines)), Emulator("healthy"))
    came: list[Answer | tuple[str, bool, int | None]] = []

    async def main() -> None:
        async with open_client(transport=emulator.transport()) as http:
            for line in [{**LINE, **line} for line in lines]:
                url, key = f"https://admin.example{line['path']}", {"Authorization": "Bearer x"}
                try:
                    came.append(await http.send(Call.READ, "GET", url, headers=key))
                except TransportError as error:
                    came.append((error.failure.value, error.sent, error.status))

    emulated_time.run(main())
    return came


@pytest.mark.parametrize(
    ("failure", "sent", "status", "came"),
    [
        ("refused", False, None, ("broken", False, None)),  # without a socket there is no errno
        ("tls", False, None, ("broken", False, None)),  # as above: nothing was sent
        ("timeout", False, None, ("timeout", False, None)),
        ("timeout", True, None, ("timeout", True, None)),
        ("broken", True, None, ("broken", True, None)),
        ("broken", True, 200, ("broken", True, None)),  # nor an answer that has begun
        ("garbled", True, 200, ("garbled", True, 200)),
        ("too_large", True, 200, ("too_large", True, 200)),
    ],
)
def test_what_befell_a_request_faults_of_it_again(
    tmp_path: Path,
    failure: str,
    sent: bool,
    status: int | None,
    came: tuple[str, bool, int | None],
) -> None:
    line: dict[str, object] = {"failure": failure, "sent": sent}
    if status:
        line |= {"status": status, "headers": {}, "answer": None}
    assert asked(tmp_path, line) == [came]


def test_answers_keep_their_words_and_their_waits(tmp_path: Path) -> None:
    until = {"retry-after": "Mon, 02 Mar 2026 08:00:40 GMT"}
    sent = {"Content-Type": "text/html", "X-MS-Forest": "0e", "Set-Cookie": "…"}
    asks, page, other, gone = asked(
        tmp_path,
        {"status": 429, "headers": until, "answer": {"json": {"Code": "Later"}}},
        {"status": 200, "headers": sent, "answer": {"text": "<html>"}},
        {"status": 200, "headers": {}, "answer": {"json": 1}, "path": "/v1.0/organization"},
        {"call": "token", "status": 200, "path": "/x/oauth2/v2.0/token"},
    )
    assert isinstance(asks, Answer)
    assert (asks.status, asks.headers["retry-after"]) == (429, "40")
    assert json.loads(asks.body) == {"Code": "Later"}
    assert isinstance(page, Answer)
    assert (page.body, page.headers["content-type"]) == (b"<html>", "text/html")
    assert page.headers["x-ms-forest"] == "0e"
    assert "set-cookie" not in page.headers
    assert isinstance(other, Answer)
    assert other.body == b"1"
    assert isinstance(gone, Answer)
    assert gone.status == 404


def test_at_the_end_the_last_good_answer_stays(tmp_path: Path) -> None:
    one, two = ({"status": 200, "headers": {}, "answer": {"json": [n]}} for n in (1, 2))
    busy = {"status": 503, "headers": {}, "answer": None}
    elsewhere = {"call": "token", "status": 200}  # not kept, so one more question
    came = asked(tmp_path, one, two, busy, elsewhere)
    bodies = [answer.body for answer in came if isinstance(answer, Answer)]
    assert bodies == [b"[1]", b"[2]", b"", b"[2]"]
