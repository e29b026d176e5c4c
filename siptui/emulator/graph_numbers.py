"""Assigning numbers through Graph: accepted at once (202), done later, read as an operation."""

from msgspec import Struct

from siptui.emulator.accounts import digits
from siptui.emulator.random_draws import guid
from siptui.emulator.service_routes import Asked, Face, Told
from siptui.emulator.tenant import Tenant

_WHERE = "/v1.0/admin/teams/telephoneNumberManagement/operations/"
_KINDS = frozenset({"directrouting", "callingplan", "operatorconnect"})


class _Operation(Struct, frozen=True):
    at: float
    number: str
    why_not: str = ""


class Operations:
    """The operations of a tenant. A change is seen when every other one is (`lag.policy`)."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self._all: dict[str, _Operation] = {}

    def assign(self, face: Face, asked: Asked) -> Told:
        """assignNumber."""
        number = str(asked.field("telephoneNumber") or "")
        kind = str(asked.field("numberType") or "").casefold()
        target = str(asked.field("assignmentTargetId") or "")
        now, people = self._tenant.settle(), self._tenant.people
        name = people.name_of(target)
        person = people.person(name, now, attempt=self._tenant.next_attempt(name))
        if not digits(number) or kind not in _KINDS:
            return face.error(400, "BadRequest", "telephoneNumber or numberType is wrong.")
        if person is None or name == target:
            return face.error(404, "NotFound", "The assignment target was not found.")
        stock = {digits(one.number): one.kind.casefold() for one in self._tenant.scenario.numbers}
        why_not = ""
        holder = people.holder(number, now)
        if holder and holder != person.key:
            why_not = "The number is assigned to another account."
        elif stock.get(digits(number), "directrouting") != kind:
            why_not = f"The number is not of type {kind} in this tenant."
        elif not person.account.licence:
            why_not = "The account has no licence for Teams Phone."
        else:
            people.give_number(name, number, now)
        return self._accepted(asked, _Operation(now, number, why_not))

    def unassign(self, face: Face, asked: Asked) -> Told:
        """unassignNumber."""
        number = str(asked.field("telephoneNumber") or "")
        now, people = self._tenant.settle(), self._tenant.people
        if not digits(number):
            return face.error(400, "BadRequest", "telephoneNumber is missing.")
        holder = people.holder(number, now)
        if holder:
            people.give_number(holder, None, now)
        why_not = "" if holder else "The number is not assigned."
        return self._accepted(asked, _Operation(now, number, why_not))

    def read(self, face: Face, asked: Asked) -> Told:
        """The state of an operation."""
        key = asked.called.parts[0].strip("()'")
        found = self._all.get(key)
        if found is None:
            return face.error(404, "NotFound", "The operation was not found.")
        lag = self._tenant.scenario.lag.policy
        over = self._tenant.settle() >= found.at + lag
        state = ("failed" if found.why_not else "succeeded") if over else "running"
        row = {"resourceId": found.number, "status": state, "message": found.why_not or None}
        return Told(200, {"id": key, "status": state, "numbers": [row]})

    def _accepted(self, asked: Asked, operation: _Operation) -> Told:
        key = guid(self._tenant.seed, "operation", len(self._all))
        self._all[key] = operation
        return Told(202, None, {"Location": f"{asked.address}{_WHERE}{key}"})
