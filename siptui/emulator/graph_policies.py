"""Conditional Access policies and role assignments as Graph writes them."""

from collections.abc import Iterable, Mapping
from typing import Any

from siptui.domain.roles import ROLE_IDS
from siptui.emulator.accounts import People, object_id
from siptui.emulator.scenario_tables import AccessPolicy
from siptui.emulator.tenant import Tenant

#: The role that accounts of a scenario hold where it calls them administrators.
_ROLE = "Helpdesk Administrator"


def access_policy(policy: AccessPolicy, people: People) -> dict[str, Any]:
    """A policy of the scenario, with ids in place of names."""
    flows = None
    if policy.transfer_methods:
        flows = {"transferMethods": ",".join(policy.transfer_methods)}
    places = None
    if policy.excluded_locations:
        places = {
            "includeLocations": ["All"],
            "excludeLocations": [object_id(f"place:{one}") for one in policy.excluded_locations],
        }
    return {
        "id": object_id(f"policy:{policy.name}"),
        "displayName": policy.name,
        "state": policy.state,
        "conditions": {
            "clientAppTypes": ["all"],
            "signInRiskLevels": [],
            "userRiskLevels": [],
            "users": {
                "includeUsers": _people(policy.users, people),
                "excludeUsers": _people(policy.excluded_users, people),
                "includeGroups": _groups(policy.groups),
                "excludeGroups": _groups(policy.excluded_groups),
                "includeRoles": [ROLE_IDS.get(role, role) for role in policy.roles],
                "excludeRoles": [],
            },
            "applications": {
                "includeApplications": list(policy.apps),
                "excludeApplications": list(policy.excluded_apps),
                "includeUserActions": [],
            },
            "platforms": None,
            "locations": places,
            "authenticationFlows": flows,
        },
        "grantControls": {
            "operator": "OR",
            "builtInControls": list(policy.demands),
            "customAuthenticationFactors": [],
            "termsOfUse": [],
        },
        "sessionControls": None,
    }


def _people(names: Iterable[str], people: People) -> list[str]:
    return [people.known(name) if "@" in name else name for name in names]


def _groups(names: Iterable[str]) -> list[str]:
    return [object_id(f"group:{name}") for name in names]


def role_assignments(tenant: Tenant, own: Mapping[str, Iterable[str]]) -> list[dict[str, Any]]:
    """Who holds a role: the caller (`own`: roles by object id), and accounts that a scenario
    calls administrators."""
    now = tenant.settle()
    held = {key: list(roles) for key, roles in own.items()}
    for name in sorted(tenant.people.names()):
        person = tenant.people.person(name, now, attempt=tenant.next_attempt(name))
        if person is not None and person.account.administrator:
            held.setdefault(person.object_id, []).append(_ROLE)
    return [
        {
            "id": object_id(f"{who}:{role}"),
            "principalId": who,
            "roleDefinitionId": ROLE_IDS[role],
            "directoryScopeId": "/",
        }
        for who, roles in held.items()
        for role in roles
    ]
