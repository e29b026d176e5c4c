"""Who is signed in, as the tokens tell it: hints for people, never a right to anything."""

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct

from siptui.domain.roles import BULK, names_of
from siptui.domain.text import visible


class Account(Struct, frozen=True):
    """A signed-in person. `tenant` is a GUID, `roles` names of directory roles as a hint.

    `may_bulk_sign_in` is none where the token does not say; roles that are eligible but not
    activated (PIM) are not in it either way. `expires_at` is when the access token ends.
    """

    user: str
    tenant: str
    roles: tuple[str, ...] = ()
    may_bulk_sign_in: bool | None = None
    expires_at: datetime | None = None
    audience: str = ""


def claims_of(token: str) -> dict[str, Any]:
    """The claims of a JSON Web Token, unchecked; empty where it is not one."""
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        found = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def account_of(access_token: str, id_claims: Mapping[str, Any] | None = None) -> Account:
    """The account behind `access_token`; `id_claims` of the sign-in fill what it does not say."""
    claims = {**(id_claims or {}), **claims_of(access_token)}
    user = next(
        (claims[key] for key in ("upn", "preferred_username", "unique_name") if claims.get(key)),
        "",
    )
    wids = claims.get("wids")
    known = [str(wid).casefold() for wid in wids] if isinstance(wids, list) else []
    roles = names_of(known)
    return Account(
        user=visible(str(user)),
        tenant=visible(str(claims.get("tid", ""))).casefold(),
        roles=roles,
        may_bulk_sign_in=not BULK.isdisjoint(roles) if known else None,
        expires_at=_moment(claims_of(access_token).get("exp")),
        audience=visible(str(claims_of(access_token).get("aud", ""))),
    )


def _moment(seconds: Any) -> datetime | None:
    try:
        return datetime.fromtimestamp(float(seconds), UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return None
