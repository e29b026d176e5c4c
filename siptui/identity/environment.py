"""A token from elsewhere: `SIPTUI_ACCESS_TOKEN`, `…_FILE` or `…_COMMAND`. Never stored or shown.

`SIPTUI_GRAPH_TOKEN` and `SIPTUI_DEVICES_TOKEN` and their like are the same for Microsoft Graph
and for the device inventory.
"""

import asyncio
import contextlib
import json
import os
import shlex
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

from siptui.domain.text import visible
from siptui.identity.aadsts import scrubbed
from siptui.identity.account import Account, account_of, claims_of
from siptui.identity.errors import TokenFromElsewhereError, WrongTenantError
from siptui.identity.registration import (
    INVENTORY_SCOPE,
    TEAMS_API,
    TEAMS_SCOPE,
    Registration,
    resource_name,
)
from siptui.identity.source import LEAST_LEFT
from siptui.identity.threads import in_thread
from siptui.identity.vault import left

VALUE, FILE, COMMAND = (
    "SIPTUI_ACCESS_TOKEN",
    "SIPTUI_ACCESS_TOKEN_FILE",
    "SIPTUI_ACCESS_TOKEN_COMMAND",
)
#: The same for the other services, where the token of the admin API comes from here too.
GRAPH, DEVICES = "SIPTUI_GRAPH_TOKEN", "SIPTUI_DEVICES_TOKEN"
_INVENTORY = INVENTORY_SCOPE.removesuffix("/.default")
#: Seconds a command may take; `az` on a slow host needs some.
_COMMAND_LIMIT = 60.0
_MOST = 100_000
_GET_ONE = "For example: az account get-access-token --resource "


class EnvironmentToken:
    """A token source over the variable `name`, which holds a token, a path or a command.

    A file is read at each call, so that whoever renews it is followed; a command is run when
    there is no token yet, when less than five minutes are left, and when one was refused.
    `scope` is that of the service it must be for.
    """

    def __init__(
        self, registration: Registration, name: str, value: str, *, scope: str = TEAMS_SCOPE
    ) -> None:
        self.registration = registration
        self.name = name
        self._scope = scope
        self._value = value
        self._kept = ""
        self._one_at_a_time = asyncio.Lock()

    def __repr__(self) -> str:
        return f"EnvironmentToken({self.name})"

    async def token(self, *, refresh: bool = False, lasting: bool = False) -> str:
        """The token, as it is. Raises `TokenFromElsewhereError`, `WrongTenantError`."""
        async with self._one_at_a_time:
            return await in_thread(lambda: self.read(refresh=refresh))

    def account(self) -> Account | None:
        """Whose token it is, if it says so. Blocks; raises as `token` does."""
        account = account_of(self.read())
        return account if account.tenant else None

    def read(self, *, refresh: bool = False) -> str:
        """As `token`, but blocking."""
        if self.name.endswith("_FILE"):
            token = self._from_file()
        elif not self.name.endswith("_COMMAND"):
            token = self._value
        else:
            if refresh or not self._kept or not _lasting(self._kept):
                self._kept = self._from_command()
            token = self._kept
        return self._checked(token.strip())

    def _from_file(self) -> str:
        try:
            with Path(self._value).expanduser().open("rb") as file:
                return file.read(_MOST).decode("utf-8-sig", "replace")
        except OSError as error:
            raise self._unusable(
                f"the file {visible(self._value)} cannot be read: {error.strerror}"
            ) from None

    def _from_command(self) -> str:
        try:
            words = shlex.split(self._value)
        except ValueError as error:
            raise self._unusable(f"the command cannot be read: {visible(str(error))}") from None
        try:
            child = subprocess.Popen(  # noqa: S603 the operator's own command; no shell
                words,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except (OSError, IndexError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "it is empty"
            raise self._unusable(f"the command cannot be run: {reason}") from None
        try:
            said, complained = child.communicate(timeout=_COMMAND_LIMIT)
        except subprocess.TimeoutExpired:
            raise self._unusable(f"the command took more than {_COMMAND_LIMIT:g} s") from None
        finally:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()
        if child.returncode:
            lines = complained.decode("utf-8", "replace").strip().splitlines()
            last = f": {scrubbed(visible(lines[-1]))[:200]}" if lines else ""
            raise self._unusable(f"the command failed ({child.returncode}){last}")
        return _token_in(said[:_MOST].decode("utf-8", "replace").strip())

    def _checked(self, token: str) -> str:
        if token.casefold().startswith("bearer "):
            token = token[7:].strip()
        if not token or not token.isascii() or not token.isprintable() or " " in token:
            raise self._unusable("it holds no token")
        claims = claims_of(token)
        if not claims:
            return token  # not a JSON Web Token: the service will judge it
        account = account_of(token)
        wanted = self.registration.tenant_guid
        if wanted and account.tenant and account.tenant != wanted:
            raise WrongTenantError(
                f"{self.name} holds a token for tenant {account.tenant}, but the profile is for "
                f"{wanted}.",
                remedy="Get one for the profile's tenant, or use another profile.",
            )
        if account.audience and not self._is_for(account.audience):
            raise self._unusable(
                f"the token is for {scrubbed(account.audience)[:80]}, "
                f"not for {resource_name(self._scope)}"
            )
        if account.expires_at and left(account.expires_at.timestamp()) <= 0:
            raise self._unusable(f"the token ran out at {account.expires_at:%Y-%m-%d %H:%M:%SZ}")
        return token

    def _is_for(self, audience: str) -> bool:
        if self._scope == TEAMS_SCOPE:
            return TEAMS_API in audience
        if self._scope == INVENTORY_SCOPE:
            return audience.rstrip("/") == _INVENTORY
        # Graph goes by several addresses; only what is certainly another service's is told.
        return TEAMS_API not in audience and audience.rstrip("/") != _INVENTORY

    def _unusable(self, why: str) -> TokenFromElsewhereError:
        return TokenFromElsewhereError(
            f"{self.name}: {why}.",
            remedy=f"Renew it, or unset {self.name} and sign in: `siptui auth login`. "
            f"{_GET_ONE}{self._scope.removesuffix('/.default')}",
        )


def environment_token(
    registration: Registration,
    environ: Mapping[str, str] | None = None,
    *,
    variable: str = VALUE,
    scope: str = TEAMS_SCOPE,
) -> EnvironmentToken | None:
    """The token source that the environment names, if it does; value, file, command in turn."""
    environ = os.environ if environ is None else environ
    for name in (variable, f"{variable}_FILE", f"{variable}_COMMAND"):
        if value := environ.get(name):
            return EnvironmentToken(registration, name, value, scope=scope)
    return None


def _lasting(token: str) -> bool:
    expires_at = account_of(token).expires_at
    return expires_at is None or left(expires_at.timestamp()) > LEAST_LEFT


def _token_in(said: str) -> str:
    """The token in what a command printed: alone, or as JSON like that of `az`."""
    if said.startswith("{"):
        with contextlib.suppress(ValueError):
            found = json.loads(said)
            return str(found.get("accessToken") or found.get("access_token") or "")
    return said
