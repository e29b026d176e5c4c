"""Who is signed in, as the tokens tell it: hints for people, never a right to anything."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from siptui.domain.text import visible

#: Template ids of the roles that may bulk sign in (Microsoft's page "Configure SIP Gateway").
BULK_ROLES = {
    "62e90394-69f5-4237-9190-012177145e10": "Global Administrator",
    "7be44c8a-adaf-4e2a-84d6-ab2649e08a13": "Privileged Authentication Administrator",
    "c4e39bd9-1100-46d3-8c65-fb160da0071f": "Authentication Administrator",
}
#: Others worth naming: they read or set what the preflight looks at.
OTHER_ROLES = {
    "69091246-20e8-4a56-aa4d-066075b2a7a8": "Teams Administrator",
    "baf37b3a-610e-45da-9e62-d9d1e5e8914b": "Teams Communications Administrator",
    "aa38014f-0993-46e9-9b45-30501a20909d": "Teams Telephony Administrator",
    "3d762c5a-1b6c-493f-843e-55a3b42923d4": "Teams Devices Administrator",
    "f70938a0-fc10-4177-9e90-2178f8765737": "Teams Communications Support Engineer",
    "fcf91098-03e3-41a9-b5ba-6f0ec8188a12": "Teams Communications Support Specialist",
    "1076ac91-f3d9-41a7-a339-dcdf5f480acc": "Teams Reader",
    "f2ef992c-3afb-46b9-b7cf-a126ee74c451": "Global Reader",
    "75941009-915a-4869-abe7-691bff18279e": "Skype for Business Administrator",
    "fe930be7-5e62-47db-91af-98c3a49a38b1": "User Administrator",
    "729827e3-9c14-49f7-bb1b-9608f156bbb8": "Helpdesk Administrator",
    "0526716b-113d-4c15-b2c8-68e3c22b9f80": "Authentication Policy Administrator",
    "e8611ab8-c189-46e8-94e1-60213ab1f814": "Privileged Role Administrator",
    "b1be1c3e-b65d-4f19-8427-f6fa0d97feb9": "Conditional Access Administrator",
}


@dataclass(frozen=True, slots=True)
class Account:
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
    names = {**BULK_ROLES, **OTHER_ROLES}
    return Account(
        user=visible(str(user)),
        tenant=visible(str(claims.get("tid", ""))).casefold(),
        roles=tuple(names[wid] for wid in known if wid in names),
        may_bulk_sign_in=any(wid in BULK_ROLES for wid in known) if known else None,
        expires_at=_moment(claims_of(access_token).get("exp")),
        audience=visible(str(claims_of(access_token).get("aud", ""))),
    )


def _moment(seconds: Any) -> datetime | None:
    try:
        return datetime.fromtimestamp(float(seconds), UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return None
