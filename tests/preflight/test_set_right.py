"""Setting right what a preflight of the emulated tenant found, and taking it back."""

import asyncio
from collections import Counter
from importlib import resources
from pathlib import Path

import pytest

from siptui.devicelist.reading import read
from siptui.domain.public_address import parse_public
from siptui.gateway.tenant_model import NumberType, PolicyType
from siptui.preflight.change_log import Kind, Recorded, Step
from siptui.preflight.finding import Check, Result
from siptui.preflight.fix_plan import Wishes, plan_fixes
from siptui.preflight.fix_runner import CannotUndoError, NotNamedError
from tests.preflight.lacking import BARE, SCENARIO, by_region, fails, rows
from tests.preflight.tenant import EmulatedServices, emulated_services
from tests.runs.engine.engine_harness import device as numbered
from tests.support import emulated_time
from tests.support.replace import replace


def test_after_the_fixes_only_what_people_must_do_fails(tmp_path: Path) -> None:
    async def main() -> None:
        async with emulated_services(SCENARIO) as tenant:
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


def test_a_tenant_where_nothing_was_set_up_is_told_so_and_made_ready(tmp_path: Path) -> None:
    async def main() -> None:
        async with emulated_services("unprepared") as tenant:
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


def test_a_bare_tenant_is_made_ready_and_then_all_sign_in(tmp_path: Path) -> None:
    """Policies that fit are made, waited for and assigned; the configuration is switched on."""

    async def main() -> None:
        async with emulated_services(BARE) as tenant:
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
        async with emulated_services(SCENARIO) as tenant:
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


def test_all_that_was_made_is_taken_back_in_one_order(tmp_path: Path) -> None:
    """The policies that were made for them after the accounts; one that is another's now stays,
    and says so, and keeps none of the others."""

    async def main() -> None:
        async with emulated_services(BARE) as tenant:
            devices = [numbered(n) for n in range(5)]
            made = await tenant.preflight(devices)
            plan = plan_fixes(made.report, made.facts, devices, Wishes())
            heard: list[Step] = []
            fixer = tenant.fixer(tmp_path, on_outcome=lambda outcome: heard.append(outcome.step))
            outcomes = await fixer.apply_all(plan.fixes)
            after = await tenant.preflight(devices)
            place, changed = next(
                (n, o) for n, o in enumerate(outcomes) if o.change.kind is Kind.GRANT_CALLING_POLICY
            )
            user = after.facts.users.found[changed.change.target.casefold()]
            await tenant.sources.admin.grant_policy(user, PolicyType.CALLING, "")
            await asyncio.sleep(60)
            heard.clear()
            undone = await fixer.undo_all([outcome.fix_id for outcome in outcomes])
            assert [one.fix_id for one in undone] == [one.fix_id for one in outcomes]
            assert undone[place].step is Step.SEEN
            assert "Not undone: " in undone[place].detail
            others = [one.step for n, one in enumerate(undone) if n != place]
            assert others == [Step.UNDONE] * len(others)
            assert len(heard) == len(outcomes)
            await asyncio.sleep(60)
            again = await tenant.preflight(devices)
            assert fails(again.report) == fails(made.report)

    emulated_time.run(main())


def test_what_somebody_else_changed_since_is_not_taken_back(tmp_path: Path) -> None:
    async def main() -> None:
        async with emulated_services(SCENARIO) as tenant:
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


def test_a_personal_account_is_changed_only_by_its_name(tmp_path: Path) -> None:
    async def main() -> None:
        scenario = (
            '[[accounts]]\nmatch = "boss@contoso.com"\ncommon_area = false\nmfa = "enabled"\n'
        )
        async with emulated_services(scenario) as tenant:
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
        async with emulated_services(auth + BARE) as tenant:
            devices = [numbered(n) for n in range(3)]
            made = await tenant.preflight(devices)
            plan = plan_fixes(made.report, made.facts, devices, Wishes())
            outcomes = await tenant.fixer(tmp_path).apply_all(plan.fixes)
            assert {outcome.step for outcome in outcomes} == {Step.FAILED}
            assert "Teams Administrator" in outcomes[0].detail
            assert all("Nothing was sent" in o.detail for o in outcomes if "grant" in o.change.kind)
            assert tenant.record(tmp_path).lately(24) == {}

    emulated_time.run(main())


def test_a_number_the_service_does_not_have_fails_and_says_so(tmp_path: Path) -> None:
    async def main() -> None:
        async with emulated_services('[[accounts]]\nmatch = "room*"\nnumber = false\n') as tenant:
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
        async with emulated_services(BARE) as tenant:
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


def fixer_record(tenant: EmulatedServices, folder: Path) -> list[Recorded]:
    """What was written down, oldest first."""
    return list(tenant.record(folder).changes().values())
