"""What a preflight found, as the console says it. Pure."""

from collections.abc import Iterable, Iterator, Sequence

from siptui.domain.device import Device
from siptui.domain.text import plural, visible
from siptui.domain.times import clock, minute, zone
from siptui.preflight.finding import AccountFindings, Check, Finding, Lacking, Report, Result
from siptui.tui.widgets.text_lines import Line

SIGNS = {Result.PASS: "✓", Result.FAIL: "✗", Result.UNKNOWN: "?"}
TONES = {Result.PASS: "ok", Result.FAIL: "failed", Result.UNKNOWN: "unknown"}


def sign(finding: Finding) -> tuple[str, str]:
    """Symbol and tone of a finding; `!` passes, but should be looked at."""
    if finding.warning and finding.result is Result.PASS:
        return "!", "unknown"
    return SIGNS[finding.result], TONES[finding.result]


def cell(found: AccountFindings | None) -> tuple[str, str]:
    """The row's cell and its tone: `✓`, `✗ 2: phone number`, `? 1: licence`, the first check in
    words; `P` before those where the account may be personal."""
    if found is None:
        return "", "muted"
    result = found.result
    count = sum(1 for finding in found.findings if finding.result is result)
    if result is Result.PASS:
        warned = any(finding.warning for finding in found.findings)
        return ("!", "unknown") if warned else ("✓", "ok")
    first = next((name_of(f.check) for f in ranked(found.findings) if f.result is result), "")
    personal = " P" if found.personal else ""
    return f"{SIGNS[result]} {count}{personal}: {first}", TONES[result]


def words(found: AccountFindings | None) -> tuple[str, str]:
    """What a filter looks at: `pre:` (fail, unknown, warning, pass, personal, unchecked) and
    `check:` (the checks that are no plain pass)."""
    if found is None:
        return "unchecked", ""
    pre = [str(found.result)]
    if any(finding.warning for finding in found.findings):
        pre.append("warning")
    if found.personal:
        pre.append("personal")
    return "|".join(pre), "|".join(str(f.check) for f in found.findings if sign(f)[0] != "✓")


def sentence(report: Report | None, devices: Sequence[Device], key: str) -> str:
    """What the confirmation says of the prerequisites of these devices; `key` makes a check."""
    if report is None:
        return f"not checked ({key})" if key else "not checked"
    found = {device.key: report.by_key.get(device.key) for device in devices}
    rows = list(found.values())
    parts = []
    tenant = {r: sum(f.result is r for f in report.tenant) for r in Result}
    fails = _accounts(row for row in rows if row and row.result is Result.FAIL)
    unknown = _accounts(row for row in rows if row and row.result is Result.UNKNOWN)
    if fails:
        parts.append(f"{plural(fails, 'account')} {'fails' if fails == 1 else 'fail'}")
    if unknown:
        who = f"{unknown:,}" if fails else plural(unknown, "account")
        parts.append(f"{who} could not be checked")
    if left := sum(row is None for row in rows):
        parts.append(f"{plural(left, 'row')} not looked at")
    if tenant[Result.FAIL]:
        parts.append(f"the tenant fails {plural(tenant[Result.FAIL], 'check')}")
    if tenant[Result.UNKNOWN]:
        parts.append(f"{plural(tenant[Result.UNKNOWN], 'check')} of the tenant could not be made")
    if not parts:
        parts.append("nothing fails")
    return f"{', '.join(parts)}; checked {clock(report.made)[:5]} {zone(report.made)}"


def _accounts(rows: Iterable[AccountFindings]) -> int:
    return len({row.user_name.casefold() for row in rows})


def lines_of(finding: Finding) -> Iterator[Line]:
    """Everything about one finding: what was seen, what to do, how long it takes, the line."""
    symbol, tone = sign(finding)
    name = name_of(finding.check)
    yield ((f"{symbol} {name}: ", tone), (visible(finding.detail), "normal"))
    if finding.remedy and symbol != "✓":
        yield ((visible(finding.remedy), "normal"),)
    if named := named_by(finding.lacking):
        yield ((named, "accent"),)
    if finding.lead_time_hours and symbol != "✓":
        text = f"It may take up to {finding.lead_time_hours} hours to work."
        if finding.since is not None:
            text += f" Changed {minute(finding.since)}."
        yield ((text, "unknown"),)
    if finding.powershell and symbol != "✓":
        yield ((visible(finding.powershell), "accent"),)


#: How what is lacking is named in the pages of the preflight and of the fixes.
_NAMED_BY = {Lacking.PUBLIC_ADDRESS: "a names it."}


def named_by(lacking: Lacking | None) -> str:
    """The key that names what is lacking; nothing where nothing is."""
    return _NAMED_BY[lacking] if lacking else ""


def name_of(check: Check) -> str:
    """A check in words."""
    return str(check).replace("_", " ")


def account_lines(found: AccountFindings, report: Report) -> Iterator[Line]:
    """The findings of a row for its page: what needs attention first, then what passes."""
    yield ((f"Prerequisites, checked {minute(report.made)} {zone(report.made)}", "strong"),)
    if found.personal:
        text = (
            "The account has no common area phone policy of its own: it may be personal, and its "
            "password would be reset. It is submitted only after its name was typed."
        )
        yield ((text, "failed"),)
    passing = [f for f in found.findings if sign(f)[0] == "✓"]
    for finding in ranked(f for f in found.findings if sign(f)[0] != "✓"):
        yield from lines_of(finding)
    if passing:
        yield (("✓ ", "ok"), (", ".join(name_of(f.check) for f in passing), "normal"))


def ranked(findings: Iterable[Finding]) -> list[Finding]:
    """Failures first, then what could not be checked, then warnings."""
    order = {"✗": 0, "?": 1, "!": 2, "✓": 3}
    return sorted(findings, key=lambda finding: order[sign(finding)[0]])


def short(found: AccountFindings) -> Line:
    """The findings of a row in one line, for the strip below the table."""
    runs: list[tuple[str, str]] = []
    for finding in ranked(found.findings):
        symbol, tone = sign(finding)
        if symbol == "✓":
            break
        name = name_of(finding.check)
        runs.append((f"{symbol} {name}: {visible(finding.detail)}  ", tone))
    if not runs:
        return (("✓ prerequisites pass", "ok"),)
    return tuple(runs)


def powershell_of(found: AccountFindings | None) -> list[str]:
    """The PowerShell lines of what does not pass."""
    findings = ranked(found.findings) if found else []
    return [visible(f.powershell) for f in findings if f.powershell and sign(f)[0] != "✓"]


Groups = list[tuple[Check, Result, str, int, Finding]]


def groups(accounts: Iterable[AccountFindings]) -> Groups:
    """What is no plain pass of the rows, by check and how it came out, the frequent first."""
    found: dict[tuple[Check, Result, str], list[Finding]] = {}
    for account in accounts:
        for finding in account.findings:
            symbol = sign(finding)[0]
            if symbol != "✓":
                found.setdefault((finding.check, finding.result, symbol), []).append(finding)
    order = {"✗": 0, "?": 1, "!": 2}
    ranks = sorted(found.items(), key=lambda one: (order[one[0][2]], -len(one[1])))
    return [(check, result, symbol, len(all_), all_[0]) for (check, result, symbol), all_ in ranks]
