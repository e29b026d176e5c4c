"""The Teams admin API beyond bulk sign-in: tenant, accounts, policies, assignments, numbers.

Paths and shapes: `Teams.User` answers camelCase with `users[]` and `effectivePolicyAssignments`
(go-teams, on a live tenant); `Skype.Policy` answers a bare list in PascalCase, merges a PUT, and
wants `Key` back where it gave one.
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from siptui.domain.roles import TEAMS_READS, TEAMS_WRITES
from siptui.emulator.accounts import Held, Person
from siptui.emulator.answer_format import ACCESS_DENIED, cased
from siptui.emulator.bulk_api import retry_header
from siptui.emulator.pages import paged
from siptui.emulator.paths import Source
from siptui.emulator.policies import CALLING, GLOBAL, IP_PHONE, TYPES, NotDone
from siptui.emulator.service_routes import Asked, Face, Handle, Told

_TERM = r"userprincipalname\s+eq\s+'((?:[^']|'')*)'"
_FILTER = re.compile(rf"\s*{_TERM}(?:\s+or\s+{_TERM})*\s*", re.IGNORECASE)
_ONE = re.compile(_TERM, re.IGNORECASE)
#: Service plans of a shared device's licence: capability and id (Microsoft's table of plans).
PLANS = (
    ("Teams", "57ff2da0-773e-42df-b2af-ffb7a2317929"),
    ("MCOStandard", "0feaeb32-d00e-4d66-bd5a-43b5b83db82c"),
    ("MCOEV", "4828c8ec-dc2e-4779-b502-87ac9ce28ab7"),
)


class AdminFace(Face):
    """HTTP in front of the tenant's administration."""

    source = Source.ADMIN
    prefixes = (
        "/Teams.Tenant/tenants",
        "/Teams.User/",
        "/Skype.Policy/",
        "/Skype.TelephoneNumberMgmt/",
    )

    def handled(self) -> Mapping[tuple[str, str], Handle]:
        """See `Face`."""
        reads: dict[tuple[str, str], Handle] = {
            ("GET", "tenants"): self._tenant,
            ("GET", "users"): self._users,
            ("GET", "user"): self._user,
            ("GET", "configurations"): self._configurations,
            ("GET", "configuration"): self._configuration,
            ("GET", "numbers"): self._numbers,
        }
        writes: dict[tuple[str, str], Handle] = {
            ("POST", "configurations"): self._create,
            ("PUT", "configuration"): self._merge,
            ("DELETE", "configuration"): self._delete,
        }
        if self.tenant.scenario.wire.grants == "module":
            writes["PATCH", "grant"] = self._grant
        else:
            writes["PUT", "grantByUser"] = self._grant
        allowed = [(reads, TEAMS_READS), (writes, TEAMS_WRITES)]
        return {
            key: self._guarded(handle, roles)
            for group, roles in allowed
            for key, handle in group.items()
        }

    def error(self, status: int, code: str, message: str, wait: float | None = None) -> Told:
        """See `Face`."""
        limits = self.tenant.scenario.limits
        headers = retry_header(self.tenant, wait, limits.retry_after_form)
        if status == 403:
            return Told(403, ACCESS_DENIED)
        value = {"code": code, "message": message, "action": ""}
        return Told(status, value, headers)

    def _guarded(self, handle: Handle, roles: frozenset[str]) -> Handle:
        def guarded(asked: Asked) -> Told:
            if not asked.caller.roles & roles:
                return self.error(403, "Forbidden", "Access Denied.")
            return handle(asked)

        return guarded

    def _told(self, value: Any) -> Told:
        """`value`, written here in the casing that was seen, in that of the scenario."""
        casing = self.tenant.scenario.wire.admin_casing
        return Told(200, value if casing == "observed" else cased(value, casing))

    # -- tenant and accounts --------------------------------------------------------------------

    def _tenant(self, asked: Asked) -> Told:
        tenant = self.tenant.scenario.tenant
        host = asked.address.partition("://")[2]
        value = {
            "tenantId": tenant.id,
            "displayName": tenant.name,
            "verifiedDomains": [{"name": tenant.domain, "status": "Enabled"}],
            "serviceDiscovery": {
                "Endpoints": {"ConfigApiEndpoint": host, "AdminServiceEndpoint": host},
                "Headers": {"X-MS-Forest": "0e"},
            },
        }
        return self._told(value)

    def _users(self, asked: Asked) -> Told:
        wanted = asked.parameters.get("psfilter", asked.parameters.get("filter", ""))
        if not _FILTER.fullmatch(wanted):
            return self.error(400, "BadRequest", "AADGraph Request failed with BadRequest.")
        names = dict.fromkeys(n.replace("''", "'").casefold() for n in _ONE.findall(wanted))
        found = [person for name in names if (person := self._person(name))]
        size = min(self.tenant.scenario.limits.page, _whole(asked.parameters.get("pagesize")))
        rows, further = paged(found, asked.parameters.get("skiptoken", ""), size)
        value: dict[str, Any] = {"users": [self._row(person) for person in rows]}
        if further:
            query = f"psfilter={quote(wanted)}&skiptoken={further}"
            value["nextLink"] = f"{asked.address}/Teams.User/users?{query}"
        return self._told(value)

    def _user(self, asked: Asked) -> Told:
        person = self._person(asked.called.parts[0])
        if person is None:
            return self.error(404, "NotFound", "The account was not found.")
        return self._told(self._row(person))

    def _person(self, name: str) -> Person | None:
        tenant = self.tenant
        name = tenant.people.name_of(name)
        return tenant.people.person(
            name,
            tenant.settle(),
            attempt=tenant.next_attempt(name),
            written=tenant.reads_up_to(),
        )

    def _row(self, person: Person) -> dict[str, Any]:
        account, number = person.account, person.number
        row: dict[str, Any] = {
            "objectId": person.object_id,
            "userPrincipalName": person.user_name,
            "displayName": person.user_name.partition("@")[0],
            "accountEnabled": account.enabled,
            "accountType": account.account_type,
            "usageLocation": "GB",
            "lineUri": f"tel:{number}" if number else None,
            "enterpriseVoiceEnabled": account.licence,
            "featureTypes": ["Teams", "PhoneSystem"] if account.licence else [],
            "assignedPlan": assigned_plans(person),
            "telephoneNumbers": telephone_numbers(person),
            "userDirSyncEnabled": person.synced,
            "userValidationErrors": [],
        }
        held = ((CALLING, person.calling), (IP_PHONE, person.ip_phone))
        if self.tenant.scenario.wire.policies == "older":
            for kind, policy in held:
                named = {"authority": "Tenant", "name": policy.name}
                row[kind[:1].lower() + kind[1:]] = named if policy.how else None
        else:
            row["effectivePolicyAssignments"] = effective(held)
        return row

    def _numbers(self, asked: Asked) -> Told:
        parameters = asked.parameters
        name = parameters.get("assignedpstntargetid", "")
        person = self._person(name) if name else None
        rows = [
            {
                "TelephoneNumber": number.number,
                "NumberType": number.kind,
                "PstnAssignmentStatus": "Unassigned",
                "AssignedPstnTargetId": None,
            }
            for number in self.tenant.scenario.numbers
            if not name and not self.tenant.people.holder(number.number, self.tenant.settle())
        ]
        if person and person.number:
            rows.append(
                {
                    "TelephoneNumber": person.number,
                    "NumberType": "DirectRouting",
                    "PstnAssignmentStatus": "UserAssigned",
                    "AssignedPstnTargetId": person.object_id,
                }
            )
        first = _whole(parameters.get("skip"), 0)
        return self._told(rows[first : first + _whole(parameters.get("top"), 500)])

    # -- policies and settings --------------------------------------------------------------------

    def _kind(self, asked: Asked) -> str:
        wanted = asked.called.parts[0].casefold()
        return next((kind for kind in TYPES if kind.casefold() == wanted), "")

    def _configurations(self, asked: Asked) -> Told:
        kind = self._kind(asked)
        if not kind:
            return self.error(404, "NotFound", f"There is no type {asked.called.parts[0]}.")
        found = self.tenant.configurations.all(kind, self.tenant.reads_up_to())
        return self._told(found)

    def _configuration(self, asked: Asked) -> Told:
        kind, name = self._kind(asked), asked.called.parts[1]
        found = self.tenant.configurations.one(kind, name, self.tenant.reads_up_to())
        if found is None:
            return self.error(404, "NotFound", f"{kind} {name} was not found.")
        return self._told(found)

    def _create(self, asked: Asked) -> Told:
        return self._written(
            asked,
            lambda kind, fields: self.tenant.configurations.create(
                kind, fields, self.tenant.settle()
            ),
        )

    def _merge(self, asked: Asked) -> Told:
        return self._written(
            asked,
            lambda kind, fields: self.tenant.configurations.merge(
                kind, asked.called.parts[1], fields, self.tenant.settle()
            ),
        )

    def _written(self, asked: Asked, write: Any) -> Told:
        kind = self._kind(asked)
        if not kind or not isinstance(asked.body, dict):
            return self.error(400, "BadRequest", "There is no such type, or nothing to write.")
        done = write(kind, {key[:1].upper() + key[1:]: value for key, value in asked.body.items()})
        if isinstance(done, NotDone):
            return self.error(done.status, done.code, done.message)
        return Told(200)

    def _delete(self, asked: Asked) -> Told:
        kind, name = self._kind(asked), asked.called.parts[1]
        done = self.tenant.configurations.delete(kind, name, self.tenant.settle())
        return self.error(done.status, done.code, done.message) if done else Told(204)

    def _grant(self, asked: Asked) -> Told:
        """In the path of the module the type is in the path; go-teams has it in the body."""
        user, *kinds = asked.called.parts
        kind = str(kinds[0] if kinds else asked.field("PolicyType") or "")
        return granted(self, user, kind, asked.field("PolicyName"))


def granted(face: Face, user: str, kind: str, name: Any) -> Told:
    """Assign a policy directly, however it was asked for."""
    tenant = face.tenant
    now = tenant.settle()
    kinds = {one.casefold(): one for one in (CALLING, IP_PHONE)}
    if kind.casefold() not in kinds:
        return face.error(400, "BadRequest", f"{kind} is no policy that can be assigned.")
    kind, user = kinds[kind.casefold()], tenant.people.name_of(user)
    if tenant.people.person(user, now, attempt=tenant.next_attempt(user)) is None:
        return face.error(404, "NotFound", "The account was not found.")
    name = None if name in (None, "", GLOBAL) else str(name).removeprefix("Tag:")
    if name and tenant.configurations.one(kind, name, now) is None:
        return face.error(400, "BadRequest", f"Policy {name} is not a user policy.")
    tenant.people.grant(user, kind, name, now)
    return Told(200)


def effective(held: tuple[tuple[str, Held], ...]) -> list[dict[str, Any]]:
    """`effectivePolicyAssignments`: what is not assigned, and so is Global, is not in it."""
    return [
        {
            "policyType": kind,
            "policyAssignment": {
                "assignmentType": policy.how,
                "displayName": policy.name,
                "policyId": "Not Yet Supported.",
                "groupId": None,
            },
        }
        for kind, policy in held
        if policy.how
    ]


def assigned_plans(person: Person) -> list[dict[str, Any]]:
    """The service plans of the account's licence."""
    return [
        {"capability": name, "capabilityStatus": "Enabled", "servicePlanId": plan}
        for name, plan in PLANS
        if person.account.licence
    ]


def telephone_numbers(person: Person) -> list[dict[str, Any]]:
    """The account's numbers."""
    number = {"telephoneNumber": person.number, "assignmentCategory": "Primary"}
    return [number] if person.number else []


def _whole(text: str | None, otherwise: int = 1000) -> int:
    return int(text) if text and text.isascii() and text.isdigit() else otherwise
