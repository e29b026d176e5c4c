"""A run as a Markdown report, for the ticket of a change: what was done, by whom, and what is left.

Foreign text stands in it as text: nothing in a list or an answer becomes a heading, a link or a
column of its own.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from siptui.domain.outcome import OUTCOMES, Cause, Outcome
from siptui.domain.state import SYMBOLS, WORDS, DeviceState
from siptui.domain.text import visible
from siptui.domain.times import second, zone
from siptui.runs.group_tally import goes_on, stop_words, tallies
from siptui.runs.output import password_words
from siptui.runs.state import DeviceRecord, RunState
from siptui.runs.time_left import left_words, time_left

#: Besides those that signed in, the order in which states are told.
_LEFT = (DeviceState.FAILED, DeviceState.UNKNOWN, DeviceState.RUNNING, DeviceState.QUEUED)
_LINK = re.compile(r"://|\bwww\.", re.IGNORECASE)
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#!|~&$^])")


def report_text(run: RunState, records: Iterable[DeviceRecord] | None = None) -> str:
    """The report on `run`; the tables are of `records`, by default of all its devices."""
    records = list(run.devices if records is None else records)
    return (
        "\n".join(
            [
                *(*_head(run), *_counts(run), *_groups(run), *_causes(run)),
                *(*_tables(records, run), *_corrections(records)),
            ]
        )
        + "\n"
    )


def _head(run: RunState) -> Iterator[str]:
    plan = run.plan
    yield "# SIP phones signed in to Microsoft Teams SIP Gateway"
    yield ""
    yield f"Run {plain(run.run)}: {_how_it_stands(run)}"
    yield ""
    yield "| | |"
    yield "| --- | --- |"
    if plan is not None:
        actor = plan.actor
        computer = f"{actor.os_user}@{actor.host}" if actor.host else actor.os_user
        who = ", ".join(plain(name) for name in (actor.account, computer) if name)
        yield f"| Tenant | {plain(plan.tenant)} |"
        yield f"| Device list | {plain(plan.file)} |"
        yield f"| SHA-256 of the list | {plain(plan.sha256)} |"
        yield f"| Started by | {who or 'not known'} |"
    yield f"| Planned | {_moment(run.planned_at)} |"
    submitted = [b.submitted_at for b in run.batches.values() if b.submitted_at]
    if submitted:
        yield f"| First submit | {_moment(min(submitted))} |"
    yield f"| Last news | {_moment(run.last_at)} |"
    regions = Counter(str(record.device.region) for record in run.devices)
    told = ", ".join(f"{region} {count}" for region, count in sorted(regions.items()))
    yield f"| Devices | {len(run.devices)} ({told}) in {len(run.batches)} batches |"
    if plan is not None and plan.skipped:
        yield f"| Rows of the list left out | {plan.skipped} |"
    yield ""
    yield (
        "The password of every account that was submitted was reset to an unknown value. "
        "This cannot be undone."
    )
    yield ""
    failures = password_words.failures(run.devices)
    if excepted := password_words.of_all(failures):
        yield excepted
        yield ""


def _how_it_stands(run: RunState) -> str:
    if run.finished is not None:
        return f"ended after {_duration(run.finished.seconds)}."
    if run.stopped is not None:
        return f"stopped. {plain(run.stopped.message)} {plain(run.stopped.remedy)}".rstrip()
    left = left_words(time_left(run).seconds)
    return f"still going on when this was written{f', {left}' if left else ''}."


def percent(count: int, total: int) -> int:
    """The share of `count` in `total`, rounded; 100 only for all of them, 0 only for none."""
    if not total or count in (0, total):
        return 100 if count else 0
    return min(max(round(100 * count / total), 1), 99)


def _counts(run: RunState) -> Iterator[str]:
    yield "## Result"
    yield ""
    yield "| | devices | share |"
    yield "| --- | ---: | ---: |"
    for state in (DeviceState.SUCCEEDED, *_LEFT):
        count = run.counts[state]
        if state is DeviceState.RUNNING:
            count += run.counts[DeviceState.SUBMITTING]
        if count or state in (DeviceState.SUCCEEDED, DeviceState.FAILED):
            share = percent(count, len(run.devices))
            yield f"| {SYMBOLS[state]} {WORDS[state]} | {count} | {share} % |"
    yield ""


def _groups(run: RunState) -> Iterator[str]:
    if not (groups := tallies(run)) or run.plan is None:
        return
    yield f"## By {plain(run.plan.options.by)}"
    yield ""
    yield f"| {plain(run.plan.options.by)} | devices | signed in | failed | unknown | left | |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: | --- |"
    seconds = time_left(run).groups
    for one in groups:
        counts = (one.devices, one.succeeded, one.failed, one.unknown, one.left)
        causes = ", ".join(f"{n} {plain(name)}" for name, n in one.causes.most_common())
        why = stop_words(one.stop, run.plan.options.max_failures) if one.stop else ""
        stopped = f"stopped: {why}" if why else ""
        going = left_words(seconds.get(one.group))
        about = "; ".join(filter(None, (stopped, going, causes)))
        yield f"| {plain(one.group)} | {' | '.join(map(str, counts))} | {about} |"
    yield ""
    stopped_groups = [one.group for one in groups if one.stopped and one.left]
    if stopped_groups and run.stopped is not None:
        alone = goes_on(run, stopped_groups[0]).replace("`", "")
        yield (
            f"To go on with all that was stopped: `siptui resume {run.run}`. With one alone, once "
            f"its causes are fixed: `{alone}`."
        )
        yield ""


def _causes(run: RunState) -> Iterator[str]:
    causes = run.causes()
    if not causes:
        return
    yield "## Causes, and what to do"
    yield ""
    yield "| devices | cause | what to do |"
    yield "| ---: | --- | --- |"
    for name, count in causes.most_common():
        outcome = _outcome(name)
        short = plain(outcome.short) if outcome else plain(name)
        remedy = plain(outcome.remedy) if outcome else "See the service's own words below."
        yield f"| {count} | {short} | {remedy} |"
    yield ""


def _tables(records: Sequence[DeviceRecord], run: RunState) -> Iterator[str]:
    for state in _LEFT:
        some = [r for r in records if _shown_as(r.state) is state]
        if not some:
            continue
        yield f"## {WORDS[state].capitalize()} ({len(some)})"
        yield ""
        yield "| line | user | hardware id | region | batch | said by the service | what to do |"
        yield "| ---: | --- | --- | --- | --- | --- | --- |"
        for record in some:
            yield _row(record, run)
        yield ""
    good = [r for r in records if r.state is DeviceState.SUCCEEDED]
    if good:
        yield f"## {WORDS[DeviceState.SUCCEEDED].capitalize()} ({len(good)})"
        yield ""
        yield "| line | user | hardware id | region | batch |"
        yield "| ---: | --- | --- | --- | --- |"
        for record in good:
            yield f"| {' | '.join(_who(record, run))} |"
        yield ""


def _corrections(records: Sequence[DeviceRecord]) -> Iterator[str]:
    """What was corrected, and what had come of it: the account of before may have been reset."""
    corrected = [record for record in records if record.corrections]
    if not corrected:
        return
    yield f"## Corrected ({len(corrected)})"
    yield ""
    yield "| line | was | is | when | by | said by the service before |"
    yield "| ---: | --- | --- | --- | --- | --- |"
    for record in corrected:
        following = [*(one.device for one in record.corrections[1:]), record.device]
        for one, new in zip(record.corrections, following, strict=True):
            was, now = (
                plain(f"{device.user_name} on {device.hardware_id}") for device in (one.device, new)
            )
            by = plain(one.by.account or one.by.os_user)
            said = f"{one.error} {password_words.of_account(one.outcome, one.attempt)}"
            cells = (str(record.device.line), was, now, _moment(one.at), by, plain(said))
            yield f"| {' | '.join(cells)} |"
    yield ""


def _row(record: DeviceRecord, run: RunState) -> str:
    remedy = plain(record.outcome.remedy) if record.outcome else ""
    if record.state is DeviceState.UNKNOWN and not remedy:
        remedy = "Look at the phone and at the tenant's batches, then decide."
    remedy = f"{remedy} {password_words.of_account(record.outcome, record.attempt)}".strip()
    return f"| {' | '.join((*_who(record, run), plain(record.error), remedy))} |"


def _who(record: DeviceRecord, run: RunState) -> tuple[str, ...]:
    device, batch = record.device, run.batches.get(record.batch)
    where = plain(batch.batch_id) if batch and batch.batch_id else ""
    names = (plain(str(device.user_name)), plain(str(device.hardware_id)))
    return (str(device.line), *names, str(device.region), where)


def _shown_as(state: DeviceState) -> DeviceState:
    return DeviceState.RUNNING if state is DeviceState.SUBMITTING else state


def _outcome(name: str) -> Outcome | None:
    try:
        return OUTCOMES[Cause(name)]
    except (KeyError, ValueError):
        return None


def plain(text: str) -> str:
    """`text` so that Markdown shows it as it is, in one cell of a table; a bare address in it
    becomes no link (GitHub and others make one of `https://…` and `www.…`)."""
    return _LINK.sub(_unlinked, _SPECIAL.sub(r"\\\1", visible(str(text)))).strip()


def _unlinked(found: re.Match[str]) -> str:
    return found.group().replace("/", "\\/").replace(".", "\\.")


def _moment(at: str) -> str:
    return f"{second(at)} {zone(at)}" if second(at) else "not known"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
