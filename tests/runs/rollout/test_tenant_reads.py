"""What is read of the tenant's batches beside what the runs of this host tell of them."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from siptui.domain.region import Region
from siptui.emulator.scenario import ForeignBatch
from siptui.gateway.bulk_client import BulkSignInClient
from siptui.gateway.errors import ServiceFailedError
from siptui.gateway.json_lists import Listed
from siptui.gateway.operator_names import OperatorNames
from siptui.gateway.protocol import BatchStatus, BatchSummary, ItemStatus, Phase
from siptui.gateway.tenant_model import InventoryDevice
from siptui.runs.events import DevicesSignedIn
from siptui.runs.rollout.evidence import Attempt, Evidence, Result, Seen, SourceRead, Standing
from siptui.runs.rollout.history import read_history
from siptui.runs.rollout.reconcile import reconcile
from siptui.runs.rollout.tenant_reads import (
    attempts_of,
    decided_batches,
    merged,
    read_batches,
    read_evidence,
    read_inventory,
    unreadable,
    with_names,
)
from siptui.transport.http import open_client
from tests.runs.engine.engine_harness import EngineHarness, devices
from tests.support import emulated_time
from tests.support.replace import replace

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
DOWN = ServiceFailedError("It is down.")
PHONE = "00-04-F2-00-00-01"
_WHY = f"{DOWN.title}: It is down."


def _summary(name: str, days: float | None = 1, phase: Phase = Phase.COMPLETED) -> BatchSummary:
    """A batch of so many days ago."""
    when = "" if days is None else (NOW - timedelta(days=days)).isoformat()
    return BatchSummary(name, "", phase, Region.EMEA, when, "me", 1)


def _status(name: str, *items: ItemStatus, gap: str = "") -> BatchStatus:
    return BatchStatus(name, "", Phase.COMPLETED, None, "", "", items, gap=gap)


def _item(phase: Phase = Phase.SUCCEEDED, *, error: str = "", ended: bool = False) -> ItemStatus:
    return ItemStatus("room@x.example", PHONE, "", phase, error, ended)


class _Service:
    """A service that lists these batches, each with a phone unless `odd` says otherwise."""

    def __init__(
        self,
        batches: Sequence[BatchSummary] | Exception,
        odd: Mapping[str, BatchStatus | Exception] | None = None,
    ) -> None:
        self._batches, self._odd = batches, odd or {}
        self.calls = self.at_once = self._now = 0
        self.read: list[str] = []
        self.retries: list[bool] = []

    async def batch_summaries(self, *, retry: bool = False) -> Listed[BatchSummary]:
        self.calls += 1
        self.retries.append(retry)
        if isinstance(self._batches, Exception):
            raise self._batches
        return self._batches if isinstance(self._batches, Listed) else Listed(self._batches)

    async def batch_status(self, batch_id: str, *, retry: bool = False) -> BatchStatus:
        self.calls += 1
        self.retries.append(retry)
        self.read.append(batch_id)
        self._now += 1
        self.at_once = max(self.at_once, self._now)
        await asyncio.sleep(1)
        self._now -= 1
        found = self._odd.get(batch_id) or _status(batch_id, _item())
        if isinstance(found, Exception):
            raise found
        return found


class _Phones:
    """An inventory."""

    def __init__(self, found: Sequence[InventoryDevice] | Exception) -> None:
        self._found = found
        self.calls = 0

    async def sip_devices(self) -> tuple[InventoryDevice, ...]:
        self.calls += 2
        if isinstance(self._found, Exception):
            raise self._found
        return tuple(self._found)


def _read(
    service: _Service, *, rows: int = 10, decided: Collection[str] = ()
) -> tuple[list[Attempt], SourceRead, frozenset[str] | None]:
    return emulated_time.run(read_batches(service, NOW, decided=decided, rows=rows))


def test_batches_that_cannot_be_listed_are_told_of() -> None:
    found, source, ids = _read(_Service(DOWN))
    assert (found, ids) == ([], None)
    assert source == SourceRead("batches", NOW, error=_WHY, cause=DOWN)


def test_what_the_history_knows_the_end_of_is_not_read_again() -> None:
    service = _Service([_summary("B1"), _summary("B2")])
    found, source, ids = _read(service, decided={"b1"})
    assert service.read == ["B2"]
    assert [one.batch_id for one in found] == ["B2"]
    assert ids == {"b1", "b2"}
    assert source == SourceRead("batches", NOW, rows=1, partial=True)
    assert service.retries == [True, True]


@pytest.mark.parametrize(
    ("count", "rows", "left"),
    [(150, 10, 0), (152, 10, 2), (152, 15_000, 2), (152, 15_100, 1), (152, 15_200, 0)],
)
def test_of_very_many_the_newest_are_read_and_those_that_go_on(
    count: int, rows: int, left: int
) -> None:
    batches = [_summary(f"b{days}", days) for days in range(count, 2, -1)]
    batches += [_summary("none", None), _summary("on", None, Phase.RUNNING)]
    service = _Service(batches)
    _, source, _ = _read(service, rows=rows)
    assert service.read[:2] == ["on", "b3"]
    oldest = [f"b{count - 1}", f"b{count}", "none"]
    assert service.read[-1] == oldest[2 - left]
    assert len(service.read) == count - left
    assert source.error == (f"the devices of {left} older batches were not read" if left else "")
    assert service.at_once == 4


def test_who_waits_hears_how_far_it_is() -> None:
    heard: list[tuple[int, int]] = []
    service = _Service([_summary(f"b{n}") for n in range(3)])

    async def main() -> None:
        await read_evidence(
            ([], SourceRead("history", NOW)),
            *(service, None),
            now=lambda: NOW,
            rows=3,
            on_progress=lambda *told: heard.append(told),
        )

    emulated_time.run(main())
    assert heard == [(1, 3), (2, 3), (3, 3)]


def test_a_batch_that_cannot_be_read_is_told_of_beside_the_others() -> None:
    batches = [_summary(name) for name in "abcde"]
    odd = {"b": _status("b", _item(), gap="2 are missing"), "c": DOWN}
    found, source, _ = _read(_Service(batches, odd))
    assert [one.batch_id for one in found] == ["a", "b", "d", "e"]
    assert source.error == f"batch b: 2 are missing; batch c: {_WHY}"
    assert source.partial
    _, source, _ = _read(_Service(batches, dict.fromkeys("abcde", DOWN)))
    assert source.error.endswith(f"batch c: {_WHY}; and 2 more")
    with pytest.raises(ZeroDivisionError):  # a fault of siptui is none of the service
        _read(_Service(batches, {"c": ZeroDivisionError()}))


@pytest.mark.parametrize(
    ("days", "matters"),
    [
        ([1, 2, 3], False),
        ([1, 2, 3.5], False),
        ([1, 2, 2.9], True),  # what was cut may be going on
        ([1, 4, 4], False),
        ([4, 4, 4], True),
        ([4, 1, 5], True),
        ([1, 5, 4], True),
        ([1, None, 4], True),
    ],
)
def test_a_list_that_may_be_cut(days: Sequence[float | None], matters: bool) -> None:
    entries = [_summary(f"b{n}", age) for n, age in enumerate(days)]
    _, source, _ = _read(_Service(Listed(entries, more="a full page", guessed=True)))
    assert (source.error, bool(source.note)) == (("a full page", False) if matters else ("", True))
    _, lost, _ = _read(_Service(Listed(entries, lost=1, more="a full page", guessed=True)))
    assert "cannot be read" in lost.error
    _, sure, _ = _read(_Service(Listed(entries, more="cut")))
    assert (sure.error, sure.note) == ("cut", "")


@pytest.mark.parametrize(
    ("summary", "status", "item", "result"),
    [
        (Phase.RUNNING, Phase.RUNNING, _item(Phase.RUNNING), "live"),
        (Phase.COMPLETED, Phase.RUNNING, _item(Phase.RUNNING), "unknown"),
        (Phase.RUNNING, Phase.COMPLETED, _item(Phase.RUNNING), "unknown"),
        (Phase.RUNNING, Phase.RUNNING, _item(Phase.RUNNING, ended=True), "unknown"),
        (Phase.RUNNING, Phase.RUNNING, _item(Phase.SUCCEEDED), "succeeded"),
        (Phase.COMPLETED, Phase.COMPLETED, _item(Phase.FAILED), "failed"),
    ],
)
def test_what_a_batch_tells_of_a_phone(
    summary: Phase, status: Phase, item: ItemStatus, result: str
) -> None:
    told = replace(_status("B1", item), phase=status)
    (found,) = attempts_of(_summary("B1", phase=summary), told)
    assert found.result == result


def test_a_batch_tells_who_where_and_when_in_its_list_or_by_itself() -> None:
    listed = _summary("B1", 2)
    other = replace(
        _status("B1", _item(Phase.FAILED, error="Offline.")),
        request_time=(NOW - timedelta(days=5)).isoformat(),
        region=Region.NOAM,
        user_id="you",
    )
    expected = Attempt(
        user_name="room@x.example",
        hardware_id=PHONE,
        result=Result.FAILED,
        at=NOW - timedelta(days=2),
        where="batch B1",
        by="me",
        batch_id="B1",
        region="EMEA",
        error="Offline.",
        end_known=False,
    )
    assert attempts_of(listed, other) == [expected]
    bare = replace(listed, request_time="", region=None, user_id="")
    by_itself = replace(expected, at=NOW - timedelta(days=5), by="you", region="NOAM")
    assert attempts_of(bare, other) == [by_itself]
    nothing = replace(other, request_time="", region=None, user_id="")
    assert attempts_of(bare, nothing) == [replace(expected, at=None, by="", region="")]
    odd = replace(other, items=(replace(_item(), hardware_id="0004f2000001"),))
    assert attempts_of(listed, odd)[0].hardware_id == PHONE
    odd = replace(other, items=(replace(_item(), hardware_id="phone 1"),))
    assert attempts_of(listed, odd)[0].hardware_id == "phone 1"


def test_the_inventory_by_hardware_id_or_why_there_is_none() -> None:
    phones = [
        InventoryDevice("A", region=Region.EMEA, user_name="u", signed_in=True),
        InventoryDevice("B"),
    ]

    async def main() -> None:
        found, source = await read_inventory(_Phones(phones), NOW)
        assert found == {"A": Seen("u", True, "EMEA"), "B": Seen("", None, "")}
        assert source == SourceRead("inventory", NOW, rows=2)
        found, source = await read_inventory(_Phones(DOWN), NOW)
        assert found == {}
        assert source == SourceRead("inventory", NOW, error=_WHY, cause=DOWN)
        found, source = await read_inventory(None, NOW)
        assert found == {}
        assert (source.source, source.read, source.cause) == ("inventory", False, None)

    emulated_time.run(main())


def test_all_that_was_read_is_told_of_with_its_calls() -> None:
    past = SourceRead("history", NOW)

    async def main() -> None:
        service, phones = _Service([_summary("B1")]), _Phones([])
        for _ in range(2):  # calls of before are not counted
            read = await read_evidence(([], past), service, phones, now=lambda: NOW, rows=1)
            assert [one.source for one in read.sources] == ["history", "batches", "inventory"]
            assert [one.batch_id for one in read.attempts[PHONE]] == ["B1"]
            assert read.calls == 4
        read = await read_evidence(([], past), service, None, now=lambda: NOW, rows=1)
        assert read.calls == 2

    emulated_time.run(main())
    dark = unreadable(([_ours(Result.LIVE)], past), DOWN, NOW)
    assert dark.sources[0] is past
    assert dark.sources[1:] == (
        SourceRead("batches", NOW, error=_WHY, cause=DOWN),
        SourceRead("inventory", NOW, error=_WHY, cause=DOWN),
    )
    assert [one.result for one in dark.attempts[PHONE]] == [Result.LIVE]


class _Names:
    async def names(self, object_ids: Sequence[str]) -> Mapping[str, str]:
        return dict.fromkeys(object_ids, "ada@x.example")


def test_those_who_submitted_have_names_where_they_can_be_read() -> None:
    guid = "6a2b0000-0000-4000-8000-000000000001"
    some = [_theirs(Result.FAILED, by=guid), _theirs(Result.FAILED, by="bob@x.example")]
    evidence = Evidence({PHONE: some}, {}, (SourceRead("history", NOW),))

    async def main() -> None:
        named = await with_names(evidence, OperatorNames(), _Names())
        assert [one.by for one in named.attempts[PHONE]] == ["ada@x.example", "bob@x.example"]
        assert named.nameless == ""
        nameless = await with_names(evidence, OperatorNames(), None)
        assert nameless.attempts == evidence.attempts
        assert "Names are not looked up" in nameless.nameless

    emulated_time.run(main())


def _ours(result: Result, batch_id: str = "", error: str = "") -> Attempt:
    """What a run of this host tells."""
    return Attempt("room@x.example", PHONE, result, NOW, "run r1", "", batch_id, error=error)


def _theirs(result: Result, batch_id: str = "B1", error: str = "", by: str = "") -> Attempt:
    """What the service tells of a batch."""
    where = f"batch {batch_id}"
    return Attempt(
        *("room@x.example", PHONE, result, NOW, where, by, batch_id),
        error=error,
        end_known=False,
    )


def test_which_batches_the_history_knows_the_end_of() -> None:
    assert decided_batches([_ours(Result.FAILED)]) == frozenset()
    assert decided_batches([_ours(Result.FAILED, "B1")]) == {"b1"}
    for result in (Result.LIVE, Result.UNKNOWN):
        assert decided_batches([_ours(Result.FAILED, "B1"), _ours(result, "b1")]) == frozenset()
    assert decided_batches([_theirs(Result.SUCCEEDED)]) == frozenset()
    forgotten = replace(_ours(Result.FAILED, "B1"), user_name="(forgotten-1)")
    assert decided_batches([_ours(Result.FAILED, "B1"), forgotten]) == frozenset()


@pytest.mark.parametrize(
    ("ours", "told", "ids", "expected"),
    [
        # The run did not see its end.
        (_ours(Result.LIVE, "b1"), _theirs(Result.FAILED, error="x"), {"b1"}, [("failed", "x")]),
        (_ours(Result.UNKNOWN, "B1", "lost"), _theirs(Result.FAILED), {"b1"}, [("failed", "lost")]),
        (
            _ours(Result.LIVE, "B1", "o"),
            _theirs(Result.FAILED, error="x"),
            {"b1"},
            [("failed", "x")],
        ),
        (_ours(Result.LIVE, "B1"), None, {"b1"}, [("live", "")]),  # it lists no such phone
        (_ours(Result.LIVE, "B1"), None, {"b2"}, [("unknown", "")]),  # it is forgotten
        (_ours(Result.LIVE, "B1"), None, None, [("live", "")]),
        (_ours(Result.LIVE), None, {"b2"}, [("live", "")]),  # it was not taken yet
        # The run saw its end.
        (_ours(Result.SUCCEEDED, "b1"), _theirs(Result.FAILED), {"b1"}, [("succeeded", "")]),
        # They are two.
        (
            _ours(Result.FAILED, "b2"),
            _theirs(Result.SUCCEEDED),
            {"b1", "b2"},
            [("failed", ""), ("succeeded", "")],
        ),
        (
            _ours(Result.LIVE),
            _theirs(Result.SUCCEEDED),
            {"b1"},
            [("live", ""), ("succeeded", "")],
        ),
    ],
)
def test_a_run_and_the_service_tell_of_the_same_batch(
    ours: Attempt, told: Attempt | None, ids: Collection[str] | None, expected: object
) -> None:
    found = merged([ours], [told] if told else [], ids)
    assert [(one.result, one.error) for one in found[PHONE]] == expected
    assert found[PHONE][0].where == "run r1"


def test_another_ones_batch_is_read_for_the_phones_that_no_run_has(tmp_path: Path) -> None:
    """A run left one of its phones out since that batch had signed it in. It knows no others."""

    async def main() -> None:
        harness, phones, now = EngineHarness(tmp_path), devices(3), emulated_time.now
        run = harness.create(phones[:1])
        items = tuple((str(d.user_name), str(d.hardware_id)) for d in phones)
        harness.tenant.start_foreign(ForeignBatch(at=0, region=Region.EMEA, items=items))
        await asyncio.sleep(1200)
        await harness.work(run)
        assert [e.devices for e in harness.events(run, DevicesSignedIn)] == [[0]]
        async with open_client(transport=harness.emulator.transport()) as http:
            client = BulkSignInClient(http, "https://emulator.invalid", harness)
            history = read_history(harness.run_service.host, now())
            evidence = await read_evidence(history, client, None, now=now, rows=3)
        rows = reconcile(phones, evidence, now())
        assert [row.standing for row in rows] == [Standing.DONE] * 3, rows

    emulated_time.run(main())
