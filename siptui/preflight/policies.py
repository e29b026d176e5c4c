"""Which policy holds for an account, and what it says: resolved from its name to its properties."""

from collections.abc import Iterable, Mapping
from typing import Protocol, TypeVar

from msgspec import Struct

from siptui.gateway.tenant_model import GLOBAL, Assigned, CallingPolicy, IPPhonePolicy
from siptui.preflight.facts import Missing


class _Named(Protocol):
    @property
    def name(self) -> str: ...


P = TypeVar("P", bound=_Named)
#: How an assignment came about, for people.
HOW = {"direct": "assigned to the account", "group": "assigned through a group"}


class Unresolved(Struct, frozen=True):
    """Why it is not known which policy holds, or what it says."""

    reason: str


def policy_key(name: str) -> str:
    """What two spellings of a policy's name have in common: no case, no `Tag:`."""
    return name.strip().casefold().removeprefix("tag:")


def by_name(policies: Iterable[P]) -> Mapping[str, P]:
    """Policies by `policy_key`."""
    return {policy_key(policy.name): policy for policy in policies}


def effective(assigned: Assigned | None, policies: Mapping[str, P] | Missing) -> P | Unresolved:
    """The policy that holds for an account, with its properties.

    `assigned` is what the source says holds: a direct assignment before one of a group before
    `Global`. A name that is not in the list that was read proves nothing about its properties.
    """
    if assigned is None:
        return Unresolved("Which policy holds for the account could not be read.")
    if isinstance(policies, Missing):
        name = assigned.name or GLOBAL
        return Unresolved(f"The policy {name} holds, but not what it says: {policies.reason}")
    name = assigned.name or (GLOBAL if assigned.how == "global" else "")
    found = policies.get(policy_key(name)) if name else None
    if found is None:
        return Unresolved(f"The policy “{name}” holds, but is not in the list that was read.")
    return found


def where_from(assigned: Assigned | None) -> str:
    """How the policy came to the account, in brackets, or nothing."""
    how = HOW.get(assigned.how, "") if assigned else ""
    return f" ({how})" if how else ""


def fitting_calling(policies: Iterable[CallingPolicy]) -> CallingPolicy | None:
    """The calling policy to assign where one lacks: both switches before one, not `Global`.

    `Global` holds without being assigned, so it cannot be what an account lacks.
    """
    fit = [
        policy
        for policy in policies
        if policy.allow_sip_devices and policy_key(policy.name) != policy_key(GLOBAL)
    ]
    return min(fit, key=lambda p: (not redirects(p), p.name.casefold()), default=None)


def fitting_ip_phone(policies: Iterable[IPPhonePolicy]) -> IPPhonePolicy | None:
    """The IP-phone policy to assign: the one of the usual name before any other that fits."""
    fit = [
        policy
        for policy in policies
        if policy.common_area and policy_key(policy.name) != policy_key(GLOBAL)
    ]
    return min(fit, key=lambda p: (not usual_name(p), p.name.casefold()), default=None)


def redirects(policy: CallingPolicy) -> bool:
    """Whether `AllowCallRedirect` is on."""
    return policy.call_redirect.casefold() == "enabled"


def usual_name(policy: IPPhonePolicy) -> bool:
    """Whether an IP-phone policy has the name the documents give it."""
    return policy_key(policy.name) == "commonareaphone"
