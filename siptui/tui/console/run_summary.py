"""The page of a run as a whole: how it went over time, what failed why, what to press next."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from siptui.domain.outcome import OUTCOMES, Cause, Retry
from siptui.domain.state import SYMBOLS, WORDS, BatchState, DeviceState
from siptui.domain.text import plural, visible
from siptui.runs import events as ev
from siptui.runs.output.markdown_report import percent
from siptui.runs.output.sentences import cause_name
from siptui.runs.state import RunState
from siptui.tui.console.table_rows import duration
from siptui.tui.sentences import clock, estimate
from siptui.tui.widgets.styles import tone
from siptui.tui.widgets.text_lines import Line

_UNKNOWN = (BatchState.IN_DOUBT, BatchState.UNSETTLED, BatchState.GIVEN_UP)
_WIDE = 48
_BAR = 20
_OVER = (DeviceState.SUCCEEDED, DeviceState.FAILED)
_TOLD = (*_OVER, DeviceState.UNKNOWN, DeviceState.RUNNING, DeviceState.QUEUED)


def summary(
    run: RunState, events: Iterable[ev.Stored], keys: Mapping[str, str], *, read_only: bool
) -> list[Line]:
    """The page; `keys` by action id."""
    lines: list[Line] = [*_counts(run), (), *_progress(run, events)]
    if causes := _causes(run):
        lines += [(), (("Causes", "strong"),), *causes]
    lines += [(), (("Batches", "strong"),), *_batches(run)]
    lines += [(), *_next(run, keys, read_only=read_only)]
    return lines


def _counts(run: RunState) -> list[Line]:
    total = len(run.devices)
    lines: list[Line] = []
    for state in _TOLD:
        count = run.counts[state]
        if state is DeviceState.RUNNING:
            count += run.counts[DeviceState.SUBMITTING]
        if count:
            share = f"{percent(count, total):>3} %"
            lines.append(
                (
                    (f"{SYMBOLS[state]} {WORDS[state]:<10} {count:>6}  {share}  ", tone(state)),
                    (bar(count, total, _BAR), tone(state)),
                )
            )
    return lines


def _progress(run: RunState, events: Iterable[ev.Stored]) -> list[Line]:
    starts = [b.submitted_at for b in run.batches.values() if b.submitted_at]
    if not starts:
        return [(("Nothing was submitted yet.", "muted"),)]
    start = _time(min(starts))
    over: dict[int, float] = {}
    for stored in events:
        event = stored.event
        if isinstance(event, ev.DeviceChanged) and event.state in _OVER:
            over[event.device] = _time(stored.at) - start
    end = _time(run.last_at) - start
    picture = curve(list(over.values()), _WIDE, whole=len(run.devices), end=end)
    first, last = clock(min(starts)), clock(run.last_at)
    lines: list[Line] = [
        (("Progress", "strong"), (f"  done, from {first} to {last}, {duration(end)}", "muted")),
    ]
    if picture:
        lines.append(((picture, "accent"), (f" {len(over)} of {len(run.devices)}", "normal")))
    if run.finished is None and (left := estimate(run)):
        lines.append(((left, "normal"),))
    return lines


def _time(at: str) -> float:
    try:
        return datetime.fromisoformat(at).timestamp()
    except ValueError:
        return 0.0


def _causes(run: RunState) -> list[Line]:
    causes = run.causes()
    most = max(causes.values(), default=0)
    lines: list[Line] = []
    for name, count in causes.most_common():
        lines.append(
            (
                (f"{count:>6}  {bar(count, most, _BAR):<{_BAR}}  ", "failed"),
                (visible(cause_name(name)), "normal"),
            )
        )
        if remedy := _remedy(name):
            lines.append(((" " * 8 + remedy, "muted"),))
    return lines


def _remedy(name: str) -> str:
    try:
        return OUTCOMES[Cause(name)].remedy
    except (KeyError, ValueError):
        return ""


def _batches(run: RunState) -> list[Line]:
    lines: list[Line] = []
    for batch in run.batches.values():
        of_it: Sequence[DeviceState] = [run.devices[i].state for i in batch.devices]
        good, bad = of_it.count(DeviceState.SUCCEEDED), of_it.count(DeviceState.FAILED)
        shade = "unknown" if batch.state in _UNKNOWN else "muted"
        text = f"{batch.number:>6}  {batch.region!s:<5} {plural(len(of_it), 'device'):<12}"
        text += f"{SYMBOLS[DeviceState.SUCCEEDED]} {good:<5}{SYMBOLS[DeviceState.FAILED]} {bad:<5}"
        word = str(batch.state).replace("_", " ")
        lines.append(((text, "normal"), (f"{word:<11}{visible(batch.batch_id)}", shade)))
    return lines


def _next(run: RunState, keys: Mapping[str, str], *, read_only: bool) -> list[Line]:
    ways: list[tuple[str, str]] = []
    causes = run.causes()
    failing = sorted(cause_name(name) for name in causes if _retry(name) is Retry.WAIT)
    if run.counts[DeviceState.UNKNOWN] and not read_only:
        ways.append((keys["settle"], "decides about devices of unknown outcome"))
    if len(causes) > 1 and not read_only:
        passing = f"; may be temporary: {', '.join(failing)}" if failing else ""
        ways.append((keys["retry_cause"], f"retries by cause{passing}"))
    if run.counts[DeviceState.FAILED]:
        ways.append((keys["status"], "shows the failed alone; Enter on one says what to do"))
        if not read_only:
            ways.append((keys["retry"], "retries the failed"))
    ways.append((keys["export"], "exports: .csv, .json, or .md as a report for a ticket"))
    return [((f"{key:<6}", "key"), (text, "normal")) for key, text in ways]


def _retry(name: str) -> Retry | None:
    try:
        return OUTCOMES[Cause(name)].retry
    except (KeyError, ValueError):
        return None


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
