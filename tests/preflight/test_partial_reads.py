"""What a preflight says where a source, a call or an account cannot be read."""

from collections import Counter

import msgspec
import pytest

from siptui.domain.region import Region
from siptui.emulator.scenario import FaultRule
from siptui.gateway.errors import GatewayError, TokenRefusedError
from siptui.gateway.tenant_model import TeamsUser
from siptui.preflight.finding import Check, Result
from siptui.preflight.fix_plan import FixPlan, Wishes, plan_fixes
from siptui.preflight.read import gather
from tests.preflight.tenant import EmulatedServices, emulated_services
from tests.runs.engine.engine_harness import device as numbered
from tests.support import emulated_time
from tests.support.replace import replace

_WEAK = """
[auth]
roles = ["Authentication Administrator"]
graph = ["User.Read"]
[[accounts]]
match = "phone@contoso.com"
common_area = false
"""


def test_an_authentication_administrator_alone_is_told_whom_to_ask() -> None:
    async def main() -> None:
        async with emulated_services(_WEAK) as tenant:
            devices = [numbered(n) for n in range(60)] + [numbered(60, user="phone@contoso.com")]
            made = await tenant.preflight(devices)
            report = made.report
            assert not report.failed
            tenant_findings = {finding.check: finding for finding in report.tenant}
            for check in (Check.BULK_SIGN_IN, Check.TRUSTED_IP, Check.CALLING_POLICY):
                finding = tenant_findings[check]
                assert finding.result is Result.UNKNOWN
                assert "Global Reader" in finding.remedy
            assert tenant_findings[Check.OPERATOR_ROLES].result is Result.PASS
            for account in report.accounts:
                assert {f.result for f in account.findings} == {Result.UNKNOWN}
                assert all("Ask for" in f.remedy for f in account.findings), account
            assert report.personal == ()
            assert len(report.maybe_personal) == len(devices)
            assert report.calls["admin"] < 12, "a refusal is not asked for again and again"
            errors = await tenant.errors(devices[:5])
            assert set(errors.values()) == {""}, "the run works all the same"
            plan: FixPlan = plan_fixes(report, made.facts, devices, Wishes())
            assert plan.fixes == ()

    emulated_time.run(main())


def test_without_any_answer_it_raises_and_without_a_sign_in_too() -> None:
    async def main() -> None:
        async with emulated_services('[auth]\naccept = "listed"\n') as tenant:
            with pytest.raises(TokenRefusedError):
                await gather([numbered(0)], tenant.sources)
        async with emulated_services('[[faults]]\nkind = "refused"\n') as tenant:
            with pytest.raises(GatewayError, match="All connection"):
                await gather([numbered(0)], tenant.sources)

    emulated_time.run(main())


def test_graph_alone_may_fail() -> None:
    async def main() -> None:
        async with emulated_services("[tenant]\nstrict = false\n") as tenant:
            alone = replace(tenant.sources, directory=None, inventory=None)
            facts = await gather([numbered(0, Region.NOAM)], alone)
            assert facts.calls.keys() == {"admin"}
            assert facts.users.found
            assert "no address of Microsoft Graph" in str(facts.tenant.own_roles)

    emulated_time.run(main())


def _status(tenant: EmulatedServices, call: str, status: int, **more: object) -> None:
    rule = {"kind": "status", "status": status, "call": call, **more}
    tenant.emulator.faults.add(msgspec.convert(rule, FaultRule))


def test_a_call_refused_as_malformed_is_halved_until_it_goes() -> None:
    async def main() -> None:
        async with emulated_services("healthy") as tenant:
            _status(tenant, "users", 400, times=2)
            devices = [numbered(n) for n in range(50)]
            facts = await gather(devices, tenant.sources)
            assert len(facts.users.found) == 50
            assert facts.asked["accounts in Teams"] == 5  # 50 and 25 refused, 12 + 13 + 25 taken

    emulated_time.run(main())


def test_one_account_that_cannot_be_asked_for_leaves_the_others_alone() -> None:
    async def main() -> None:
        async with emulated_services("healthy") as tenant:
            _status(tenant, "users", 400, times=6)
            facts = await gather([numbered(n) for n in range(50)], tenant.sources)
            (lost,) = facts.users.missing
            assert len(facts.users.found) == 49
            assert isinstance(facts.teams_user(lost), TeamsUser), "Graph knows it as well"

    emulated_time.run(main())


@pytest.mark.parametrize("call", ["graphAccessPolicies", "graphRoleAssignments", "configurations"])
def test_each_source_fails_alone(call: str) -> None:
    async def main() -> None:
        async with emulated_services("healthy") as tenant:
            _status(tenant, call, 403)
            made = await tenant.preflight([numbered(0)])
            results = Counter(finding.result for finding in made.report.tenant)
            assert results[Result.FAIL] == 0
            assert results[Result.UNKNOWN] == {"configurations": 4, "graphAccessPolicies": 1}.get(
                call, 0
            )
            findings = {f.check: f for f in made.report.accounts[0].findings}
            policies = findings[Check.CALLING_POLICY].result
            assert policies is (Result.UNKNOWN if call == "configurations" else Result.PASS)
            roles = findings[Check.ADMINISTRATOR].result
            assert roles is (Result.UNKNOWN if call == "graphRoleAssignments" else Result.PASS)
            assert findings[Check.MFA].result is Result.PASS

    emulated_time.run(main())
