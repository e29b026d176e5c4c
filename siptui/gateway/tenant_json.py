"""Answers of the Teams admin API about tenant, policies and accounts, read leniently.

Shapes: users as go-teams saw them on a live tenant (`users`, `effectivePolicyAssignments`) and,
for older modules, one `{Authority, Name}` object for each policy; configuration instances with
`Identity` `Global` or `Tag:NAME`.
"""

import re
from collections.abc import Mapping
from typing import Any

from siptui.gateway import paging
from siptui.gateway.bulk_json import WireError, folded_keys, shown
from siptui.gateway.json_fields import (
    each,
    first,
    further,
    plans,
    record,
    rows,
    skip_token,
    truth,
    word,
    words,
)
from siptui.gateway.json_lists import Listed
from siptui.gateway.tenant_model import (
    GLOBAL,
    UNREADABLE,
    Assigned,
    CallingPolicy,
    IPPhonePolicy,
    NetworkPlace,
    PolicyType,
    TeamsUser,
    TenantInfo,
    TrustedIP,
)

_NUMBER = re.compile(r"[+*#0-9][0-9 ().-]{2,40}(?:;ext=\d{1,15})?", re.IGNORECASE)


def plain_name(identity: Any) -> str:
    """The name of a policy: an identity without `Tag:`. Nothing where there is none."""
    name = word(identity)
    name = name[4:].strip() if name.casefold().startswith("tag:") else name
    return GLOBAL if name.casefold() == "global" else name


def tenant(value: Any) -> TenantInfo:
    """`/Teams.Tenant/tenants`: one tenant, alone or in a list."""
    if isinstance(value, list):
        objects = [one for one in value if isinstance(one, dict)]
        value = objects[0] if len(objects) == 1 else value
    found = record(value, "the tenant")
    if not any(name in found for name in ("tenantid", "displayname", "verifieddomains")):
        found = next(iter(rows(value)), {})
    domains = found.get("verifieddomains")
    if not isinstance(domains, list):
        domains = []
    listed = [folded_keys(domain) for domain in domains if isinstance(domain, dict)]
    return TenantInfo(
        first(found, ("tenantid", "objectid", "id")),
        first(found, ("displayname",)),
        tuple(word(domain.get("name")) for domain in listed if word(domain.get("name"))),
    )


def instances(value: Any) -> Listed[dict[str, Any]]:
    """The instances of a configuration type: a list, or one alone."""
    if isinstance(value, dict) and "identity" in folded_keys(value):
        return Listed([folded_keys(value)])
    found, then = rows(value, "configurations"), paging.further(value, "/")
    return Listed(found, lost=found.lost, odd=found.odd, more=then.why if then else "")


def _lost(found: Listed[Any]) -> int:
    """How many placeholders stand for what of a list could not be read."""
    return found.lost + bool(found.more)


def instance(value: Any) -> dict[str, Any]:
    """One instance, where one was asked for."""
    found = instances(value)
    if len(found) != 1:
        raise WireError(f"it holds {len(found)} instances, not one")
    return found[0]


def calling_policies(value: Any) -> tuple[CallingPolicy, ...]:
    """Instances of TeamsCallingPolicy; those that cannot be read are called `UNREADABLE`."""
    listed = instances(value)
    found = each(
        listed,
        lambda one: CallingPolicy(
            _policy(one),
            truth(one.get("allowsipdevicescalling")),
            word(one.get("allowcallredirect")),
        ),
        lost=_lost(listed),
    )
    return (*found, *[CallingPolicy(UNREADABLE, None, "")] * found.lost)


def ip_phone_policies(value: Any) -> tuple[IPPhonePolicy, ...]:
    """Instances of TeamsIPPhonePolicy; those that cannot be read are called `UNREADABLE`."""
    listed = instances(value)
    found = each(
        listed,
        lambda one: IPPhonePolicy(_policy(one), word(one.get("signinmode"))),
        lost=_lost(listed),
    )
    return (*found, *[IPPhonePolicy(UNREADABLE, "")] * found.lost)


def _policy(found: Mapping[str, Any]) -> str:
    name = plain_name(found.get("identity"))
    if not name:
        raise WireError("a policy has no identity")
    return name


def trusted_ips(value: Any) -> tuple[TrustedIP, ...]:
    """Instances of TenantTrustedIPAddress. What of one cannot be read is kept as it came, so that
    it is no address and may cover any (see `preflight.public_ip`)."""
    listed = instances(value)
    return (*(_trusted(one) for one in listed), *[TrustedIP(UNREADABLE, None)] * _lost(listed))


def _trusted(found: Mapping[str, Any]) -> TrustedIP:
    bits = found.get("maskbits")
    if isinstance(bits, str) and bits.strip().isascii() and bits.strip().isdigit():
        bits = int(bits.strip()[:4])
    address = word(found.get("ipaddress")) or plain_name(found.get("identity")) or UNREADABLE
    if isinstance(bits, bool) or not isinstance(bits, int | None):
        address, bits = f"{address}/{shown(bits)}", None
    return TrustedIP(address, bits, word(found.get("description")))


def sites(value: Any) -> tuple[NetworkPlace, ...]:
    """Instances of TenantNetworkSite."""
    found = instances(value)
    return tuple(NetworkPlace(first(one, ("networksiteid", "identity"))) for one in found)


def subnets(value: Any) -> tuple[NetworkPlace, ...]:
    """Instances of TenantNetworkSubnet."""
    return tuple(
        NetworkPlace(word(one.get("networksiteid")), _subnet(one)) for one in instances(value)
    )


def _subnet(found: Mapping[str, Any]) -> str:
    bits = word(found.get("maskbits"))
    return first(found, ("subnetid", "identity")) + (f"/{bits}" if bits else "")


def users(value: Any) -> tuple[Listed[TeamsUser], str]:
    """Accounts in an answer of the user search, and the token of the next page (or nothing).

    A next page of which no token is told leaves the list with a gap.
    """
    outer = folded_keys(value) if isinstance(value, dict) else {}
    listed = rows(value, "users")
    found = each(listed, user, lost=listed.lost)
    try:
        page = skip_token(further(outer, ("nextlink", "@odata.nextlink", "skiptoken")))
    except WireError:
        page = ""
    then = paging.further(value, "/")
    more = then.why if then is not None and not page else ""
    return Listed(found, lost=found.lost, odd=(*listed.odd, *found.odd), more=more), page


def user(found: Mapping[str, Any]) -> TeamsUser:
    """One account, with names without case. Graph's user configuration has the same fields."""
    name = word(found.get("userprincipalname"))
    if not name:
        raise WireError("an account has no userPrincipalName")
    errors = found.get("uservalidationerrors")
    return TeamsUser(
        object_id=first(found, ("objectid", "identity", "id")),
        user_name=name,
        enabled=truth(found.get("accountenabled")),
        account_type=word(found.get("accounttype")),
        numbers=numbers(found),
        calling_policy=assigned(found, PolicyType.CALLING),
        ip_phone_policy=assigned(found, PolicyType.IP_PHONE),
        plans=plans(found.get("assignedplan", found.get("assignedplans"))),
        features=words(found.get("featuretypes")),
        ad_synced=truth(found.get("userdirsyncenabled")),
        validation_errors=tuple(_errors(errors)) if isinstance(errors, list) else (),
    )


def _errors(listed: list[Any]) -> list[str]:
    found = [folded_keys(one) for one in listed if isinstance(one, dict)]
    return [line for one in found if (line := first(one, ("errordescription", "errorcode")))]


def numbers(found: Mapping[str, Any]) -> tuple[str, ...] | None:
    """The account's numbers, the primary one first; None unless they, or their lack, are told."""
    told: list[str] = []
    known = False
    if "telephonenumbers" in found:
        listed = found["telephonenumbers"]
        if not isinstance(listed, list | None):
            return None
        for entry in sorted(listed or [], key=_secondary):
            number = _number(entry)
            if not number:
                return None
            told.append(number)
        known = True
    if "lineuri" in found:
        line = found["lineuri"]
        number = _number(line)
        if number and number not in told:
            told.insert(0, number)
        elif not number and line not in (None, "") and not told:
            return None
        known = True
    return tuple(told) if known else None


def _secondary(entry: Any) -> bool:
    if not isinstance(entry, dict):
        return False
    category = folded_keys(entry).get("assignmentcategory")
    return isinstance(category, str) and category.casefold() != "primary"


def _number(entry: Any) -> str:
    if isinstance(entry, dict):
        entry = folded_keys(entry).get("telephonenumber")
    if not isinstance(entry, str):
        return ""
    number = entry.strip()
    number = number[4:] if number.casefold().startswith("tel:") else number
    return number if _NUMBER.fullmatch(number) else ""


def assigned(found: Mapping[str, Any], kind: PolicyType) -> Assigned | None:
    """The policy of this kind that holds for an account; Global where nothing was assigned.

    None where the account does not say, or says it in a way that is not understood.
    """
    if "effectivepolicyassignments" in found:
        return _effective(found["effectivepolicyassignments"], kind)
    if kind.casefold() not in found:
        return None
    older = found[kind.casefold()]
    if older is None:
        return Assigned(GLOBAL, "global")
    if isinstance(older, dict):
        inner = folded_keys(older)
        name = plain_name(inner.get("name"))
        # An object of nulls is how some versions of the module write "none assigned".
        if not name and inner.get("name", 0) is None:
            return Assigned(GLOBAL, "global")
        older = inner.get("name")
    name = plain_name(older) if isinstance(older, str) else ""
    return Assigned(name, "global" if name == GLOBAL else "") if name else None


def _effective(listed: Any, kind: PolicyType) -> Assigned | None:
    if not isinstance(listed, list):
        return None
    mine: set[Assigned] = set()
    for entry in listed:
        one = folded_keys(entry) if isinstance(entry, dict) else {}
        of_kind, given = one.get("policytype"), one.get("policyassignment")
        if not isinstance(of_kind, str) or not of_kind.strip():
            return None
        if of_kind.strip().casefold() != kind.casefold():
            continue
        inner = folded_keys(given) if isinstance(given, dict) else {}
        name = plain_name(inner.get("displayname"))
        if not name:
            return None
        how = word(inner.get("assignmenttype")).casefold()
        mine.add(Assigned(name, "global" if name == GLOBAL and how != "group" else how))
    if len(mine) > 1:
        mine = {one for one in mine if one.how == "direct"}  # a direct one beats a group's
        return mine.pop() if len(mine) == 1 else None
    return mine.pop() if mine else Assigned(GLOBAL, "global")
