"""Sign-in in a browser that comes back to this machine, through a tunnel or by pasting."""

import asyncio
import os
import socket
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from msgspec import Struct

from siptui.host.user import user_name
from siptui.identity.account import Account
from siptui.identity.errors import RedirectUnreadableError, SignInCancelledError
from siptui.identity.listener import Listener
from siptui.identity.msal_client import MsalClient, guarded, scopes
from siptui.identity.sign_in_attempt import Attempt
from siptui.identity.threads import in_thread
from siptui.settings.model import REDIRECT_PORT

_LOCAL = ("localhost", "127.0.0.1", "::1")


class BrowserPrompt(Struct, frozen=True):
    """What the operator needs: open `url`; `tunnel` is the line to type on the own computer."""

    url: str
    port: int
    tunnel: str


class BrowserSignIn(Attempt):
    """Authorization code with PKCE. `start` gives the address to open, `wait` the account.

    The browser comes back to `http://localhost:PORT`, where it is listened for unless `listening`
    is false; or the address it ended at is given to `offer`.
    """

    _flow: dict[str, Any]
    _listener: Listener | None = None
    _answer: "asyncio.Future[dict[str, str]] | None" = None
    _outcome: "asyncio.Future[bool] | None" = None

    async def start(self, port: int = REDIRECT_PORT, *, listening: bool = True) -> BrowserPrompt:
        """Listen and make the address. Raises `PortInUseError`."""
        client = await self._opened()
        self._answer = asyncio.get_running_loop().create_future()
        if listening:
            self._listener = Listener(self._take, self._ended)
            port = await self._listener.open(port)
        self._flow = guarded(
            self.registration,
            lambda: client.application.initiate_auth_code_flow(
                scopes(),
                redirect_uri=f"http://localhost:{port}",
                response_mode="query",  # form_post could not be pasted
                prompt="select_account",
            ),
        )
        return BrowserPrompt(str(self._flow["auth_uri"]), port, tunnel_line(port))

    def offer(self, pasted: str) -> None:
        """Take the address the browser ended at. Raises `RedirectUnreadableError`."""
        if not self._take(_answer_in("".join(pasted.split()))):  # a terminal may have wrapped it
            raise RedirectUnreadableError(
                "That is not the address of this sign-in.",
                remedy="Paste the whole address from the browser's address bar; it begins with "
                "http://localhost: and is good once.",
            )

    async def wait(self) -> Account:
        """Until the browser came back, or an address was offered, and the sign-in was kept.

        Raises `SignInRefusedError`, `WrongTenantError`, `SignInCancelledError`.
        """
        client = self._client
        if self._answer is None or client is None:
            raise SignInCancelledError("The sign-in was called off.")
        outcome = self._outcome = asyncio.get_running_loop().create_future()
        try:
            answer = await self._unless_cancelled(asyncio.shield(self._answer))
            if self._listener is not None:
                self._listener.stop()
            account = await self._redeemed(client, answer)
            outcome.set_result(True)
        finally:
            if not outcome.done():
                outcome.set_result(False)
            await self._stop_listening()
        return account

    async def _redeemed(self, client: MsalClient, answer: dict[str, str]) -> Account:
        if "code" not in answer:
            return await self._keep(answer)
        granted: dict[str, Any] = await self._unless_cancelled(
            in_thread(
                lambda: guarded(
                    self.registration,
                    lambda: client.application.acquire_token_by_auth_code_flow(self._flow, answer),
                )
            )
        )
        return await self._keep(granted)

    async def close(self) -> None:
        """Stop listening as well."""
        if self._outcome is None or self._outcome.done():
            await self._stop_listening()
        elif self._listener is not None:  # its page waits for the outcome: `wait` ends it
            self._listener.stop()
        self._flow, self._answer = {}, None
        await super().close()

    async def _stop_listening(self) -> None:
        listener, self._listener = self._listener, None
        if listener is not None:
            await listener.close()

    async def _ended(self) -> bool | None:
        """Whether it succeeded, once that is known; none where `wait` was not called."""
        return None if self._outcome is None else await asyncio.shield(self._outcome)

    def _take(self, answer: Mapping[str, str]) -> bool:
        if self._answer is None or answer.get("state") != self._flow["state"]:
            return False
        if "code" not in answer and "error" not in answer:
            return False
        if not self._answer.done():
            self._answer.set_result(dict(answer))
        return True


def _answer_in(text: str) -> dict[str, str]:
    """What a redirect to this machine carries: its whole address, or what follows the `?`."""
    try:
        parts = urlsplit(text)
        if parts.scheme and parts.hostname not in _LOCAL:
            return {}
        query = parts.query or parts.fragment or ("" if parts.scheme else text)
        return dict(parse_qsl(query))
    except ValueError:
        return {}


def tunnel_line(port: int) -> str:
    """The ssh command that lets a browser elsewhere come back to this machine."""
    # SSH_CONNECTION is "client port server port": the address this host was reached at
    reached = os.environ.get("SSH_CONNECTION", "").split()
    host = reached[2] if len(reached) == 4 else socket.gethostname()
    return f"ssh -L {port}:127.0.0.1:{port} {user_name()}@{host}"
