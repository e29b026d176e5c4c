"""What lies in a token store: msal's cache and what it is for, as JSON."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from siptui.domain.errors import Way
from siptui.identity.account import Account, account_of, claims_of
from siptui.identity.errors import NotSignedInError, WrongTenantError
from siptui.identity.msal_client import MsalClient
from siptui.identity.registration import TEAMS_SCOPE, Registration

_SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of one sign-in. `cache` is msal's own serialisation."""

    authority: str
    tenant: str
    client_id: str
    cache: str = field(repr=False)

    def access(self, scope: str = TEAMS_SCOPE) -> tuple[str, float] | None:
        """The access token for `scope` with its end (seconds since 1970), if any.

        Read from the cache's documented schema, so that no msal is needed while a token is good.
        """
        entries = json.loads(self.cache).get("AccessToken", {})
        found = [
            (str(entry["secret"]), float(entry["expires_on"]))
            for entry in entries.values()
            if entry.get("client_id") == self.client_id
            and scope in str(entry.get("target", "")).split()
        ]
        return max(found, key=lambda pair: pair[1], default=None)

    @property
    def by_broker(self) -> bool:
        """Whether the system's broker signed in: it renews, too, and there is no refresh token."""
        accounts = json.loads(self.cache).get("Account", {})
        return any(one.get("account_source") == "broker" for one in accounts.values())

    @property
    def home_accounts(self) -> frozenset[str]:
        """The accounts by msal's id of each, the same in every tenant they are guests of."""
        accounts = json.loads(self.cache).get("Account", {})
        return frozenset(str(one.get("home_account_id")) for one in accounts.values())

    def account(self) -> Account | None:
        """Who signed in, also when the access token has run out."""
        found = self.access()
        ids = json.loads(self.cache).get("IdToken", {})
        claims: Mapping[str, Any] = next(
            (claims_of(str(one["secret"])) for one in ids.values()), {}
        )
        return account_of(found[0] if found else "", claims) if found or claims else None


def packed(tokens: Tokens) -> bytes:
    """`tokens` as they are stored."""
    return json.dumps(
        {
            "schema": _SCHEMA,
            "authority": tokens.authority,
            "tenant": tokens.tenant,
            "client_id": tokens.client_id,
            "cache": tokens.cache,
        }
    ).encode()


def unpacked(content: bytes) -> Tokens | None:
    """The stored tokens, or none if `content` is not what `packed` makes."""
    try:
        found = json.loads(content)
        if found["schema"] != _SCHEMA:
            return None
        texts = [found[key] for key in ("authority", "tenant", "client_id", "cache")]
        tokens = Tokens(*texts)
        if not all(isinstance(text, str) for text in texts):
            return None
        tokens.access()
        tokens.account()
        tokens.by_broker  # noqa: B018 - read as the others are
    except (ValueError, LookupError, TypeError, AttributeError):
        return None
    return tokens


def taken(
    client: MsalClient, answer: Mapping[str, Any], scope: str = TEAMS_SCOPE
) -> tuple[Tokens, Account]:
    """The tokens of a sign-in or refresh for `scope` that went well. Raises `WrongTenantError`."""
    account = account_of(str(answer.get("access_token", "")), answer.get("id_token_claims"))
    wanted = client.tenant_guid
    if wanted and account.tenant != wanted:
        raise WrongTenantError(
            f"{account.user or 'The account'} signed in to tenant {account.tenant or '(unknown)'}, "
            f"but the profile is for {wanted}. Nothing was kept.",
            remedy="Sign in with an account of that tenant, or use another profile "
            "(`--profile NAME`).",
        )
    registration = client.registration
    tokens = Tokens(
        registration.authority,
        registration.tenant,
        registration.client_id,
        _for_scope(client.cache.serialize(), str(answer.get("access_token", "")), scope),
    )
    return tokens, account


def _for_scope(cache: str, token: str, scope: str) -> str:
    """`cache`, where `token` is named as one for `scope`.

    The authority repeats the scope it was asked for; a broker may name what was granted alone.
    """
    content = json.loads(cache)
    for entry in content.get("AccessToken", {}).values():
        named = str(entry.get("target", "")).split()
        if entry.get("secret") == token and scope not in named:
            entry["target"] = " ".join([*named, scope])
            return json.dumps(content)
    return cache


def fitting(tokens: Tokens | None, registration: Registration) -> Tokens:
    """`tokens` if they are for `registration`. Raises `NotSignedInError`."""
    if tokens is None:
        raise NotSignedInError("No one is signed in to this profile.", way=Way.FIRST)
    mine = (registration.authority, registration.tenant, registration.client_id)
    if mine != (tokens.authority, tokens.tenant, tokens.client_id):
        raise NotSignedInError(
            "The stored sign-in is for another cloud, tenant or client than the profile names now.",
            way=Way.FIRST,
        )
    return tokens


def left(expires_at: float) -> float:
    """Seconds until `expires_at`."""
    return expires_at - time.time()


def moment(seconds: float) -> datetime:
    """Seconds since 1970 as a UTC time."""
    return datetime.fromtimestamp(seconds, UTC)
