"""A whole preflight against the emulated tenant, and what a submit then says."""

import asyncio
from importlib import resources
from pathlib import Path

import msgspec

from siptui.devicelist.reading import read
from siptui.domain.public_address import parse_public
from siptui.emulator.scenario import AccountRule
from siptui.preflight.change_log import Step
from siptui.preflight.check import check, look
from siptui.preflight.finding import Check, Result
from siptui.preflight.fix_plan import Wishes, plan_fixes
from siptui.preflight.read import Progress, gather
from tests.preflight.lacking import SCENARIO, by_region, expected, fails, rows
from tests.preflight.tenant import emulated_services
from tests.runs.engine.engine_harness import device as numbered
from tests.support import emulated_time

#: What only people can set right in the scenario “prerequisites”, once they have.
_BY_PEOPLE = (
    {"match": "man-archive@contoso.com", "exists": True},
    {"match": "cgn-lager@contoso.com", "enabled": True},
    {"match": "den-roof-plant@contoso.com", "licence": True},
    {"match": ["man-first-aid@contoso.com", "bne-car-park@contoso.com"], "mfa": "disabled"},
    {"match": "den-guard-post@contoso.com", "administrator": False},
)


def test_it_finds_each_and_nothing_else_and_the_run_fails_exactly_there() -> None:
    async def main() -> None:
        async with emulated_services(SCENARIO) as tenant:
            devices = rows()
            await tenant.errors(devices[32:35])  # the inventory lists what was tried before
            made = await tenant.preflight(devices)
            seen: list[Progress] = []
            looked = await look(devices, tenant.sources, on_progress=seen.append)
            assert [a.user_name for a in looked.personal] == ["phone@contoso.com"]
            told = len(seen)
            assert told
            await check(devices[:1], tenant.sources, on_progress=seen.append)
            assert len(seen) > told
            assert {f.check: f.result for f in made.report.tenant} == dict.fromkeys(
                (
                    *(Check.BULK_SIGN_IN, Check.TRUSTED_IP, Check.CALLING_POLICY),
                    *(Check.IP_PHONE_POLICY, Check.OPERATOR_ROLES, Check.NETWORK_SITES),
                    Check.CONDITIONAL_ACCESS,
                ),
                Result.PASS,
            )
            assert fails(made.report) == expected(devices)
            for account in made.report.accounts:
                open_ = {f.check for f in account.findings if f.result is Result.UNKNOWN}
                assert open_ <= {Check.DEVICE}, "only the inventory may be silent about a phone"
                for finding in account.failures:
                    assert finding.remedy
            assert [a.user_name for a in made.report.personal] == ["phone@contoso.com"]
            errors = await tenant.errors(devices)
            assert {hw for hw, error in errors.items() if error} == set(expected(devices))

    emulated_time.run(main())


def test_the_forty_phones_that_come_with_siptui(tmp_path: Path) -> None:
    """Found beforehand is what fails; once fixed here and by people, all are signed in."""

    async def main() -> None:
        async with emulated_services("prerequisites") as tenant:
            found = read(Path(str(resources.files("siptui.emulator") / "prerequisites.csv")))
            devices = found.devices
            assert (len(devices), found.rows_invalid) == (40, 0)
            made = await tenant.preflight(devices)
            failing = fails(made.report)
            errors = await by_region(tenant, devices)
            assert {hw for hw, error in errors.items() if error} == set(failing)
            assert {c for checks in failing.values() for c in checks} == {
                *(Check.EXISTS, Check.ENABLED, Check.PHONE_NUMBER, Check.CALLING_POLICY),
                *(Check.IP_PHONE_POLICY, Check.LICENCE, Check.MFA, Check.ADMINISTRATOR),
                *(Check.CONDITIONAL_ACCESS, Check.DEVICE, Check.TRUSTED_IP),
            }
            warned = {f.check for a in made.report.accounts for f in a.findings if f.warning}
            assert warned == {Check.CALLING_POLICY, Check.IP_PHONE_POLICY, Check.AD_SYNCED}
            seen = made.report.by_key.values()
            ips = {d.public_ip for d in made.facts.devices.values()}  # type: ignore[union-attr]
            wishes = Wishes([parse_public(ip) for ip in sorted(ips)])
            report = (await tenant.preflight(devices, public_ips=ips)).report
            assert len(report.accounts) == len(seen)
            plan = plan_fixes(report, made.facts, devices, wishes)
            named = [fix.change.target for fix in plan.fixes if fix.needs_name]
            assert named == ["man-workshop@contoso.com"]
            outcomes = await tenant.fixer(tmp_path).apply_all(plan.fixes, named=named)
            assert {outcome.step for outcome in outcomes} == {Step.SEEN}
            for rule in _BY_PEOPLE:
                tenant.emulator.tenant.directory.change_accounts(msgspec.convert(rule, AccountRule))
            by_hand = {Check.DEVICE, Check.CONDITIONAL_ACCESS}
            still = {hw for hw, checks in failing.items() if checks & by_hand}
            await asyncio.sleep(60)
            again = await tenant.preflight(devices, public_ips=ips)
            assert set(fails(again.report)) == still
            errors = await by_region(tenant, devices)
            assert {hw for hw, error in errors.items() if error} == still

    emulated_time.run(main())


def test_a_thousand_accounts_cost_a_call_per_20_and_source() -> None:
    async def main() -> None:
        limits = "[limits]\nadmin_per_minute = 60\ngraph_per_minute = 2000\n"
        async with emulated_services(limits) as tenant:
            devices = [numbered(n) for n in range(1000)]
            seen: list[Progress] = []
            facts = await gather(devices, tenant.sources, on_progress=seen.append)
            assert facts.asked == {"accounts in Teams": 20, "accounts in the directory": 4}
            assert facts.calls["graph"] * 20 <= len(devices), "all of its readings together"
            assert facts.calls["admin"] * 20 <= len(devices)
            assert len(facts.users.found) == len(facts.mfa.found) == 1000
            assert (seen[-1].done, seen[-1].of) == (len(seen), len(seen))
            assert [progress.done for progress in seen] == list(range(1, len(seen) + 1))

    emulated_time.run(main())
