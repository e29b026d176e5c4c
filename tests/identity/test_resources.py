"""Tokens for Graph and the device inventory, out of the same sign-in and out of the environment."""

import asyncio
import base64
import json

import pytest

from siptui.domain.errors import SiptuiError
from siptui.emulator.entra.app import CONTOSO
from siptui.identity.environment import DEVICES, GRAPH, environment_token
from siptui.identity.errors import SignInRefusedError
from siptui.identity.registration import INVENTORY_SCOPE, TEAMS_API, TEAMS_SCOPE, Registration
from siptui.identity.store import MemoryStore
from siptui.identity.stored_tokens import StoredTokens
from tests.identity.conftest import Authority
from tests.identity.test_source import ready

GRAPH_AT = "http://127.0.0.1:9080"
GRAPH_SCOPE = f"{GRAPH_AT}/.default"


def source(authority: Authority, store: MemoryStore, scope: str) -> StoredTokens:
    return StoredTokens(authority.registration(), lambda: store, scope=scope)


def audience(token: str) -> str:
    part = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return str(claims["aud"])


def test_one_sign_in_serves_every_service(authority: Authority) -> None:
    inventory = INVENTORY_SCOPE.removesuffix("/.default")
    authority.state.resources |= {GRAPH_AT, inventory}
    store = ready(authority)
    scopes = (TEAMS_SCOPE, GRAPH_SCOPE, INVENTORY_SCOPE)

    async def go() -> list[list[str]]:
        first = [source(authority, store, scope) for scope in scopes]
        later = [source(authority, store, scope) for scope in scopes]
        return [[await one.token() for one in some for _ in range(2)] for some in (first, later)]

    first, later = asyncio.run(go())
    assert first == later, "kept for the next process too"
    assert [audience(token) for token in first[::2]] == [TEAMS_API, GRAPH_AT, inventory]
    assert authority.state.requests["token"] == 2, "one for each of the others"


def test_a_service_that_is_refused_leaves_the_sign_in_as_it_was(authority: Authority) -> None:
    store = ready(authority)

    async def go() -> str:
        with pytest.raises(SignInRefusedError):
            await source(authority, store, GRAPH_SCOPE).token()
        return await source(authority, store, TEAMS_SCOPE).token(refresh=True)

    assert audience(asyncio.run(go())) == TEAMS_API


def test_the_environment_gives_a_token_for_each_service() -> None:
    registration = Registration("https://login.example", CONTOSO)

    def made(of: str) -> str:
        claims = json.dumps({"aud": of, "tid": CONTOSO}).encode()
        return f"e30.{base64.urlsafe_b64encode(claims).decode().rstrip('=')}.x"

    graph_ids = ("00000003-0000-0000-c000-000000000000", "https://graph.microsoft.com", GRAPH_AT)
    inventory = "https://devicemgmt.teams.microsoft.com"
    for variable, scope, good, bad in (
        (GRAPH, GRAPH_SCOPE, graph_ids, (TEAMS_API, inventory)),
        (DEVICES, INVENTORY_SCOPE, (inventory,), (TEAMS_API, graph_ids[0])),
    ):
        for name in good:
            environ = {f"{variable}_COMMAND": f"echo {made(name)}"}
            found = environment_token(registration, environ, variable=variable, scope=scope)
            assert found
            assert asyncio.run(found.token()) == made(name)
        for name in bad:
            found = environment_token(
                registration, {variable: made(name)}, variable=variable, scope=scope
            )
            assert found
            with pytest.raises(SiptuiError, match=f"{variable}: the token is for"):
                asyncio.run(found.token())
    environ = {"SIPTUI_ACCESS_TOKEN": "x"}
    assert environment_token(registration, environ, variable=GRAPH) is None
