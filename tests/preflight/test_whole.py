"""A whole preflight against the emulated tenant, what a submit then says, and setting it right."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from importlib import resources
from pathlib import Path

import msgspec
import pytest

from siptui.devicelist.reading import read
from siptui.domain.device import Device
from siptui.domain.public_address import parse_public
from siptui.domain.region import Region
from siptui.emulator.scenario import AccountRule, FaultRule
from siptui.gateway.errors import GatewayError, TokenRefusedError
from siptui.gateway.tenant import NumberType, PolicyType, TeamsUser
from siptui.preflight.apply import CannotUndoError, NotNamedError
from siptui.preflight.finding import Check, Report, Result
from siptui.preflight.fixes import FixPlan, Wishes, plan_fixes
from siptui.preflight.gather import Progress, gather
from siptui.preflight.record import Kind, Recorded, Step
from tests.preflight.tenant import Place, place
from tests.runs.bench import device as numbered
from tests.support import emulated_time

#: One account each that lacks one thing, and the check that must tell; all others are healthy.
_LACKING = {
    "none": (Check.EXISTS, "exists = false"),
    "blocked": (Check.ENABLED, "enabled = false"),
    "numberless": (Check.PHONE_NUMBER, "number = false"),
    "calling": (Check.CALLING_POLICY, "sip_calling = false"),
    "caller": (Check.CALLING_POLICY, 'calling_policy = "Office"'),
    "phone": (Check.IP_PHONE_POLICY, "common_area = false"),
    "licence": (Check.LICENCE, "licence = false"),
    "mfa": (Check.MFA, 'mfa = "enforced"'),
    "chief": (Check.ADMINISTRATOR, "administrator = true"),
    "named": (Check.CONDITIONAL_ACCESS, ""),
}
_PHONES = {
    "00-04-F2-00-00-20": (Check.DEVICE, "online = false"),
    "00-04-F2-00-00-21": (Check.DEVICE, 'region = "NOAM"'),
    "00-04-F2-00-00-22": (Check.TRUSTED_IP, "trusted = false"),
}
SCENARIO = "\n".join(
    [
        "[lag]",
        "policy = 40",
        "replicas = 3",
        "bulk = 60",
        "[[calling_policies]]",
        'name = "Office"',
        "allow_sip_devices = false",
        "[[access_policies]]",
        'name = "One account"',
        'users = ["named@contoso.com"]',
        *(
            f'[[accounts]]\nmatch = "{name}@contoso.com"\n{rule}'
            for name, (_, rule) in _LACKING.items()
            if rule
        ),
        *(
            f'[[devices]]\nmatch = "{name}"\nlisted = true\n{rule}'
            for name, (_, rule) in _PHONES.items()
        ),
        "",
    ]
)


def rows() -> list[Device]:
    """40 rows: the accounts that lack something, healthy ones, and on their phones what lacks."""
    names = [f"{name}@contoso.com" for name in _LACKING]
    listed = [numbered(n, user=name) for n, name in enumerate(names)]
    listed += [numbered(n) for n in range(len(listed), 40)]
    return [
        replace(device, extra={"PhoneNumber": f"+4930{device.line:07}"})
        if device.user_name.startswith("numberless")
        else device
        for device in listed
    ]


def fails(report: Report) -> dict[str, set[Check]]:
    """Rows with what fails of each."""
    return {
        account.hardware_id: {finding.check for finding in account.failures}
        for account in report.accounts
        if account.failures
    }


def expected(devices: Sequence[Device]) -> dict[str, set[Check]]:
    found = {
        str(device.hardware_id): {_LACKING[name][0]}
        for device, name in zip(devices, _LACKING, strict=False)
    }
    return found | {phone: {check} for phone, (check, _) in _PHONES.items()}


def test_it_finds_each_and_nothing_else_and_the_run_fails_exactly_there() -> None:
    async def main() -> None:
        async with place(SCENARIO) as tenant:
            devices = rows()
            await tenant.errors(devices[32:35])  # the inventory lists what was tried before
            made = await tenant.preflight(devices)
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


def test_after_the_fixes_only_what_people_must_do_fails(tmp_path: Path) -> None:
    async def main() -> None:
        async with place(SCENARIO) as tenant:
            devices = rows()
            await tenant.errors(devices[32:35])
            ips = [parse_public("198.51.100.77")]
            made = await tenant.preflight(devices, public_ips=["198.51.100.77"])
            plan = plan_fixes(made.report, made.facts, devices, Wishes(public_ips=ips))
            kinds = Counter(fix.change.kind for fix in plan.fixes)
            assert kinds == {
                Kind.ADD_TRUSTED_IP: 1,
                Kind.GRANT_CALLING_POLICY: 2,
                Kind.GRANT_IP_PHONE_POLICY: 1,
                Kind.ASSIGN_NUMBER: 1,
            }
            people = {Check.EXISTS, Check.ENABLED, Check.LICENCE, Check.MFA}
            people |= {Check.ADMINISTRATOR, Check.CONDITIONAL_ACCESS, Check.DEVICE}
            assert {left.check for left in plan.left} == people
            outcomes = await tenant.fixer(tmp_path).apply_all(plan.fixes)
            assert {outcome.step for outcome in outcomes} == {Step.SEEN}
            await asyncio.sleep(60)  # until every replica and bulk sign-in go by the changes
            again = await tenant.preflight(devices, public_ips=["198.51.100.77"])
            assert {c for checks in fails(again.report).values() for c in checks} == people
            errors = await tenant.errors(devices)
            assert {hw for hw, error in errors.items() if error} == set(fails(again.report))
            lately = tenant.record(tmp_path).lately(24)
            assert (Check.CALLING_POLICY, "calling@contoso.com") in lately
            assert (Check.TRUSTED_IP, "") in lately

    emulated_time.run(main())


#: What only people can set right in the scenario “prerequisites”, once they have.
_BY_PEOPLE = (
    {"match": "man-archive@contoso.com", "exists": True},
    {"match": "cgn-lager@contoso.com", "enabled": True},
    {"match": "den-roof-plant@contoso.com", "licence": True},
    {"match": ["man-first-aid@contoso.com", "bne-car-park@contoso.com"], "mfa": "disabled"},
    {"match": "den-guard-post@contoso.com", "administrator": False},
)


def test_the_forty_phones_that_come_with_siptui(tmp_path: Path) -> None:
    """Found beforehand is what fails; once fixed here and by people, all are signed in."""

    async def main() -> None:
        async with place("prerequisites") as tenant:
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


async def by_region(tenant: Place, devices: Sequence[Device]) -> dict[str, str]:
    found: dict[str, str] = {}
    for region in Region:
        found |= await tenant.errors([d for d in devices if d.region is region])
    return found


def test_a_tenant_where_nothing_was_set_up_is_told_so_and_made_ready(tmp_path: Path) -> None:
    async def main() -> None:
        async with place("unprepared") as tenant:
            devices = read(
                Path(str(resources.files("siptui.emulator") / "prerequisites.csv"))
            ).devices
            ips = ["203.0.113.24"]
            made = await tenant.preflight(devices, public_ips=ips)
            results = {f.check: f.result for f in made.report.tenant}
            assert {check for check, result in results.items() if result is Result.FAIL} == {
                *(Check.BULK_SIGN_IN, Check.TRUSTED_IP, Check.CALLING_POLICY),
                Check.IP_PHONE_POLICY,
            }
            assert results[Check.CONDITIONAL_ACCESS] is Result.UNKNOWN
            wishes = Wishes([parse_public(ip) for ip in ips])
            plan = plan_fixes(made.report, made.facts, devices, wishes)
            outcomes = await tenant.fixer(tmp_path).apply_all(plan.fixes)
            assert {outcome.step for outcome in outcomes} == {Step.SEEN}
            await asyncio.sleep(60)
            assert not (await tenant.preflight(devices, public_ips=ips)).report.failed
            assert set((await by_region(tenant, devices)).values()) == {""}

    emulated_time.run(main())


BARE = """
[tenant]
bulk_sign_in = "Disabled"
[lag]
policy = 40
bulk = 60
[[calling_policies]]
name = "SIPDevices"
allow_sip_devices = false
[[ip_phone_policies]]
name = "CommonAreaPhone"
sign_in_mode = "UserSignIn"
"""


def test_a_bare_tenant_is_made_ready_and_then_all_sign_in(tmp_path: Path) -> None:
    """Policies that fit are made, waited for and assigned; the configuration is switched on."""

    async def main() -> None:
        async with place(BARE) as tenant:
            devices = [numbered(n) for n in range(5)]
            made = await tenant.preflight(devices)
            plan = plan_fixes(made.report, made.facts, devices, Wishes())
            assert [
                fix.change.target for fix in plan.fixes if fix.change.kind.startswith("create")
            ] == [
                "SIPDevices2",
                "CommonAreaPhone2",
            ]
            assert len(plan.fixes) == 3 + 2 * len(devices)
            outcomes = await tenant.fixer(tmp_path).apply_all(plan.fixes)
            assert [outcome.step for outcome in outcomes] == [Step.SEEN] * len(outcomes)
            again = await tenant.preflight(devices)
            assert not again.report.failed
            warned = [
                account.of(Check.IP_PHONE_POLICY).warning  # type: ignore[union-attr]
                for account in again.report.accounts
            ]
            assert all(warned), "the name is not the usual one"
            await asyncio.sleep(60)
            assert set((await tenant.errors(devices)).values()) == {""}

    emulated_time.run(main())


def test_each_change_can_be_taken_back(tmp_path: Path) -> None:
    async def main() -> None:
        async with place(SCENARIO) as tenant:
            devices = rows()
            before = await tenant.preflight(devices)
            plan = plan_fixes(
                before.report, before.facts, devices, Wishes([parse_public("198.51.100.77")])
            )
            fixer = tenant.fixer(tmp_path)
            outcomes = await fixer.apply_all(plan.fixes)
            for outcome in outcomes:
                assert (await fixer.undo(outcome.fix_id)).step is Step.UNDONE
            await asyncio.sleep(60)  # replicas differ for a while
            after = await tenant.preflight(devices)
            assert fails(after.report) == fails(before.report)
            user = after.facts.users.found["caller@contoso.com"]
            assert (
                user.calling_policy == before.facts.users.found["caller@contoso.com"].calling_policy
            )
            with pytest.raises(CannotUndoError, match="undone"):
                await fixer.undo(outcomes[0].fix_id)
            assert tenant.record(tmp_path).lately(24) == {}

    emulated_time.run(main())


def test_what_somebody_else_changed_since_is_not_taken_back(tmp_path: Path) -> None:
    async def main() -> None:
        async with place(SCENARIO) as tenant:
            devices = rows()
            made = await tenant.preflight(devices)
            plan = plan_fixes(made.report, made.facts, devices, Wishes())
            fix = next(f for f in plan.fixes if f.change.target == "caller@contoso.com")
            fixer = tenant.fixer(tmp_path)
            outcome = await fixer.apply(fix)
            user = made.facts.users.found["caller@contoso.com"]
            await tenant.sources.admin.grant_policy(user, calling, "Office")
            await asyncio.sleep(50)
            with pytest.raises(CannotUndoError, match="changed it since"):
                await fixer.undo(outcome.fix_id)

    calling = PolicyType.CALLING
    emulated_time.run(main())


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
        async with place(_WEAK) as tenant:
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


@pytest.mark.slow
def test_5000_accounts_cost_a_call_per_20_and_source() -> None:
    async def main() -> None:
        limits = "[limits]\nadmin_per_minute = 60\ngraph_per_minute = 2000\n"
        async with place(limits) as tenant:
            devices = [numbered(n) for n in range(5000)]
            seen: list[Progress] = []
            facts = await gather(devices, tenant.sources, on_progress=seen.append)
            assert facts.asked == {"accounts in Teams": 100, "accounts in the directory": 17}
            assert facts.calls["graph"] * 20 <= len(devices), "all of its readings together"
            assert facts.calls["admin"] * 20 <= len(devices)
            assert len(facts.users.found) == len(facts.mfa.found) == 5000
            assert (seen[-1].done, seen[-1].of) == (len(seen), len(seen))
            assert [progress.done for progress in seen] == list(range(1, len(seen) + 1))

    emulated_time.run(main())


def test_a_personal_account_is_changed_only_by_its_name(tmp_path: Path) -> None:
    async def main() -> None:
        scenario = (
            '[[accounts]]\nmatch = "boss@contoso.com"\ncommon_area = false\nmfa = "enabled"\n'
        )
        async with place(scenario) as tenant:
            devices = [numbered(0, user="Boss@contoso.com")]
            made = await tenant.preflight(devices)
            plan = plan_fixes(made.report, made.facts, devices, Wishes())
            (fix,) = plan.fixes
            assert "MFA" in fix.needs_name
            fixer = tenant.fixer(tmp_path)
            with pytest.raises(NotNamedError):
                await fixer.apply(fix)
            with pytest.raises(NotNamedError):
                await fixer.apply(fix, named=["boss@fabrikam.com"])
            assert not tenant.record(tmp_path).changes()
            outcome = await fixer.apply(fix, named=["BOSS@contoso.com"])
            assert outcome.step is Step.SEEN

    emulated_time.run(main())


def test_without_the_role_a_fix_fails_and_says_so(tmp_path: Path) -> None:
    async def main() -> None:
        auth = '[auth]\nroles = ["Authentication Administrator", "Global Reader"]\n'
        async with place(auth + BARE) as tenant:
            devices = [numbered(n) for n in range(3)]
            made = await tenant.preflight(devices)
            plan = plan_fixes(made.report, made.facts, devices, Wishes())
            outcomes = await tenant.fixer(tmp_path).apply_all(plan.fixes)
            assert {outcome.step for outcome in outcomes} == {Step.FAILED}
            assert "Teams Administrator" in outcomes[0].detail
            assert all("Nothing was sent" in o.detail for o in outcomes if "grant" in o.change.kind)
            assert tenant.record(tmp_path).lately(24) == {}

    emulated_time.run(main())


def test_without_any_answer_it_raises_and_without_a_sign_in_too() -> None:
    async def main() -> None:
        async with place('[auth]\naccept = "listed"\n') as tenant:
            with pytest.raises(TokenRefusedError):
                await gather([numbered(0)], tenant.sources)
        async with place('[[faults]]\nkind = "refused"\n') as tenant:
            with pytest.raises(GatewayError, match="All connection"):
                await gather([numbered(0)], tenant.sources)

    emulated_time.run(main())


def test_graph_alone_may_fail() -> None:
    async def main() -> None:
        async with place("[tenant]\nstrict = false\n") as tenant:
            alone = replace(tenant.sources, directory=None, inventory=None)
            facts = await gather([numbered(0, Region.NOAM)], alone)
            assert facts.calls.keys() == {"admin"}
            assert facts.users.found
            assert "no address of Microsoft Graph" in str(facts.tenant.own_roles)

    emulated_time.run(main())


def _status(tenant: Place, call: str, status: int, **more: object) -> None:
    rule = {"kind": "status", "status": status, "call": call, **more}
    tenant.emulator.faults.add(msgspec.convert(rule, FaultRule))


def test_a_call_refused_as_malformed_is_halved_until_it_goes() -> None:
    async def main() -> None:
        async with place("healthy") as tenant:
            _status(tenant, "users", 400, times=2)
            devices = [numbered(n) for n in range(50)]
            facts = await gather(devices, tenant.sources)
            assert len(facts.users.found) == 50
            assert facts.asked["accounts in Teams"] == 5  # 50 and 25 refused, 12 + 13 + 25 taken

    emulated_time.run(main())


def test_one_account_that_cannot_be_asked_for_leaves_the_others_alone() -> None:
    async def main() -> None:
        async with place("healthy") as tenant:
            _status(tenant, "users", 400, times=6)
            facts = await gather([numbered(n) for n in range(50)], tenant.sources)
            (lost,) = facts.users.missing
            assert len(facts.users.found) == 49
            assert isinstance(facts.teams_user(lost), TeamsUser), "Graph knows it as well"

    emulated_time.run(main())


@pytest.mark.parametrize("call", ["graphAccessPolicies", "graphRoleAssignments", "configurations"])
def test_each_source_fails_alone(call: str) -> None:
    async def main() -> None:
        async with place("healthy") as tenant:
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


def test_a_number_the_service_does_not_have_fails_and_says_so(tmp_path: Path) -> None:
    async def main() -> None:
        async with place('[[accounts]]\nmatch = "room*"\nnumber = false\n') as tenant:
            device = replace(numbered(0), extra={"PhoneNumber": "+4930123456"})
            made = await tenant.preflight([device])
            wishes = Wishes(number_type=NumberType.CALLING_PLAN)
            plan = plan_fixes(made.report, made.facts, [device], wishes)
            (outcome,) = await tenant.fixer(tmp_path).apply_all(plan.fixes)
            assert (outcome.step, "number" in outcome.detail) == (Step.FAILED, True)
            assert tenant.record(tmp_path).lately(24) == {}
            plan = plan_fixes(made.report, made.facts, [device], Wishes())
            (outcome,) = await tenant.fixer(tmp_path).apply_all(plan.fixes)
            assert outcome.step is Step.SEEN, "direct routing needs no number in stock"

    emulated_time.run(main())


def test_what_was_made_is_taken_away_again(tmp_path: Path) -> None:
    async def main() -> None:
        async with place(BARE) as tenant:
            devices = [numbered(0)]
            before = await tenant.preflight(devices)
            plan = plan_fixes(before.report, before.facts, devices, Wishes())
            fixer = tenant.fixer(tmp_path)
            outcomes = await fixer.apply_all(plan.fixes)
            assert {outcome.step for outcome in outcomes} == {Step.SEEN}
            for outcome in reversed(outcomes):
                assert (await fixer.undo(outcome.fix_id[:6])).step is Step.UNDONE
            await asyncio.sleep(60)
            after = await tenant.preflight(devices)
            assert after.facts.tenant == before.facts.tenant
            steps = [step for step, _, _ in next(iter(fixer_record(tenant, tmp_path))).steps]
            assert steps[-2:] == [Step.UNDOING, Step.UNDONE]

    emulated_time.run(main())


def fixer_record(tenant: Place, folder: Path) -> list[Recorded]:
    """What was written down, oldest first."""
    return list(tenant.record(folder).changes().values())
