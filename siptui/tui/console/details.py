"""Everything that is known of one row, as lines: the strip below the table and the whole page."""

from collections.abc import Hashable, Iterable

from siptui.domain.device import Device
from siptui.domain.outcome import Outcome
from siptui.domain.state import SYMBOLS, WORDS
from siptui.domain.text import visible
from siptui.domain.times import clock, second, zone
from siptui.runs import events as ev
from siptui.runs.output.sentences import actor_words, correction_words
from siptui.runs.state import DeviceRecord
from siptui.tui import preflight_text
from siptui.tui.console.table_rows import GOING, Board, elapsed, told, until
from siptui.tui.powershell import powershell
from siptui.tui.widgets.styles import tone
from siptui.tui.widgets.text_lines import Line


def strip(board: Board, key: Hashable, correct: str = "") -> list[Line]:
    """The most important about a row, the newest first: for the strip below the table. `correct`
    is the key that corrects the names of a row."""
    if (bad := board.invalid(key)) is not None:
        if (out := board.left_out(key)) is not None:
            return _left_out(board, key, out)
        lacks = board.lacks_region(key)
        how = "no region yet" if lacks else "invalid: it is not submitted"
        lines: list[Line] = [((f"line {bad.line}  ! {how}", "invalid"),)]
        faults = _faults(board, bad.line) or [visible(board.why(bad.line))]
        if correct and board.run is None and board.misspelt(bad.line):
            faults[-1] += f". {correct} corrects it here."
        lines += [((text, "normal"),) for text in faults]
        said = [visible(t) for t in (bad.user_name, bad.hardware_id, bad.region) if t]
        lines.append((("  ".join(said), "strong"),))
        if bad.extra:
            lines.append(((_extra(bad.extra.items()), "muted"),))
        return lines
    record = board.record(key)
    if record is None:
        device = board.device(key)
        if device is None:
            return []
        if (earlier := board.earlier(key)) is not None:
            lines = _record(board, earlier, before=True)
        else:
            lines = [_device(device, "ready")]
        if (found := board.findings(key)) is not None:
            lines.append(preflight_text.short(found))
        if device.extra:
            lines.append(((_extra(device.extra.items()), "muted"),))
        return lines + [((text, "unknown"),) for text in _faults(board, device.line)]
    return _record(board, record, correct=correct)


def _device(device: Device, said: str) -> Line:
    where = f"  {visible(device.hardware_id)}  {device.region}  {said}"
    return ((visible(device.user_name), "strong"), (where, "muted"))


def _left_out(board: Board, key: Hashable, device: Device) -> list[Line]:
    lines = [_device(device, f"left out of this run: {visible(board.why(device.line))}")]
    if (earlier := board.earlier(key)) is not None:
        lines += _record(board, earlier, before=True)
    if device.extra:
        lines.append(((_extra(device.extra.items()), "muted"),))
    return lines


def _record(
    board: Board, record: DeviceRecord, *, before: bool = False, correct: str = ""
) -> list[Line]:
    """What came of a device in the run; with `before` in an earlier one of the same list."""
    state = record.state
    at = f", {clock(record.since)}" if record.since else ""
    attempt = f"  attempt {record.attempt}" if record.attempt else ""
    if before:
        attempt = "  in an earlier run"
    if record.state in GOING and (took := elapsed(record, board.now_running)):
        at += f", for {took}"
    lines: list[Line] = [
        (
            (visible(record.device.user_name), "strong"),
            (f"  {SYMBOLS[state]} {WORDS[state]}", tone(state)),
            (f"{attempt}{at}", "muted"),
        )
    ]
    if record.corrected:
        was = record.corrections[-1]
        old = f"{visible(was.device.user_name)} on {visible(was.device.hardware_id)}"
        lines.append(
            (
                (f"Corrected, not retried yet. As {old}: ", "unknown"),
                (visible(record.error), "normal"),
            )
        )
        return lines
    if record.error:
        lines.append(((visible(record.error), "normal"),))
    if record.outcome is not None:
        advice = f"{record.outcome.meaning} {record.outcome.remedy}"
        lines.append(((f"{advice} {_correctable(board, record, correct)}".rstrip(), "normal"),))
        if line := powershell(record):
            lines.append(((line, "accent"),))
    elif record.word:
        lines.append((("the service says: ", "muted"), (visible(record.word), "normal")))
    batch = board.run.batches.get(record.batch) if board.run and not before else None
    if batch is not None and batch.batch_id and len(lines) < 3:
        lines.append(((f"batch {batch.number}  {visible(batch.batch_id)}", "muted"),))
    return lines


def _correctable(board: Board, record: DeviceRecord, key: str) -> str:
    """That `key` corrects the names of a row, where wrong ones may be why it failed."""
    run, outcome = board.run, record.outcome
    if not key or run is None or outcome is None or not outcome.misspelt:
        return ""
    return "" if run.why_not_corrected(record.index) else f"{key} corrects it here."


def page(board: Board, key: Hashable, events: Iterable[ev.Stored], correct: str = "") -> list[Line]:
    """Everything about a row; `correct` is the key that corrects its names."""
    record = board.record(key)
    if record is None:
        found = board.findings(key)
        return strip(board, key, correct) + (_prerequisites(board, key) if found else [])
    device = record.device
    batch = board.run.batches.get(record.batch) if board.run else None
    lines = _pairs(
        record,
        ("User", visible(device.user_name)),
        *([("Sign in until", f"{until(device)}  {board.left(key)}")] if until(device) else []),
        ("Hardware ID", visible(device.hardware_id)),
        ("Region", str(device.region)),
        ("Status", f"{SYMBOLS[record.state]} {WORDS[record.state]}"),
        ("The service says", visible(record.word)),
        ("Error, verbatim", visible(record.error)),
    )
    for was in record.corrections:
        old = f"{visible(was.device.user_name)} on {visible(was.device.hardware_id)}"
        lines += _pairs(record, ("Corrected from", old))
    if (
        record.outcome is not None and not record.corrected
    ):  # before all that scrolls off a small screen
        told = _correctable(board, record, correct)
        lines += [(), *_meaning(record, record.outcome, told), ()]
    lines += _pairs(
        record,
        ("Line", str(device.line)),
        ("Attempt", str(record.attempt or "")),
        ("Batch", str(record.batch or "")),
        ("Batch id", visible(batch.batch_id) if batch else ""),
        ("Submitted", _zoned(record.submitted_at)),
        ("Since", second(record.since)),
        ("Took so far" if record.state in GOING else "Took", elapsed(record, board.now_running)),
        *((visible(name), visible(value)) for name, value in device.extra.items()),
    )
    lines += _prerequisites(board, key)
    lines += [(), (("History", "strong"), (f"  {zone()}", "muted")), *history(record.index, events)]
    return lines


def _pairs(record: DeviceRecord, *pairs: tuple[str, str]) -> list[Line]:
    return [
        (
            (f"{name[:18]:<18}  ", "muted"),
            (value, tone(record.state) if name == "Status" else "normal"),
        )
        for name, value in pairs
        if value
    ]


def _zoned(at: str) -> str:
    """A moment with its zone, which stands once on the page before it scrolls."""
    return f"{second(at)} {zone()}" if at else ""


def _meaning(record: DeviceRecord, outcome: Outcome, correctable: str) -> list[Line]:
    lines: list[Line] = [(("What it means", "strong"),), ((outcome.meaning, "normal"),)]
    lines += [
        (("What to do", "strong"),),
        ((f"{outcome.remedy} {correctable}".rstrip(), "normal"),),
    ]
    if outcome.lead_time_hours:
        hours = outcome.lead_time_hours
        lines.append(((f"It may take up to {hours} hours to take effect.", "normal"),))
    if line := powershell(record):
        lines += [(("PowerShell", "strong"),), ((line, "accent"),)]
    return [*lines, ((outcome.docs, "muted"),)]


def _prerequisites(board: Board, key: Hashable) -> list[Line]:
    found, report = board.findings(key), board.report
    if found is None or report is None:
        return []
    return [(), *preflight_text.account_lines(found, report)]


def lines_to_copy(board: Board, key: Hashable) -> str:
    """The PowerShell lines for a row: of what failed, then of what a preflight found."""
    record = board.record(key)
    lines = [powershell(record)] if record is not None else []
    lines += preflight_text.powershell_of(board.findings(key))
    return "\n".join(dict.fromkeys(line for line in lines if line))


def history(index: int, events: Iterable[ev.Stored]) -> list[Line]:
    """What happened to one device, oldest first."""
    mine: set[int] = set()
    lines: list[Line] = []

    def say(at: str, text: str, shown: str = "normal") -> None:
        lines.append(((f"{second(at)}  ", "muted"), (visible(text), shown)))

    for stored in events:
        match stored.event:
            case ev.BatchPlanned(batch=batch, devices=devices, attempt=attempt):
                if index in devices:
                    mine.add(batch)
                    say(stored.at, f"planned into batch {batch}, attempt {attempt}", "muted")
                else:
                    mine.discard(batch)
            case ev.DeviceChanged(device=device, state=state, word=word, error=error):
                if device == index:
                    text = WORDS[state] + (f" ({word})" if word else "")
                    say(stored.at, f"{text}: {error}" if error else text, tone(state))
            case ev.DeviceCorrected(device=device) if device == index:
                who = actor_words(stored.event.actor)
                by = f", by {who}" if who else ""
                say(stored.at, f"corrected: {correction_words(stored.event)}{by}", "strong")
            case ev.BatchSubmitting(batch=batch) if batch in mine:
                say(stored.at, f"batch {batch} submitting")
            case ev.BatchAccepted(batch=batch, batch_id=batch_id) if batch in mine:
                say(stored.at, f"batch {batch} accepted as {batch_id}")
            case ev.BatchRejected(batch=batch, message=message) if batch in mine:
                say(stored.at, f"batch {batch} rejected: {message}", "failed")
            case ev.BatchInDoubt(batch=batch, why=why) if batch in mine:
                say(stored.at, f"batch {batch} in doubt: {why}", "unknown")
            case ev.BatchUnsettled(batch=batch, why=why) if batch in mine:
                say(stored.at, f"batch {batch} unsettled: {why}", "unknown")
            case ev.BatchGivenUp(batch=batch) if batch in mine:
                say(stored.at, f"batch {batch} given up", "unknown")
            case _:
                pass
    return lines or [(("nothing yet", "muted"),)]


def summary(board: Board, key: Hashable) -> str:
    """What is copied for a row, as one line."""
    return "\n".join("".join(text for text, _ in line) for line in strip(board, key))


def _faults(board: Board, line: int) -> list[str]:
    if board.list is None:
        return []
    return [
        f"{visible(f.column)}: {visible(told(f))}" + (f" ({visible(f.value)})" if f.value else "")
        for f in board.list.faults
        if f.line == line
    ]


def _extra(items: Iterable[tuple[str, str]]) -> str:
    return "  ".join(f"{visible(name)}: {visible(value)}" for name, value in items if value)
