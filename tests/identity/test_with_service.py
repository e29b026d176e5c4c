"""Sign-in, token source, client and emulated tenant together."""

import asyncio

import pytest

from siptui.emulator.emulator import Emulator
from siptui.emulator.entra.beside import verified_by
from siptui.gateway.bulk_client import BulkSignInClient
from siptui.gateway.errors import AccessDeniedError, TokenRefusedError
from siptui.identity.store import MemoryStore
from siptui.identity.stored_tokens import StoredTokens
from siptui.transport.http import open_client
from tests.identity.conftest import Authority
from tests.identity.test_device import signed_in


@pytest.fixture
def emulator(authority: Authority) -> Emulator:
    emulator = Emulator()
    emulator.access.verify = verified_by(authority.state.issuer)
    authority.state.approve_after = 0
    return emulator


def client(emulator: Emulator, authority: Authority, store: MemoryStore) -> BulkSignInClient:
    http = open_client(transport=emulator.transport())
    return BulkSignInClient(
        http, "https://emulator.invalid", StoredTokens(authority.registration(), lambda: store)
    )


def test_revoked_token_is_renewed_in_the_middle(emulator: Emulator, authority: Authority) -> None:
    store = MemoryStore()
    signed_in(authority, store)

    async def go() -> None:
        service = client(emulator, authority, store)
        assert await service.batch_summaries() == ()
        authority.state.issuer.revoke()
        assert await service.batch_summaries() == ()

    asyncio.run(go())


def test_refresh_refused_in_the_middle_then_signed_in_again(
    emulator: Emulator, authority: Authority
) -> None:
    store = MemoryStore()
    signed_in(authority, store)

    async def go() -> None:
        service = client(emulator, authority, store)
        assert await service.batch_summaries() == ()
        authority.state.issuer.revoke()
        authority.state.refuse("refresh", 53003)
        with pytest.raises(TokenRefusedError) as refused:
            await service.batch_summaries()
        assert "--method browser" in refused.value.remedy
        await asyncio.to_thread(signed_in, authority, store)
        assert await service.batch_summaries() == ()  # at once: the new sign-in is noticed

    asyncio.run(go())


def test_account_without_a_role_is_denied(emulator: Emulator, authority: Authority) -> None:
    authority.state.users.reverse()
    store = MemoryStore()
    assert signed_in(authority, store).may_bulk_sign_in is False

    async def go() -> None:
        with pytest.raises(AccessDeniedError):
            await client(emulator, authority, store).batch_summaries()

    asyncio.run(go())
