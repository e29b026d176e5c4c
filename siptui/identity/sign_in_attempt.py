"""What every way of signing in has in common: calling it off, keeping what came of it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from siptui.domain.errors import SignInNeededError
from siptui.identity.account import Account
from siptui.identity.entra_errors import cancelled, explained
from siptui.identity.errors import SignInCancelledError
from siptui.identity.msal_client import HttpFactory, MsalClient, default_http, open_msal
from siptui.identity.registration import Registration
from siptui.identity.store import TokenStore
from siptui.identity.threads import in_thread, leave_to_thread
from siptui.identity.token_cache import packed, taken

T = TypeVar("T")
Sleep = Callable[[float], Awaitable[None]]


class Attempt:
    """One sign-in of one profile, to be kept in `store`. Used on one event loop."""

    #: Whether the system's broker signs in, not the authority's pages.
    by_broker = False

    def __init__(
        self,
        registration: Registration,
        store: TokenStore,
        *,
        http: HttpFactory = default_http,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self.registration = registration
        self.store = store
        self._http = http
        self._sleep = sleep
        self._called_off = asyncio.Event()
        self._client: MsalClient | None = None

    def cancel(self) -> None:
        """Cancel it: the waiting caller gets `SignInCancelledError` at once."""
        self._called_off.set()

    async def close(self) -> None:
        """Call it off and let go of connections. Doing it twice does no harm."""
        self.cancel()
        client, self._client = self._client, None
        if client is not None:
            leave_to_thread(client.close)  # a request under way would be waited for

    async def _opened(self) -> MsalClient:
        if self._client is None:
            self._client = await self._unless_cancelled(
                in_thread(
                    lambda: open_msal(self.registration, self._http, by_broker=self.by_broker)
                )
            )
        return self._client

    async def _unless_cancelled(self, work: Awaitable[T]) -> T:
        """What `work` gives, or `SignInCancelledError` as soon as it is called off."""
        job = asyncio.ensure_future(work)
        off = asyncio.ensure_future(self._called_off.wait())
        try:
            await asyncio.wait({job, off}, return_when=asyncio.FIRST_COMPLETED)
            if job.done() and not self._called_off.is_set():
                return job.result()
            raise cancelled()
        finally:
            for task in (job, off):
                task.cancel()
            await asyncio.gather(job, off, return_exceptions=True)

    async def _keep(self, answer: Mapping[str, Any]) -> Account:
        """Store what the authority granted. Raises when it refused, or for a wrong tenant."""
        if "access_token" not in answer:
            raise explained(answer)
        client = self._client
        if client is None:
            raise SignInCancelledError("The sign-in was called off.")
        try:
            tokens, account = taken(client, answer)
        except SignInNeededError:
            self._client = None  # its cache holds the tokens that are not to be kept
            leave_to_thread(client.close)
            raise

        def keep() -> None:
            with self.store.locked():
                self.store.write(packed(tokens))

        await in_thread(keep)
        await self.close()
        return account
