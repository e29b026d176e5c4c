"""A list of batches that is exactly as long as a page: what may be missing of it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from siptui.gateway import bulk_json
from siptui.gateway.json_lists import Listed
from siptui.gateway.protocol import BatchStatus, BatchSummary
from siptui.runs.rollout.evidence import Evidence, SourceRead, Standing
from siptui.runs.rollout.reconcile import reconcile
from siptui.runs.rollout.tenant_reads import read_batches
from tests.support import emulated_time
from tests.tui.scripted_runs import make_devices

_NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


class _Reads:
    """Answers of the service as they are on the wire, read by the gateway."""

    calls = 0

    def __init__(self, ages: Sequence[float], **beside: Any) -> None:
        entries = [
            {
                "BatchId": f"b-{n}",
                "BatchStatus": "Completed",
                "RequestTime": (_NOW - timedelta(days=age)).isoformat(),
            }
            for n, age in enumerate(ages)
        ]
        self._answer: Any = {"value": entries, **beside} if beside else entries

    async def batch_summaries(self, *, retry: bool = False) -> Listed[BatchSummary]:
        return bulk_json.batch_summaries(self._answer)

    async def batch_status(self, batch_id: str, *, retry: bool = False) -> BatchStatus:
        return bulk_json.batch_status({"BatchId": batch_id, "BatchItem": []}, batch_id)


def _read(ages: Sequence[float], **beside: Any) -> SourceRead:
    found: list[SourceRead] = []

    async def main() -> None:
        reads = _Reads(ages, **beside)
        found.append((await read_batches(reads, _NOW, decided=(), rows=10))[1])

    emulated_time.run(main())
    return found[0]


def _over(days: float, count: int = 100) -> list[float]:
    """Ages of batches, the newest first, the oldest so old."""
    return [days * (n + 1) / count for n in range(count)]


def test_an_old_end_of_a_full_page_is_no_matter() -> None:
    told = _read(_over(12))
    assert not told.error
    assert "before" in told.note
    assert "2026-02-18" in told.note


@pytest.mark.parametrize(
    "ages",
    [
        _over(2),  # what was cut may be going on
        _over(12)[::-1],  # the newest may be missing
        [12.0] * 100,  # in no order that is seen
        [*_over(12)[1:], 0.1],
    ],
)
def test_else_what_may_be_missing_is_told(ages: Sequence[float]) -> None:
    told = _read(ages)
    assert "exactly 100 entries" in told.error
    assert not told.note


def test_a_list_that_is_not_full_is_whole() -> None:
    assert (_read(_over(12, 99)).error, _read(_over(12, 99)).note) == ("", "")


def test_no_phone_is_new_by_such_a_list_alone() -> None:
    (device,) = make_devices(1)
    batches = _read(_over(12))
    for error, standing in (("", Standing.TO_DO), ("no answer", Standing.UNKNOWN)):
        inventory = SourceRead("inventory", _NOW, error=error)
        evidence = Evidence({}, {}, (batches, inventory))
        assert [one.standing for one in reconcile([device], evidence, _NOW)] == [standing]
