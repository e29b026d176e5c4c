"""What is said of hand-over lists that were written."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from siptui.domain.text import plural, visible
from siptui.runs.output.handover import Case, sites

_SHOWN = 5


def written(paths: Iterable[Path], lists: Mapping[str, Sequence[Case]]) -> Iterator[str]:
    """A line for each file: how many devices, of which sites."""
    for path in paths:
        cases = lists[path.stem]
        names = sites(cases)
        more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
        of = f" ({', '.join(map(visible, names[:_SHOWN]))}{more})" if names else ""
        devices = len({case.device.key for case in cases})
        yield f"{visible(str(path))}: {plural(devices, 'device')}{of}"
