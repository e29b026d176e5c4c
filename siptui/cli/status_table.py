"""The rows of `siptui status` as CSV that `run` reads again as a device list."""

import csv
import io
from collections.abc import Iterable, Sequence

from siptui.devicelist.cells import guard
from siptui.devicelist.writing import LIST
from siptui.domain.text import visible
from siptui.runs.rollout.evidence import RowStanding

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
