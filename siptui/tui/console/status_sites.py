"""The page of a whole list by where its rows stand: in all, and by site. Pure."""

from collections import Counter
from collections.abc import Sequence

from siptui.domain.text import plural, visible
from siptui.runs.output.markdown_report import percent
from siptui.runs.rollout.evidence import RowStanding, Standing
from siptui.runs.rollout.standing_words import SYMBOLS, WORDS
from siptui.tui.console.filters import column_name
from siptui.tui.console.run_summary import bar, dividing
from siptui.tui.console.status_rows import TONES, Standings
from siptui.tui.widgets.text_lines import Line, Run

_BAR = 20
#: The longest name of a site that is shown whole.
_NAME = 24
#: So many sites are told of one by one.
_MOST = 500
_NARROW = 8


def whole_list(standings: Standings, filter_key: str) -> list[Line]:
    """How many rows of the list stand where, whatever runs they were in; `filter_key` filters."""
    rows = [row for row in standings.found if row.line]
    told = [one for one in Standing if any(row.standing is one for row in rows)]
    counts = Counter(row.standing for row in rows)
    lines: list[Line] = [_share(one, counts[one], len(rows)) for one in told]
    gone = standings.counts.get(Standing.GONE, 0)
    beside = f" Beside them: {gone:,} {WORDS[Standing.GONE]}." if gone else ""
    lines.append(((f"{plural(len(rows), 'row')}, in whatever run they were.{beside}", "muted"),))
    if column := dividing(standings.devices, most=_MOST):
        lines += [(), ((f"By {visible(column)}", "strong"),), *_sites(rows, column, told)]
        lines += [(), _way(rows, column, filter_key)]
    return lines


def _share(standing: Standing, count: int, total: int) -> Line:
    text = f"{SYMBOLS[standing]} {WORDS[standing]:<8} {count:>6}  {percent(count, total):>3} %  "
    return ((text, TONES[standing]), (bar(count, total, _BAR), TONES[standing]))


def _sites(rows: Sequence[RowStanding], column: str, told: Sequence[Standing]) -> list[Line]:
    """A line a site, in the order of the list, beneath the words for its figures."""
    sites: dict[str, Counter[Standing]] = {}
    for row in rows:
        sites.setdefault(row.extra.get(column, "").strip(), Counter())[row.standing] += 1
    names = {site: visible(site) or "-" for site in sites}
    width = min(_NAME, max(len(name) for name in names.values()))
    head = "".join(f"{WORDS[one]:>{_NARROW}}" for one in told)
    lines: list[Line] = [((f"  {'':<{width}}{'rows':>{_NARROW}}{head}", "muted"),)]
    for site, counts in sites.items():
        name = names[site]
        name = name if len(name) <= width else f"{name[: width - 1]}…"
        figures: list[Run] = [
            (f"{counts[one]:>{_NARROW},}", TONES[one] if counts[one] else "muted") for one in told
        ]
        start = f"  {name:<{width}}{counts.total():>{_NARROW},}"
        lines.append(((start, "normal"), *figures))
    return lines


def _way(rows: Sequence[RowStanding], column: str, filter_key: str) -> Line:
    """How one site is shown alone: the first that has something to do."""
    values = [(row.extra.get(column, "").strip(), row.standing) for row in rows]
    sites = [site for site, standing in values if site and standing is Standing.TO_DO]
    site = next(iter(sites), next((site for site, _ in values if site), ""))
    words = f"{column_name(column)}:{site.split()[0].casefold()}" if site else ""
    text = f"{words} shows the rows of one alone"
    return ((f"{filter_key:<6}", "key"), (visible(text.strip()), "normal"))
