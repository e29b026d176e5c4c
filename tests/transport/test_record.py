"""A recording shows the wire and nobody on it."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import pytest

from siptui.domain.errors import UsageError
from siptui.domain.region import Region
from siptui.gateway.bulk_client import BulkSignInClient
from siptui.logs.pseudonyms import Pseudonyms
from siptui.transport import Answer, Call, Exchange, open_client
from siptui.transport.recorder import Recorder
from tests.gateway.contract import devices
from tests.gateway.service import ADMIN_API, CREATE, Tokens, discovered
from tests.transport import web

START = datetime(2026, 3, 2, tzinfo=UTC)
SECRET = "c4n4ry-token"
BATCH = "8f14e45f-ceea-467f-ab3c-1234567890ab"
ADMIN = "Alice.Admin@contoso.com"
STATUS = {
    "batchId": BATCH,
    "batchStatus": "InProgress",
    "userId": ADMIN,
    "requestTime": "2026-03-02T08:00:00Z",
    "somethingNew": "AWord",
    "displayName": "Alice Admin",
    "batchItems": [
        {
            "userName": "lobby0001@contoso.com",
            "hardwareId": "00-15-65-00-00-01",
            "status": "Failed",
            "error": "Duplicate devices found for bulk sign-in. 203.0.113.9, +49 30 1234567",
        }
    ],
}


def answer(request: web.Request) -> web.Response:
    if request.url.path.endswith("serviceDiscovery"):
        return discovered()
    if request.url.path == CREATE:
        return web.Response(200, json={"batchId": BATCH}, headers={"Set-Cookie": SECRET})
    return web.Response(200, json=STATUS)


def recorded(path: Path) -> list[dict[str, object]]:
    async def main() -> None:
        with Recorder(path) as recorder:
            transport = web.service(answer)
            async with open_client(transport=transport, watchers=[recorder]) as http:
                client = BulkSignInClient(http, ADMIN_API, Tokens(SECRET))
                await client.create_batch(Region.EMEA, devices(2))
                await client.batch_status(BATCH)
                form = f"grant_type=device_code&device_code={SECRET}".encode()
                await http.send(
                    Call.TOKEN,
                    "POST",
                    f"https://login.fabrikam.example:8443/contoso.com/oauth2?x={SECRET}",
                    body=form,
                )
                await http.send(Call.READ, "GET", f"{ADMIN_API}/users/{quote(ADMIN, safe='')}")

    asyncio.run(main())
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_nobody_is_in_it(tmp_path: Path) -> None:
    path = tmp_path / "recording.jsonl"
    recorded(path)
    text = path.read_text().casefold()
    for gone in (
        SECRET,
        "lobby0001",
        "contoso",
        "alice",
        "00-15-65",
        BATCH,
        "203.0.113",
        "1234567",
        "fabrikam",
    ):
        assert gone.casefold() not in text, gone
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("host", "kept"),
    [
        ("api.interfaces.records.teams.microsoft.com", True),
        ("login.partner.microsoftonline.cn", True),
        ("graph.microsoft.us:443", True),
        ("127.0.0.1:9080", True),
        ("localhost:9443", True),
        ("sipgw.fabrikam.example:8443", False),
        ("microsoft.com.fabrikam.example", False),
        ("notmicrosoft.com", False),
    ],
)
def test_only_hosts_that_name_nobody_are_kept(tmp_path: Path, host: str, kept: bool) -> None:
    with Recorder(tmp_path / "recording.jsonl") as recorder:
        recorder(Exchange(START, 0.1, Call.READ, "GET", f"https://{host}/x", {}, b"", None, None))
    line = json.loads((tmp_path / "recording.jsonl").read_text().splitlines()[1])
    assert (line["host"] == host) is kept
    assert kept or "fabrikam" not in line["host"]


def test_the_wire_is_in_it(tmp_path: Path) -> None:
    head, _, create, status, token, user = recorded(tmp_path / "recording.jsonl")
    assert head["siptui_recording"] == 1
    assert create["path"] == CREATE
    assert create["query"] == "TargetRegion=EMEA"
    sent = create["request"]["json"]  # type: ignore[index] # parsed JSON
    body = status["answer"]["json"]  # type: ignore[index] # parsed JSON
    assert list(body) == list(STATUS)
    assert body["batchStatus"] == "InProgress"
    assert body["somethingNew"] == "AWord"
    assert body["batchItems"][0]["status"] == "Failed"
    assert body["batchItems"][0]["error"].startswith("Duplicate devices found")
    assert body["batchItems"][0]["userName"] == sent[0]["UserName"]
    assert body["batchItems"][0]["hardwareId"] == sent[0]["HardwareId"]
    assert body["batchId"] == create["answer"]["json"]["batchId"]  # type: ignore[index] # as above
    assert str(status["query"]) == f"batchid={body['batchId']}"
    assert create["request_headers"]["Authorization"] == "…"  # type: ignore[index] # as above
    assert "request" not in token
    assert token["query"] == ""
    assert str(token["path"]).endswith("/oauth2")
    assert str(user["path"]).startswith("/users/user-")


def test_a_file_that_is_there_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "recording.jsonl"
    path.write_text("mine")
    with pytest.raises(UsageError, match="already"):
        Recorder(path)
    assert path.read_text() == "mine"


def test_several_recorders_write_whole_lines_into_one_file(tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    path = tmp_path / "recording.jsonl"
    stand_ins = Pseudonyms(b"one key for all")
    Recorder(path, stand_ins).close()

    def write(number: int) -> None:
        url = f"{ADMIN_API}/users/{quote(ADMIN, safe='')}"
        body = json.dumps([f"{number} {'x' * 70_000}"]).encode()
        seen = Answer(200, {}, body)
        with Recorder(path, stand_ins, joining=True) as recorder:
            for _ in range(20):
                recorder(Exchange(START, 0.1, Call.READ, "GET", url, {}, b"", seen, None))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    head, *lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert head["siptui_recording"] == 1
    assert len(lines) == 80
    assert len({line["path"] for line in lines}) == 1  # the same name, the same stand-in


def test_joining_makes_no_file_and_follows_no_link(tmp_path: Path) -> None:
    path = tmp_path / "recording.jsonl"
    with pytest.raises(UsageError):
        Recorder(path, joining=True)
    (tmp_path / "elsewhere").write_text("")
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UsageError):
        Recorder(path, joining=True)
