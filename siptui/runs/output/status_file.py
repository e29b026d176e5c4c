"""Where the rows of a list stand, as one object for programs and as CSV that is a list again."""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from siptui.devicelist.cells import guard
from siptui.devicelist.writing import LIST, write_new
from siptui.domain.text import visible
from siptui.runs.rollout.evidence import Evidence, RowStanding
from siptui.runs.rollout.standing_words import counts_of

_ADDED = ("Standing", "Since", "By", "Why", "Line")


def as_csv(rows: Sequence[RowStanding]) -> str:
    """`rows` with the list's own columns behind what was found out, guarded for spreadsheets."""
    names = list(dict.fromkeys(name for row in rows for name in row.extra))
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")

    def put(values: Iterable[object]) -> None:
        writer.writerow(guard(visible(str(value))) for value in values)

    put([*LIST, *_ADDED, *(name for name in names)])
    for row in rows:
        put(
            [
                *(row.user_name, row.hardware_id, row.region),
                *(row.standing, row.since.isoformat() if row.since else "", row.by, row.why),
                row.line or "",
                *(row.extra.get(name, "") for name in names),
            ]
        )
    return out.getvalue()


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
                "note": one.note or None,
            }
            for one in evidence.sources
        ],
        "counts": {str(one): count for one, count in counts_of(rows).items()},
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


def write_status(
    path: Path,
    file: str,
    rows: Sequence[RowStanding],
    shown: Sequence[RowStanding],
    evidence: Evidence,
    *,
    force: bool,
) -> None:
    """Write `shown`: JSON, with the counts of all `rows`, for a name that ends in `.json`, CSV
    otherwise. Raises `SiptuiError`, with code `exists` for a file that is there already."""
    if path.suffix.casefold() == ".json":
        body = status_object(file, rows, shown, evidence)
        text = json.dumps(body, ensure_ascii=False, indent=1) + "\n"
        write_new(path, text.encode(), force=force)
    else:
        write_new(path, as_csv(shown).encode("utf-8-sig"), force=force)
