"""A preflight among answers with an entry that cannot be read: the others are judged, and nothing
is concluded from what is not in the rest."""

import json
from collections.abc import Iterable
from typing import Any

import msgspec
import pytest

from siptui.emulator.scenario import FaultRule
from siptui.gateway.tenant_model import UNREADABLE
from siptui.preflight.facts import Missing
from siptui.preflight.finding import Check, Finding, Result
from siptui.preflight.read import gather
from tests.preflight.tenant import EmulatedServices, emulated_services
from tests.runs.engine.engine_harness import device as numbered
from tests.support import emulated_time
from tests.support.places import ODD

_SCENARIO = """
[[accounts]]
match = "room3@contoso.example"
exists = false
"""


def _odd(services: EmulatedServices, call: str, place: str, value: Any, *, insert: bool) -> None:
    rule = {
        "kind": "odd",
        "call": call,
        "place": place,
        "put": json.dumps(value),
        "insert": insert,
    }
    services.emulator.faults.add(msgspec.convert(rule, FaultRule))


def _of(findings: Iterable[Finding]) -> dict[Check, Result]:
    return {finding.check: finding.result for finding in findings}


@pytest.mark.parametrize("value", ODD[::2], ids=lambda value: json.dumps(value)[:20])
def test_an_odd_entry_in_every_list_changes_no_finding_of_the_others(value: Any) -> None:
    async def main() -> None:
        async with emulated_services("[tenant]\nstrict = false\n") as services:
            devices = [numbered(n) for n in range(4)]
            plain = await services.preflight(devices)
            for call, place in (
                ("users", "users.0"),
                ("configurations", "0"),
                ("graphAccessPolicies", "value.0"),
                ("graphRoleAssignments", "value.0"),
                ("graphOwnRoles", "value.0"),
                ("devices", "devices.0"),
            ):
                _odd(services, call, place, value, insert=True)
            made = await services.preflight(devices)
            for before, after in zip(plain.report.accounts, made.report.accounts, strict=True):
                was, now = _of(before.findings), _of(after.findings)
                was[Check.ADMINISTRATOR] = now[Check.ADMINISTRATOR]
                assert was == now
            assert not made.report.failed

    emulated_time.run(main())


def test_an_account_in_an_entry_that_cannot_be_read_is_not_missing() -> None:
    async def main() -> None:
        async with emulated_services(_SCENARIO) as services:
            devices = [numbered(n) for n in range(6)]
            _odd(services, "users", "users.0", None, insert=False)
            facts = await gather(devices, services.sources)
            names = [device.user_name.key for device in devices]
            # Graph knows those that the admin API's answer left open.
            known = [facts.teams_user(name) is not None for name in names]
            assert known == [True, True, True, False, True, True]

    emulated_time.run(main())


def test_nothing_follows_from_what_is_not_in_a_part() -> None:
    async def main() -> None:
        async with emulated_services("[tenant]\nstrict = false\n") as services:
            for place in ("0", "1", "2", "3"):
                _odd(services, "configurations", place, None, insert=True)
            _odd(services, "graphRoleAssignments", "value.0", {"principalId": None}, insert=True)
            _odd(services, "graphOwnRoles", "value", [None], insert=False)
            _odd(services, "graphAccessPolicies", "value", [7], insert=False)
            made = await services.preflight([numbered(0)], public_ips=["198.51.100.77"])
            results = _of(made.report.tenant)
            assert results[Check.TRUSTED_IP] is Result.UNKNOWN
            assert results[Check.OPERATOR_ROLES] is Result.UNKNOWN
            assert results[Check.CONDITIONAL_ACCESS] is Result.UNKNOWN
            account = _of(made.report.accounts[0].findings)
            assert account[Check.ADMINISTRATOR] is Result.UNKNOWN
            assert account[Check.CALLING_POLICY] is Result.PASS
            policies = made.facts.tenant.calling_policies
            assert isinstance(policies, tuple)
            assert UNREADABLE in {policy.name for policy in policies}

    emulated_time.run(main())


def test_a_part_of_a_batch_of_graph_that_cannot_be_read_is_its_own() -> None:
    async def main() -> None:
        async with emulated_services("[tenant]\nstrict = false\n") as services:
            _odd(services, "graphBatch", "responses.0", {"id": None}, insert=False)
            devices = [numbered(n) for n in range(30)]
            facts = await gather(devices, services.sources)
            assert len(facts.directory.found) >= 29
            left = [name for name in facts.directory.asked if name not in facts.directory.found]
            assert all(isinstance(facts.directory.get(name), Missing) for name in left)
            assert len(facts.mfa.found) >= 28

    emulated_time.run(main(), limit=24 * 3600)
