"""What `siptui status` prints: for people, for scripts, and as a file."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from siptui.cli.wording import columns
from siptui.domain.text import plural, visible
from siptui.domain.times import local_time
from siptui.runs.rollout.evidence import Evidence, RowStanding, SourceRead, Standing

SYMBOLS = {
    Standing.TO_DO: "◌",
    Standing.DONE: "✓",
    Standing.OTHER: "✗",
    Standing.LIVE: "…",
    Standing.UNKNOWN: "?",
    Standing.GONE: "-",
}
WORDS = {
    Standing.TO_DO: "to do",
    Standing.DONE: "done",
    Standing.OTHER: "other",
    Standing.LIVE: "live",
    Standing.UNKNOWN: "unknown",
    Standing.GONE: "gone",
}
_SOURCES = {
    "history": "run history of this host",
    "batches": "the tenant's batches (30 days)",
    "inventory": "device inventory",
}


def counts_of(rows: Sequence[RowStanding]) -> dict[str, int]:
    """How many rows stand where, every standing named."""
    counted = Counter(row.standing for row in rows)
    return {str(one): counted[one] for one in Standing}


def status_object(
    file: str, rows: Sequence[RowStanding], shown: Sequence[RowStanding], evidence: Evidence
) -> dict[str, Any]:
    """What `status --json` prints: `rows` are counted, `shown` are listed."""
    return {
        "file": file,
        "sources": [
            {
                "source": one.source,
                "read_at": one.read_at.isoformat(),
                "rows": one.rows,
                "error": one.error or None,
            }
            for one in evidence.sources
        ],
        "counts": counts_of(rows),
        "calls": evidence.calls,
        "rows": [row_object(row) for row in shown],
    }


def row_object(row: RowStanding) -> dict[str, Any]:
    """A row as `status --json` has it."""
    return {
        "line": row.line,
        "username": row.user_name,
        "hardware_id": row.hardware_id,
        "region": row.region or None,
        "standing": str(row.standing),
        "since": row.since.isoformat() if row.since else None,
        "by": row.by or None,
        "why": row.why or None,
    }


def status_lines(
    file: str, rows: Sequence[RowStanding], shown: Sequence[RowStanding], evidence: Evidence
) -> Iterator[str]:
    """The same for people: the sums, what was read, then the rows."""
    said = [f"{count:,} {WORDS[Standing(one)]}" for one, count in counts_of(rows).items() if count]
    yield f"{file}: {', '.join(said) or 'no rows'}."
    now = datetime.now(UTC)
    for source in evidence.sources:
        yield f"  {_read(source, now)}"
    if not shown:
        return
    yield ""
    table = [
        (
            str(row.line or "-"),
            f"{SYMBOLS[row.standing]} {WORDS[row.standing]}",
            row.user_name or "-",
            row.hardware_id,
            row.region or "-",
            local_time(row.since, now) if row.since else "-",
            row.by or "-",
            row.why or "-",
        )
        for row in shown
    ]
    head = ("LINE", "STANDING", "USER NAME", "HARDWARE ID", "REGION", "SINCE", "BY", "WHY")
    yield from columns(head, [tuple(map(visible, row)) for row in table])


def _read(source: SourceRead, now: datetime) -> str:
    name = _SOURCES.get(source.source, source.source)
    what = f"{plural(source.rows, 'entry').replace('entrys', 'entries')}"
    if source.error and not source.partial:
        return f"? {name}: could not be read. {source.error}"
    incomplete = f"; not complete: {source.error}" if source.error else ""
    return f"{name}: {what}, read {local_time(source.read_at, now)}{incomplete}"
