"""The ways to sign in, for the console, made from the profile."""

import asyncio
from collections.abc import Callable, MutableMapping

from siptui.app.recording_file import RecordingFile
from siptui.app.session import Selected
from siptui.app.tenant_name import ask_name, kept_name
from siptui.app.worker_start import given_by
from siptui.domain.errors import SignInNeededError, SiptuiError
from siptui.gateway.protocol import TokenSource
from siptui.identity.account import Account
from siptui.identity.broker import BrokerSignIn
from siptui.identity.browser import BrowserSignIn
from siptui.identity.device_code import DeviceCodeSignIn
from siptui.identity.environment import COMMAND, FILE, VALUE
from siptui.identity.handoff import Handoff
from siptui.identity.msal_http import Connection
from siptui.identity.sign_in_attempt import Sleep
from siptui.identity.store import StoreKind, TokenStore
from siptui.identity.store_choice import choose_store
from siptui.identity.token_source import Tokens, registration_of, tokens_of
from siptui.transport import Watcher
from siptui.transport.exchange_log import log_exchange


class ConsoleSignIn:
    """Signs in to `selected`'s tenant. `tell` hears who did.

    A token of the environment is used until the operator signs in here: it is then taken out of
    `environ`, which `selected` looks at, too. What workers sign in with is `handoff`.
    """

    def __init__(
        self,
        selected: Selected,
        environ: MutableMapping[str, str],
        tell: Callable[[str], None] = lambda _: None,
        *,
        record: RecordingFile | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._selected = selected
        self._environ = environ
        self.tell = tell
        self._record = record
        self._watchers: tuple[Watcher, ...] | None = None
        self._sleep = sleep
        self._registration = registration_of(selected.profile)
        self._memory: TokenStore | None = None
        profile = selected.profile
        self.tenant_name = kept_name(selected)
        self.port = profile.redirect_port
        self.about = (
            f"Profile {profile.name}, tenant {profile.tenant}, cloud {profile.cloud.name}; "
            f"client: {self._registration.client_name}."
        )

    async def problem(self) -> SiptuiError | None:
        """Why the present sign-in cannot be used, or nothing.

        An authority that is not reached is none: the token may be good all the same.
        """
        try:
            await self._tokens().token()
        except SignInNeededError as error:
            return error
        except SiptuiError:
            return None
        return None

    async def store(self, kind: StoreKind | None = None) -> TokenStore:
        """Where the tokens will be kept; in a thread, since keyrings take their time."""
        if kind is None and self._memory is not None:
            return self._memory
        folder = self._selected.settings.folders.profile(self._selected.profile.name)
        return await asyncio.to_thread(choose_store, folder, kind, None)

    def by_code(self, store: TokenStore) -> DeviceCodeSignIn:
        """An attempt with a code."""
        return DeviceCodeSignIn(self._registration, store, http=self._http, sleep=self._sleep)

    def by_browser(self, store: TokenStore) -> BrowserSignIn:
        """An attempt with a browser."""
        return BrowserSignIn(self._registration, store, http=self._http, sleep=self._sleep)

    def by_broker(self, store: TokenStore) -> BrokerSignIn:
        """An attempt by the broker of Windows."""
        return BrokerSignIn(self._registration, store, http=self._http, sleep=self._sleep)

    async def taken(self, store: TokenStore, account: Account) -> None:
        """Remember who signed in."""
        self.tell(account.user)
        self._memory = store if store.kind is StoreKind.MEMORY else None
        for name in (VALUE, FILE, COMMAND):
            self._environ.pop(name, None)
        tokens = self._tokens()
        asked = ask_name(self._selected, tokens, self._watching())
        self.tenant_name = await asked or self.tenant_name

    def handoff(self) -> Handoff:
        """What a worker needs to sign in as the console does; nothing where it finds it itself."""
        content = self._memory.read() if self._memory is not None else None
        return Handoff(sign_in=content.decode()) if content else given_by(self._selected)

    def tokens(self) -> TokenSource:
        """Where the console's own requests take their tokens from, as of now."""
        return self._tokens()

    def _tokens(self) -> Tokens:
        return tokens_of(
            self._selected.profile,
            self._selected.store_folder,
            store=self._memory,
            environ=self._environ,
            http=self._http,
        )

    def _http(self) -> Connection:
        """A connection for msal: logged, and recorded where that is asked for."""
        return Connection(self._watching())

    def _watching(self) -> tuple[Watcher, ...]:
        if self._watchers is None:
            recorded = (self._record.recorder(),) if self._record is not None else ()
            self._watchers = (log_exchange, *recorded)
        return self._watchers
