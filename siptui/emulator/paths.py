"""The calls of the emulated services by their paths: names that ledger and fault rules use.

Admin API, Graph and the device inventory share one port: none of their paths begins like
another's.
"""

import re
from enum import StrEnum
from functools import lru_cache

from msgspec import Struct


class Source(StrEnum):
    """The services; each is throttled separately."""

    BULK = "bulk"
    ADMIN = "admin"
    GRAPH = "graph"
    INVENTORY = "inventory"


_BULK = "/Teams.SipDevicesGatewayManagement/v1"
_TEAMS = "/(?:v1.0|beta)/admin/teams"
_NUMBERS = f"{_TEAMS}/telephoneNumberManagement"
_ID = "([^/]+)"
_PATHS: tuple[tuple[Source, str, str], ...] = (
    (Source.BULK, "serviceDiscovery", "/Teams.Tenant/serviceDiscovery"),
    (Source.BULK, "createbatch", f"{_BULK}/createbatch"),
    (Source.BULK, "batchstatus", f"{_BULK}/batchstatus"),
    (Source.BULK, "batchsummaries", f"{_BULK}/batchsummaries"),
    (Source.ADMIN, "tenants", "/Teams.Tenant/tenants"),
    (Source.ADMIN, "users", "/Teams.User/users"),
    (Source.ADMIN, "user", f"/Teams.User/users/{_ID}"),
    (Source.ADMIN, "configurations", f"/Skype.Policy/configurations/{_ID}"),
    (
        Source.ADMIN,
        "configuration",
        f"/Skype.Policy/configurations/{_ID}/configuration/{_ID}",
    ),
    (Source.ADMIN, "grant", f"/Skype.Policy/users/{_ID}/policies/{_ID}"),
    (Source.ADMIN, "grantByUser", f"/Skype.Policy/users/{_ID}"),
    (Source.ADMIN, "numbers", "/Skype.TelephoneNumberMgmt/cmdlet/assignments"),
    (Source.GRAPH, "graphBatch", r"/(?:v1.0|beta)/\$batch"),
    (Source.GRAPH, "graphUsers", "/(?:v1.0|beta)/users"),
    (Source.GRAPH, "graphUser", f"/(?:v1.0|beta)/users/{_ID}"),
    (Source.GRAPH, "graphMfa", f"/beta/users/{_ID}/authentication/requirements"),
    (Source.GRAPH, "graphTeamsUsers", f"{_TEAMS}/userConfigurations"),
    (Source.GRAPH, "graphTeamsUser", f"{_TEAMS}/userConfigurations/{_ID}"),
    (Source.GRAPH, "graphGrant", f"{_TEAMS}/policy/userAssignments/assign"),
    (Source.GRAPH, "graphAssignNumber", f"{_NUMBERS}/numberAssignments/assignNumber"),
    (Source.GRAPH, "graphUnassignNumber", f"{_NUMBERS}/numberAssignments/unassignNumber"),
    (Source.GRAPH, "graphOperation", f"{_NUMBERS}/operations/{_ID}"),
    (
        Source.GRAPH,
        "graphOwnRoles",
        r"/(?:v1.0|beta)/me/transitiveMemberOf/microsoft\.graph\.directoryRole",
    ),
    (
        Source.GRAPH,
        "graphRoleAssignments",
        "/(?:v1.0|beta)/roleManagement/directory/roleAssignments",
    ),
    (
        Source.GRAPH,
        "graphOwnActivations",
        r"/(?:v1.0|beta)/roleManagement/directory/roleAssignmentScheduleInstances"
        r"/filterByCurrentUser\(on='principal'\)",
    ),
    (Source.GRAPH, "graphAccessPolicies", "/(?:v1.0|beta)/identity/conditionalAccess/policies"),
    (
        Source.GRAPH,
        "graphSecurityDefaults",
        "/(?:v1.0|beta)/policies/identitySecurityDefaultsEnforcementPolicy",
    ),
    (Source.INVENTORY, "devices", "/api/v2/devices"),
)
_COMPILED = [(source, name, re.compile(path, re.IGNORECASE)) for source, name, path in _PATHS]
#: What a fault rule may name.
CALL_NAMES = frozenset({"*", *(name for _, name, _ in _PATHS)})


class Called(Struct, frozen=True):
    """A call. `parts` are the pieces of the path that say whom or what it is about."""

    source: Source
    name: str
    parts: tuple[str, ...] = ()


@lru_cache(maxsize=1024)
def called(path: str) -> Called | None:
    """The call at this (unquoted) path; the services do not mind its case."""
    for source, name, pattern in _COMPILED:
        if match := pattern.fullmatch(path):
            return Called(source, name, match.groups())
    return None
