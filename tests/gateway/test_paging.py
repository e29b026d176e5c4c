"""A list that goes on is followed at our own host, or said to be incomplete."""

from typing import Any

import pytest

from siptui.gateway.paging import further
from tests.gateway.service import Service
from tests.support import emulated_time
from tests.transport import web

_PATH = "/Teams.SipDevicesGatewayManagement/v1/batchsummaries"
_STATUS = "/v1/batchstatus?batchid=b-1"


@pytest.mark.parametrize(
    ("said", "path"),
    [
        ({"nextLink": f"https://evil.example{_PATH}?$skiptoken=a"}, f"{_PATH}?$skiptoken=a"),
        ({"NextLink": "?page=2"}, f"{_PATH}?page=2"),
        ({"@odata.nextLink": f"{_PATH}?$skip=20"}, f"{_PATH}?$skip=20"),
        ({"next_link": f"https://here.example{_PATH}?p=2"}, f"{_PATH}?p=2"),
        ({"next": {"href": f"{_PATH}?p=2"}}, f"{_PATH}?p=2"),
        ({"paging": {"next": f"{_PATH}?p=2"}}, f"{_PATH}?p=2"),
        ({"nextLink": "https://here.example/other/2"}, "/other/2"),
        ({"nextLink": "https://evil.example/other/2"}, ""),
        ({"nextLink": "//evil.example/other/2"}, ""),
        ({"nextLink": "https://[evil"}, ""),
        ({"nextLink": ["x"]}, ""),
        ({"nextLink": 7}, ""),
        ({"continuationToken": "a b&c"}, f"{_PATH}?continuationToken=a%20b%26c"),
        ({"ContinuationToken": 7}, f"{_PATH}?continuationToken=7"),
        ({"skipToken": "x"}, f"{_PATH}?skipToken=x"),
        ({"nextPageToken": "x"}, f"{_PATH}?pageToken=x"),
        ({"continuation_token": "x"}, f"{_PATH}?continuation_token=x"),
        ({"continuationToken": {"a": 1}}, ""),
        ({"hasMore": True}, ""),
        ({"has_more": "true"}, ""),
        ({"isTruncated": 1}, ""),
        ({"totalCount": 9}, ""),
        ({"@odata.count": "9"}, ""),
    ],
)
def test_where_it_goes_on(said: dict[str, Any], path: str) -> None:
    found = further({"value": [], **said}, _PATH, host="here.example", read=3)
    assert found is not None
    assert found.path == path


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"nextLink": None},
        {"nextLink": ""},
        {"hasMore": False},
        {"hasMore": "false"},
        {"totalCount": 3},
        {"continuationToken": None},
    ],
)
def test_where_it_ends(said: dict[str, Any]) -> None:
    assert further({"value": [], **said}, _PATH, read=3) is None
    assert further([], _PATH, read=3) is None


def test_what_was_asked_for_is_asked_for_on_every_page() -> None:
    found = further({"nextLink": "https://x.example/v1/batchstatus?$skiptoken=2"}, _STATUS)
    assert found is not None
    assert found.path == "/v1/batchstatus?batchid=b-1&$skiptoken=2"
    found = further({"skipToken": "2"}, _STATUS)
    assert found is not None
    assert found.path == "/v1/batchstatus?batchid=b-1&skipToken=2"


@pytest.mark.parametrize(
    ("second", "gap"),
    [
        (web.Response(200, json=[{"batchId": "b-2"}]), ""),
        (web.Response(200, json={"value": [{"batchId": "b-1"}], "nextLink": "?p=2"}), "do not"),
        (web.Response(400, json={"message": "no such parameter"}), "page 2 cannot be read"),
        (web.Response(404), "page 2 cannot be read"),
        (web.Response(200, json="x"), "page 2 cannot be read"),
    ],
)
def test_a_further_page_is_read_or_missed(second: web.Response, gap: str) -> None:
    asked: list[web.URL] = []

    def answer(request: web.Request) -> web.Response:
        asked.append(request.url)
        if "p=2" in str(request.url):
            return second
        link = "https://evil.example/v1/batchsummaries?p=2"
        return web.Response(200, json={"value": [{"batchId": "b-1"}], "nextLink": link})

    async def main() -> None:
        found = await Service(answer).client().batch_summaries()
        assert found[0].batch_id == "b-1"
        assert found.whole == (not gap)
        assert gap in found.gap
        assert {url.host for url in asked} == {asked[0].host}
        assert len(asked) <= 3

    emulated_time.run(main())
