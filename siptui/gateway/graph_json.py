"""Answers of Microsoft Graph, read leniently: `$batch`, users, roles, access policies."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from siptui.domain.roles import BULK, names_of
from siptui.gateway import paging
from siptui.gateway.bulk_json import WireError, folded_keys
from siptui.gateway.json_fields import first, further, plans, record, rows, truth, word
from siptui.gateway.json_lists import Listed
from siptui.gateway.tenant_model import UNREADABLE, AccessPolicy, DirectoryUser, RoleEnd
from siptui.gateway.times import parse_when


class Part(Struct, frozen=True):
    """One answer of a `$batch`: `body` is its JSON value, headers have lower-case names."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None


def parts(value: Any) -> dict[str, Part]:
    """The answers of a `$batch` by their id; those without an id or a status are passed over."""
    found: dict[str, Part] = {}
    for one in rows(value, "responses"):
        status, headers = one.get("status"), one.get("headers")
        if isinstance(status, str) and status.isascii() and status.isdigit():
            status = int(status[:9])
        if isinstance(status, bool) or not isinstance(status, int) or not word(one.get("id")):
            continue
        named = headers if isinstance(headers, dict) else {}
        plain = {str(key).lower(): word(value) for key, value in named.items()}
        found[word(one["id"])] = Part(status, plain, one.get("body"))
    return found


def page(value: Any) -> tuple[Listed[dict[str, Any]], str]:
    """The rows of a list and the link to its next page (or nothing)."""
    outer = record(value, "the answer")
    found, then = rows(value), paging.further(value, "/")
    link = further(outer, ("@odata.nextlink", "nextlink"))
    more = then.why if then is not None and not link else ""
    return Listed(found, lost=found.lost, odd=found.odd, more=more), link


def directory_user(value: Any) -> DirectoryUser:
    """One account of `/users`; `WireError` where it has no name."""
    found = record(value, "the account")
    object_id = first(found, ("id",))
    name = word(found.get("userprincipalname"))
    if not name:
        raise WireError("an account has no userPrincipalName")
    synced = truth(found.get("onpremisessyncenabled"))
    if "onpremisessyncenabled" in found and found["onpremisessyncenabled"] is None:
        synced = False  # Graph's documented word for "never was synced"
    return DirectoryUser(
        object_id,
        name,
        enabled=truth(found.get("accountenabled")),
        ad_synced=synced,
        plans=plans(found.get("assignedplans")),
        mfa=mfa(found) or None,
    )


def mfa(found: Mapping[str, Any]) -> str:
    """`perUserMfaState`, casefolded; nothing where it is not told."""
    return word(found.get("perusermfastate")).casefold()


def role_ids(found: Listed[dict[str, Any]]) -> frozenset[str]:
    """Template ids of the roles in a list of memberships, casefolded; `UNREADABLE` for others."""
    ids = {first(one, ("roletemplateid", "roledefinitionid")) for one in found}
    known = frozenset(one.casefold() for one in ids if one)
    return known if found.whole and all(ids) else known | {UNREADABLE}


def role_end(found: Listed[dict[str, Any]]) -> RoleEnd | None:
    """When the last role for bulk sign-in in a list of active roles ends; None where one lasts, or
    where none of them can be read."""
    ends: list[RoleEnd] = []
    for one in found:
        for role in names_of([word(one.get("roledefinitionid")).casefold()]):
            if role not in BULK:
                continue
            until = parse_when(word(one.get("enddatetime")))
            if until is None:
                return None
            ends.append(RoleEnd(role, until))
    return max(ends, key=lambda end: end.at) if ends and found.whole else None


def principals(found: Listed[dict[str, Any]]) -> frozenset[str]:
    """Who the assignments of a list of roles are for; `UNREADABLE` for those not told."""
    listed = {word(one.get("principalid")).casefold() for one in found}
    known = frozenset(one for one in listed if one)
    return known if found.whole and all(listed) else known | {UNREADABLE}


def security_defaults(value: Any) -> bool:
    """Whether security defaults are on."""
    on = truth(record(value, "the answer").get("isenabled"))
    if on is None:
        raise WireError("it does not say whether they are on")
    return on


def access_policies(found: Listed[dict[str, Any]]) -> tuple[AccessPolicy, ...]:
    """The policies of a list; one that cannot be read may be about all accounts, or about none."""
    perhaps = replace(access_policy({}), name=UNREADABLE, narrowed=True)
    return (*map(access_policy, found), *[perhaps] * (found.lost + bool(found.more)))


def access_policy(found: Mapping[str, Any]) -> AccessPolicy:
    """One Conditional Access policy. What is not understood makes it wider, never narrower."""
    conditions = _inner(found, "conditions")
    people, apps = _inner(conditions, "users"), _inner(conditions, "applications")
    places, flows = _inner(conditions, "locations"), _inner(conditions, "authenticationflows")
    methods = flows.get("transfermethods")
    flags = methods.split(",") if isinstance(methods, str) else _set(flows, "transfermethods")
    everyone = frozenset() if people else frozenset({"All"})
    return AccessPolicy(
        first(found, ("id",)),
        first(found, ("displayname",)),
        first(found, ("state",)) or "enabled",
        users=_ids(people, "includeusers") | everyone,
        excluded_users=_ids(people, "excludeusers"),
        groups=_ids(people, "includegroups"),
        excluded_groups=_ids(people, "excludegroups"),
        roles=_ids(people, "includeroles"),
        apps=_ids(apps, "includeapplications") | (frozenset() if apps else frozenset({"All"})),
        excluded_apps=_ids(apps, "excludeapplications"),
        demands=_demands(found.get("grantcontrols", ())),
        transfer_methods=frozenset(one.strip() for one in flags if one.strip()),
        locations_excluded=bool(_set(places, "excludelocations")),
        narrowed=_narrowed(conditions, apps, places) or _not_understood(found),
    )


def _not_understood(found: Mapping[str, Any]) -> bool:
    """Whether it does not say, in a way that can be read, whom and what it is about."""
    grant = found.get("grantcontrols")
    return not isinstance(found.get("conditions"), dict) or not isinstance(grant, dict | None)


def _narrowed(
    conditions: Mapping[str, Any], apps: Mapping[str, Any], places: Mapping[str, Any]
) -> bool:
    """Whether it has conditions beyond people, applications and excluded places."""
    further = ("platforms", "devices", "devicestates", "signinrisklevels", "userrisklevels")
    more = ("insiderrisklevels", "serviceprincipalrisklevels", "agentidrisklevels")
    clients = _set(conditions, "clientapptypes")
    somewhere = _set(places, "includelocations")
    return (
        any(conditions.get(name) for name in (*further, *more))
        or bool(apps.get("applicationfilter"))
        or bool(clients and "all" not in {one.casefold() for one in clients})
        or bool(somewhere and "All" not in somewhere)
    )


def _demands(grant: Any) -> frozenset[str]:
    if grant is None:
        return frozenset()  # a policy about the session alone
    if not isinstance(grant, dict):
        return frozenset({"block"})
    controls = folded_keys(grant)
    demands = set(_set(controls, "builtincontrols"))
    if controls.get("authenticationstrength"):
        demands.add("mfa")  # an authentication strength is a choice of factors
    if controls.get("termsofuse"):
        demands.add("termsOfUse")
    return frozenset(demands)


def _inner(found: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = found.get(name)
    return folded_keys(value) if isinstance(value, dict) else {}


def _set(found: Mapping[str, Any], name: str) -> frozenset[str]:
    value = found.get(name)
    listed = value if isinstance(value, list) else []
    return frozenset(word(one) for one in listed if word(one))


def _ids(found: Mapping[str, Any], name: str) -> frozenset[str]:
    """Ids casefolded; Graph's own words (`All`, `None`, `GuestsOrExternalUsers`) as they are."""
    return frozenset(one.casefold() if "-" in one else one for one in _set(found, name))
