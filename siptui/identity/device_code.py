"""Sign-in with a code that is typed on another device (RFC 8628)."""

from collections.abc import Awaitable
from datetime import datetime
from functools import partial
from typing import Any

from msgspec import Struct

from siptui.domain.errors import SignInNeededError, SiptuiError, Way
from siptui.domain.text import visible
from siptui.identity.account import Account
from siptui.identity.entra_errors import cancelled, explained
from siptui.identity.errors import CodeExpiredError
from siptui.identity.msal_client import MsalClient, guarded, scopes
from siptui.identity.sign_in_attempt import Attempt
from siptui.identity.threads import in_thread
from siptui.identity.token_cache import left, moment

_GO_ON = ("authorization_pending", "slow_down")


class DeviceCodePrompt(Struct, frozen=True):
    """What the operator needs: open `verification_uri`, type `user_code`, before `expires_at`."""

    user_code: str
    verification_uri: str
    expires_at: datetime


class DeviceCodeSignIn(Attempt):
    """`start` gives a code, `wait` the account; `start` again, also while waiting, a new code."""

    _flow: dict[str, Any]

    async def start(self) -> DeviceCodePrompt:
        """Ask for a code. The one before it is no longer waited for."""
        client = await self._opened()
        flow: dict[str, Any] = await self._unless_cancelled(
            in_thread(
                lambda: guarded(
                    self.registration,
                    lambda: client.application.initiate_device_flow(scopes()),
                )
            )
        )
        if not flow.get("user_code"):
            raise explained(flow)
        # msal would poll without a pause, and never stop, at an interval of 0
        flow["interval"] = max(1, int(flow.get("interval", 5)))
        self._flow = flow
        return DeviceCodePrompt(
            visible(str(flow["user_code"])),
            visible(str(flow.get("verification_uri") or flow.get("verification_url") or "")),
            moment(flow["expires_at"]),
        )

    async def wait(self) -> Account:
        """Until the code was typed and the sign-in kept.

        A lost poll is no verdict: it is asked again. Raises `CodeExpiredError`,
        `SignInRefusedError`, `WrongTenantError`, `SignInCancelledError`.
        """
        trouble = ""
        while True:
            flow = self._flow
            if not flow:
                raise cancelled()
            await self._unless_cancelled(self._paused(flow["interval"]))
            if flow is not self._flow:
                continue
            if left(flow["expires_at"]) <= 0:
                raise CodeExpiredError(
                    f"The code was not entered in time.{trouble}",
                    way=Way.NEW_CODE,
                )
            try:
                answer = await self._unless_cancelled(in_thread(partial(self._poll, flow)))
            except SignInNeededError:
                raise
            except SiptuiError as error:
                trouble = f" The last question was not answered: {error.message}"
                flow["interval"] += 5  # RFC 8628, 3.5: slower after a time-out
                continue
            trouble = ""
            if answer.get("error") in _GO_ON:
                continue
            if flow is not self._flow and "access_token" not in answer:
                continue  # the old code's end is no news once there is a new one
            return await self._keep(answer)

    async def close(self) -> None:
        """Forget the code as well."""
        self._flow = {}
        await super().close()

    def _paused(self, seconds: float) -> Awaitable[None]:
        async def pause() -> None:
            await self._sleep(seconds)

        return pause()

    def _poll(self, flow: dict[str, Any]) -> dict[str, Any]:
        client: MsalClient | None = self._client
        if client is None:
            return {"error": _GO_ON[0]}
        client.try_again()
        answer: dict[str, Any] = guarded(
            self.registration,
            lambda: client.application.acquire_token_by_device_flow(
                flow, exit_condition=lambda _: True
            ),
        )
        return answer
