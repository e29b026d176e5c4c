"""Fixes and undos that are killed at every point: the record says in the end what is true."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from siptui.domain.public_address import parse_public
from siptui.emulator.scenario import FaultRule
from siptui.preflight import fix_actions
from siptui.preflight.change_log import Kind, Line, Record, Step
from siptui.preflight.fix_plan import Fix, Wishes, plan_fixes
from siptui.preflight.fix_runner import CannotUndoError, Fixer
from tests.preflight.tenant import EmulatedServices, emulated_services
from tests.runs.engine.engine_harness import device as numbered
from tests.support import emulated_time
from tests.support.replace import replace

_SCENARIO = """
trusted_ips = []
[tenant]
bulk_sign_in = "Disabled"
[lag]
policy = 30
replicas = 3
[[calling_policies]]
name = "SIPDevices"
absent = true
[[accounts]]
match = "*"
sip_calling = false
number = false
"""
_IPS = (parse_public("203.0.113.0/28"),)
_KINDS = (
    *(Kind.ENABLE_BULK_SIGN_IN, Kind.ADD_TRUSTED_IP, Kind.CREATE_CALLING_POLICY),
    *(Kind.GRANT_CALLING_POLICY, Kind.ASSIGN_NUMBER),
)


class _Killed(BaseException):
    """What the code of a process that is no more would meet, if it still ran."""


class _Points:
    """Kills at the point `at`: before or after an entry of the record or a request."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, at: int) -> None:
        self.left = at
        append = Record._append

        def appended(record: Record, lines: Iterable[Line]) -> None:
            self.pass_()
            append(record, lines)
            self.pass_()

        monkeypatch.setattr(Record, "_append", appended)
        for name in ("write", "take_back"):
            monkeypatch.setattr(fix_actions, name, self._around(getattr(fix_actions, name)))

    def _around(self, real: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def around(*args: Any) -> Any:
            self.pass_()
            found = await real(*args)
            self.pass_()
            return found

        return around

    def pass_(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise _Killed


async def _ready(tenant: EmulatedServices, folder: Path, kind: Kind) -> Fix:
    """The fix of that kind, with what it needs made before."""
    devices = [replace(numbered(0), extra={"PhoneNumber": "+4930555123"})]
    made = await tenant.preflight(devices, public_ips=["203.0.113.0/28"])
    plan = plan_fixes(made.report, made.facts, devices, Wishes(public_ips=_IPS))
    found = {fix.change.kind: fix for fix in plan.fixes}
    if kind is Kind.GRANT_CALLING_POLICY:
        assert (await tenant.fixer(folder).apply(found[Kind.CREATE_CALLING_POLICY])).good
        await asyncio.sleep(60)
        return replace(found[kind], needs="")  # it is there
    return found[kind]


async def _standing(tenant: EmulatedServices, fix: Fix) -> bool | None:
    """Whether it is there once every replica says the same."""
    await asyncio.sleep(60)
    return (await fix_actions.standing(tenant.sources, {"x": fix.change}))["x"]


async def _undone(fixer: Fixer, name: str) -> Step | None:
    """How an undo ends; nothing where it is refused."""
    try:
        return (await fixer.undo(name)).step
    except CannotUndoError:
        return None


@pytest.mark.parametrize("kind", _KINDS)
def test_an_undo_killed_anywhere_gets_clean(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: Kind
) -> None:
    async def main(at: int) -> bool:
        folder = tmp_path / str(at)
        async with emulated_services(_SCENARIO) as tenant:
            fix = await _ready(tenant, folder, kind)
            made = await tenant.fixer(folder).apply(fix)
            assert made.good
            with monkeypatch.context() as patch:
                _Points(patch, at)
                try:
                    await tenant.fixer(folder).undo(made.fix_id)
                except _Killed:
                    killed = True
                else:
                    killed = False
            if killed and tenant.record(folder).changes()[made.fix_id].step is not Step.UNDONE:
                await asyncio.sleep(at * 7)  # replicas are of different age at each point
                assert await _undone(tenant.fixer(folder), made.fix_id) is Step.UNDONE
            one = tenant.record(folder).changes()[made.fix_id]
            assert one.step is Step.UNDONE
            assert await _standing(tenant, fix) is False
            with pytest.raises(CannotUndoError, match="nothing to undo"):
                await tenant.fixer(folder).undo(made.fix_id)
            return killed

    points = 0
    while emulated_time.run(main(points + 1)):
        points += 1
    assert points >= 6


@pytest.mark.parametrize("kind", _KINDS)
def test_a_fix_killed_anywhere_can_be_undone_if_it_happened_and_only_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: Kind
) -> None:
    async def main(at: int) -> bool:
        folder = tmp_path / str(at)
        async with emulated_services(_SCENARIO) as tenant:
            fix = await _ready(tenant, folder, kind)
            before = set(tenant.record(folder).changes())
            with monkeypatch.context() as patch:
                _Points(patch, at)
                try:
                    await tenant.fixer(folder).apply(fix)
                except _Killed:
                    killed = True
                else:
                    killed = False
            there = await _standing(tenant, fix)
            entries = set(tenant.record(folder).changes()) - before
            if not entries:  # killed before anything was written down or sent
                assert there is False
                return killed
            (name,) = entries
            if there:
                assert await _undone(tenant.fixer(folder), name) is Step.UNDONE
                assert await _standing(tenant, fix) is False
            else:
                assert await _undone(tenant.fixer(folder), name) is None
                assert tenant.record(folder).changes()[name].step in (Step.INTENDED, Step.IN_DOUBT)
                await asyncio.sleep(15 * 60)  # not on its way any more
                assert await _undone(tenant.fixer(folder), name) is None
                assert tenant.record(folder).changes()[name].step is Step.FAILED
            assert not tenant.record(folder).changes()[name].holds
            return killed

    points = 0
    while emulated_time.run(main(points + 1)):
        points += 1
    assert points >= 6


def test_what_another_change_made_is_not_taken_for_that_of_one_in_doubt(tmp_path: Path) -> None:
    async def main() -> None:
        async with emulated_services(_SCENARIO) as tenant:
            fix = await _ready(tenant, tmp_path, Kind.ENABLE_BULK_SIGN_IN)
            tenant.record(tmp_path).intend([("0000aaaa", fix.change)])  # and then it was killed
            made = await tenant.fixer(tmp_path).apply(fix)
            assert made.good
            with pytest.raises(CannotUndoError, match=f"given by {made.fix_id}"):
                await tenant.fixer(tmp_path).undo("0000aaaa")
            assert (await tenant.fixer(tmp_path).undo(made.fix_id)).step is Step.UNDONE

    emulated_time.run(main())


def test_an_account_that_cannot_be_read_is_not_taken_for_gone(tmp_path: Path) -> None:
    async def main() -> None:
        async with emulated_services(_SCENARIO) as tenant:
            fix = await _ready(tenant, tmp_path, Kind.ASSIGN_NUMBER)
            made = await tenant.fixer(tmp_path).apply(fix)
            assert made.good
            tenant.record(tmp_path).note([(made.fix_id, Step.UNDOING, "")])
            rule = {"kind": "status", "status": 500, "call": "users"}
            tenant.emulator.faults.add(msgspec.convert(rule, FaultRule))
            with pytest.raises(CannotUndoError, match="could not be read"):
                await tenant.fixer(tmp_path).undo(made.fix_id)
            assert tenant.record(tmp_path).changes()[made.fix_id].step is Step.UNDOING

    emulated_time.run(main())
