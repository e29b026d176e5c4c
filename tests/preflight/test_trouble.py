"""A service that is slow, down, throttled or mute while it is read and changed."""

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest

from siptui.domain.roles import OPERATOR
from siptui.emulator.scenario import FaultRule
from siptui.emulator.scenario_tables import RoleChange
from siptui.gateway.tenant_model import PolicyType
from siptui.preflight.change_log import Step
from siptui.preflight.finding import Check
from siptui.preflight.fix_plan import Wishes, plan_fixes
from siptui.preflight.fix_runner import FixOutcome
from tests.preflight.lacking import BARE, SCENARIO, rows
from tests.preflight.tenant import EmulatedServices, emulated_services
from tests.runs.engine.engine_harness import device as numbered
from tests.support import emulated_time

_EVERY_GRAPH = (
    *("graphBatch", "graphOwnRoles", "graphRoleAssignments", "graphAccessPolicies"),
    "graphSecurityDefaults",
)


@pytest.mark.parametrize(
    ("rule", "most_calls", "most_seconds"),
    [
        ({"kind": "hang", "seconds": 9999, "call": _EVERY_GRAPH}, 20, 200),
        ({"kind": "status", "status": 500, "call": _EVERY_GRAPH}, 75, 200),
        ({"kind": "hang", "seconds": 9999, "call": "graphBatch"}, 20, 400),
        ({"kind": "status", "status": 429, "retry_after": 30, "call": "graphUsers"}, 170, 500),
        ({"kind": "hang", "seconds": 9999, "call": "users"}, 65, 400),
    ],
)
def test_a_source_that_is_down_is_not_asked_to_the_end(
    rule: dict[str, Any], most_calls: int, most_seconds: int
) -> None:
    async def main() -> None:
        async with emulated_services("healthy") as tenant:
            tenant.emulator.faults.add(msgspec.convert(rule, FaultRule))
            loop = asyncio.get_running_loop()
            began = loop.time()
            made = await tenant.preflight([numbered(n) for n in range(1000)])
            calls = made.facts.calls
            assert calls["graph"] <= most_calls, calls
            assert calls["admin"] <= 30, calls
            assert loop.time() - began <= most_seconds
            assert not made.report.failed

    emulated_time.run(main())


_WITHOUT_POLICY = """
[limits]
admin_per_minute = 60
[[accounts]]
match = "*"
sip_calling = false
"""


def test_a_fix_that_is_too_fast_for_the_service_waits_as_it_is_told(tmp_path: Path) -> None:
    async def main() -> None:
        async with emulated_services(_WITHOUT_POLICY) as tenant:
            devices = [numbered(n) for n in range(100)]
            made = await tenant.preflight(devices)
            plan = plan_fixes(made.report, made.facts, devices, Wishes())
            outcomes = await tenant.fixer(tmp_path).apply_all(plan.fixes)
            assert [outcome.step for outcome in outcomes] == [Step.SEEN] * 100

    emulated_time.run(main())


@pytest.mark.parametrize("kind", ["hang", "refused"])
def test_a_fix_that_gets_no_answer_is_not_sent_to_everybody(tmp_path: Path, kind: str) -> None:
    async def main() -> None:
        async with emulated_services(_WITHOUT_POLICY.replace("60", "0")) as tenant:
            devices = [numbered(n) for n in range(100)]
            made = await tenant.preflight(devices)
            plan = plan_fixes(made.report, made.facts, devices, Wishes())
            rule = {"kind": kind, "call": "grant", "seconds": 9999}
            tenant.emulator.faults.add(msgspec.convert(rule, FaultRule))
            began = asyncio.get_running_loop().time()
            outcomes = await tenant.fixer(tmp_path).apply_all(plan.fixes)
            assert asyncio.get_running_loop().time() - began < 600
            steps = Counter(outcome.step for outcome in outcomes)
            sent = tenant.emulator.tenant.ledger.calls["grant"]
            assert sent <= 12, "a few, and those that were on their way"
            assert steps == (
                {Step.IN_DOUBT: sent, Step.FAILED: 100 - sent}
                if kind == "hang"
                else {Step.FAILED: 100}
            )
            assert outcomes[-1].detail.startswith("Not tried:")
            assert len(tenant.record(tmp_path).changes()) <= 12, "the others were never begun"

    emulated_time.run(main())


def test_what_somebody_else_did_meanwhile_is_not_done_again(tmp_path: Path) -> None:
    async def main() -> None:
        async with emulated_services(SCENARIO) as tenant:
            devices = rows()
            made = await tenant.preflight(devices)
            wishes = Wishes(only=frozenset({Check.CALLING_POLICY}))
            plan = plan_fixes(made.report, made.facts, devices, wishes)
            (fix,) = (f for f in plan.fixes if f.change.target == "caller@contoso.com")
            user = made.facts.users.found["caller@contoso.com"]
            kind = PolicyType.CALLING
            await tenant.sources.admin.grant_policy(user, kind, fix.change.value)
            await asyncio.sleep(50)
            outcome = await tenant.fixer(tmp_path).apply(fix)
            assert (outcome.step, outcome.detail[:16]) == (Step.SEEN, "It was so alread")
            assert tenant.emulator.tenant.ledger.calls["grant"] == 1
            assert tenant.record(tmp_path).changes() == {}, "nothing of ours to take back"

    emulated_time.run(main())


def _lost(tenant: EmulatedServices, call: str, moment: str) -> None:
    """The second such call from now on is cut: a PUT behind the read of what it changes."""
    rule = {"kind": "cut", "call": call, "moment": moment, "nth": 2}
    tenant.emulator.faults.add(msgspec.convert(rule, FaultRule))


@pytest.mark.parametrize(("moment", "step"), [("after", Step.SEEN), ("before", Step.IN_DOUBT)])
def test_a_lost_answer_is_settled_by_reading_back(tmp_path: Path, moment: str, step: Step) -> None:
    async def main() -> None:
        async with emulated_services(BARE) as tenant:
            made = await tenant.preflight([numbered(0)])
            plan = plan_fixes(
                made.report, made.facts, [], Wishes(only=frozenset({Check.BULK_SIGN_IN}))
            )
            (fix,) = plan.fixes
            _lost(tenant, "configuration", moment)
            outcome = await tenant.fixer(tmp_path).apply(fix)
            assert outcome.step is step
            (recorded,) = tenant.record(tmp_path).changes().values()
            assert [s for s, _, _ in recorded.steps] == [Step.INTENDED, Step.IN_DOUBT, step]

    emulated_time.run(main())


def test_a_role_that_ends_while_fixes_are_read_back_leaves_nothing_to_be_sent_twice(
    tmp_path: Path,
) -> None:
    async def main() -> None:
        async with emulated_services(_WITHOUT_POLICY.replace("60", "0")) as tenant:
            ledger, roles = tenant.emulator.tenant.ledger, tenant.emulator.access.roles
            devices = [numbered(n) for n in range(20)]
            made = await tenant.preflight(devices)
            plan = plan_fixes(made.report, made.facts, devices, Wishes())
            hidden = 0

            def ended(outcome: FixOutcome) -> None:
                nonlocal hidden
                hidden += outcome.step is Step.SENT
                if hidden == 20:
                    roles.add(RoleChange(), tenant.emulator.tenant.settle())

            outcomes = await tenant.fixer(tmp_path, ended).apply_all(plan.fixes)
            assert {outcome.step for outcome in outcomes} == {Step.NOT_SEEN}
            assert all("your role has ended" in outcome.detail for outcome in outcomes)
            assert ledger.calls["grant"] == 20
            roles.add(RoleChange(roles=OPERATOR), tenant.emulator.tenant.settle())
            again = await tenant.fixer(tmp_path).apply_all(plan.fixes)
            assert {outcome.step for outcome in again} == {Step.SEEN}
            assert ledger.calls["grant"] == 20, "what stands is not sent once more"

    emulated_time.run(main())
