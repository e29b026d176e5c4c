"""Two processes that set the same things right, and one that goes on where another was killed."""

from collections import Counter
from pathlib import Path

import pytest

from siptui.domain.public_address import parse_public
from siptui.host.locks import HeldError
from siptui.host.private_files import PrivateFileError
from siptui.preflight.change_log import NAME, Step
from siptui.preflight.finding import Check
from siptui.preflight.fix_plan import Fix, Wishes, plan_fixes
from tests.preflight.tenant import EmulatedServices, emulated_services
from tests.runs.engine.engine_harness import device as numbered
from tests.support import emulated_time

_BARE = """
trusted_ips = []
[tenant]
bulk_sign_in = "Disabled"
[lag]
policy = 40
[[calling_policies]]
name = "SIPDevices"
absent = true
[[accounts]]
match = "*"
sip_calling = false
"""
_OURS = (parse_public("203.0.113.0/28"),)
DEVICES = [numbered(n) for n in range(3)]


async def planned(tenant: EmulatedServices) -> tuple[Fix, ...]:
    made = await tenant.preflight(DEVICES, public_ips=["203.0.113.0/28"])
    return plan_fixes(made.report, made.facts, DEVICES, Wishes(public_ips=_OURS)).fixes


def test_while_one_changes_things_another_is_refused(tmp_path: Path) -> None:
    async def main() -> None:
        async with emulated_services(_BARE) as tenant:
            fixes = await planned(tenant)
            before = (await tenant.preflight(DEVICES, public_ips=["203.0.113.0/28"])).report
            with tenant.record(tmp_path).hold():
                with pytest.raises(HeldError):
                    await tenant.fixer(tmp_path).apply_all(fixes)
                with pytest.raises(HeldError):
                    await tenant.fixer(tmp_path).undo("abc")
            assert tenant.record(tmp_path).changes() == {}
            after = await tenant.preflight(DEVICES, public_ips=["203.0.113.0/28"])
            assert after.report.counts() == before.counts()

    emulated_time.run(main())


def test_a_plan_that_was_carried_out_already_sends_nothing(tmp_path: Path) -> None:
    """As when two were planned at once, or the first was killed while it read back."""

    async def main() -> None:
        async with emulated_services(_BARE) as tenant:
            fixes = await planned(tenant)
            first = await tenant.fixer(tmp_path).apply_all(fixes)
            assert {one.step for one in first} == {Step.SEEN}
            again = await tenant.fixer(tmp_path).apply_all(fixes)
            assert {one.step for one in again} == {Step.SEEN}
            assert all("Nothing was sent" in one.detail for one in again)
            made = tenant.record(tmp_path).changes().values()
            assert set(Counter((m.change.kind, m.change.target) for m in made).values()) == {1}

    emulated_time.run(main())


def test_what_was_taken_back_is_sent_again(tmp_path: Path) -> None:
    async def main() -> None:
        async with emulated_services(_BARE) as tenant:
            fixes = await planned(tenant)
            enable = [fix for fix in fixes if fix.check is Check.BULK_SIGN_IN]
            fixer = tenant.fixer(tmp_path)
            (first,) = await fixer.apply_all(enable)
            await fixer.undo(first.fix_id)
            (again,) = await fixer.apply_all(enable)
            assert (again.step, again.detail) == (Step.SEEN, "")
            assert len(tenant.record(tmp_path).changes()) == 2

    emulated_time.run(main())


def test_a_record_that_cannot_be_written_is_told_and_nothing_is_sent(tmp_path: Path) -> None:
    async def main() -> None:
        async with emulated_services(_BARE) as tenant:
            fixes = await planned(tenant)
            (tmp_path / "elsewhere").write_bytes(b"")
            (tmp_path / NAME).symlink_to(tmp_path / "elsewhere")
            with pytest.raises(PrivateFileError):
                await tenant.fixer(tmp_path).apply_all(fixes)

    emulated_time.run(main())
