"""The client: what it sends, what it makes of answers, and what it says may have happened."""

import asyncio
import json
import uuid
from collections.abc import Callable
from datetime import datetime

import pytest

from siptui.domain.errors import ExitCode, SignInNeededError, SiptuiError
from siptui.domain.region import Region
from siptui.gateway import errors
from siptui.gateway.errors import Fate, GatewayError
from siptui.gateway.protocol import Phase
from siptui.transport.throttle import Throttle
from tests.gateway.contract import devices
from tests.gateway.service import CREATE, Reply, Service, Tokens, discovered
from tests.support import emulated_time
from tests.transport import web

HTML = "<!DOCTYPE html><html><title>Blocked</title></html>"


def accept(_: web.Request) -> Reply:
    return web.Response(200, json={"batchId": "b-1", "batchItemsCount": 2})


def create(service: Service, tokens: Tokens | None = None) -> GatewayError | str:
    """The batch id, or the error that submitting two devices met."""

    async def main() -> GatewayError | str:
        try:
            client = service.client(tokens)
            return (await client.create_batch(Region.EMEA, devices(2))).batch_id
        except GatewayError as error:
            return error

    return emulated_time.run(main())


def test_a_submit_is_what_the_service_expects() -> None:
    service = Service(accept)
    assert create(service) == "b-1"
    (request,) = service.calls
    assert request.method == "POST"
    assert str(request.url) == f"https://admin.example{CREATE}?TargetRegion=EMEA"
    assert json.loads(request.content) == [
        {"UserName": "Lobby0001@contoso.com", "HardwareId": "00-15-65-00-00-01"},
        {"UserName": "Lobby0002@contoso.com", "HardwareId": "00-15-65-00-00-02"},
    ]
    assert request.headers["authorization"] == "Bearer first"
    assert request.headers["user-agent"].startswith("siptui/")
    assert request.headers["content-type"] == "application/json"
    assert request.headers["x-ms-target-uri"] == "https://a1.example/"
    assert request.headers["x-ms-forest"] == "1a"
    assert uuid.UUID(request.headers["x-ms-correlation-id"])


def test_discovery_is_asked_once_and_every_call_has_its_own_correlation_id() -> None:
    service = Service(lambda _: web.Response(200, json=[]))

    async def main() -> None:
        client = service.client()
        await client.batch_summaries()
        await client.batch_summaries()

    emulated_time.run(main())
    assert len(service.requests) == 3
    assert len({r.headers["x-ms-correlation-id"] for r in service.requests}) == 3


@pytest.mark.parametrize(
    "reply",
    [
        web.Response(404),
        web.Response(403, json={"code": "Forbidden"}),
        web.Response(500),
        web.Response(200, text="nonsense"),
        web.Response(200, json=[]),
        web.Response(200, json={"Endpoints": {"AdminServiceEndpoint": "evil\r\nX: y"}}),
        web.Response(200, json={"Endpoints": 7, "Headers": ["x"]}),
        web.ReadTimeout("slow"),
    ],
)
def test_without_discovery_it_goes_on_and_says_so(reply: Reply) -> None:
    service = Service(accept, discovery=lambda _: reply)

    async def main() -> str:
        client = service.client()
        await client.create_batch(Region.EMEA, devices(1))
        return client.discovery_note

    assert "going on without" in emulated_time.run(main())
    assert "x-ms-target-uri" not in service.calls[0].headers


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (web.ConnectError("refused"), errors.NotReachedError),
        (web.Response(429), errors.ThrottledError),
        (web.Response(401), errors.TokenRefusedError),
    ],
)
def test_where_discovery_ends_it_nothing_is_submitted_nor_in_doubt(
    reply: Reply, kind: type[GatewayError]
) -> None:
    service = Service(accept, discovery=lambda _: reply)
    error = create(service)
    assert isinstance(error, kind)
    assert error.fate is not Fate.UNKNOWN
    assert service.calls == []


_FATES: list[tuple[Reply, type[GatewayError], Fate]] = [
    (web.ConnectError("x"), errors.NotReachedError, Fate.NOT_SENT),
    (web.ConnectTimeout("x"), errors.NotReachedError, Fate.NOT_SENT),
    (web.PoolTimeout("x"), errors.NotReachedError, Fate.NOT_SENT),
    (web.ProxyError("407 Proxy Authentication Required"), errors.NotReachedError, Fate.NOT_SENT),
    (web.ReadTimeout("x"), errors.AnswerLostError, Fate.UNKNOWN),
    (web.WriteTimeout("x"), errors.AnswerLostError, Fate.UNKNOWN),
    (web.ReadError("x"), errors.AnswerLostError, Fate.UNKNOWN),
    (web.WriteError("x"), errors.AnswerLostError, Fate.UNKNOWN),
    (web.RemoteProtocolError("Server disconnected"), errors.AnswerLostError, Fate.UNKNOWN),
    (web.RemoteProtocolError("illegal status"), errors.AnswerUnreadableError, Fate.UNKNOWN),
    (web.Response(500), errors.ServiceFailedError, Fate.UNKNOWN),
    (web.Response(502, html=HTML), errors.ServiceFailedError, Fate.UNKNOWN),
    (web.Response(503, headers={"retry-after": "7"}), errors.ServiceFailedError, Fate.UNKNOWN),
    (web.Response(504), errors.ServiceFailedError, Fate.UNKNOWN),
    (web.Response(429), errors.ThrottledError, Fate.NOT_SENT),
    (web.Response(407, html=HTML), errors.NotReachedError, Fate.NOT_SENT),
    (web.Response(400, json={"code": "Bad"}), errors.RejectedError, Fate.REFUSED),
    (web.Response(403), errors.AccessDeniedError, Fate.REFUSED),
    *(
        (reply, errors.AnswerUnreadableError, Fate.UNKNOWN)
        for status in (400, 401, 403, 404, 410)
        for reply in (
            web.Response(status, html=HTML),
            web.Response(status, text=HTML),
            web.Response(status, content=b"<x/>", headers={"content-type": "text/xml"}),
            web.Response(status, content=b"{", headers={"content-type": "application/json"}),
            web.Response(status, content=b"\x89PNG", headers={"content-type": "image/png"}),
        )
    ),
    (
        web.Response(401, html=HTML, headers={"www-authenticate": 'Bearer realm=""'}),
        *(errors.TokenRefusedError, Fate.REFUSED),
    ),
    (web.Response(429, html=HTML), errors.ThrottledError, Fate.NOT_SENT),
    (web.Response(400, text="No such region."), errors.RejectedError, Fate.REFUSED),
    (web.Response(400, json="No such region."), errors.RejectedError, Fate.REFUSED),
    (web.Response(404), errors.RejectedError, Fate.REFUSED),
    (web.Response(409), errors.RejectedError, Fate.REFUSED),
    (web.Response(401), errors.TokenRefusedError, Fate.REFUSED),
    (web.Response(408), errors.AnswerLostError, Fate.UNKNOWN),
    (web.Response(499), errors.AnswerLostError, Fate.UNKNOWN),
    (web.Response(302, headers={"location": "/"}), errors.AnswerUnreadableError, Fate.UNKNOWN),
    (web.Response(200), errors.AnswerUnreadableError, Fate.UNKNOWN),
    (web.Response(204), errors.AnswerUnreadableError, Fate.UNKNOWN),
    (web.Response(200, html=HTML), errors.AnswerUnreadableError, Fate.UNKNOWN),
    (web.Response(200, json={"message": "ok"}), errors.AnswerUnreadableError, Fate.UNKNOWN),
    (web.Response(200, json={"batchId": ""}), errors.AnswerUnreadableError, Fate.UNKNOWN),
    (web.Response(200, json={"batchId": None}), errors.AnswerUnreadableError, Fate.UNKNOWN),
]


@pytest.mark.parametrize(("reply", "kind", "fate"), _FATES)
def test_what_may_have_happened_to_a_submit(
    reply: Reply, kind: type[GatewayError], fate: Fate
) -> None:
    service = Service(lambda _: reply)
    error = create(service, Tokens("only"))
    assert type(error) is kind
    assert error.fate is fate
    assert uuid.UUID(error.correlation_id)
    assert error.message
    assert len(service.calls) == 1, "a submit is sent once"


@pytest.mark.parametrize("status", [400, 404, 405, 409, 410, 422])
def test_a_refusal_says_what_to_do(status: int) -> None:
    assert create(Service(lambda _: web.Response(status)), Tokens("only")).remedy


def test_a_refused_token_is_renewed_once() -> None:
    replies = iter([web.Response(401), web.Response(200, json={"BatchId": 42})])
    service, tokens = Service(lambda _: next(replies)), Tokens()
    assert create(service, tokens) == "42"
    assert tokens.refreshed == 1
    first, second = service.calls
    assert second.headers["authorization"] == "Bearer second"
    assert first.content == second.content


def test_a_token_refused_twice_ends_it() -> None:
    service, tokens = Service(lambda _: web.Response(401)), Tokens()
    error = create(service, tokens)
    assert isinstance(error, errors.TokenRefusedError)
    assert error.exit_code is ExitCode.SIGN_IN
    assert len(service.calls) == 2


def test_a_token_that_cannot_be_renewed_is_a_refused_token() -> None:
    class Stale(Tokens):
        async def token(self, *, refresh: bool = False, lasting: bool = False) -> str:
            if refresh:
                raise SignInNeededError("gone", remedy="siptui auth login")
            return "old"

    service = Service(lambda _: web.Response(401))
    error = create(service, Stale())
    assert isinstance(error, errors.TokenRefusedError)
    assert error.remedy == "siptui auth login"
    assert len(service.calls) == 1


@pytest.mark.parametrize("at_refresh", [False, True])
def test_a_token_that_cannot_be_fetched_leaves_nothing_in_doubt(at_refresh: bool) -> None:
    class Unreachable(Tokens):
        async def token(self, *, refresh: bool = False, lasting: bool = False) -> str:
            if refresh or not at_refresh:
                raise SiptuiError("the authority is not reached")
            return "old"

    service = Service(lambda _: web.Response(401))
    error = create(service, Unreachable())
    assert isinstance(error, errors.NotReachedError)
    assert error.fate is Fate.NOT_SENT


@pytest.mark.parametrize("status", [403, 401])
def test_denied_it_is_sent_once_more_with_a_new_token(status: int) -> None:
    """A role that was activated just now is not in the token of before."""
    replies = iter([web.Response(status), web.Response(403), web.Response(200, json=[])])
    service, tokens = Service(lambda _: next(replies)), Tokens("first", "second", "third")
    error = create(service, tokens)
    assert isinstance(error, errors.AccessDeniedError) == (status == 403)
    assert tokens.refreshed == (1 if status == 403 else 2)
    last = service.calls[-1].headers["authorization"]
    assert last == ("Bearer second" if status == 403 else "Bearer third")


def test_a_denial_that_lasts_asks_for_a_new_token_once_a_minute() -> None:
    class Counting(Tokens):
        async def token(self, *, refresh: bool = False, lasting: bool = False) -> str:
            self.refreshed += refresh
            return f"token {self.refreshed}"

    service, tokens = Service(lambda _: web.Response(403)), Counting()

    async def main() -> None:
        client = service.client(tokens)
        for _ in range(60):
            with pytest.raises(errors.AccessDeniedError):
                await client.batch_summaries()
            await asyncio.sleep(5)

    emulated_time.run(main())
    assert tokens.refreshed in (5, 6)
    assert len(service.calls) == 60 + tokens.refreshed


def test_a_page_of_a_proxy_with_403_gets_no_second_try() -> None:
    service, tokens = Service(lambda _: web.Response(403, html=HTML)), Tokens()
    error = create(service, tokens)
    assert isinstance(error, errors.AnswerUnreadableError)
    assert error.fate is Fate.UNKNOWN
    assert len(service.calls) == 1


@pytest.mark.parametrize("why", ["no sign-in", "not reached"])
def test_denied_and_no_new_token_is_denied(why: str) -> None:
    class Stale(Tokens):
        async def token(self, *, refresh: bool = False, lasting: bool = False) -> str:
            if not refresh:
                return "old"
            raise SignInNeededError("gone") if why == "no sign-in" else SiptuiError("not reached")

    error = create(Service(lambda _: web.Response(403)), Stale())
    assert isinstance(error, errors.AccessDeniedError)
    assert error.fate is Fate.REFUSED


def test_403_names_the_roles_and_keeps_what_the_service_said() -> None:
    body = {
        "code": "Forbidden",
        "message": "Access Denied.",
        "action": "Provide different credential or request access.",
    }
    error = create(Service(lambda _: web.Response(403, json=body)))
    assert isinstance(error, errors.AccessDeniedError)
    assert "Access Denied" in error.message
    assert "Privileged Authentication Administrator" in error.remedy
    assert json.loads(error.raw) == body


@pytest.mark.parametrize(
    "body",
    [
        {"code": "TooMany", "message": "Three batches are running."},
        {"errorCode": "TooMany", "message": "Three batches are running."},
        {"ErrorCode": "TooMany", "Message": "Three batches are running."},
        {"error": {"code": "TooMany", "message": "Three batches are running."}},
        {"error": "TooMany", "error_description": "Three batches are running.", "code": "TooMany"},
        [{"Code": "TooMany", "Message": "Three batches are running.", "CorrelationId": "x"}],
    ],
)
def test_the_services_own_words_are_found_in_every_shape(body: object) -> None:
    error = create(Service(lambda _: web.Response(400, json=body)))
    assert isinstance(error, errors.RejectedError)
    assert error.code == "TooMany"
    assert "Three batches are running" in error.message


def test_a_plain_text_refusal_is_shown_and_made_visible() -> None:
    error = create(Service(lambda _: web.Response(400, text="no \x1b]52;c;x\x07 way")))
    assert isinstance(error, errors.RejectedError)
    assert r"no \x1b]52;c;x\x07 way" in error.message
    assert "\x1b" not in error.raw


def test_a_proxys_page_is_called_that() -> None:
    for status in (200, 403, 502):
        error = create(Service(lambda _, s=status: web.Response(s, html=HTML)))  # type: ignore[misc] # a default binds it
        assert isinstance(error, GatewayError)
        assert "proxy" in error.message
        assert error.raw.startswith("<!DOCTYPE")


def test_retry_after_is_read_from_a_refusal() -> None:
    error = create(Service(lambda _: web.Response(429, headers={"Retry-After": "12"})))
    assert isinstance(error, errors.ThrottledError)
    assert error.retry_after == 12


def reading(replies: list[Reply], retry: bool) -> tuple[object, list[str], float, int]:
    """What reading the summaries came to, the waits told, the time passed, the calls made."""
    waits: list[str] = []
    left = iter(replies)
    service = Service(lambda _: next(left))

    def told(why: str, until: datetime) -> None:
        waits.append(why)

    async def main() -> tuple[object, float]:
        import asyncio

        client = service.client(on_wait=told)
        try:
            found: object = await client.batch_summaries(retry=retry)
        except GatewayError as error:
            found = error
        return found, asyncio.get_running_loop().time()

    found, passed = emulated_time.run(main())
    return found, waits, passed, len(service.calls)


def test_a_read_is_tried_again_as_the_service_asks() -> None:
    replies: list[Reply] = [
        web.Response(429, headers={"Retry-After": "600"}),
        web.ReadTimeout("x"),
        web.Response(200, json=[]),
    ]
    found, waits, passed, calls = reading(replies, retry=True)
    assert found == ()
    assert calls == 3
    assert len(waits) == 2
    assert 600 < passed < 640


def test_a_read_raises_at_once_when_told_so_or_when_it_cannot_pass() -> None:
    found, waits, _, calls = reading([web.Response(503)], retry=False)
    assert isinstance(found, errors.ServiceFailedError)
    assert (waits, calls) == ([], 1)
    found, waits, _, calls = reading([web.Response(403)] * 2, retry=True)
    assert isinstance(found, errors.AccessDeniedError)
    assert (waits, calls) == ([], 2)  # once more with a new token


def test_a_wait_beyond_a_quarter_of_an_hour_is_left_to_people() -> None:
    found, waits, passed, _ = reading(
        [web.Response(429, headers={"Retry-After": "901"})], retry=True
    )
    assert isinstance(found, errors.ThrottledError)
    assert found.retry_after == 901
    assert waits == []
    assert passed < 1


def test_a_read_that_never_passes_ends_after_a_few_tries() -> None:
    found, waits, _, calls = reading([web.Response(500)] * 9, retry=True)
    assert isinstance(found, errors.ServiceFailedError)
    assert calls == len(waits) + 1 == 5


def test_a_batch_id_cannot_leave_its_place_in_the_address() -> None:
    service = Service(lambda _: web.Response(404))

    async def main() -> None:
        with pytest.raises(errors.RejectedError):
            await service.client().batch_status("a/b&TargetRegion=x#y")

    emulated_time.run(main())
    (request,) = service.calls
    assert dict(request.url.params) == {"batchid": "a/b&TargetRegion=x#y"}


def test_the_last_day_of_a_tenant_without_batches_is_empty() -> None:
    replies: list[Callable[[], Reply]] = [
        lambda: web.Response(204),
        lambda: web.Response(200, json=None, content=b"null"),
        lambda: web.Response(200, json={"value": []}),
    ]
    for reply in replies:
        assert reading([reply()], retry=False)[0] == ()


def test_a_wait_that_begins_while_a_call_gets_its_token_holds() -> None:
    """Another process was told to wait meanwhile: nothing is sent, and nothing was accepted."""
    service, throttle = Service(accept), Throttle()

    class Late(Tokens):
        """A source that takes its time with each token but the first, which is discovery's."""

        asked = 0

        async def token(self, *, refresh: bool = False, lasting: bool = False) -> str:
            self.asked += 1
            if self.asked > 1:
                throttle.told(60, "Slow down.")
            return await super().token(refresh=refresh, lasting=lasting)

    async def main() -> None:
        client = service.client(Late(), throttle=throttle)
        for call in (
            lambda: client.create_batch(Region.EMEA, devices(2)),
            lambda: client.batch_status("b-1"),
            client.batch_summaries,
        ):
            with pytest.raises(errors.ThrottledError, match=r"Slow down\. Nothing") as caught:
                await call()
            assert caught.value.fate is Fate.NOT_SENT
            assert caught.value.retry_after == pytest.approx(60)

    emulated_time.run(main())
    assert service.calls == []


def test_the_example_of_a_finished_batch() -> None:
    body = {
        "BatchId": "b-1",
        "BatchStatus": "Completed",
        "BatchItem": [
            {
                "UserName": "A@x.com",
                "HardwareId": "00:15:65:00:00:01",
                "Status": "Success",
                "Error": None,
            },
            {
                "UserName": "b@x.com",
                "HardwareId": "odd",
                "Status": "Failed",
                "Error": "Device is offline.",
            },
        ],
    }
    service = Service(lambda _: web.Response(200, json=body))

    async def main() -> None:
        status = await service.client().batch_status("b-1")
        assert status.phase is Phase.COMPLETED
        assert status.items[0].key == ("a@x.com", "00-15-65-00-00-01")
        assert status.items[0].phase is Phase.SUCCEEDED
        assert status.items[1].hardware_id == "odd"
        assert status.items[1].phase is Phase.FAILED
        assert status.items[1].error == "Device is offline."

    emulated_time.run(main())
    assert discovered().status_code == 200
