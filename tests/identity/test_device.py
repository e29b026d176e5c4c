"""The device code flow with the real msal against the emulated authority."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from siptui.domain.errors import SignInNeededError
from siptui.emulator.entra.app import CONTOSO
from siptui.emulator.entra.tokens import TEAMS_MODULE, EntraUser
from siptui.identity.account import Account
from siptui.identity.device_code import DeviceCodePrompt, DeviceCodeSignIn
from siptui.identity.errors import (
    AuthorityUnreachableError,
    CodeExpiredError,
    SignInCancelledError,
    SignInRefusedError,
    WrongTenantError,
)
from siptui.identity.registration import Registration
from siptui.identity.store import MemoryStore, TokenStore
from siptui.transport.messages import TransportError
from tests.identity.conftest import Authority, Certificates

OTHER = "99999999-8888-4777-8666-555555555555"


def attempt(authority: Authority, store: TokenStore, tenant: str = CONTOSO) -> DeviceCodeSignIn:
    return DeviceCodeSignIn(authority.registration(tenant), store, sleep=authority.sleep)


def signed_in(authority: Authority, store: TokenStore, tenant: str = CONTOSO) -> Account:
    async def go() -> Account:
        sign_in = attempt(authority, store, tenant)
        await sign_in.start()
        return await sign_in.wait()

    return asyncio.run(go())


def test_code_then_account(authority: Authority) -> None:
    authority.state.approve_after = 2
    store = MemoryStore()

    async def go() -> tuple[DeviceCodePrompt, Account]:
        sign_in = attempt(authority, store)
        return await sign_in.start(), await sign_in.wait()

    prompt, account = asyncio.run(go())
    assert len(prompt.user_code) == 9
    assert prompt.verification_uri == f"{authority.address}/common/oauth2/deviceauth"
    assert timedelta(minutes=14) < prompt.expires_at - datetime.now(UTC) <= timedelta(minutes=15)
    assert account.user == "operator@contoso.com"
    assert account.tenant == CONTOSO
    assert account.roles == ("Authentication Administrator",)
    assert account.may_bulk_sign_in is True
    assert authority.sleep.naps == [5, 5, 5]
    assert store.read()


def test_a_person_types_the_code_on_the_page(authority: Authority) -> None:
    from siptui.transport.tls import trust
    from tests.transport import web

    async def go() -> Account:
        sign_in = attempt(authority, MemoryStore())
        prompt = await sign_in.start()
        async with web.AsyncClient(verify=trust()) as browser:
            form = {"code": prompt.user_code, "user": "teams@contoso.com"}
            page = await browser.post(prompt.verification_uri, data=form)
        assert page.status_code == 200
        return await sign_in.wait()

    account = asyncio.run(go())
    assert account.user == "teams@contoso.com"
    assert account.roles == ("Teams Administrator",)
    assert account.may_bulk_sign_in is False


def test_slow_down_is_obeyed(authority: Authority) -> None:
    authority.state.approve_after, authority.state.slow_downs = 3, 2
    signed_in(authority, MemoryStore())
    assert authority.sleep.naps == [5, 10, 15, 15]


def test_declined(authority: Authority) -> None:
    async def go() -> None:
        sign_in = attempt(authority, MemoryStore())
        authority.state.decline((await sign_in.start()).user_code)
        await sign_in.wait()

    with pytest.raises(SignInRefusedError, match="declined") as refused:
        asyncio.run(go())
    assert refused.value.code == "AADSTS70018"
    assert refused.value.exit_code == 4


def test_expired_by_the_authority(authority: Authority) -> None:
    async def go() -> None:
        sign_in = attempt(authority, MemoryStore())
        authority.state.expire((await sign_in.start()).user_code)
        await sign_in.wait()

    with pytest.raises(CodeExpiredError, match="expired") as expired:
        asyncio.run(go())
    assert "new code" in expired.value.remedy


def test_expired_while_nobody_came(authority: Authority) -> None:
    authority.state.device_lifetime = 0
    with pytest.raises(CodeExpiredError, match="in time"):
        signed_in(authority, MemoryStore())


def test_cancelled_at_once(authority: Authority) -> None:
    async def go() -> None:
        sign_in = DeviceCodeSignIn(authority.registration(), MemoryStore())  # really sleeps
        await sign_in.start()
        waiting = asyncio.ensure_future(sign_in.wait())
        await asyncio.sleep(0)
        sign_in.cancel()
        await waiting

    with pytest.raises(SignInCancelledError):
        asyncio.run(asyncio.wait_for(go(), 4))  # the first poll would be after 5 s


def test_new_code_while_the_old_one_is_waited_for(authority: Authority) -> None:
    async def go() -> Account:
        new_code_is_there = asyncio.Event()

        async def sleep(seconds: float) -> None:
            await new_code_is_there.wait()

        sign_in = DeviceCodeSignIn(authority.registration(), MemoryStore(), sleep=sleep)
        first = await sign_in.start()
        waiting = asyncio.ensure_future(sign_in.wait())
        authority.state.expire(first.user_code)
        second = await sign_in.start()
        assert second.user_code != first.user_code
        authority.state.approve(second.user_code)
        new_code_is_there.set()
        return await waiting

    assert asyncio.run(go()).user == "operator@contoso.com"


def test_domain_is_resolved_by_the_authority(authority: Authority) -> None:
    authority.state.approve_after = 0
    assert signed_in(authority, MemoryStore(), "contoso.onmicrosoft.com").tenant == CONTOSO


@pytest.mark.parametrize("tenant", [CONTOSO, CONTOSO.upper(), "contoso.com"])
def test_wrong_tenant_keeps_nothing(authority: Authority, tenant: str) -> None:
    authority.state.users.insert(0, EntraUser("guest@fabrikam.com", OTHER, "oid-of-guest"))
    authority.state.approve_after = 0
    store = MemoryStore()
    with pytest.raises(WrongTenantError) as wrong:
        signed_in(authority, store, tenant)
    assert OTHER in wrong.value.message
    assert CONTOSO in wrong.value.message
    assert store.read() is None


def test_right_account_after_the_wrong_one_leaves_no_trace_of_it(authority: Authority) -> None:
    authority.state.users.insert(0, EntraUser("guest@fabrikam.com", OTHER, "oid-of-guest"))
    authority.state.approve_after = 0
    store = MemoryStore()

    async def go() -> Account:
        sign_in = attempt(authority, store)
        await sign_in.start()
        with pytest.raises(WrongTenantError):
            await sign_in.wait()
        authority.state.users.pop(0)
        await sign_in.start()
        return await sign_in.wait()

    assert asyncio.run(go()).user == "operator@contoso.com"
    assert b"fabrikam" not in (store.read() or b"")
    assert b"oid-of-guest" not in (store.read() or b"")


def test_tenant_that_does_not_exist(authority: Authority) -> None:
    with pytest.raises(SignInRefusedError, match="does not exist") as refused:
        signed_in(authority, MemoryStore(), "nowhere.example")
    assert refused.value.code == "AADSTS90002"


def test_client_that_is_not_known(authority: Authority) -> None:
    registration = Registration(authority.address, CONTOSO, "00000000-1111-4222-8333-444444444444")

    async def go() -> None:
        await DeviceCodeSignIn(registration, MemoryStore()).start()

    with pytest.raises(SignInRefusedError, match="not known in this tenant") as refused:
        asyncio.run(go())
    assert refused.value.code == "AADSTS700016"


@pytest.mark.parametrize(
    ("code", "says", "then"),
    [
        (53003, "blocks this sign-in", "--method browser"),
        (53000, "complies", "browser"),
        (50097, "registered device", "browser"),
        (50005, "platform", "browser"),
        (50076, "Multi-factor", "auth login"),
        (50079, "set up", "mfasetup"),
        (65001, "consent", "administrator"),
        (7000218, "public client", "client flows"),
        (500011, "not known", "Teams"),
        (16000, "accounts", "auth login"),
    ],
)
def test_each_refusal_is_explained(authority: Authority, code: int, says: str, then: str) -> None:
    authority.state.approve_after = 0
    authority.state.refuse("device", code)
    store = MemoryStore()
    with pytest.raises(SignInRefusedError) as refused:
        signed_in(authority, store)
    assert refused.value.code == f"AADSTS{code}"
    assert says in refused.value.message
    assert then in refused.value.remedy
    assert len(refused.value.correlation_id) == 36
    assert store.read() is None


def test_lost_polls_are_asked_again(authority: Authority) -> None:
    authority.state.approve_after = 0
    authority.state.refuse("device", 90033, times=2)  # HTTP 503
    assert signed_in(authority, MemoryStore()).user == "operator@contoso.com"


def test_no_authority_there(authority: Authority) -> None:
    registration = Registration("https://localhost:1", CONTOSO)

    async def go() -> None:
        await DeviceCodeSignIn(registration, MemoryStore()).start()

    with pytest.raises((TransportError, AuthorityUnreachableError)) as lost:
        asyncio.run(go())
    assert "refused" in lost.value.message
    assert not isinstance(lost.value, SignInNeededError)


def test_private_authority_not_trusted(
    authority: Authority, monkeypatch: pytest.MonkeyPatch, certificates: Certificates
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")

    async def go() -> None:
        await attempt(authority, MemoryStore()).start()

    with pytest.raises(TransportError, match="certificate") as untrusted:
        asyncio.run(go())
    assert "SSL_CERT_FILE" in untrusted.value.remedy


def test_which_client_signs_in() -> None:
    assert Registration("https://a", "t").client_id == TEAMS_MODULE
    assert "Teams" in Registration("https://a", "t").client_name
    assert "own" in Registration("https://a", "t", "x").client_name
