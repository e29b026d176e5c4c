"""Conditional Access and security defaults that would stop the accounts. Pure.

What a policy demands of all accounts is a finding of the tenant; what it demands of one account by
name is one of that account. Groups, roles and special conditions cannot be resolved from here: a
policy with them may hit, and that is said as `unknown`.
"""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from siptui.gateway.tenant_model import AccessPolicy
from siptui.preflight import remedies
from siptui.preflight.facts import Facts, Missing, TenantFacts
from siptui.preflight.finding import Check, Finding, Result
from siptui.preflight.tenant_checks import missing

#: Apps that a bulk sign-in touches: the three of SIP Gateway (Microsoft Learn, "Set up dynamic
#: filters for SIP Gateway") and Microsoft Teams Services, on which they lean.
SIP_GATEWAY_APPS = frozenset(
    {
        "0ab9de21-b802-4d77-b279-1ad41ca233b4",
        "582b2e88-6cca-4418-83d2-2451801e1d26",
        "61c8fd69-c13e-4ee6-aaa6-24ff71c09bca",
    }
)
TEAMS_APP = "cc15fd57-2c6c-4117-a88c-83b1d56b4bbe"
_APPS = SIP_GATEWAY_APPS | {TEAMS_APP, "office365"}
#: Demands that a phone cannot fulfil when it signs in.
_STOPPING = frozenset(
    {
        *("mfa", "block", "compliantdevice", "domainjoineddevice", "approvedapplication"),
        *("compliantapplication", "passwordchange"),
    }
)
_ALL = "all"


class Hit(Struct, frozen=True):
    """A policy that stops an account, for certain or perhaps."""

    policy: AccessPolicy
    certain: bool


def _folded(values: Iterable[str]) -> frozenset[str]:
    return frozenset(value.casefold() for value in values)


def stops(policy: AccessPolicy) -> bool | None:
    """Whether an enabled policy's demands stop a sign-in of the apps in question.

    `None`: perhaps. One about the device code flow: whether bulk sign-in uses it is not known.
    """
    if policy.state.casefold() != "enabled" or not _folded(policy.demands) & _STOPPING:
        return False
    apps, excluded = _folded(policy.apps), _folded(policy.excluded_apps)
    if _ALL not in apps and not apps & _APPS:
        return False
    # The three cannot be picked, so leaving Teams out is the documented way.
    if TEAMS_APP in excluded or "office365" in excluded or excluded >= SIP_GATEWAY_APPS:
        return False
    narrowed = bool(policy.transfer_methods) or policy.locations_excluded or policy.narrowed
    return None if narrowed else True


def hit_of_all(policy: AccessPolicy) -> Hit | None:
    """Whether the policy is about every account, those left out by name apart."""
    if (stop := stops(policy)) is False:
        return None
    if _ALL in _folded(policy.users):
        return Hit(policy, stop is True and not policy.excluded_groups)
    # Guests are named by words, accounts by ids: only groups can hold an account unseen.
    return Hit(policy, False) if policy.groups else None


def hit_by_name(policy: AccessPolicy, object_id: str) -> Hit | None:
    """Whether the policy names this very account."""
    mine = object_id.casefold()
    if not mine or mine not in _folded(policy.users) or mine in _folded(policy.excluded_users):
        return None
    if (stop := stops(policy)) is False:
        return None
    return Hit(policy, stop is True and not policy.excluded_groups)


def _told(policy: AccessPolicy) -> str:
    demands = ", ".join(sorted(policy.demands)) or "nothing"
    flow = f" for {', '.join(sorted(policy.transfer_methods))}" if policy.transfer_methods else ""
    return f"“{policy.name}” demands {demands}{flow}"


def tenant_finding(facts: Facts, keys: Sequence[str]) -> Finding:
    """What stops the accounts `keys` as a whole: policies about all accounts, security defaults.

    An account left out of a policy by name is not hit by it; a policy that leaves all of them
    out is none of theirs.
    """
    check, tenant = Check.CONDITIONAL_ACCESS, facts.tenant
    policies = tenant.access_policies
    if isinstance(policies, Missing):
        return missing(check, policies)
    ids = [facts.object_id(key).casefold() for key in keys]
    sure: list[str] = []
    perhaps: list[str] = []
    for policy in policies:
        hit = hit_of_all(policy)
        if hit is None:
            continue
        excluded = _folded(policy.excluded_users)
        left = [one for one in ids if one not in excluded]
        if not left:
            continue
        known = [one for one in left if one]
        whose = "all" if len(left) == len(ids) else f"{len(left):,}"
        said = f"{_told(policy)} of {whose} account{'' if whose == '1' else 's'}"
        if hit.certain and known:
            sure.append(said)
        else:
            perhaps.append(f"{said}, unless it leaves them out{_by(policy)}")
    perhaps += _defaults(tenant)
    remedy = remedies.remedy(check).text
    if sure:
        return Finding(check, Result.FAIL, "; ".join([*sure, *perhaps]) + ".", remedy=remedy)
    if perhaps:
        detail = f"May stop them: {'; '.join(perhaps)}."
        return Finding(check, Result.UNKNOWN, detail, remedy=remedy, warning=True)
    enabled = sum(policy.state.casefold() == "enabled" for policy in policies)
    return Finding(
        check, Result.PASS, f"None of {enabled} enabled policies is about all these accounts."
    )


def _by(policy: AccessPolicy) -> str:
    ways = [
        word
        for word, there in (
            ("by group", bool(policy.groups or policy.excluded_groups)),
            ("by place", policy.locations_excluded),
            ("by its other conditions", policy.narrowed or bool(policy.transfer_methods)),
        )
        if there
    ]
    return f" {' or '.join(ways)}" if ways else ""


def _defaults(tenant: TenantFacts) -> list[str]:
    defaults = tenant.security_defaults
    if isinstance(defaults, Missing):
        return [f"security defaults could not be read ({defaults})"]
    return ["security defaults are on and ask all accounts for MFA"] if defaults else []


def account_finding(facts: Facts, key: str) -> Finding | None:
    """Policies that name this account; nothing where there is none."""
    policies = facts.tenant.access_policies
    if isinstance(policies, Missing):
        return None  # said once, of the tenant
    object_id = facts.object_id(key)
    hits = [hit for policy in policies if (hit := hit_by_name(policy, object_id))]
    if not hits:
        return None
    certain = [hit for hit in hits if hit.certain]
    detail = "; ".join(_told(hit.policy) for hit in certain or hits)
    return Finding(
        Check.CONDITIONAL_ACCESS,
        Result.FAIL if certain else Result.UNKNOWN,
        f"{detail} of this account." if certain else f"May stop it: {detail}.",
        remedy=remedies.remedy(Check.CONDITIONAL_ACCESS).text,
        warning=not certain,
    )
