"""What is said of where rows stand: counts, what was read, and everything about one row. Pure."""

from collections.abc import Hashable
from datetime import UTC, datetime

from siptui.domain.text import plural, visible
from siptui.domain.times import local_time, zone
from siptui.runs.rollout.evidence import SourceRead
from siptui.runs.rollout.standing_words import SYMBOLS, WORDS, source_line
from siptui.tui.console.status_rows import TONES, Standings
from siptui.tui.widgets.text_lines import Line, Run

_SHORT = {"history": "runs of this host", "batches": "batches", "inventory": "inventory"}


def counts(standings: Standings) -> Line:
    """That this is where rows stand, and how many stand where."""
    line: list[Run] = [(" STATUS ", "key")]
    if not standings.read:
        return (*line, (f" {plural(len(standings.devices), 'row')} ", "muted"))
    for one, count in standings.counts.items():
        if count:
            line.append((f" {SYMBOLS[one]} {count:,} {WORDS[one]} ", TONES[one]))
    return tuple(line)


def reading(done: int, of: int) -> str:
    """How far a reading is."""
    if not of:
        return "reading this host's runs, the tenant's batches and the device inventory …"
    return f"reading the tenant's batches: {done} of {of} …"


def sources(standings: Standings, key: str) -> Line:
    """What was read and when, what could not be read first; `key` leaves the status."""
    evidence, now = standings.evidence, datetime.now(UTC)
    if evidence is None or standings.read_at is None:
        return ()
    line: list[Run] = []
    for one in evidence.sources:
        if one.error:
            not_read = "not complete" if one.partial else "not read"
            line.append((f" ? {_SHORT[one.source]} {not_read}: {visible(one.error)}", "unknown"))
    if standings.stale:
        line.append((f" The run went on since; {key} {key} reads again.", "unknown"))
    said = ", ".join(f"{_SHORT[one.source]} {one.rows:,}" for one in evidence.sources if one.read)
    if said:
        line.append((f" Read {zoned(standings.read_at, now)}, entries: {said}.", "muted"))
    return tuple(line)


def zoned(when: datetime, now: datetime) -> str:
    """The time by the operator's clock, and which zone that is."""
    return f"{local_time(when, now)} {zone(when)}"


def log_lines(standings: Standings) -> list[Line]:
    """The same for the log, in full."""
    evidence, now = standings.evidence, datetime.now(UTC)
    if evidence is None:
        return []
    said = ", ".join(f"{n:,} {WORDS[one]}" for one, n in standings.counts.items() if n)
    lines: list[Line] = [((f"Status: {said or 'no rows'}.", "accent"),)]
    lines += [_source(one, now) for one in evidence.sources]
    if evidence.nameless:
        lines.append(((visible(evidence.nameless), "muted"),))
    return lines


def _source(one: SourceRead, now: datetime) -> Line:
    return ((visible(source_line(one, now)), "unknown" if one.error else "muted"),)


def strip(standings: Standings, key: Hashable) -> list[Line]:
    """The most important about a row: for the strip below the table."""
    row = standings.row(key)
    if row is None:
        return []
    first: list[Run] = [(visible(row.user_name) or "-", "strong")]
    if not standings.read:
        return [(*first, (f"  {row.hardware_id}  not read yet", "muted"))]
    first.append((f"  {SYMBOLS[row.standing]} {WORDS[row.standing]}", TONES[row.standing]))
    first.append((f"  {row.hardware_id}", "muted"))
    since = f"since {local_time(row.since, datetime.now(UTC))}" if row.since is not None else ""
    by = f"by {visible(row.by)}" if row.by else ""
    lines: list[Line] = [tuple(first)]
    if since or by:
        lines.append(((f"{since} {by}".strip(), "muted"),))
    if row.why:
        lines.append(((visible(row.why), "normal"),))
    extra = "  ".join(f"{visible(n)}: {visible(v)}" for n, v in row.extra.items() if v)
    return [*lines, ((extra, "muted"),)] if extra else lines


def page(standings: Standings, key: Hashable) -> list[Line]:
    """Everything about a row: where it stands and why, each attempt, the inventory."""
    row, now = standings.row(key), datetime.now(UTC)
    if row is None:
        return []
    word = f"{SYMBOLS[row.standing]} {WORDS[row.standing]}" if standings.read else "not read yet"
    pairs = (
        ("User", row.user_name),
        ("Hardware ID", row.hardware_id),
        ("Region", row.region),
        ("Stands", word),
        ("Why", row.why),
        ("Since", zoned(row.since, now) if row.since else ""),
        ("By", row.by),
        ("Line", str(row.line) if row.line else "not in the list"),
        *row.extra.items(),
    )
    lines = [_pair(name, value) for name, value in pairs if value]
    if not standings.read:
        return lines
    lines += [(), (("Attempts", "strong"),)]
    for one in standings.attempts(key):
        when = local_time(one.at, now) if one.at else "?"
        by = f" by {one.by}" if one.by else ""
        error = f": {one.error}" if one.error else ""
        text = f"{one.result} in {one.where} as {one.user_name}{by}{error}"
        lines.append(((f"{when:<16}  ", "muted"), (visible(text), "normal")))
    if not standings.attempts(key):
        lines.append((("none is known", "muted"),))
    lines += [(), (("Device inventory", "strong"),)]
    seen = standings.seen(key)
    if seen is None:
        said = "it lists no such phone"
        inventory = standings.evidence.source("inventory") if standings.evidence else None
        if inventory is None or not inventory.read:
            said = "could not be read"
    elif seen.signed_in:
        said = f"signed in as {visible(seen.user_name) or 'an account that it does not name'}"
    else:
        said = "not signed in" if seen.signed_in is False else "it does not say who is signed in"
    return [*lines, ((said, "normal"),)]


def _pair(name: str, value: str) -> Line:
    return ((f"{visible(name)[:18]:<18}  ", "muted"), (visible(value), "normal"))
