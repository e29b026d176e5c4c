"""The findings of a preflight as a file: CSV, JSON or Markdown, by its ending."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

from siptui.cli.preflight_output import report_object, sign
from siptui.devicelist.cells import guard
from siptui.devicelist.writing import write_new
from siptui.domain.text import visible
from siptui.preflight.finding import Finding, Report
from siptui.runs.output.markdown_report import plain

_HEAD = (
    *("Line", "Username", "HardwareId", "Check", "Result", "Detail", "What to do"),
    *("PowerShell", "Lead time (hours)"),
)
_Row = tuple[str, str, str, Finding]


def write_findings(path: Path, report: Report, *, force: bool = False) -> int:
    """Write every finding of `report`, the tenant's first, and return how many. Raises
    `WriteError`."""
    rows = list(_rows(report))
    ending = path.suffix.casefold()
    if ending == ".json":
        text = json.dumps(report_object(report), ensure_ascii=False, indent=1) + "\n"
        write_new(path, text.encode(), force=force)
    elif ending in (".md", ".markdown"):
        write_new(path, _markdown(rows, report).encode(), force=force)
    else:
        write_new(path, _csv(rows).encode("utf-8-sig", "backslashreplace"), force=force)
    return len(rows)


def _rows(report: Report) -> Iterator[_Row]:
    for finding in report.tenant:
        yield "", "", "", finding
    for account in report.accounts:
        for finding in account.findings:
            yield str(account.line), account.user_name, account.hardware_id, finding


def _cells(row: _Row) -> list[str]:
    line, user_name, hardware_id, finding = row
    hours = "" if finding.lead_time_hours is None else str(finding.lead_time_hours)
    return [
        *(line, user_name, hardware_id, str(finding.check), str(finding.result)),
        *(finding.detail, finding.remedy, finding.powershell, hours),
    ]


def _csv(rows: list[_Row]) -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(_HEAD)
    for row in rows:
        writer.writerow(guard(visible(cell)) for cell in _cells(row))
    return out.getvalue()


def _markdown(rows: list[_Row], report: Report) -> str:
    counts = ", ".join(f"{number} {result}" for result, number in report.counts().items())
    lines = ["# Prerequisites of SIP phones and their accounts", "", f"Findings: {counts}.", ""]
    lines += [plain(note) for note in report.notes]
    for title, wanted in (("Fails", "fail"), ("Could not be checked", "unknown")):
        some = [row for row in rows if row[3].result == wanted]
        if not some:
            continue
        lines += ["", f"## {title} ({len(some)})", "", "| line | user | check | detail | to do |"]
        lines.append("| ---: | --- | --- | --- | --- |")
        for line, user_name, _, one in some:
            cells = (line or "tenant", plain(user_name), f"{sign(one)} {plain(str(one.check))}")
            lines.append(f"| {' | '.join((*cells, plain(one.detail), plain(one.remedy)))} |")
    return "\n".join(lines) + "\n"
