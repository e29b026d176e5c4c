"""Small pictures made of characters: a curve over time, bars of counts. Pure."""

from collections.abc import Sequence

_STEPS = "▁▂▃▄▅▆▇█"
_EIGHTHS = " ▏▎▍▌▋▊▉█"


def curve(times: Sequence[float], width: int, *, whole: int, end: float | None = None) -> str:
    """How many of `whole` had happened by then, in `width` cells from 0 to `end` seconds.

    `times` are seconds from the start. A cell is at least one step high once something happened,
    and full only when all of it has.
    """
    if not times or width < 1 or whole < 1:
        return ""
    last = max(end if end is not None else 0.0, max(times), 1e-9)
    ordered, done, cells = sorted(times), 0, []
    for cell in range(1, width + 1):
        until = last * cell / width
        while done < len(ordered) and ordered[done] <= until + 1e-9:
            done += 1
        step = len(_STEPS) * done // whole
        cells.append(_STEPS[min(max(step, 1), len(_STEPS)) - 1] if done else " ")
    return "".join(cells)


def bar(count: int, most: int, width: int) -> str:
    """A bar of `count`, as long as `width` cells for `most`; some of it is seen for any count."""
    if count <= 0 or most <= 0 or width < 1:
        return ""
    eighths = max(1, round(8 * width * min(count, most) / most))
    full, rest = divmod(eighths, 8)
    return _EIGHTHS[8] * full + (_EIGHTHS[rest] if rest else "")
