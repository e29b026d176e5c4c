"""Tokens while a run is under way: kept, refreshed, refused, signed in again."""

import asyncio
import errno
import os
import time
from pathlib import Path

import pytest

from siptui.domain.errors import SiptuiError
from siptui.emulator.entra.app import CONTOSO
from siptui.identity.errors import (
    NotSignedInError,
    SignInRefusedError,
    StoreBrokenError,
    StoreUnusableError,
)
from siptui.identity.registration import Registration
from siptui.identity.store import FileStore, MemoryStore, StoreKind, TokenStore, existing_store
from siptui.identity.stored_tokens import StoredTokens
from tests.identity.conftest import Authority
from tests.identity.test_device import signed_in


def source(authority: Authority, store: TokenStore) -> StoredTokens:
    return StoredTokens(authority.registration(), lambda: store)


def ready(authority: Authority) -> MemoryStore:
    store = MemoryStore()
    authority.state.approve_after = 0
    signed_in(authority, store)
    authority.state.requests.clear()
    return store


def test_good_token_costs_no_request(authority: Authority) -> None:
    tokens = source(authority, ready(authority))

    async def go() -> list[str]:
        return [await tokens.token() for _ in range(3)]

    found = asyncio.run(go())
    assert len(set(found)) == 1
    claims = authority.state.issuer.check(found[0])
    assert claims
    assert claims["upn"] == "operator@contoso.com"
    assert not authority.state.requests


def test_less_than_five_minutes_are_refreshed(authority: Authority) -> None:
    authority.state.issuer.lifetime = 299
    store = ready(authority)
    authority.state.issuer.lifetime = 4500
    tokens = source(authority, store)

    async def go() -> tuple[str, str]:
        return await tokens.token(), await tokens.token()

    one, two = asyncio.run(go())
    assert one == two
    assert authority.state.issuer.check(one)
    assert authority.state.requests["token"] == 1


def test_forced_refresh_gives_another_token(authority: Authority) -> None:
    tokens = source(authority, ready(authority))

    async def go() -> tuple[str, str, str]:
        old = await tokens.token()
        authority.state.issuer.revoke()  # the service answers 401 from here on
        return old, await tokens.token(refresh=True), await tokens.token()

    old, new, again = asyncio.run(go())
    assert old != new == again
    assert authority.state.issuer.check(old) is None
    assert authority.state.issuer.check(new)


def test_many_askers_one_refresh(authority: Authority) -> None:
    """Refresh tokens that are good once only: two refreshes side by side would end the sign-in."""
    authority.state.issuer.lifetime = 200
    store = ready(authority)
    authority.state.issuer.lifetime, authority.state.single_use_refresh = 4500, True
    several = [source(authority, store) for _ in range(4)]

    async def go() -> list[str]:
        return await asyncio.gather(*(one.token() for one in several for _ in range(3)))

    assert len(set(asyncio.run(go()))) == 1
    assert authority.state.requests["token"] == 1


def test_rotated_refresh_tokens_are_kept(authority: Authority) -> None:
    store = ready(authority)
    authority.state.single_use_refresh = True
    tokens = source(authority, store)

    async def go() -> set[str]:
        return {await tokens.token(), *[await tokens.token(refresh=True) for _ in range(4)]}

    assert len(asyncio.run(go())) == 5


@pytest.mark.parametrize("code", [53003, 50173, 700082, 70043])
def test_refresh_refused_then_signed_in_again(authority: Authority, code: int) -> None:
    store = ready(authority)
    tokens = source(authority, store)
    authority.state.refuse("refresh", code)

    async def refused() -> None:
        await tokens.token()
        for _ in range(3):
            with pytest.raises(SignInRefusedError) as error:
                await tokens.token(refresh=True)
            assert error.value.code == f"AADSTS{code}"
            assert error.value.exit_code == 4
            assert error.value.remedy

    asyncio.run(refused())
    assert authority.state.requests["token"] == 1  # a refusal is not asked for again and again
    authority.state.allow()
    signed_in(authority, store)

    async def again() -> str:
        return await tokens.token(refresh=True)

    assert authority.state.issuer.check(asyncio.run(again()))


def test_authority_away_while_the_token_is_still_good(authority: Authority) -> None:
    authority.state.issuer.lifetime = 250
    tokens = source(authority, ready(authority))
    authority.state.refuse("refresh", 90033)  # HTTP 503

    async def go() -> str:
        with pytest.raises(SiptuiError) as error:
            await tokens.token(refresh=True)
        assert error.value.exit_code == 1  # not reached is not refused
        return await tokens.token()

    assert authority.state.issuer.check(asyncio.run(go()))


def test_no_sign_in(authority: Authority) -> None:
    for find in (lambda: None, MemoryStore):
        tokens = StoredTokens(authority.registration(), find)
        with pytest.raises(NotSignedInError, match="No one"):
            asyncio.run(tokens.token())
        assert tokens.account() is None


def test_profile_changed_since(authority: Authority) -> None:
    store = ready(authority)
    for other in (
        Registration(authority.address, "fabrikam.com"),
        Registration("https://login.example", CONTOSO),
        Registration(authority.address, CONTOSO, "00000000-1111-4222-8333-444444444444"),
    ):
        tokens = StoredTokens(other, lambda: store)
        with pytest.raises(NotSignedInError, match="another"):
            asyncio.run(tokens.token())


def test_account_is_known_after_the_token_ran_out(authority: Authority) -> None:
    store = ready(authority)
    account = source(authority, store).account()
    assert account
    assert account.user == "operator@contoso.com"
    assert account.expires_at
    assert abs(account.expires_at.timestamp() - time.time() - 4500) < 3600


def test_damaged_store_is_set_aside(authority: Authority, tmp_path: Path) -> None:
    folder = tmp_path / "contoso"
    store = FileStore(folder, StoreKind.FILE)
    with store.locked():
        store.write(b'{"schema": 1, "cache": ')
    tokens = StoredTokens(authority.registration(), lambda: existing_store(folder))
    with pytest.raises(StoreBrokenError, match="set aside as"):
        asyncio.run(tokens.token())
    assert (folder / "tokens.json.broken").read_bytes().startswith(b'{"schema"')
    with pytest.raises(NotSignedInError):
        asyncio.run(tokens.token())


def test_full_disk_loses_no_token(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority.state.approve_after, authority.state.issuer.lifetime = 0, 200
    store = FileStore(tmp_path / "contoso", StoreKind.FILE)
    signed_in(authority, store)
    before = store.path.read_bytes()
    authority.state.issuer.lifetime = 4500
    fsync = os.fsync

    def full(fd: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    tokens = source(authority, store)

    async def go() -> tuple[str, str]:
        return await tokens.token(), await tokens.token()

    one, two = asyncio.run(go())
    assert one == two
    assert authority.state.issuer.check(one)
    assert store.path.read_bytes() == before
    with pytest.raises(StoreUnusableError, match="No space") as unusable:
        signed_in(authority, store)
    assert unusable.value.exit_code == 1
    monkeypatch.setattr(os, "fsync", fsync)
    assert not list(store.folder.glob(".*.tmp"))
