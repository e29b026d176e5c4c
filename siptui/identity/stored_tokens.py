"""Tokens of the kept sign-in: the stored one while it is good, refreshed before it runs out."""

import asyncio
import logging
import time
from collections.abc import Callable

from msgspec import Struct

from siptui.domain.errors import SignInNeededError, SiptuiError, Way
from siptui.identity.account import Account
from siptui.identity.broker import renewed
from siptui.identity.entra_errors import explained
from siptui.identity.errors import NotSignedInError, StoreBrokenError, StoreUnusableError
from siptui.identity.msal_client import HttpFactory, default_http, guarded, open_msal
from siptui.identity.registration import TEAMS_SCOPE, Registration, resource_name
from siptui.identity.store import StoreKind, TokenStore
from siptui.identity.threads import in_thread
from siptui.identity.token_cache import Tokens, fitting, left, packed, taken, unpacked

_LOG = logging.getLogger("siptui.identity")
#: Seconds a token must still be good for; msal has the same figure built in.
LEAST_LEFT = 300.0
#: Seconds for which a refusal is taken as final, unless a new sign-in is made meanwhile: a run asks
#: every few seconds, and the authority would throttle it.
_REFUSED_FOR = 60.0


class _Held(Struct, frozen=True):
    token: str
    expires_at: float
    stamp: object

    def __repr__(self) -> str:
        return "_Held(…)"


class StoredTokens:
    """A token source over a store: any number of them, in any number of processes, share one.

    `scope` is the resource's `/.default`; the same sign-in gives tokens for several resources,
    as far as its client may ask for them.

    One refresh at a time: a lock on the store, taken in a thread. A sign-in by another process
    is noticed at the next call.
    """

    def __init__(
        self,
        registration: Registration,
        find_store: Callable[[], TokenStore | None],
        *,
        http: HttpFactory = default_http,
        scope: str = TEAMS_SCOPE,
    ) -> None:
        self.registration = registration
        self._scope = scope
        self._find_store = find_store
        self._store: TokenStore | None = None
        self._http = http
        self._held: _Held | None = None
        self._refused: tuple[float, object, SignInNeededError] | None = None
        self._one_at_a_time = asyncio.Lock()

    async def token(self, *, refresh: bool = False, lasting: bool = False) -> str:
        """A bearer token with more than five minutes left, or a new one if `refresh`.

        `refresh` is for a token that the service has just refused. Where the authority refuses to
        renew it, the present token is used until it expires, unless it must be `lasting`. Raises
        `SignInNeededError` (with its reason), or what the HTTP client raises when the authority is
        not reached and the present token has expired.
        """
        async with self._one_at_a_time:
            return await in_thread(lambda: self._token(refresh, lasting))

    def account(self) -> Account | None:
        """Who is signed in as far as the store knows; touches no network. Blocks.

        Raises `SignInNeededError` for a store that cannot be used or is for another profile.
        """
        store = self._stored_in()
        return self._read(store).account() if store and store.stamp() is not None else None

    def by_broker(self) -> bool:
        """Whether the system's broker signed in, and renews. Blocks; raises as `account` does."""
        store = self._stored_in()
        return bool(store and store.stamp() is not None and self._read(store).by_broker)

    @property
    def kind(self) -> StoreKind | None:
        """How the tokens are kept, if there are any."""
        store = self._stored_in()
        return store.kind if store else None

    def _stored_in(self) -> TokenStore | None:
        if self._store is None or self._store.stamp() is None:
            self._store = self._find_store() or self._store
        return self._store

    def _token(self, refresh: bool, lasting: bool) -> str:
        store = self._stored_in()
        if store is None:
            raise NotSignedInError("No one is signed in to this profile.", way=Way.FIRST)
        held = self._held
        if (
            held
            and not refresh
            and held.stamp == store.stamp()
            and left(held.expires_at) > LEAST_LEFT
        ):
            return held.token
        if self._refused:
            until, stamp, error = self._refused
            if time.monotonic() < until and stamp == store.stamp():
                if held and not refresh and not lasting and left(held.expires_at) > 0:
                    return held.token
                raise error.with_traceback(None)
            self._refused = None
        found = self._good_now(store, refresh)
        if found is not None:
            return found
        with store.locked():
            # Another process may have refreshed while this one waited for the lock.
            found = self._good_now(store, refresh)
            return found if found is not None else self._refreshed(store, refresh, lasting)

    def _good_now(self, store: TokenStore, refresh: bool) -> str | None:
        """The stored token if it will do: long enough, and not the one the service refused."""
        stamp = store.stamp()
        access = self._read(store).access(self._scope)
        if access is None or left(access[1]) <= LEAST_LEFT:
            return None
        if refresh and (self._held is None or access[0] == self._held.token):
            return None
        self._held = _Held(access[0], access[1], stamp)
        return access[0]

    def _read(self, store: TokenStore) -> Tokens:
        content = store.read()
        tokens = unpacked(content) if content is not None else None
        if content is not None and tokens is None:
            set_aside = getattr(store, "set_aside", None)
            if set_aside is not None:
                raise set_aside("it is damaged")
            raise StoreBrokenError("The tokens in memory are damaged.")
        return fitting(tokens, self.registration)

    def _refreshed(self, store: TokenStore, refresh: bool, lasting: bool) -> str:
        before = self._read(store)
        access = before.access(self._scope)
        at_hand = access if access and not refresh and left(access[1]) > 0 else None
        try:
            tokens = self._asked(before)
        except SignInNeededError as error:
            self._refused = (time.monotonic() + _REFUSED_FOR, store.stamp(), error)
            if at_hand and not lasting:
                self._held = _Held(at_hand[0], at_hand[1], store.stamp())
                return at_hand[0]
            raise
        except SiptuiError:
            # Not reached: the present token is used while it is valid.
            if at_hand:
                return at_hand[0]
            raise
        try:
            store.write(packed(tokens))
        except StoreUnusableError as error:  # the token is good all the same, for this process
            _LOG.warning("%s The renewed sign-in is kept in memory.", error.message)
        access = tokens.access(self._scope)
        if access is None:
            raise NotSignedInError(
                f"The authority gave no token for {resource_name(self._scope)}.",
                way=Way.AGAIN,
            )
        self._held = _Held(access[0], access[1], store.stamp())
        return access[0]

    def _asked(self, before: Tokens) -> Tokens:
        client = open_msal(self.registration, self._http, before.cache, by_broker=before.by_broker)
        try:
            accounts = client.application.get_accounts()
            if accounts and before.by_broker:
                stale = before.access(self._scope)
                got = renewed(client, self._scope, accounts[0], stale[0] if stale else "")
                return taken(client, got, self._scope)[0]
            answer = (
                guarded(
                    self.registration,
                    lambda: client.application.acquire_token_silent_with_error(
                        [self._scope], accounts[0], force_refresh=True, http_exceptions=(OSError,)
                    ),
                )
                if accounts
                else None
            )
            if answer is None:
                raise NotSignedInError(
                    "The stored sign-in cannot be renewed.",
                    way=Way.AGAIN,
                )
            if "access_token" not in answer:
                raise explained(answer)
            return taken(client, answer, self._scope)[0]
        finally:
            client.close()
