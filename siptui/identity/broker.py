"""Sign-in by the broker of Windows (WAM), through msal and pymsalruntime.

The broker holds the account and shows the state of the device: that is what policies for compliant
devices ask for, and a code cannot give. It renews without a window, for every process of the user.
https://learn.microsoft.com/entra/msal/python/advanced/wam
"""

import json
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from siptui.identity.account import Account
from siptui.identity.broker_errors import refused_by_broker
from siptui.identity.broker_place import again_by_broker, obstacle
from siptui.identity.errors import BrokerUnavailableError, NotSignedInError
from siptui.identity.msal_client import HttpFactory, MsalClient, guarded, open_msal, scopes
from siptui.identity.registration import Registration
from siptui.identity.sign_in_attempt import Attempt
from siptui.identity.threads import in_thread
from siptui.identity.token_cache import Tokens


def require_broker() -> None:
    """Raises `BrokerUnavailableError` where no sign-in by the broker can be made."""
    if found := obstacle():
        raise BrokerUnavailableError(found.sentence, advice=found.advice)


class BrokerSignIn(Attempt):
    """`wait` has Windows ask who signs in, in a window of its own."""

    by_broker = True

    async def start(self) -> None:
        """Look whether the broker can be used. Raises `BrokerUnavailableError`."""
        require_broker()
        await self._opened()

    async def wait(self) -> Account:
        """Until an account was chosen in the window and the sign-in kept.

        Raises `SignInRefusedError`, `WrongTenantError`, `SignInCancelledError`. When it is called
        off here, the window stays until it is closed; what it grants then is not kept.
        """
        client = await self._opened()
        answer: dict[str, Any] = await self._unless_cancelled(
            in_thread(
                lambda: _asked(
                    self.registration,
                    # Who administers is often not who is signed in to Windows: always asked.
                    lambda: client.application.acquire_token_interactive(
                        scopes(),
                        prompt="select_account",
                        parent_window_handle=client.application.CONSOLE_WINDOW_HANDLE,
                    ),
                )
            )
        )
        if "access_token" not in answer:
            raise refused_by_broker(answer, self.registration)
        return await self._keep(answer)


def renewed(client: MsalClient, scope: str, account: dict[str, Any], stale: str) -> dict[str, Any]:
    """The broker's answer, without a window, to the question for a token that is not `stale`.

    `account` is msal's. Blocks. Raises `SignInNeededError` where the broker wants a person or has
    another account, `AuthorityUnreachableError` where it reaches no authority.
    """
    registration = client.registration
    ask = partial(
        client.application.acquire_token_silent_with_error, [scope], account, force_refresh=True
    )
    answer = _asked(registration, ask)
    if answer and stale and answer.get("access_token") == stale:
        # msal cannot tell the broker to look past its cache. The claims of a service that wants
        # a newer token do: https://learn.microsoft.com/entra/identity-platform/claims-challenge
        newer = {"access_token": {"nbf": {"essential": True, "value": str(int(time.time()))}}}
        answer = _asked(registration, partial(ask, claims_challenge=json.dumps(newer)))
    if answer is None:
        raise NotSignedInError(
            "Windows no longer has the account of the stored sign-in.", way=again_by_broker()
        )
    if "access_token" not in answer:
        raise refused_by_broker(answer, registration)
    known = {one["home_account_id"] for one in client.application.get_accounts()}
    if known != {account["home_account_id"]}:
        raise NotSignedInError(
            "The broker of Windows answered for another account than the one that signed in. "
            "Nothing was kept.",
            way=again_by_broker(),
        )
    return dict(answer)


def sign_out_of_broker(registration: Registration, http: HttpFactory, tokens: Tokens) -> None:
    """Have the broker forget, for this client, the account of `tokens`; the account stays in
    Windows. Blocks. Raises what says why not."""
    client = open_msal(registration, http, tokens.cache, by_broker=True)

    def remove() -> None:
        for account in client.application.get_accounts():
            client.application.remove_account(account)

    try:
        if refused := _asked(registration, remove):
            raise refused_by_broker(refused, registration)
    finally:
        client.close()


def _asked(registration: Registration, call: Callable[[], Any]) -> Any:
    """What `call` returns. Some of what goes wrong in pymsalruntime it raises, and msal lets it
    through: an answer like its others is made of it."""

    def answered() -> Any:
        try:
            return call()
        except RuntimeError as error:
            return {"error": "broker_error", "error_description": str(error)}

    return guarded(registration, answered)
