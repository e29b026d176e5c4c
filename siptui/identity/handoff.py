"""Handing a sign-in to a worker that is at work already: what is sent, and what the worker does
with it. It goes through a pipe that only this user can open, never through a file, an argument,
an environment or the journal.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from siptui.domain.errors import SiptuiError
from siptui.identity.account import Account
from siptui.identity.environment import VALUE, EnvironmentToken, environment_token
from siptui.identity.errors import NotSignedInError, WrongTenantError
from siptui.identity.msal_client import HttpFactory, default_http
from siptui.identity.registration import Registration
from siptui.identity.store import MemoryStore, TokenStore
from siptui.identity.stored_tokens import StoredTokens
from siptui.identity.token_cache import fitting, unpacked


@dataclass(frozen=True, slots=True)
class Handoff:
    """What is handed over: a token that cannot be renewed, or a whole sign-in as `vault.packed`
    makes it; with neither, the word that the profile's store is to be used from now on."""

    token: str = field(default="", repr=False)
    sign_in: str = field(default="", repr=False)

    def __bool__(self) -> bool:
        return bool(self.token or self.sign_in)

    def line(self) -> bytes:
        """As one line."""
        return json.dumps({"token": self.token, "sign_in": self.sign_in}).encode()


def handoff_of(line: bytes) -> Handoff | None:
    """What `Handoff.line` made, or none."""
    try:
        found = json.loads(line)
        texts = [found[key] for key in ("token", "sign_in")]
    except (ValueError, LookupError, TypeError):
        return None
    return Handoff(*texts) if all(isinstance(text, str) for text in texts) else None


class HandedTokens:
    """A worker's token source: what was handed over last, else the environment, else the store.

    `look` gives the lines that came since it was last called; each call for a token looks first,
    so that an order that follows a hand-over finds it done. `refused` hears of what was handed
    over in vain.
    """

    def __init__(
        self,
        registration: Registration,
        environ: Mapping[str, str],
        find_store: Callable[[], TokenStore | None],
        given: Handoff,
        *,
        look: Callable[[], Iterable[bytes]] = tuple,
        refused: Callable[[SiptuiError], None] = lambda _: None,
        http: HttpFactory = default_http,
    ) -> None:
        self.registration = registration
        self._find_store = find_store
        self._look = look
        self._refused = refused
        self._http = http
        elsewhere = environment_token(registration, {**environ, VALUE: ""})
        self._source: EnvironmentToken | StoredTokens = (
            self._source_of(given) if given else elsewhere or self._source_of(Handoff())
        )

    def __repr__(self) -> str:
        return "HandedTokens(…)"

    async def token(self, *, refresh: bool = False, lasting: bool = False) -> str:
        """A token, as the source in use gives it. Raises what that raises."""
        self.take()
        return await self._source.token(refresh=refresh, lasting=lasting)

    def account(self) -> Account | None:
        """Who is signed in, as far as is known. Blocks."""
        return self._source.account()

    def take(self) -> None:
        """Use what was handed over meanwhile; what is of no use leaves everything as it was."""
        for line in self._look():
            try:
                given = handoff_of(line)
                if given is None:
                    raise NotSignedInError("What was handed over cannot be read.")
                self._source = self._checked(self._source_of(given), given)
            except SiptuiError as error:
                self._refused(error)

    def _source_of(self, given: Handoff) -> EnvironmentToken | StoredTokens:
        if given.token:
            return EnvironmentToken(self.registration, VALUE, given.token)
        if given.sign_in:
            store = MemoryStore(given.sign_in.encode())
            return StoredTokens(self.registration, lambda: store, http=self._http)
        return StoredTokens(self.registration, self._find_store, http=self._http)

    def _checked(
        self, source: EnvironmentToken | StoredTokens, given: Handoff
    ) -> EnvironmentToken | StoredTokens:
        """`source` if it is for this tenant, client and cloud. Raises `SignInNeededError`."""
        if isinstance(source, EnvironmentToken):
            source.read()
        elif given.sign_in:
            account = fitting(unpacked(given.sign_in.encode()), self.registration).account()
            wanted = self.registration.tenant_guid
            if wanted and account and account.tenant != wanted:
                raise WrongTenantError("What was handed over is for another tenant.")
        return source
