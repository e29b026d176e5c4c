"""The report on all runs of a list: sections of tables, as Markdown and as a page of its own."""

import html
from collections.abc import Iterator, Sequence

from msgspec import Struct

from siptui.domain.text import plural, visible
from siptui.domain.times import minute, second, zone
from siptui.runs.output import password_words
from siptui.runs.output.markdown_report import percent, plain
from siptui.runs.rollout.summary import STANDINGS, DeviceLine, RolloutSummary, SiteLine

_WORDS = {"succeeded": "signed in"}
_STYLE = (
    "body{font:15px/1.45 system-ui,sans-serif;max-width:75rem;margin:2rem auto;padding:0 1rem;"
    "color:#1b1b1b;background:#fff}table{border-collapse:collapse;margin:.5rem 0 1.5rem}"
    "th,td{border:1px solid #c8c8c8;padding:.25rem .6rem;text-align:left;vertical-align:top}"
    "th{background:#f2f2f2}td.n{text-align:right}@media(prefers-color-scheme:dark){"
    "body{background:#161616;color:#e6e6e6}th{background:#262626}th,td{border-color:#444}}"
)


class Section(Struct, frozen=True):
    """A heading, what is said under it, and a table. Cells are plain text."""

    title: str
    text: str = ""
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


def sections(found: RolloutSummary) -> Iterator[Section]:
    """What a report says, part by part."""
    total = len(found.devices)
    counts = tuple(
        (_word(one), str(found.counts[one]), f"{percent(found.counts[one], total)} %")
        for one in STANDINGS
        if found.counts[one] or one in ("succeeded", "failed")
    )
    excepted = password_words.of_all(
        failure
        for one in found.devices
        for failure in password_words.failures_of(
            one.called or one.device, one.outcome, one.attempts, one.corrections
        )
    )
    told = (
        f"{plural(total, 'device')}, {plural(found.attempts, 'submit')} in "
        f"{plural(len(found.runs), 'run')}. Each submit reset the password of its account to an "
        f"unknown value; this cannot be undone. {excepted}"
    )
    if found.faulty:
        rows = plural(found.faulty, "row")
        told += f" Not counted: {rows} of the list with faults, of which no device can be told."
    yield Section(
        "Result",
        told.strip(),
        ("", "devices", "share"),
        counts,
    )
    if found.sites:
        yield Section(
            f"By {found.by}",
            head=(found.by, "devices", *map(_word, STANDINGS), "why"),
            rows=tuple(
                (s.site, str(s.devices), *(str(s.counts[one]) for one in STANDINGS), _why_site(s))
                for s in found.sites
            ),
        )
    if found.causes:
        yield Section(
            "Causes, and what to do",
            head=("devices", "cause", "what to do"),
            rows=tuple((str(n), one.short, one.remedy) for one, n in found.causes),
        )
    yield Section(
        "Runs",
        "" if found.runs else "No run of this host has a device of the list.",
        ("run", f"started ({zone(found.made)})", "by", "list", "devices", *map(_word, STANDINGS))
        if found.runs
        else (),
        tuple(
            (
                *(r.run, second(r.started, found.made), r.who, r.file, str(r.devices)),
                *(str(r.counts[one]) for one in STANDINGS),
            )
            for r in found.runs
        ),
    )
    if corrected := [one for one in found.devices if one.corrections]:
        yield Section(
            f"Corrected in a run ({len(corrected)})",
            head=("line", "was", "is", f"when ({zone(found.made)})", "said before"),
            rows=tuple(row for one in corrected for row in _corrections(one, found)),
        )
    if left := found.left:
        yield Section(
            f"Left ({len(left)})",
            head=("line", "user", "hardware id", "region", "standing", "attempts", "last", "why"),
            rows=tuple(
                (
                    *(str(one.device.line), str(one.device.user_name)),
                    *(str(one.device.hardware_id), one.region, _word(one.standing)),
                    *(str(one.attempts), one.run, _why(one)),
                )
                for one in left
            ),
        )
    if done := [one for one in found.devices if one.standing == "succeeded"]:
        yield Section(
            f"Signed in ({len(done)})",
            head=(
                *("line", "user", "hardware id", "region", "attempts", "run", "by"),
                f"when ({zone(found.made)})",
            ),
            rows=tuple(
                (
                    *(str(one.device.line), str(one.device.user_name)),
                    *(str(one.device.hardware_id), one.region, str(one.attempts)),
                    *(one.run, one.who, second(one.when, found.made)),
                )
                for one in done
            ),
        )


def _corrections(one: DeviceLine, found: RolloutSummary) -> Iterator[tuple[str, ...]]:
    following = [*(was.device for was in one.corrections[1:]), one.called or one.device]
    for was, now in zip(one.corrections, following, strict=True):
        said = f"{was.error} {password_words.of_account(was.outcome, was.attempt)}".strip()
        before, called = (f"{d.user_name} on {d.hardware_id}" for d in (was.device, now))
        yield str(one.device.line), before, called, second(was.at, found.made), said


def _why_site(one: SiteLine) -> str:
    return "; ".join([*one.stops, *(f"{n} {cause}" for cause, n in one.causes.most_common())])


def _why(one: DeviceLine) -> str:
    return f"{one.error} {password_words.of_account(one.outcome, one.attempts)}".strip()


def _title(found: RolloutSummary) -> str:
    return "SIP phones signed in to Microsoft Teams SIP Gateway"


def _about(found: RolloutSummary) -> str:
    part = f", part: {found.part}" if found.part else ""
    made = f"{minute(found.made, found.made)} {zone(found.made)}"
    return f"List {found.file}{part}, tenant {found.tenant}, made {made}."


def rollout_markdown(found: RolloutSummary) -> str:
    """The report as Markdown. Foreign text stands in it as text."""
    lines = [f"# {_title(found)}", "", plain(_about(found)), ""]
    for section in sections(found):
        lines += [f"## {plain(section.title)}", ""]
        lines += [plain(section.text), ""] if section.text else []
        if section.head:
            lines.append(f"| {' | '.join(map(plain, section.head))} |")
            lines.append(f"|{' --- |' * len(section.head)}")
            lines += [f"| {' | '.join(map(plain, row))} |" for row in section.rows]
            lines.append("")
    return "\n".join(lines)


def rollout_html(found: RolloutSummary) -> str:
    """The report as one page that loads nothing from outside."""
    body = [f"<h1>{_text(_title(found))}</h1>", f"<p>{_text(_about(found))}</p>"]
    for section in sections(found):
        body.append(f"<h2>{_text(section.title)}</h2>")
        if section.text:
            body.append(f"<p>{_text(section.text)}</p>")
        if section.head:
            body.append("<table><thead><tr>" + _cells("th", section.head) + "</tr></thead><tbody>")
            body += [f"<tr>{_cells('td', row)}</tr>" for row in section.rows]
            body.append("</tbody></table>")
    safe = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{safe}">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{_text(_title(found))}</title><style>{_STYLE}</style></head><body>\n"
        + "\n".join(body)
        + "\n</body></html>\n"
    )


def _cells(tag: str, cells: Sequence[str]) -> str:
    return "".join(
        f"<{tag}{' class=n' if tag == 'td' and cell.isdigit() else ''}>{_text(cell)}</{tag}>"
        for cell in cells
    )


def _text(text: str) -> str:
    return html.escape(visible(text))


def _word(standing: str) -> str:
    return _WORDS.get(standing, standing)
