"""A token from elsewhere: `SIPTUI_ACCESS_TOKEN`, `…_FILE` or `…_COMMAND`. Never stored or shown.

`SIPTUI_GRAPH_TOKEN` and `SIPTUI_DEVICES_TOKEN` and their like are the same for Microsoft Graph
and for the device inventory.
"""

import asyncio
import codecs
import contextlib
import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path

from siptui.domain.text import visible
from siptui.domain.times import second, zone
from siptui.host.files import open_given
from siptui.identity.account import Account, account_of, claims_of
from siptui.identity.entra_errors import scrubbed
from siptui.identity.errors import TokenFromElsewhereError, WrongTenantError
from siptui.identity.registration import (
    INVENTORY_SCOPE,
    TEAMS_API,
    TEAMS_SCOPE,
    Registration,
    resource_name,
)
from siptui.identity.stored_tokens import LEAST_LEFT
from siptui.identity.threads import in_thread
from siptui.identity.token_cache import left
from siptui.identity.token_command import CommandFailedError, printed_by

VALUE, FILE, COMMAND = (
    "SIPTUI_ACCESS_TOKEN",
    "SIPTUI_ACCESS_TOKEN_FILE",
    "SIPTUI_ACCESS_TOKEN_COMMAND",
)
#: The same for the other services, where the token of the admin API comes from here too.
GRAPH, DEVICES = "SIPTUI_GRAPH_TOKEN", "SIPTUI_DEVICES_TOKEN"
_INVENTORY = INVENTORY_SCOPE.removesuffix("/.default")
_MOST = 100_000
_GET_ONE = "For example: az account get-access-token --resource "


class EnvironmentToken:
    """A token source over the variable `name`, which holds a token, a path or a command.

    A file is read at each call, so that a renewed one is used; a command is run when
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
        if not self.name.endswith(("_FILE", "_COMMAND")):
            return self.read()  # nothing is waited for
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
                self._kept = _token_in(self._from_command())
            token = self._kept
        return self._checked(_token_in(token.strip()))

    def _from_file(self) -> str:
        shown = visible(self._value)
        fd = -1
        try:
            # Not to wait for a writer of a pipe.
            fd = open_given(Path(self._value).expanduser())
            if stat.S_ISREG(os.fstat(fd).st_mode):
                return _decoded(os.read(fd, _MOST))
        except (OSError, RuntimeError) as error:  # the latter: whose home folder is that?
            why = getattr(error, "strerror", None) or visible(str(error))
            raise self._unusable(f"the file {shown} cannot be read: {why}") from None
        finally:
            if fd >= 0:
                os.close(fd)
        command = f"{self.name.removesuffix('FILE')}COMMAND"
        raise self._unusable(f"{shown} is no plain file; what prints a token is named in {command}")

    def _from_command(self) -> str:
        try:
            return printed_by(self._value)
        except CommandFailedError as error:
            raise self._unusable(str(error)) from None

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
            ended = f"{second(account.expires_at)} {zone(account.expires_at)}"
            raise self._unusable(f"the token ran out at {ended}")
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


def _decoded(content: bytes) -> str:
    """A file as it is written by a shell; that of Windows PowerShell writes UTF-16."""
    utf16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return content.decode("utf-16" if utf16 else "utf-8-sig", "replace")


def _token_in(said: str) -> str:
    """The token in what was given: alone, or as JSON like that of `az account get-access-token`
    (`accessToken`), of `Get-AzAccessToken` (`Token`) or of OAuth (`access_token`)."""
    if not said.startswith("{"):
        return said
    found: dict[str, object] = {}
    with contextlib.suppress(ValueError, RecursionError):
        found = json.loads(said)
    named = {name.casefold().replace("_", ""): value for name, value in found.items()}
    token = next((named[name] for name in ("accesstoken", "token") if named.get(name)), "")
    return token.strip() if isinstance(token, str) else ""
