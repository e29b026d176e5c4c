"""Findings as they are shown: an object for scripts, grouped lines for people."""

from collections.abc import Iterator, Sequence
from typing import Any

from siptui.domain.line_numbers import ranges
from siptui.domain.text import plural
from siptui.preflight.finding import AccountFindings, Finding, Lacking, Report, Result

#: Rows of one group that are shown in full; of the others the lines are named.
_IN_FULL = 4
_SIGNS = {"fail": "✗", "unknown": "?", "pass": "✓"}


def finding_object(finding: Finding) -> dict[str, Any]:
    """One finding as `preflight --json` prints it."""
    return {
        "check": finding.check,
        "result": finding.result,
        "detail": finding.detail,
        "remedy": _remedy(finding),
        "powershell": finding.powershell,
        "lead_time_hours": finding.lead_time_hours,
        "since": finding.since.isoformat() if finding.since else None,
        "warning": finding.warning,
    }


def report_object(report: Report) -> dict[str, Any]:
    """What `preflight --json` prints. `personal` is null where that could not be read."""
    return {
        "tenant": [finding_object(finding) for finding in report.tenant],
        "accounts": [
            {
                "line": account.line,
                "username": account.user_name,
                "hardware_id": account.hardware_id,
                "personal": account.personal,
                "findings": [finding_object(finding) for finding in account.findings],
            }
            for account in report.accounts
        ],
        "counts": {str(result): number for result, number in report.counts().items()},
        "calls": sum(report.calls.values()),
        "calls_by_service": dict(report.calls),
        "notes": list(report.notes),
    }


#: How the operator of a command names what is lacking.
_NAMED_BY = {Lacking.PUBLIC_ADDRESS: "Name it with --public-ip{}."}


def named_by(lacking: Lacking | None, value: str = "") -> str:
    """How what is lacking is named, perhaps as `value`; nothing where nothing is."""
    return _NAMED_BY[lacking].format(f" {value}" if value else "") if lacking else ""


def _remedy(finding: Finding) -> str:
    return f"{finding.remedy} {named_by(finding.lacking)}".strip()


def sign(finding: Finding) -> str:
    """The character that says how a check came out; `!` passes, but should be looked at."""
    return "!" if finding.warning and finding.result == "pass" else _SIGNS[finding.result]


def report_lines(report: Report) -> Iterator[str]:
    """A report for people: the tenant, the accounts grouped by finding, the sums."""
    yield "Tenant"
    for finding in report.tenant:
        yield f"  {sign(finding)} {finding.check:<19} {finding.detail}"
        if finding.result != "pass" or finding.warning:
            yield from _what_to_do(finding)
    groups = grouped(report.accounts)
    yield ""
    yield f"Accounts and devices: {plural(len(report.accounts), 'row')}"
    for (result, check, detail), members in groups:
        example = members[0][1]
        mark = sign(example) if result == "pass" else _SIGNS[result]
        yield f"  {mark} {check:<19} {detail}  [{plural(len(members), 'row')}]"
        if len(members) < len(report.accounts) or result == "fail":
            yield from _rows(members, in_full=0 if result == "unknown" else _IN_FULL)
        yield from _what_to_do(example)
    clean = sum(all(sign(f) == "✓" for f in account.findings) for account in report.accounts)
    unsure = sum(account.result is Result.UNKNOWN for account in report.accounts)
    rows = plural(len(report.accounts), "row")
    if clean or not unsure:
        yield f"  {'✓' if clean else ' '} {clean:,} of {rows} pass every check."
    if unsure:
        yield f"  ? {unsure:,} of {rows} fail nothing, but not every check could be made."
    yield ""
    counts = report.counts()
    by = {str(result): number for result, number in counts.items()}
    yield f"{plural(by['pass'], 'finding')} pass, {by['fail']:,} fail, " + (
        f"{by['unknown']:,} could not be checked."
    )
    yield from report.notes
    by_service = ", ".join(f"{name} {number:,}" for name, number in report.calls.items())
    yield f"{plural(sum(report.calls.values()), 'call')}: {by_service}. Nothing was changed."


def _rows(members: Sequence[tuple[AccountFindings, Finding]], *, in_full: int) -> Iterator[str]:
    """The rows of a group: `in_full` with their accounts, the lines of the others."""
    shown = members if len(members) <= in_full + 1 else members[:in_full]
    for account, _ in shown:
        yield f"      line {account.line}  {account.user_name}  {account.hardware_id}"
    if rest := [account.line for account, _ in members[len(shown) :]]:
        more = f"{len(rest):,} more: " if shown else ""
        yield f"      {more}lines {ranges(rest)}"


def grouped(
    accounts: Sequence[AccountFindings],
) -> list[tuple[tuple[str, str, str], list[tuple[AccountFindings, Finding]]]]:
    """What is not a plain pass, by (result, check, detail): failures first, then the frequent."""
    groups: dict[tuple[str, str, str], list[tuple[AccountFindings, Finding]]] = {}
    for account in accounts:
        for finding in account.findings:
            if sign(finding) != "✓":
                key = (str(finding.result), str(finding.check), finding.detail)
                groups.setdefault(key, []).append((account, finding))
    order = list(_SIGNS)
    return sorted(groups.items(), key=lambda group: (order.index(group[0][0]), -len(group[1])))


def _what_to_do(finding: Finding) -> Iterator[str]:
    if remedy := _remedy(finding):
        yield f"      → {remedy}"
    if finding.powershell:
        yield f"        {finding.powershell}"
