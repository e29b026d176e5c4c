"""Words and signs for where rows stand, and what is said of the sources that were read. Pure."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from siptui.domain.text import plural
from siptui.domain.times import local_time
from siptui.runs.rollout.evidence import RowStanding, SourceRead, Standing

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


def counts_of(rows: Iterable[RowStanding]) -> dict[Standing, int]:
    """How many rows stand where, every standing named."""
    counted = Counter(row.standing for row in rows)
    return {one: counted[one] for one in Standing}


def source_line(source: SourceRead, now: datetime) -> str:
    """What was read of a source and when, or why nothing was."""
    name = _SOURCES.get(source.source, source.source)
    what = f"{plural(source.rows, 'entry').replace('entrys', 'entries')}"
    if source.error and not source.partial:
        return f"? {name}: could not be read. {source.error}"
    incomplete = f"; not complete: {source.error}" if source.error else ""
    incomplete += f"; {source.note}" if source.note else ""
    return f"{name}: {what}, read {local_time(source.read_at, now)}{incomplete}"
