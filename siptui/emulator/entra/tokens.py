"""Tokens of the emulated authority: JSON Web Tokens signed with a secret of this process alone."""

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from siptui.domain.text import visible

#: Seconds since 1970, UTC.
Clock = Callable[[], float]

#: The Teams admin API; its tokens carry the bare id as audience (version 1 tokens).
TEAMS_API = "48ac35b8-9aa8-4d74-927d-1f4a14a0b239"
#: The public client of the MicrosoftTeams module, "MS Teams Powershell Cmdlets".
TEAMS_MODULE = "12128f48-ec9e-42f0-b203-ea49fb6af367"
#: Marks a member (not a guest) in `wids`; every user's token has it.
DEFAULT_USER = "b79fbf4d-3ef9-4689-8143-76b194e85509"
GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"
PRIVILEGED_AUTHENTICATION_ADMINISTRATOR = "7be44c8a-adaf-4e2a-84d6-ab2649e08a13"
AUTHENTICATION_ADMINISTRATOR = "c4e39bd9-1100-46d3-8c65-fb160da0071f"
TEAMS_ADMINISTRATOR = "69091246-20e8-4a56-aa4d-066075b2a7a8"


class EntraUser(Struct, frozen=True):
    """A person who can sign in. `wids` are template ids of directory roles, `tenant` is a GUID."""

    upn: str
    tenant: str
    oid: str
    name: str = ""
    wids: tuple[str, ...] = (AUTHENTICATION_ADMINISTRATOR,)


class Issuer:
    """Makes and checks access tokens. `lifetime` in seconds may be changed at any time."""

    def __init__(self, *, clock: Clock = time.time, lifetime: int = 4500) -> None:
        self.clock = clock
        self.lifetime = lifetime
        self.audience = TEAMS_API
        #: The roles of a user now; the user's own `wids` where none is set.
        self.wids_of: Callable[[EntraUser], tuple[str, ...]] = lambda user: user.wids
        self._secret = secrets.token_bytes(32)
        self._revoked: set[str] = set()
        self._issued: set[str] = set()

    def access_token(self, user: EntraUser, client_id: str, audience: str, base: str) -> str:
        """A token for `audience` in the shape of a version 1 access token of Entra."""
        now = int(self.clock())
        uti = secrets.token_urlsafe(16)
        self._issued.add(uti)
        return self.signed(
            {
                "aud": audience,
                "iss": f"{base}/{user.tenant}/",
                "iat": now,
                "nbf": now,
                "exp": now + self.lifetime,
                "appid": client_id,
                "appidacr": "0",
                "idtyp": "user",
                "name": user.name or user.upn.partition("@")[0],
                "oid": user.oid,
                "scp": "user_impersonation",
                "sub": user.oid,
                "tid": user.tenant,
                "unique_name": user.upn,
                "upn": user.upn,
                "uti": uti,
                "ver": "1.0",
                "wids": [*self.wids_of(user), DEFAULT_USER],
            }
        )

    def id_token(self, user: EntraUser, client_id: str, nonce: str, base: str) -> str:
        """Who signed in, for the client itself (version 2)."""
        now = int(self.clock())
        claims: dict[str, Any] = {
            "aud": client_id,
            "iss": f"{base}/{user.tenant}/v2.0",
            "iat": now,
            "nbf": now,
            "exp": now + 3600,
            "name": user.name or user.upn.partition("@")[0],
            "oid": user.oid,
            "preferred_username": user.upn,
            "sub": user.oid,
            "tid": user.tenant,
            "ver": "2.0",
        }
        if nonce:
            claims["nonce"] = nonce
        return self.signed(claims)

    def check(
        self, token: str, now: float | None = None, *, any_audience: bool = False
    ) -> dict[str, Any] | None:
        """The claims of an access token for the Teams admin API (or `any_audience`) that is good
        now, else none.

        `now` in seconds since 1970; the issuer's own clock if not given.
        """
        now = self.clock() if now is None else now
        head, _, signature = token.rpartition(".")
        if not hmac.compare_digest(
            self._signature(head).encode(), signature.encode("utf-8", "replace")
        ):
            return None
        claims: dict[str, Any] = json.loads(_decoded(head.partition(".")[2]))
        good = (
            (any_audience or claims.get("aud") == self.audience)
            and claims["nbf"] <= now + 300
            and now < claims["exp"]
            and claims.get("uti") not in self._revoked
        )
        return claims if good else None

    def revoke(self) -> None:
        """Every token made so far is refused from now on; new ones are good."""
        self._revoked |= self._issued

    def signed(self, claims: Mapping[str, Any]) -> str:
        """`claims` as a signed JSON Web Token."""
        head = ".".join(
            _encoded(json.dumps(part).encode()) for part in ({"typ": "JWT", "alg": "HS256"}, claims)
        )
        return f"{head}.{self._signature(head)}"

    def _signature(self, head: str) -> str:
        return _encoded(hmac.digest(self._secret, head.encode("utf-8", "replace"), hashlib.sha256))


def client_info(user: EntraUser) -> str:
    """What msal keys an account by: the user's id and home tenant."""
    return _encoded(json.dumps({"uid": user.oid, "utid": user.tenant}).encode())


def bearer(authorization: str) -> str:
    """The token in an Authorization header, or an empty string."""
    scheme, _, token = visible(authorization).partition(" ")
    return token.strip() if scheme.casefold() == "bearer" else ""


def pkce(verifier: str) -> str:
    """The S256 challenge that belongs to `verifier` (RFC 7636)."""
    return _encoded(hashlib.sha256(verifier.encode()).digest())


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
