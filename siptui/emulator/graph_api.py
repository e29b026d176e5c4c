"""Microsoft Graph, as far as a preflight and its fixes use it, `$batch` included.

Each call takes a permission of the token and, where Graph asks for one, a role of the caller.
Paths and fields: Graph's reference (user configurations, number assignment, policy assignment,
roles, Conditional Access, authentication requirements).
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode

from siptui.domain.roles import (
    ACTIVATION_READS,
    MFA_READS,
    NUMBER_WRITES,
    POLICY_READS,
    ROLE_IDS,
    TEAMS_READS,
)
from siptui.domain.roles import TEAMS_WRITES as GRANTS
from siptui.emulator.accounts import Person, object_id
from siptui.emulator.admin_api import (
    PLANS,
    effective,
    granted,
    telephone_numbers,
)
from siptui.emulator.auth_and_throttle import Gate
from siptui.emulator.bulk_api import retry_header
from siptui.emulator.faults import Faults
from siptui.emulator.graph_numbers import Operations
from siptui.emulator.graph_policies import access_policy, role_assignments
from siptui.emulator.pages import paged
from siptui.emulator.paths import Source, called
from siptui.emulator.policies import CALLING, IP_PHONE
from siptui.emulator.role_changes import HeldRoles
from siptui.emulator.service_routes import Asked, Face, Handle, Told, parameters_of
from siptui.emulator.tenant import Tenant

_MOST_PARTS = 20
_MOST_NAMES = 15
_TEXT = re.compile("'((?:[^']|'')*)'")
_IN = re.compile(f"userPrincipalName in \\({_TEXT.pattern}(?: *, *{_TEXT.pattern})*\\)", re.I)
_READ_USERS = frozenset({"User.Read.All", "Directory.Read.All"})
_BASIC = frozenset({"id", "userPrincipalName", "displayName"})
_Rule = tuple[Handle, tuple[str, ...], frozenset[str]]
_ANY_ROLE = frozenset(ROLE_IDS)
#: What an office worker has besides: the apps of Microsoft 365 (Microsoft's table of plans). The
#: admin API does not tell of it, only of what Teams goes by.
_OFFICE = (("MicrosoftOffice", "43de0ff5-c92c-492b-9116-175376d08c38"),)


class GraphFace(Face):
    """HTTP in front of the tenant's directory."""

    source = Source.GRAPH
    prefixes = ("/v1.0/", "/beta/")

    def __init__(self, tenant: Tenant, gate: Gate, faults: Faults, held: HeldRoles) -> None:
        self._faults = faults
        self._held = held
        self._operations = Operations(tenant)
        super().__init__(tenant, gate)

    def handled(self) -> Mapping[tuple[str, str], Handle]:
        """See `Face`."""
        users = tuple(_READ_USERS)
        teams = ("TeamsUserConfiguration.Read.All",)
        policies = ("Policy.Read.All",)
        roles = ("RoleManagement.Read.Directory", "Directory.Read.All")
        activations = ("RoleAssignmentSchedule.Read.Directory", "RoleManagement.Read.Directory")
        numbers = ("TeamsTelephoneNumber.ReadWrite.All",)
        grants = ("TeamsPolicyUserAssign.ReadWrite.All",)
        rules: dict[tuple[str, str], _Rule] = {
            ("GET", "graphUsers"): (self._users, users, _ANY_ROLE),
            ("GET", "graphUser"): (self._user, ("User.ReadBasic.All", *users), _ANY_ROLE),
            ("GET", "graphMfa"): (self._mfa, policies, MFA_READS),
            ("GET", "graphTeamsUsers"): (self._teams_users, teams, TEAMS_READS),
            ("GET", "graphTeamsUser"): (self._teams_user, teams, TEAMS_READS),
            ("POST", "graphGrant"): (self._grant, grants, GRANTS),
            ("POST", "graphAssignNumber"): (self._assign, numbers, NUMBER_WRITES),
            ("POST", "graphUnassignNumber"): (self._unassign, numbers, NUMBER_WRITES),
            ("GET", "graphOperation"): (self._operation, numbers, NUMBER_WRITES),
            ("GET", "graphOwnRoles"): (self._own_roles, ("User.Read", *roles, *users), _ANY_ROLE),
            ("GET", "graphRoleAssignments"): (self._role_assignments, roles, _ANY_ROLE),
            ("GET", "graphOwnActivations"): (self._activations, activations, ACTIVATION_READS),
            ("GET", "graphAccessPolicies"): (self._access_policies, policies, POLICY_READS),
            ("GET", "graphSecurityDefaults"): (self._defaults, policies, POLICY_READS),
        }
        handlers = {key: self._guarded(*rule) for key, rule in rules.items()}
        return {**handlers, ("POST", "graphBatch"): self._batch}

    def error(self, status: int, code: str, message: str, wait: float | None = None) -> Told:
        """See `Face`."""
        form = self.tenant.scenario.limits.retry_after_form
        if status == 401:
            code = "InvalidAuthenticationToken"
        value = {"error": {"code": code, "message": message}}
        return Told(status, value, retry_header(self.tenant, wait, form))

    def _guarded(
        self, handle: Handle, permissions: tuple[str, ...], roles: frozenset[str]
    ) -> Handle:
        def guarded(asked: Asked) -> Told:
            given = asked.caller.permissions
            if (given is not None and not given & set(permissions)) or (
                roles is not _ANY_ROLE and not asked.caller.roles & roles
            ):
                message = "Insufficient privileges to complete the operation."
                return self.error(403, "Authorization_RequestDenied", message)
            return handle(asked)

        return guarded

    # -- $batch ---------------------------------------------------------------------------------

    def answer(self, asked: Asked) -> Told:
        """A `$batch` is let in as a whole; each of its parts is throttled separately."""
        return self._batch(asked) if asked.called.name == "graphBatch" else super().answer(asked)

    def _batch(self, asked: Asked) -> Told:
        parts = asked.field("requests")
        if asked.method != "POST" or not isinstance(parts, list):
            return self.error(400, "BadRequest", "requests is missing.")
        if not 1 <= len(parts) <= _MOST_PARTS:
            message = f"The number of batch requests is more than {_MOST_PARTS}."
            return self.error(400, "MaximumValueExceeded", message)
        told = [self._part(asked, part) for part in parts]
        # Graph answers in whatever order it comes to it.
        return Told(200, {"responses": list(reversed(told))})

    def _part(self, asked: Asked, part: Any) -> dict[str, Any]:
        if not isinstance(part, dict):
            return {"id": "", "status": 400, "headers": {}, "body": None}
        path, _, query = str(part.get("url", "")).partition("?")
        found = called(f"/v1.0{unquote(path)}") or called(f"/beta{unquote(path)}")
        told = self.error(404, "NotFound", "There is nothing here.")
        if found is not None and found.name != "graphBatch":
            self.tenant.ledger.parts[found.name] += 1
            fault = self._faults.pick(found.name, None, self.tenant.settle())
            if fault is not None and fault.kind == "status":
                status = fault.status or 500
                told = self.error(status, "TooManyRequests", "Please retry.", fault.retry_after)
            elif self.gate.too_fast(self.source):
                told = self.error(429, "TooManyRequests", "Too many requests.", 60)
            else:
                told = self.handle(
                    Asked(
                        str(part.get("method", "GET")).upper(),
                        found,
                        parameters_of(parse_qsl(query)),
                        part.get("body"),
                        asked.caller,
                        asked.address,
                    )
                )
        headers = {"Content-Type": "application/json", **told.headers}
        return {
            "id": str(part.get("id", "")),
            "status": told.status,
            "headers": headers,
            "body": told.value,
        }

    # -- accounts -------------------------------------------------------------------------------

    def _person(self, name: str) -> Person | None:
        tenant = self.tenant
        name = tenant.people.name_of(name)
        return tenant.people.person(
            name,
            tenant.settle(),
            attempt=tenant.next_attempt(name),
            written=tenant.reads_up_to(),
        )

    def _missing(self) -> Told:
        return self.error(404, "Request_ResourceNotFound", "The resource does not exist.")

    def _users(self, asked: Asked) -> Told:
        """The accounts of a filter by `in`; those a filter must not name are not looked for."""
        wanted = asked.parameters.get("filter", "")
        if not _IN.fullmatch(wanted.strip()):
            return self.error(400, "Request_UnsupportedQuery", "Only userPrincipalName in (…).")
        names = [name.replace("''", "'") for name in _TEXT.findall(wanted)]
        if len(names) > _MOST_NAMES:
            message = (
                "Too many child clauses specified in search filter expression containing 'OR' "
                f"operators: {len(names)}. Max allowed: {_MOST_NAMES}."
            )
            return self.error(400, "Request_UnsupportedQuery", message)
        if "perusermfastate" in asked.parameters.get("select", "").casefold():
            given = asked.caller.permissions
            if (given is not None and "Policy.Read.All" not in given) or (
                not asked.caller.roles & MFA_READS
            ):
                message = "Insufficient privileges to complete the operation."
                return self.error(403, "Authorization_RequestDenied", message)
        people = [person for name in names if (person := self._person(name))]
        return self._list(asked, [self._row(person, asked) for person in people])

    def _user(self, asked: Asked) -> Told:
        """With User.ReadBasic.All alone the basic fields are told, and the others left out."""
        person = self._person(asked.called.parts[0])
        if person is None:
            return self._missing()
        row, given = self._row(person, asked), asked.caller.permissions
        if given is not None and not given & _READ_USERS:
            row = {key: value for key, value in row.items() if key in _BASIC}
        return Told(200, row)

    def _row(self, person: Person, asked: Asked) -> dict[str, Any]:
        row: dict[str, Any] = {
            "id": person.object_id,
            "userPrincipalName": person.user_name,
            "displayName": person.user_name.partition("@")[0],
            "accountEnabled": person.account.enabled,
            "onPremisesSyncEnabled": True if person.synced else None,
            "assignedPlans": [
                {"service": name, "capabilityStatus": "Enabled", "servicePlanId": plan}
                for name, plan in _plans(person)
            ],
            "perUserMfaState": person.account.mfa,
        }
        wanted = asked.parameters.get("select", "")
        fields = {one.strip() for one in wanted.split(",") if one.strip()}
        if not fields:
            fields = set(row) - {"perUserMfaState"}
        return {key: row[key] for key in row if key in fields}

    def _mfa(self, asked: Asked) -> Told:
        person = self._person(asked.called.parts[0])
        if person is None:
            return self._missing()
        return Told(200, {"perUserMfaState": person.account.mfa})

    def _teams_users(self, asked: Asked) -> Told:
        name = asked.parameters.get("filter", "").partition("'")[2].rpartition("'")[0]
        if not name:
            return self.error(400, "BadRequest", "Only a filter by userPrincipalName is known.")
        person = self._person(name.replace("''", "'"))
        return Told(200, {"value": [self._teams_row(person)] if person else []})

    def _teams_user(self, asked: Asked) -> Told:
        person = self._person(asked.called.parts[0])
        return Told(200, self._teams_row(person)) if person else self._missing()

    def _teams_row(self, person: Person) -> dict[str, Any]:
        licence = person.account.licence
        return {
            "id": person.object_id,
            "userPrincipalName": person.user_name,
            "tenantId": self.tenant.scenario.tenant.id,
            "accountType": person.account.account_type.lower(),
            "isEnterpriseVoiceEnabled": licence,
            "featureTypes": ["Teams", "PhoneSystem"] if licence else [],
            "telephoneNumbers": telephone_numbers(person),
            "effectivePolicyAssignments": effective(
                ((CALLING, person.calling), (IP_PHONE, person.ip_phone))
            ),
        }

    # -- changes --------------------------------------------------------------------------------

    def _grant(self, asked: Asked) -> Told:
        rows = asked.field("value")
        for row in rows if isinstance(rows, list) else [None]:
            if not isinstance(row, dict):
                return self.error(400, "BadRequest", "value is no list of assignments.")
            user, kind = str(row.get("userId", "")), str(row.get("policyType", ""))
            done = granted(self, user, kind, row.get("policyId"))
            if done.status != 200:
                return done
        return Told(204)

    def _assign(self, asked: Asked) -> Told:
        return self._operations.assign(self, asked)

    def _unassign(self, asked: Asked) -> Told:
        return self._operations.unassign(self, asked)

    def _operation(self, asked: Asked) -> Told:
        return self._operations.read(self, asked)

    # -- roles and policies ---------------------------------------------------------------------

    def _list(self, asked: Asked, rows: list[Any]) -> Told:
        size = self.tenant.scenario.limits.page
        page, further = paged(rows, asked.parameters.get("skiptoken", ""), size)
        value: dict[str, Any] = {"value": page}
        if further:
            query = urlencode({"$skiptoken": further}, safe="$")
            path = f"/v1.0{_PATHS[asked.called.name]}"
            value["@odata.nextLink"] = f"{asked.address}{path}?{query}"
        return Told(200, value)

    def _own_roles(self, asked: Asked) -> Told:
        rows = [
            {"displayName": name, "roleTemplateId": ROLE_IDS[name]}
            for name in sorted(asked.caller.roles)
        ]
        return self._list(asked, rows)

    def _role_assignments(self, asked: Asked) -> Told:
        own = {object_id(asked.caller.user): sorted(asked.caller.roles)}
        return self._list(asked, role_assignments(self.tenant, own))

    def _activations(self, asked: Asked) -> Told:
        now, user = self.tenant.settle(), asked.caller.user
        rows = []
        for name in sorted(asked.caller.roles):
            end = self._held.end(user, name, now)
            until = self.tenant.clock.date() + timedelta(seconds=end - now) if end else None
            rows.append(
                {
                    "principalId": object_id(user),
                    "roleDefinitionId": ROLE_IDS[name],
                    "directoryScopeId": "/",
                    "assignmentType": "Activated" if until else "Assigned",
                    "memberType": "Direct",
                    "endDateTime": until.isoformat().replace("+00:00", "Z") if until else None,
                }
            )
        return self._list(asked, rows)

    def _access_policies(self, asked: Asked) -> Told:
        found = self.tenant.scenario.access_policies
        return self._list(asked, [access_policy(one, self.tenant.people) for one in found])

    def _defaults(self, asked: Asked) -> Told:
        on = self.tenant.scenario.tenant.security_defaults
        return Told(200, {"displayName": "Security Defaults", "isEnabled": on})


#: Where the further pages of a list are.
_PATHS = {
    "graphUsers": "/users",
    "graphOwnRoles": "/me/transitiveMemberOf/microsoft.graph.directoryRole",
    "graphOwnActivations": "/roleManagement/directory/roleAssignmentScheduleInstances"
    "/filterByCurrentUser(on='principal')",
    "graphRoleAssignments": "/roleManagement/directory/roleAssignments",
    "graphAccessPolicies": "/identity/conditionalAccess/policies",
}


def _plans(person: Person) -> tuple[tuple[str, str], ...]:
    """Services and ids of the plans of an account's licences."""
    account = person.account
    return (PLANS if account.licence else ()) + (_OFFICE if account.office else ())
