"""The page of a run as a whole: how it went over time, what failed why, what to press next."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from math import ceil

from siptui.domain.device import Device
from siptui.domain.outcome import OUTCOMES, Cause, Retry
from siptui.domain.state import SYMBOLS, WORDS, BatchState, DeviceState
from siptui.domain.text import plural, visible
from siptui.domain.times import clock, duration
from siptui.runs import events as ev
from siptui.runs.group_tally import GroupTally, stop_words, tallies, tallies_by
from siptui.runs.output.markdown_report import percent
from siptui.runs.output.sentences import cause_name
from siptui.runs.state import RunState
from siptui.runs.time_left import TimeLeft, left_words, time_left
from siptui.tui.console.filters import column_name
from siptui.tui.console.waves import by_use
from siptui.tui.countdown import clock as countdown
from siptui.tui.widgets.styles import tone
from siptui.tui.widgets.text_lines import Line, Run

_UNKNOWN = (BatchState.IN_DOUBT, BatchState.UNSETTLED, BatchState.GIVEN_UP)
_WIDE = 48
_BAR = 20
#: The longest name of a group that is shown whole.
_NAME = 24
#: So many sites are told of one by one, in a run that does not go by them.
_MOST_SITES = 40
_OVER = (DeviceState.SUCCEEDED, DeviceState.FAILED)
_OUTCOMES = (*_OVER, DeviceState.UNKNOWN)
_TOLD = (*_OUTCOMES, DeviceState.RUNNING, DeviceState.QUEUED)


def summary(
    run: RunState,
    events: Iterable[ev.Stored],
    keys: Mapping[str, str],
    *,
    read_only: bool,
    now: datetime | None = None,
    told_at: str = "",
    whole_list: bool = False,
) -> list[Line]:
    """The page; `keys` by action id. `now` is when the run was last heard of, if it is not said.
    `told_at` (RFC 3339) is until when it is known how the run goes, else its last news.
    `whole_list`: what else became of its list can be told."""
    left = time_left(run, now)
    lines: list[Line] = [
        *_counts(run),
        *_scope(run, keys if whole_list else {}),
        (),
        *_progress(run, events, left, told_at or run.last_at),
    ]
    if groups := tallies(run):
        column = visible(run.plan.options.by) if run.plan else ""
        lines += [(), ((f"By {column}", "strong"),), *_groups(run, groups, left)]
    if causes := _causes(run):
        lines += [(), (("Causes", "strong"),), *causes]
    if not groups and (column := dividing([record.device for record in run.devices])):
        sites = tallies_by(run, column)
        lines += [(), ((f"By {visible(column)}", "strong"),), *_groups(run, sites, left)]
    lines += [(), (("Batches", "strong"),), *_batches(run)]
    stopped = [visible(one.group) for one in groups if one.stopped and one.left]
    lines += [(), *_next(run, keys, stopped, read_only=read_only)]
    return lines


def dividing(devices: Sequence[Device], most: int = _MOST_SITES) -> str:
    """The column of the list that most likely is its site: one with several values, `most` at
    most and few enough to be read; nothing where there is none."""
    titles = dict.fromkeys(title for device in devices for title in device.extra)
    for title in by_use(list(titles), devices)[:1]:
        values = {device.extra.get(title, "").strip() for device in devices}
        if 1 < len(values) <= min(most, len(devices) // 2):
            return title
    return ""


def _scope(run: RunState, keys: Mapping[str, str]) -> list[Line]:
    """That the run is a part of its list, whose other rows no figure on the page counts, and by
    which keys all are told of, if by any."""
    if run.plan is None or not run.plan.skipped:
        return []
    rows, are = plural(run.plan.skipped, "row"), "is" if run.plan.skipped == 1 else "are"
    way = f" {keys['standing']}, then {keys['summary']} tells of all." if keys else ""
    return [((f"This run alone; {rows} of its list {are} not in it.{way}", "muted"),)]


def _counts(run: RunState) -> list[Line]:
    total = len(run.devices)
    lines: list[Line] = []
    for state in _TOLD:
        count = run.counts[state]
        if state is DeviceState.RUNNING:
            count += run.counts[DeviceState.SUBMITTING]
        if not count and state not in _OVER:
            continue
        # That of an end is there from the first: a line that comes later moves all below it.
        shade = tone(state) if count else "muted"
        line: Line = ((f"{SYMBOLS[state]} {WORDS[state]:<10} {count:>6}", shade),)
        if state in _OUTCOMES:
            share = f"  {percent(count, total):>3} %  {bar(count, total, _BAR)}"
            line = (*line, (share, shade))
        lines.append(line)
    return lines


def _progress(
    run: RunState, events: Iterable[ev.Stored], left: TimeLeft, told_at: str
) -> list[Line]:
    starts = [b.submitted_at for b in run.batches.values() if b.submitted_at]
    if not starts:
        return [(("Nothing was submitted yet.", "muted"),)]
    start = _time(min(starts))
    over: dict[int, float] = {}
    for stored in events:
        event = stored.event
        if isinstance(event, ev.DeviceChanged) and event.state in _OVER:
            over[event.device] = _time(stored.at) - start
    end = _time(told_at) - start
    picture = curve(list(over.values()), _WIDE, whole=len(run.devices), end=end)
    first, last = clock(min(starts)), clock(run.last_at)
    until = f" to {last}" if run.finished else ""  # the title says it of a run that goes on
    lines: list[Line] = [
        (
            ("Progress", "strong"),
            (
                f"  {plural(len(run.devices), 'device')} from {first}{until}, {duration(end)}",
                "muted",
            ),
        ),
    ]
    if picture:
        lines.append(((picture, "accent"),))
    said = [f"next attempt in {countdown(int(left.next_attempt))}"] if left.next_attempt else []
    said += [words] if (words := left_words(left.seconds)) else []
    if run.finished is None and said:
        text = ", ".join(said)
        lines.append(((text[0].upper() + text[1:], "normal"),))
    return lines


def _groups(run: RunState, groups: Sequence[GroupTally], left: TimeLeft) -> list[Line]:
    """A line a group, and one on why it was stopped or what failed in it."""
    lines: list[Line] = []
    width = min(_NAME, max(len(visible(one.group)) for one in groups))
    some_unknown = any(one.unknown for one in groups)
    for one in groups:
        name = visible(one.group)
        name = name if len(name) <= width else f"{name[: width - 1]}…"
        done = one.devices - one.left
        counts: list[Run] = [
            (f"{SYMBOLS[state]} {count:<6}", tone(state) if count else "muted")
            for state, count in (
                (DeviceState.SUCCEEDED, one.succeeded),
                (DeviceState.FAILED, one.failed),
                *([(DeviceState.UNKNOWN, one.unknown)] if some_unknown else []),
            )
        ]
        going = left_words(left.groups.get(one.group))
        if not going and not one.left:
            going = "ended" if one.failed or one.unknown else "done"
        lines.append(
            (
                (f"  {name:<{width}} {f'{done}/{one.devices}':>11}  ", "normal"),
                *counts,
                ("stopped" if one.stopped else going, "failed" if one.stopped else "muted"),
            )
        )
        why = [stop_words(one.stop, run.plan.options.max_failures)] if one.stop and run.plan else []
        why += [f"{count} {cause_name(name)}" for name, count in one.causes.most_common()]
        if why:
            lines.append(((" " * 4 + "; ".join(why), "failed" if one.stop else "muted"),))
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


def _next(
    run: RunState, keys: Mapping[str, str], stopped: Sequence[str], *, read_only: bool
) -> list[Line]:
    ways: list[tuple[str, str]] = []
    causes = run.causes()
    failing = sorted(cause_name(name) for name in causes if _retry(name) is Retry.WAIT)
    if stopped and run.stopped is not None and not read_only:
        ways += _after_a_stop(run, keys, stopped)
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


def _after_a_stop(
    run: RunState, keys: Mapping[str, str], stopped: Sequence[str]
) -> list[tuple[str, str]]:
    """How to go on with what was stopped: with all of it, or with one alone."""
    column = column_name(run.plan.options.by if run.plan else "")
    names = ", ".join(stopped[:3]) + (f" and {len(stopped) - 3} more" if len(stopped) > 3 else "")
    alone = f"{column}:{stopped[0].split()[0].casefold()}"
    return [
        (keys["runs"], f"resumes: goes on with all that was stopped ({names})"),
        (
            keys["open"],
            f"opens the list again: {keys['filter']} {alone} and {keys['submit']} submit one alone",
        ),
    ]


def _retry(name: str) -> Retry | None:
    try:
        return OUTCOMES[Cause(name)].retry
    except (KeyError, ValueError):
        return None


_STEPS = "▁▂▃▄▅▆▇█"
_EIGHTHS = " ▏▎▍▌▋▊▉█"
_MINUTE, _HOUR = 60, 3600
#: Seconds that a cell of the curve may be.
_CELLS = (
    *(1, 2, 5, 10, 15, 30),
    *(_MINUTE * many for many in (1, 2, 5, 10, 15, 30)),
    *(_HOUR * many for many in (1, 2, 4, 8)),
)


def curve(times: Sequence[float], width: int, *, whole: int, end: float | None = None) -> str:
    """How many of `whole` had happened by then, from 0 to `end` seconds.

    `times` are seconds from the start. A cell is a round time, the shortest for which `width`
    cells are enough: the cells of a run that goes on stay as they are, and more come. A cell is
    at least one step high once something happened, and full only when all of it has.
    """
    if not times or width < 1 or whole < 1:
        return ""
    last = max(end if end is not None else 0.0, max(times), 1e-9)
    cell = next((one for one in _CELLS if last <= one * width), last / width)
    ordered, done, cells = sorted(times), 0, []
    for number in range(1, min(width, ceil(last / cell)) + 1):  # a quotient is not exact
        while done < len(ordered) and ordered[done] <= cell * number + 1e-9:
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
