"""Roles that end and come back, in a scenario and by hand, and what Graph tells of their end."""

from typing import Any

import pytest

from siptui.domain.roles import OPERATOR, ROLE_IDS, WITHOUT_BULK
from siptui.emulator.access import Access
from siptui.emulator.emulator import Emulator
from siptui.emulator.entra.beside import state_of, verified_by
from siptui.emulator.scenario import ScenarioError
from siptui.emulator.scenario_tables import RoleChange
from tests.emulator.support import BULK, Caller, calling, devices, scenario
from tests.support import emulated_time

ACTIVATIONS = (
    "/v1.0/roleManagement/directory/roleAssignmentScheduleInstances"
    "/filterByCurrentUser(on='principal')"
)
ENDS = """
[[roles]]
at = 60
roles = ["Teams Administrator", "Global Reader"]
[[roles]]
at = 600
roles = ["Authentication Administrator", "Teams Administrator", "Global Reader"]
"""


async def _statuses(caller: Caller, place: int) -> tuple[int, int]:
    read = await caller.client.get(f"{BULK}/batchsummaries")
    return read.status_code, (await caller.submit(devices(1, place))).status_code


def test_a_scenario_ends_a_role_and_brings_it_back() -> None:
    async def main() -> None:
        async with calling(ENDS) as caller:
            assert await _statuses(caller, 1) == (200, 200)
            caller.pass_time(60)
            assert await _statuses(caller, 2) == (403, 403)
            caller.pass_time(540)
            assert await _statuses(caller, 3) == (200, 200)
            assert len(caller.ledger.submits) == 2

    emulated_time.run(main())


def test_a_role_is_ended_by_hand() -> None:
    async def main() -> None:
        async with calling() as caller:

            async def tell(**what: Any) -> int:
                return (await caller.client.post("/_emulator/roles", json=what)).status_code

            assert await tell(roles=["No Such Role"]) == 400
            assert await tell(roles=list(WITHOUT_BULK), at=10) == 200
            assert await _statuses(caller, 1) == (200, 200)
            caller.pass_time(10)
            assert await _statuses(caller, 2) == (403, 403)
            assert await tell(roles=list(OPERATOR)) == 200
            assert await _statuses(caller, 3) == (200, 200)

    emulated_time.run(main())


def test_graph_tells_when_a_role_ends() -> None:
    async def main() -> None:
        async with calling(ENDS) as caller:
            answer = await caller.client.get(ACTIVATIONS)
            rows = {
                row["roleDefinitionId"]: row for row in answer.raise_for_status().json()["value"]
            }
            ending = rows[ROLE_IDS["Authentication Administrator"]]
            assert ending["assignmentType"] == "Activated"
            assert ending["endDateTime"]
            lasting = rows[ROLE_IDS["Teams Administrator"]]
            assert (lasting["assignmentType"], lasting["endDateTime"]) == ("Assigned", None)

    emulated_time.run(main())


def test_a_token_names_the_roles_of_its_moment() -> None:
    """An ended role opens nothing; one that was activated needs a new token."""
    emulator = Emulator("healthy")
    state = state_of(emulator)
    access: Access = emulator.access
    access.verify = verified_by(state.issuer)
    user = state.user()

    def token() -> str:
        return state.issuer.access_token(user, "client", state.issuer.audience, "https://a")

    def may(word: str) -> bool:
        tenant = emulator.tenant
        caller = access.caller(f"Bearer {word}", tenant.settle(), tenant.clock.date())
        assert caller is not None
        return caller.role

    first = token()
    assert may(first)
    access.roles.add(RoleChange(roles=WITHOUT_BULK), emulator.tenant.settle())
    second = token()
    assert not may(first)
    assert not may(second)
    access.roles.add(RoleChange(roles=OPERATOR), emulator.tenant.settle())
    assert may(first)
    assert not may(second)
    assert may(token())


def test_an_unknown_role_of_a_scenario_is_named() -> None:
    with pytest.raises(ScenarioError, match=r"roles\[0\].roles: 'Admin'"):
        scenario('[[roles]]\nat = 3\nroles = ["Admin"]\n')
