"""The clients of prerequisites on the wire: what they send, how often, and where to."""

import json
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from siptui.emulator.accounts import object_id
from siptui.emulator.emulator import BASE_URL, Emulator
from siptui.gateway.errors import (
    AnswerLostError,
    AnswerUnreadableError,
    Fate,
    GatewayError,
    ThrottledError,
)
from siptui.gateway.graph_client import DirectoryClient
from siptui.gateway.inventory_client import InventoryClient
from siptui.gateway.tenant_client import TenantAdminClient
from siptui.gateway.tenant_model import (
    CallingPolicy,
    Directory,
    Inventory,
    NumberType,
    PolicyType,
    TeamsUser,
    TenantAdmin,
    TrustedIP,
)
from siptui.transport.http import open_client
from tests.emulator.support import scenario
from tests.gateway.service import ADMIN_API, Service, Tokens
from tests.support import emulated_time
from tests.transport import web

T = TypeVar("T")
USER = TeamsUser("11111111-2222-4333-8444-555555555555", "o'neill@contoso.com")


def admin(service: Service, tokens: Tokens | None = None) -> TenantAdminClient:
    http = open_client(transport=web.service(service))
    return TenantAdminClient(http, ADMIN_API, tokens or Tokens())


def graph(service: Service) -> DirectoryClient:
    return DirectoryClient(open_client(transport=web.service(service)), ADMIN_API, Tokens())


def run(call: Callable[[], Awaitable[T]]) -> T:
    async def main() -> T:
        return await call()

    return emulated_time.run(main())


def test_the_clients_are_what_the_protocols_say() -> None:
    service = Service(lambda _: web.Response(404))
    http = open_client(transport=web.service(service))
    tenant: TenantAdmin = admin(service)
    directory: Directory = graph(service)
    inventory: Inventory = InventoryClient(http, ADMIN_API, Tokens())
    assert (tenant.calls, directory.calls, inventory.calls) == (0, 0, 0)


def test_names_are_quoted_in_a_filter() -> None:
    service = Service(lambda _: web.Response(200, json={"users": []}))
    client = admin(service)
    assert run(lambda: client.users(["o'neill@contoso.com", "a&b#c@contoso.com"])) == ()
    (request,) = service.calls
    query = parse_qs(urlsplit(str(request.url)).query)
    assert query["psfilter"] == [
        "userprincipalname eq 'o''neill@contoso.com' or userprincipalname eq 'a&b#c@contoso.com'"
    ]
    assert client.calls == 2, "discovery counts"
    for wrong in ([], ["a"] * 51):
        with pytest.raises(ValueError, match="1 to 50"):
            run(lambda wrong=wrong: client.users(wrong))  # type: ignore[misc] # bound early


def test_an_account_nobody_asked_for_is_left_out() -> None:
    row = {"userPrincipalName": "other@contoso.com"}
    service = Service(lambda _: web.Response(200, json={"users": [row]}))
    assert run(lambda: admin(service).users(["a@contoso.com"])) == ()


def test_a_next_page_never_leads_to_another_host() -> None:
    pages = [
        {
            "users": [{"userPrincipalName": "a@contoso.com"}],
            "nextLink": "https://evil.example/Teams.User/users?$skiptoken=p2",
        },
        {"users": [{"userPrincipalName": "b@contoso.com"}], "nextLink": None},
    ]
    service = Service(lambda _: web.Response(200, json=pages.pop(0)))
    found = run(lambda: admin(service).users(["a@contoso.com", "b@contoso.com"]))
    assert [user.user_name for user in found] == ["a@contoso.com", "b@contoso.com"]
    assert {request.url.host for request in service.calls} == {"admin.example"}
    assert "skiptoken=p2" in str(service.calls[1].url)

    rows = [
        {"value": [{"principalId": "x"}], "@odata.nextLink": "https://evil.example/v1.0/p2?a=1"}
    ]
    rows.append({"value": []})
    service = Service(lambda _: web.Response(200, json=rows.pop(0)))
    assert run(lambda: graph(service).administrators()) == {"x"}
    assert str(service.calls[1].url) == f"{ADMIN_API}/v1.0/p2?a=1"


@pytest.mark.parametrize(
    "write",
    [
        lambda client: client.create_calling_policy(CallingPolicy("X", True, "Enabled")),
        lambda client: client.add_trusted_ip(TrustedIP("203.0.113.1", None)),
        lambda client: client.grant_policy(USER, PolicyType.CALLING, "X"),
    ],
)
@pytest.mark.parametrize(
    "reply", [web.ReadTimeout("late"), web.RemoteProtocolError("cut"), web.Response(503)]
)
def test_a_write_is_sent_once_and_its_lost_answer_says_so(write: Any, reply: Any) -> None:
    service = Service(lambda _: reply)
    with pytest.raises(GatewayError) as caught:
        run(lambda: write(admin(service)))
    assert caught.value.fate is Fate.UNKNOWN
    assert len(service.calls) == 1


def test_a_write_with_a_token_that_ran_out_is_sent_again_and_no_more() -> None:
    replies = [web.Response(401), web.Response(401)]
    service = Service(lambda _: replies.pop(0))
    tokens = Tokens()
    with pytest.raises(Exception, match="401"):
        run(lambda: admin(service, tokens).add_trusted_ip(TrustedIP("203.0.113.1", None)))
    assert tokens.refreshed == 1
    assert len(service.calls) == 2


def test_a_change_names_the_instance_by_its_key_where_it_has_one() -> None:
    for instance, sent in (
        ({"Identity": "Global", "BulkSignIn": "Disabled"}, {"BulkSignIn": "Enabled"}),
        (
            {"identity": "Global", "key": {"ScopeClass": "Global"}, "bulkSignIn": "Disabled"},
            {"Identity": "Global", "Key": {"ScopeClass": "Global"}, "BulkSignIn": "Enabled"},
        ),
    ):
        service = Service(lambda _, found=instance: web.Response(200, json=found))
        client = admin(service)
        run(lambda client=client: client.set_bulk_sign_in(True))  # type: ignore[misc] # bound early
        read, write = service.calls
        assert (read.method, write.method) == ("GET", "PUT")
        assert read.url.path == write.url.path
        assert write.url.path.endswith("TeamsSipDevicesConfiguration/configuration/Global")
        assert json.loads(write.content) == sent


@pytest.mark.parametrize(("status", "forms"), [(404, 2), (405, 2), (403, 1), (400, 1)])
def test_the_other_path_of_an_assignment_is_tried_where_there_is_no_such_path(
    status: int, forms: int
) -> None:
    def handler(request: web.Request) -> web.Response:
        return web.Response(status if request.method == "PATCH" else 200)

    service = Service(handler)
    client = admin(service)
    if forms == 2:
        run(lambda: client.grant_policy(USER, PolicyType.IP_PHONE, ""))
        assert json.loads(service.calls[1].content) == {
            "PolicyType": "TeamsIPPhonePolicy",
            "PolicyName": None,
        }
        assert service.calls[1].url.path == f"/Skype.Policy/users/{USER.object_id}"
    else:
        with pytest.raises(Exception, match=str(status)):
            run(lambda: client.grant_policy(USER, PolicyType.IP_PHONE, ""))
    assert len({call.url.path for call in service.calls}) == forms


def test_one_throttled_part_of_a_batch_waits_its_own_time_and_alone() -> None:
    sent: list[tuple[float, list[str]]] = []

    def handler(request: web.Request) -> web.Response:
        import asyncio

        parts = json.loads(request.content)["requests"]
        sent.append((asyncio.get_running_loop().time(), [part["url"] for part in parts]))
        answers = []
        for part in reversed(parts):
            name = part["url"].split("/")[2]
            body = {"perUserMfaState": "Enforced"}
            answer: dict[str, Any] = {"id": part["id"], "status": 200, "body": body}
            if name.startswith("b") and len(sent) == 1:
                answer = {"id": part["id"], "status": 429, "headers": {"Retry-After": "75"}}
            if name.startswith("c"):
                answer = {"id": part["id"], "status": 404}
            answers.append(answer)
        return web.Response(200, json={"responses": answers})

    service = Service(handler)
    client = graph(service)
    found = run(lambda: client.mfa_states(["a-1", "b-2", "c-3"]))
    assert found == {"a-1": "enforced", "b-2": "enforced"}
    (_, first), (later, second) = sent
    assert len(first) == 3
    assert len(second) == 1
    assert "b-2" in second[0]
    assert later >= 75
    assert client.calls == 2


def test_a_batch_that_leaves_somebody_out_proves_nothing() -> None:
    service = Service(lambda _: web.Response(200, json={"responses": []}))
    with pytest.raises(AnswerUnreadableError):
        run(lambda: graph(service).users(["a@contoso.com"]))


_ROW = {"id": "1", "userPrincipalName": "A@contoso.com", "accountEnabled": True}


def _batched(answer: Callable[[str, str], tuple[int, Any]]) -> Service:
    """A Graph whose `$batch` answers each part by version and path."""

    def handler(request: web.Request) -> web.Response:
        version = request.url.path.split("/")[1]
        responses = []
        for part in json.loads(request.content)["requests"]:
            status, body = answer(version, unquote(part["url"]))
            responses.append({"id": part["id"], "status": status, "body": body})
        return web.Response(200, json={"responses": responses})

    return Service(handler)


def test_accounts_are_asked_for_fifteen_to_a_filter_and_those_it_leaves_out_one_by_one() -> None:
    asked: list[str] = []

    def answer(version: str, path: str) -> tuple[int, Any]:
        asked.append(path)
        if path.startswith("/users?"):
            return 200, {"value": [{**_ROW, "perUserMfaState": "Enabled"}]}
        return (
            (200, {**_ROW, "userPrincipalName": "late@contoso.com"})
            if "late" in path
            else (404, None)
        )

    names = ["a@contoso.com", "o'neill@contoso.com", "late@contoso.com"]
    names += [f"room-{n}@contoso.com" for n in range(28)]
    client = graph(_batched(answer))
    found = {user.user_name: user.mfa for user in run(lambda: client.users(names))}
    assert found == {"A@contoso.com": "enabled", "late@contoso.com": None}
    assert [path.count("@contoso") for path in asked[:3]] == [15, 15, 1]
    assert "userPrincipalName in ('a@contoso.com','o''neill@contoso.com'," in asked[0]
    assert [path.startswith("/users/") for path in asked[3:]] == [True] * 30
    assert client.calls == 3, "a call for the filters, two for the thirty left"
    asked.clear()
    run(lambda: client.users([f"{'x' * 100}{n}@{'y' * 40}.example" for n in range(20)]))
    assert max(len(path) for path in asked) < 2000
    for wrong in ([], ["a"] * 301):
        with pytest.raises(ValueError, match="1 to 300"):
            run(lambda wrong=wrong: client.users(wrong))  # type: ignore[misc] # bound early


@pytest.mark.parametrize("status", [400, 403])
def test_where_a_list_may_not_tell_of_mfa_it_is_asked_for_without(status: int) -> None:
    def answer(version: str, path: str) -> tuple[int, Any]:
        return (status, None) if "perUserMfaState" in path else (200, {"value": [_ROW]})

    client = graph(_batched(answer))
    for calls in (2, 3):
        (user,) = run(lambda: client.users(["a@contoso.com"]))
        assert (user.user_name, user.mfa, client.calls) == ("A@contoso.com", None, calls)
    refused = graph(_batched(lambda version, path: (status, None)))
    with pytest.raises(GatewayError):
        run(lambda: refused.users(["a@contoso.com"]))
    assert refused._mfa_listed, "it was not that"


def test_pages_without_an_end_prove_nothing() -> None:
    users = {"users": [], "nextLink": "p1"}
    service = Service(lambda _: web.Response(200, json=users))
    with pytest.raises(AnswerUnreadableError, match="end"):
        run(lambda: admin(service).users(["a@contoso.com"]))
    assert len(service.calls) == 2
    numbers = iter(range(10**6))
    service = Service(lambda _: web.Response(200, json={**users, "nextLink": f"p{next(numbers)}"}))
    with pytest.raises(AnswerUnreadableError, match="end"):
        run(lambda: admin(service).users(["a@contoso.com"]))
    assert len(service.calls) <= 100

    link = {"value": [], "@odata.nextLink": "https://graph.example/v1.0/x?$skiptoken=1"}
    service = Service(lambda _: web.Response(200, json=link))
    with pytest.raises(AnswerUnreadableError, match="end"):
        run(lambda: graph(service).access_policies())
    assert len(service.calls) == 2

    phone = {"macAddressInfos": [{"macAddress": "00-04-F2-00-00-20"}]}
    service = Service(
        lambda _: web.Response(
            200, json={"devices": [phone], "continuationToken": f"t{next(numbers)}"}
        )
    )
    inventory = InventoryClient(open_client(transport=web.service(service)), ADMIN_API, Tokens())
    with pytest.raises(AnswerUnreadableError, match="end"):
        run(inventory.sip_devices)
    assert len(service.calls) <= 25
    circle = iter("abab")
    service = Service(
        lambda _: web.Response(200, json={"devices": [phone], "continuationToken": next(circle)})
    )
    http = open_client(transport=web.service(service))
    (one,) = run(InventoryClient(http, ADMIN_API, Tokens()).sip_devices)
    assert (one.hardware_id, len(service.calls)) == ("00-04-F2-00-00-20", 3)


def test_a_wait_that_is_too_long_is_not_begun() -> None:
    reply = web.Response(429, headers={"Retry-After": "86400"})
    service = Service(lambda _: reply)
    with pytest.raises(ThrottledError):
        run(lambda: graph(service).access_policies())
    assert len(service.calls) == 1


def test_a_number_is_asked_for_once_in_graphs_own_words() -> None:
    headers = {"Location": "https://graph.example/v1.0/op/1"}
    service = Service(lambda _: web.Response(202, headers=headers))
    where = run(
        lambda: graph(service).assign_number(USER, "+441614960001", NumberType.OPERATOR_CONNECT)
    )
    assert where == headers["Location"]
    assert json.loads(service.calls[0].content) == {
        "telephoneNumber": "+441614960001",
        "numberType": "operatorConnect",
        "assignmentTargetId": USER.object_id,
    }
    lost = Service(lambda _: web.ReadTimeout("late"))
    with pytest.raises(AnswerLostError):
        run(lambda: graph(lost).assign_number(USER, "+44161", NumberType.DIRECT_ROUTING))
    assert len(lost.calls) == 1


def test_many_accounts_take_a_call_for_fifty_and_none_too_fast() -> None:
    text = "limits = {admin_per_minute = 36, graph_per_minute = 360}"
    names = [f"room-{n}@contoso.com" for n in range(1500)]
    emulator = Emulator(scenario(text))

    async def main() -> tuple[int, int, int]:
        async with open_client(transport=emulator.transport()) as http:
            address = BASE_URL.replace("http:", "https:")
            tenant = TenantAdminClient(http, address, Tokens())
            directory = DirectoryClient(http, address, Tokens())
            found = 0
            for at in range(0, 1500, 50):
                found += len(await tenant.users(names[at : at + 50]))
            for at in range(0, 1500, 300):
                found += len(await directory.users(names[at : at + 300]))
            for at in range(0, 240, 20):
                ids = [object_id(name) for name in names[at : at + 20]]
                found += len(await directory.mfa_states(ids))
            return found, tenant.calls, directory.calls

    found, asked, batches = emulated_time.run(main())
    assert found == 3240
    assert asked == 31, "and discovery"
    assert batches == 5 + 12
    ledger = emulator.tenant.ledger
    assert ledger.calls["users"] == 30
    assert (ledger.parts["graphUsers"], ledger.parts["graphMfa"]) == (100, 240)
    assert not ledger.throttled
