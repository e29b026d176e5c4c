"""What `siptui status` prints for people."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from siptui.cli.wording import columns
from siptui.domain.text import visible
from siptui.domain.times import local_time
from siptui.runs.rollout.evidence import Evidence, RowStanding, Standing
from siptui.runs.rollout.standing_words import SYMBOLS, WORDS, counts_of, source_line

#: So many rows that are gone are printed after those of the list.
_GONE = 20


def status_lines(
    file: str, rows: Sequence[RowStanding], shown: Sequence[RowStanding], evidence: Evidence
) -> Iterator[str]:
    """What `siptui status` prints for people: the sums, what was read, then the rows; of what is
    gone beside other rows the first few, as the inventory has the whole tenant."""
    said = [f"{count:,} {WORDS[one]}" for one, count in counts_of(rows).items() if count]
    yield f"{file}: {', '.join(said) or 'no rows'}."
    now = datetime.now(UTC)
    for source in evidence.sources:
        yield f"  {source_line(source, now)}"
    if not shown:
        return
    gone = [row for row in shown if row.standing is Standing.GONE]
    more = len(gone) - _GONE if _GONE < len(gone) < len(shown) else 0
    if more:
        shown = [row for row in shown if row.standing is not Standing.GONE] + gone[:_GONE]
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
    if more:
        yield f"and {more:,} more that are gone: --only gone shows them all."
