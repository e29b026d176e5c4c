"""Sign-in by the broker of Windows: msal's own code, over a stand-in for its runtime."""

import asyncio
import json
import sys

import pytest

from siptui.domain.errors import SignInNeededError, SiptuiError, Way
from siptui.emulator.entra.app import CONTOSO
from siptui.emulator.entra.tokens import TEAMS_API, TEAMS_MODULE, EntraUser
from siptui.host.desktop import Desktop
from siptui.identity.account import Account, account_of
from siptui.identity.broker import BrokerSignIn, require_broker, sign_out_of_broker
from siptui.identity.entra_errors import explained
from siptui.identity.errors import (
    AuthorityUnreachableError,
    BrokerUnavailableError,
    NotSignedInError,
    SignInCancelledError,
    SignInRefusedError,
    WrongTenantError,
)
from siptui.identity.handoff import HandedTokens, Handoff
from siptui.identity.msal_client import default_http
from siptui.identity.registration import INVENTORY_SCOPE, Registration
from siptui.identity.store import MemoryStore, TokenStore
from siptui.identity.stored_tokens import StoredTokens
from siptui.identity.token_cache import Tokens, unpacked
from tests.identity.conftest import Authority
from tests.identity.stand_in_broker import CONSOLE, Broker, install

_OTHER = "99999999-8888-4777-8666-555555555555"
_OWN_CLIENT = "00000000-1111-4222-8333-444444444444"


@pytest.fixture
def broker(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Broker:
    made = Broker(authority.state)
    install(monkeypatch, made)
    return made


def signed_in(
    authority: Authority, store: TokenStore, tenant: str = CONTOSO, client: str = ""
) -> Account:
    async def go() -> Account:
        sign_in = BrokerSignIn(authority.registration(tenant, client), store)
        try:
            await sign_in.start()
            return await sign_in.wait()
        finally:
            await sign_in.close()

    return asyncio.run(go())


def kept(store: TokenStore) -> Tokens:
    tokens = unpacked(store.read() or b"")
    assert tokens
    return tokens


def token(store: TokenStore, authority: Authority, *, refresh: bool = False, **more: str) -> str:
    tokens = StoredTokens(authority.registration(), lambda: store, **more)  # type: ignore[arg-type] # the scope
    if refresh:  # the service refused what it gives now
        asyncio.run(tokens.token())
    return asyncio.run(tokens.token(refresh=refresh))


def test_an_account_is_chosen_in_the_brokers_window(authority: Authority, broker: Broker) -> None:
    broker.chosen = authority.state.user("teams@contoso.com")
    store = MemoryStore()
    account = signed_in(authority, store)
    assert account.user == "teams@contoso.com"
    assert account.tenant == CONTOSO
    ((window, asked),) = broker.calls("window")
    assert window == CONSOLE
    assert asked.client_id == TEAMS_MODULE
    assert asked.authority == f"https://localhost/{CONTOSO}"  # msal leaves the port out
    assert asked.scopes == [f"{TEAMS_API}/.default"]
    assert not broker.calls("silent")  # not whoever is signed in to Windows
    tokens = kept(store)
    assert tokens.by_broker
    assert tokens.access()
    assert "RefreshToken" not in json.loads(tokens.cache)
    assert not authority.state.requests["token"]


def test_it_renews_without_a_window(authority: Authority, broker: Broker) -> None:
    store = MemoryStore()
    authority.state.issuer.lifetime = 200  # less than what a token must have left
    signed_in(authority, store)
    first = kept(store).access()
    broker.expire()
    authority.state.issuer.lifetime = 4500
    new = token(store, authority)
    assert first
    assert new != first[0]
    assert authority.state.issuer.check(new)
    assert token(store, authority) == new
    assert len(broker.calls("silent")) == 1
    assert len(broker.calls("window")) == 1


def test_a_token_that_was_refused_is_not_given_again(authority: Authority, broker: Broker) -> None:
    store = MemoryStore()
    signed_in(authority, store)
    old = token(store, authority)
    authority.state.issuer.revoke()
    new = token(store, authority, refresh=True)
    assert new != old
    assert authority.state.issuer.check(new)
    plain, with_claims = broker.calls("silent")  # the broker's cache, then past it
    assert not plain.claims
    assert json.loads(with_claims.claims)["access_token"]["nbf"]["essential"] is True


def test_one_sign_in_gives_tokens_for_all_services(authority: Authority, broker: Broker) -> None:
    store = MemoryStore()
    signed_in(authority, store)
    other = token(store, authority, scope=INVENTORY_SCOPE)
    assert account_of(other).audience == INVENTORY_SCOPE.removesuffix("/.default")
    assert token(store, authority, scope=INVENTORY_SCOPE) == other
    assert account_of(token(store, authority)).audience == TEAMS_API
    assert len(broker.calls("silent")) == 1


def test_a_worker_renews_what_it_was_handed(authority: Authority, broker: Broker) -> None:
    store = MemoryStore()
    signed_in(authority, store)
    given = Handoff(sign_in=(store.read() or b"").decode())
    worker = HandedTokens(authority.registration(), {}, lambda: None, given)
    old = asyncio.run(worker.token())
    broker.expire()
    assert asyncio.run(worker.token(refresh=True)) != old
    broker.fail("InteractionRequired")
    with pytest.raises(NotSignedInError, match="new sign-in"):
        asyncio.run(worker.token(refresh=True))


@pytest.mark.parametrize(
    ("status", "kind", "says"),
    [
        ("InteractionRequired", NotSignedInError, "--method broker"),
        ("AccountUnusable", NotSignedInError, "--method broker"),
        ("NoNetwork", AuthorityUnreachableError, "proxy of Windows"),
        ("TransientError", AuthorityUnreachableError, "few minutes"),
    ],
)
def test_what_cannot_be_renewed_is_used_until_it_ends(
    authority: Authority, broker: Broker, status: str, kind: type[SiptuiError], says: str
) -> None:
    store = MemoryStore()
    authority.state.issuer.lifetime = 200
    signed_in(authority, store)
    before = store.read()
    broker.fail(status)
    source = StoredTokens(authority.registration(), lambda: store)
    assert authority.state.issuer.check(asyncio.run(source.token()))
    with pytest.raises(kind) as caught:
        asyncio.run(source.token(refresh=True))
    assert says in caught.value.remedy
    assert status in caught.value.message
    assert store.read() == before


def test_an_account_that_windows_no_longer_has_is_signed_in_again(
    authority: Authority, broker: Broker
) -> None:
    store = MemoryStore()
    signed_in(authority, store)
    broker.accounts.clear()
    with pytest.raises(NotSignedInError, match="no longer has the account"):
        token(store, authority, refresh=True)


def test_another_account_is_never_taken_for_the_one_that_signed_in(
    authority: Authority, broker: Broker
) -> None:
    store = MemoryStore()
    signed_in(authority, store)
    before = store.read()
    broker.answers = authority.state.user("teams@contoso.com")
    broker.expire()
    with pytest.raises(NotSignedInError, match="another account"):
        token(store, authority, refresh=True)
    assert store.read() == before


@pytest.mark.parametrize("tenant", [CONTOSO, "contoso.com"])
def test_wrong_tenant_keeps_nothing(authority: Authority, broker: Broker, tenant: str) -> None:
    broker.chosen = EntraUser("guest@fabrikam.com", _OTHER, "oid-of-guest")
    store = MemoryStore()
    with pytest.raises(WrongTenantError) as wrong:
        signed_in(authority, store, tenant)
    assert _OTHER in wrong.value.message
    assert store.read() is None
    broker.chosen = authority.state.user()
    assert signed_in(authority, store, tenant).user == "operator@contoso.com"
    assert b"oid-of-guest" not in (store.read() or b"")


def test_a_guest_is_signed_in_to_the_profiles_tenant(authority: Authority, broker: Broker) -> None:
    broker.home_tenant = _OTHER
    store = MemoryStore()
    assert signed_in(authority, store).tenant == CONTOSO
    (home,) = kept(store).home_accounts
    assert home.endswith(_OTHER)
    old = token(store, authority)
    broker.expire()
    new = token(store, authority, refresh=True)
    assert new != old
    assert account_of(new).tenant == CONTOSO


def test_called_off_here_nothing_is_kept_of_what_the_window_grants(
    authority: Authority, broker: Broker
) -> None:
    store = MemoryStore()
    broker.window.clear()

    async def go() -> None:
        sign_in = BrokerSignIn(authority.registration(), store)
        await sign_in.start()
        waiting = asyncio.ensure_future(sign_in.wait())
        await asyncio.to_thread(broker.opened.wait, 10)
        await sign_in.close()
        with pytest.raises(SignInCancelledError):
            await waiting
        broker.window.set()

    asyncio.run(go())
    assert store.read() is None


@pytest.mark.parametrize(
    ("status", "kind", "code", "says"),
    [
        ("UserCanceled", SignInCancelledError, "cancelled", "--method broker"),
        ("ApiContractViolation", SignInRefusedError, "broker_redirect_uri", "ms-appx-web://"),
        ("IncorrectConfiguration", SignInRefusedError, "broker_redirect_uri", "client_id"),
        ("RequiredBrokerMissing", BrokerUnavailableError, "broker_unavailable", "--method browser"),
        ("DeviceNotRegistered", SignInRefusedError, "DeviceNotRegistered", "--method browser"),
        ("Unexpected", SignInRefusedError, "Unexpected", "--method browser"),
        ("ServerTemporarilyUnavailable", AuthorityUnreachableError, "", "few minutes"),
    ],
)
def test_each_refusal_is_explained(
    authority: Authority, broker: Broker, status: str, kind: type[SiptuiError], code: str, says: str
) -> None:
    broker.fail(status, f"eyJ{'a' * 60} was refused")
    store = MemoryStore()
    with pytest.raises(kind) as refused:
        signed_in(authority, store)
    assert says in refused.value.remedy
    assert code in refused.value.code
    assert "eyJ" not in refused.value.message
    assert status == "UserCanceled" or "3399614473" in refused.value.message
    assert store.read() is None


def test_what_the_runtime_raises_is_the_brokers_refusal_not_the_authoritys(
    authority: Authority, broker: Broker
) -> None:
    """As pymsalruntime 0.20.7 does under Wine, where there is no broker."""
    store = MemoryStore()
    signed_in(authority, store)
    broker.raising = (
        "ErrorTag: 540656077, ErrorCode: 0, ErrorContext: Caught exception, "
        "ErrorStatus: Response_Status.Status_Unexpected "
    )
    wanted = "refused (Unexpected, error 0, tag 540656077). It said: Caught exception."
    with pytest.raises(SignInRefusedError) as refused:
        signed_in(authority, MemoryStore())
    assert refused.value.message.endswith(wanted)
    assert "--method browser" in refused.value.remedy
    with pytest.raises(SignInRefusedError) as refused:
        token(store, authority, refresh=True)
    assert refused.value.message.endswith(wanted)
    with pytest.raises(SignInRefusedError):
        sign_out_of_broker(authority.registration(), default_http, kept(store))


@pytest.mark.parametrize(
    ("client", "advice"),
    [("", "Set `client_id`"), (_OWN_CLIENT, f"BrokerPlugin/{_OWN_CLIENT}")],
)
@pytest.mark.parametrize("entra", [50011, 7000218])
def test_a_client_without_the_brokers_redirect_uri(
    authority: Authority, broker: Broker, client: str, advice: str, entra: int
) -> None:
    authority.state.clients.add(_OWN_CLIENT)
    broker.fail("ApiContractViolation", f"AADSTS{entra}: The redirect URI does not match")
    with pytest.raises(SignInRefusedError, match="may not sign in by the broker") as refused:
        signed_in(authority, MemoryStore(), client=client)
    assert advice in refused.value.remedy
    assert "--method browser" in refused.value.remedy


@pytest.mark.parametrize(
    ("entra", "says", "way"),
    [
        (53000, "complies with policy", Way.DEVICE),
        (53003, "Conditional Access blocks", Way.BROWSER_FIRST),
        (50076, "Multi-factor", Way.BROKER_AGAIN),
    ],
)
def test_what_entra_says_through_the_broker_is_told_as_entras(
    authority: Authority, broker: Broker, entra: int, says: str, way: Way
) -> None:
    broker.fail("Unexpected", f"AADSTS{entra}: words of Entra. Trace ID: 1 Correlation ID: 2")
    with pytest.raises(SignInRefusedError, match=says) as refused:
        signed_in(authority, MemoryStore())
    assert refused.value.code == f"AADSTS{entra}"
    assert refused.value.way is way


_BLOCKED = (50005, 50097, 50129, 53000, 53001, 53003, 530032, 530033, 530035, 7000014)


@pytest.mark.parametrize("entra", _BLOCKED)
def test_where_a_device_is_asked_for_the_broker_is_named_first(
    monkeypatch: pytest.MonkeyPatch, broker: Broker, entra: int
) -> None:
    answer = {"error": "access_denied", "error_description": f"AADSTS{entra}: No."}
    assert explained(answer).remedy.startswith("Sign in through Windows: `siptui auth login")
    monkeypatch.setitem(sys.modules, "pymsalruntime", None)
    monkeypatch.setattr("siptui.identity.broker_place.find_spec", lambda name: None)
    assert 'pip install "siptui[broker]"' in explained(answer).remedy
    for where in (Desktop.OVER_SSH, Desktop.SERVER_CORE, Desktop.OTHER_SYSTEM):
        monkeypatch.setattr("siptui.identity.broker_place.desktop", lambda where=where: where)
        error = explained(answer)
        assert "broker" not in error.remedy
        assert "--method browser" in error.remedy


@pytest.mark.parametrize(
    ("where", "says"),
    [
        (Desktop.OTHER_SYSTEM, "Only Windows"),
        (Desktop.OVER_SSH, "not seen over SSH"),
        (Desktop.NO_SESSION, "no desktop"),
        (Desktop.SERVER_CORE, "Server Core"),
    ],
)
def test_where_there_is_none_it_says_so_and_names_the_next_way(
    monkeypatch: pytest.MonkeyPatch, broker: Broker, where: Desktop, says: str
) -> None:
    monkeypatch.setattr("siptui.identity.broker_place.desktop", lambda: where)
    with pytest.raises(BrokerUnavailableError, match=says) as none:
        require_broker()
    assert none.value.exit_code == 4
    assert "siptui auth login" in none.value.remedy
    assert "--method browser" in none.value.remedy


def test_without_its_package_it_says_how_to_get_it(
    authority: Authority, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = MemoryStore()
    signed_in(authority, store)
    monkeypatch.setattr("siptui.identity.broker_place.find_spec", lambda name: None)
    with pytest.raises(BrokerUnavailableError, match="not installed") as none:
        require_broker()
    assert 'pip install "siptui[broker]"' in none.value.remedy
    # A kept sign-in of the broker, in an environment without the package: a restored one, say.
    monkeypatch.delitem(sys.modules, "msal.broker")
    monkeypatch.delattr("msal.broker")
    monkeypatch.setitem(sys.modules, "pymsalruntime", None)
    with pytest.raises(BrokerUnavailableError, match="pymsalruntime") as gone:
        token(store, authority, refresh=True)
    assert isinstance(gone.value, SignInNeededError)


def test_a_broker_that_does_not_start_opens_no_browser_instead(
    authority: Authority, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def old_windows(enable_pii_log: bool) -> None:
        raise RuntimeError("msal passes over this and uses a browser")

    monkeypatch.setattr("msal.application._init_broker", old_windows)
    with pytest.raises(BrokerUnavailableError, match="did not start"):
        signed_in(authority, MemoryStore())


def test_signing_out_takes_the_account_from_the_broker(
    authority: Authority, broker: Broker
) -> None:
    store = MemoryStore()
    signed_in(authority, store)
    sign_out_of_broker(authority.registration(), default_http, kept(store))
    assert broker.calls("sign_out") == [(TEAMS_MODULE, "operator@contoso.com")]
    assert not broker.accounts
    with pytest.raises(SiptuiError):
        sign_out_of_broker(Registration("https://localhost:1", CONTOSO), default_http, kept(store))
