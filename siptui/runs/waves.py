"""In which waves a run goes out, as an operator says it: by a column, the first few first, when.

The command line and the console both make the options of a run from this. Pure.
"""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from siptui.devicelist.model import DeviceList
from siptui.domain.moments import window
from siptui.domain.row_filter import column_of
from siptui.runs.events import Options
from siptui.runs.journal.codec import timestamp

#: The share of the first, or of a site, that may fail, in percent.
MAX_FAILURES = 10.0


class Waves(Struct, frozen=True):
    """`by` is a column by any of its names, `first` how many devices are tried before the others,
    `max_failures` the percent of them that may fail, the times are as they were typed."""

    by: str = ""
    first: int = 0
    max_failures: float = MAX_FAILURES
    not_before: str = ""
    until: str = ""

    def over(self, options: Options, found: DeviceList, now: datetime) -> Options:
        """`options` with these waves for a run of the list `found`.

        Raises `NoSuchColumnError`, and `NoMomentError` for times that make no sense `now`.
        """
        begin, end = window(self.not_before, self.until, now)
        return replace(
            options,
            by=column_of(self.by, columns(found), found.headers_read) if self.by else "",
            first=self.first,
            max_failures=self.max_failures,
            not_before=timestamp(begin) if begin else "",
            until=timestamp(end) if end else "",
        )


def columns(found: DeviceList) -> Sequence[str]:
    """The list's own columns, which a run can go by."""
    return list(found.devices[0].extra) if found.devices else []
