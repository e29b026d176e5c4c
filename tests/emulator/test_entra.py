"""The emulated authority keeps the rules a client must keep to."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from siptui.emulator.entra.app import CONTOSO, Entra, contoso
from siptui.emulator.entra.beside import verified_by
from siptui.emulator.entra.grants import EntraState
from siptui.emulator.entra.refusals import REFUSALS
from siptui.emulator.entra.tokens import TEAMS_API, TEAMS_MODULE, Issuer, bearer, pkce
from tests.transport import web

SCOPE = f"openid profile offline_access {TEAMS_API}/.default"
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
REDIRECT = "http://localhost:8400"
VERIFIER = "v" * 43


class Clock:
    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def state(clock: Clock) -> EntraState:
    return contoso(clock=clock)


@pytest.fixture
def client(state: EntraState) -> TestClient:
    return TestClient(Entra(state).app(), base_url="https://localhost", follow_redirects=False)


def asked(client: TestClient, **form: str) -> web.Response:
    data = {"client_id": TEAMS_MODULE, **form}
    return client.post(f"/{CONTOSO}/oauth2/v2.0/token", data=data)


def started(client: TestClient) -> dict[str, Any]:
    data = {"client_id": TEAMS_MODULE, "scope": SCOPE}
    return dict(client.post(f"/{CONTOSO}/oauth2/v2.0/devicecode", data=data).json())


def authorized(client: TestClient, **query: str) -> web.Response:
    params = {
        "client_id": TEAMS_MODULE,
        "response_type": "code",
        "redirect_uri": REDIRECT,
        "scope": SCOPE,
        "state": "s",
        "code_challenge": pkce(VERIFIER),
        "code_challenge_method": "S256",
        **query,
    }
    return client.get(f"/{CONTOSO}/oauth2/v2.0/authorize", params=params)


def code_of(answer: web.Response) -> str:
    return parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]


def redeemed(client: TestClient, code: str, **changes: str) -> web.Response:
    form = {"code": code, "redirect_uri": REDIRECT, "code_verifier": VERIFIER, "scope": SCOPE}
    return asked(client, grant_type="authorization_code", **{**form, **changes})


@pytest.mark.parametrize("tenant", [CONTOSO, "contoso.com", "CONTOSO.onmicrosoft.com"])
def test_discovery_names_the_tenant_by_its_id(client: TestClient, tenant: str) -> None:
    found = client.get(f"/{tenant}/v2.0/.well-known/openid-configuration").json()
    assert found["issuer"] == f"https://localhost/{CONTOSO}/v2.0"
    assert CONTOSO in found["token_endpoint"]


def test_no_such_tenant(client: TestClient) -> None:
    answer = client.get("/nowhere.example/v2.0/.well-known/openid-configuration")
    assert (answer.status_code, answer.json()["error_codes"]) == (400, [90002])


def test_polling_too_soon_slows_down_for_good(client: TestClient, clock: Clock) -> None:
    flow = started(client)

    def poll(after: float) -> str:
        clock.now += after
        answer = asked(client, grant_type=DEVICE, device_code=flow["device_code"])
        return str(answer.json()["error"])

    assert poll(5) == "authorization_pending"
    assert poll(1) == "slow_down"
    assert poll(5) == "slow_down"  # the interval has grown to 10, now to 15
    assert poll(15) == "authorization_pending"
    assert poll(900) == "expired_token"


def test_device_code_is_spent_and_bound_to_its_client(
    client: TestClient, state: EntraState
) -> None:
    flow = started(client)
    state.approve(flow["user_code"].lower())
    state.clients.add("another")
    form = {"grant_type": DEVICE, "device_code": flow["device_code"]}
    assert asked(client, client_id="another", **form).json()["error_codes"] == [70019]
    assert "access_token" in asked(client, **form).json()
    assert asked(client, **form).json()["error_codes"] == [70019]


def test_code_is_good_once_for_its_verifier_and_address(client: TestClient) -> None:
    code = code_of(authorized(client))
    assert "access_token" in redeemed(client, code).json()
    assert redeemed(client, code).json()["error_codes"] == [70000]
    for changes, error in (
        ({"code_verifier": "w" * 43}, 501481),
        ({"redirect_uri": "http://localhost:1"}, 70000),
    ):
        answer = redeemed(client, code_of(authorized(client)), **changes)
        assert answer.json()["error_codes"] == [error]


def test_code_runs_out(client: TestClient, clock: Clock) -> None:
    code = code_of(authorized(client))
    clock.now += 601
    assert redeemed(client, code).json()["error_codes"] == [70008]


@pytest.mark.parametrize(
    "redirect",
    [
        "https://evil.example",
        "http://localhost.evil.example",
        "http://localhost:80/x",
        "",
        "javascript:",
    ],
)
def test_only_back_to_localhost(client: TestClient, redirect: str) -> None:
    answer = authorized(client, redirect_uri=redirect)
    assert answer.status_code == 400
    assert "location" not in answer.headers


def test_refusals_strike_as_often_as_told(client: TestClient, state: EntraState) -> None:
    token = redeemed(client, code_of(authorized(client))).json()["refresh_token"]
    state.refuse("refresh", 53003, times=2)
    form = {"grant_type": "refresh_token", "refresh_token": token, "scope": SCOPE}
    seen = [asked(client, **form).json().get("error_codes") for _ in range(3)]
    assert seen == [[53003], [53003], None]
    state.forget_sessions()
    assert asked(client, **form).json()["error_codes"] == [70000]


def test_name_and_password_are_not_taken(client: TestClient) -> None:
    answer = asked(client, grant_type="password", username="a", password="b", scope=SCOPE)
    assert answer.json()["error_codes"] == [70000]


def test_each_refusal_looks_like_entras(client: TestClient, state: EntraState) -> None:
    for code, refusal in REFUSALS.items():
        state.allow()
        state.refuse("device_start", code)
        answer = client.post(
            f"/{CONTOSO}/oauth2/v2.0/devicecode", data={"client_id": TEAMS_MODULE, "scope": SCOPE}
        )
        body = answer.json()
        assert answer.status_code == refusal.status
        assert body["error_codes"] == [code]
        assert body["error_description"].startswith(f"AADSTS{code}: ")


def test_tenant_takes_tokens_of_the_authority_until_they_run_out(
    client: TestClient, state: EntraState, clock: Clock
) -> None:
    verify = verified_by(state.issuer)
    now = datetime.fromtimestamp(clock.now, UTC)
    operator = redeemed(client, code_of(authorized(client))).json()["access_token"]
    hint = authorized(client, login_hint="teams@contoso.com")
    teams = redeemed(client, code_of(hint)).json()["access_token"]
    caller, other = verify(operator, now), verify(teams, now)
    assert caller
    assert other
    assert (caller.user, caller.role) == ("operator@contoso.com", True)
    assert (other.user, other.role) == ("teams@contoso.com", False)
    assert verify(operator, now + timedelta(seconds=4500)) is None
    state.issuer.revoke()
    assert verify(operator, now) is None


@given(st.text(max_size=200))
def test_no_other_text_is_a_token(text: str) -> None:
    assert Issuer().check(text) is None
    assert Issuer().check(bearer(f"Bearer {text}")) is None


def test_token_of_another_issuer_or_changed_is_refused(state: EntraState, clock: Clock) -> None:
    one = Issuer(clock=clock)
    token = one.access_token(state.user(), TEAMS_MODULE, TEAMS_API, "https://localhost")
    assert one.check(token)
    assert Issuer(clock=clock).check(token) is None
    head, _, signature = token.rpartition(".")
    assert one.check(f"{head}x.{signature}") is None
    graph = one.access_token(state.user(), TEAMS_MODULE, "https://graph.example", "https://l")
    assert one.check(graph) is None
    assert json.dumps(one.check(token))
