"""The findings of a preflight: the tenant's one by one, the accounts' by check."""

from collections.abc import Hashable, Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType

from siptui.domain.text import plural, visible
from siptui.domain.times import clock, zone
from siptui.preflight.finding import Finding, Report, Result
from siptui.tui.dialogs.tablepage import TablePage
from siptui.tui.preflight_text import groups, lines_of, name_of, ranked, sign
from siptui.tui.widgets.column_layout import Column
from siptui.tui.widgets.row_index import GridRow
from siptui.tui.widgets.table import RowGrid
from siptui.tui.widgets.text_lines import Line

_COLUMNS = (
    Column("of", "Of", 6),
    Column("check", "Check", 18, most=20),
    Column("rows", "Rows", 5, right=True),
    Column("detail", "What was seen", 16, flex=1),
)


class PreflightPage(TablePage[str]):
    """The answer: `again`, `fix`, `addresses`, or a filter for the table such as `check:mfa`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p", "leave", "back", show=False),
        Binding("r", "answer('again')", "check again", show=False),
        Binding("F", "answer('fix')", "fix", show=False),
        Binding("a", "answer('addresses')", "addresses", show=False),
    ]

    def __init__(self, report: Report, *, may_fix: bool) -> None:
        super().__init__(_COLUMNS, details=7)
        self._report = report
        self._may_fix = may_fix
        tenant = [(finding, "") for finding in ranked(report.tenant)]
        self._groups = groups(report.accounts)
        self._found: list[tuple[Finding, str]] = [
            *tenant,
            *((one[4], f"check:{one[0]}") for one in self._groups),
        ]

    def heading(self) -> str:
        """The sums."""
        counts = self._report.counts()
        fail, unknown = counts[Result.FAIL], counts[Result.UNKNOWN]
        parts = [f"{fail:,} fail", f"{unknown:,} could not be checked"]
        if personal := len({one.user_name.casefold() for one in self._report.personal}):
            parts.append(f"{plural(personal, 'account')} may be personal")
        calls = sum(self._report.calls.values())
        made = f"{clock(self._report.made)[:5]} {zone(self._report.made)}, {plural(calls, 'call')}"
        return f"Prerequisites: {', '.join(parts)} · {made}"

    def rows(self) -> Iterable[GridRow]:
        """The tenant's findings, then the accounts' by check, then how many pass."""
        tenant = len(self._report.tenant)
        for place, (finding, _) in enumerate(self._found):
            symbol, tone = sign(finding)
            count = "" if place < tenant else f"{self._groups[place - tenant][3]:,}"
            cells = (
                "tenant" if place < tenant else "rows",
                name_of(finding.check),
                count,
                visible(finding.detail),
            )
            yield GridRow(place, cells, symbol, "normal" if symbol == "✓" else tone)
        clean = sum(
            all(sign(finding)[0] == "✓" for finding in account.findings)
            for account in self._report.accounts
        )
        if clean:
            cells = ("rows", "every check", f"{clean:,}", "pass everything that was looked at")
            yield GridRow(-1, cells, "✓", "normal")
        else:
            cells = ("rows", "every check", "0", "no row passes everything that was looked at")
            yield GridRow(-1, cells, " ", "muted")

    def details(self, key: Hashable) -> Iterable[Line]:
        """Remedy, lead time and PowerShell line; of rows, those of the first."""
        if not isinstance(key, int) or key < 0:
            for note in self._report.notes:
                yield ((visible(note), "normal"),)
            return
        finding, shown_by = self._found[key]
        if shown_by:
            yield (("Enter shows the rows. The first of them:", "muted"),)
        yield from lines_of(finding)

    def keys(self) -> Iterable[tuple[str, str]]:
        """What can be done."""
        keys = [("Enter", "rows"), ("r", "check again"), ("a", "addresses")]
        if self._may_fix:
            keys.insert(1, ("F", "fix"))
        keys += [("y", "copy"), ("Esc", "back")]
        return keys

    def copied(self, key: Hashable) -> str:
        """The PowerShell line, else what was seen."""
        if not isinstance(key, int) or key < 0:
            return ""
        finding = self._found[key][0]
        return visible(finding.powershell or finding.detail)

    def on_row_grid_opened(self, event: RowGrid.Opened) -> None:
        """The rows of a check."""
        event.stop()
        if event.key == -1:
            self.dismiss("pre:pass")
        elif isinstance(event.key, int) and self._found[event.key][1]:
            self.dismiss(self._found[event.key][1])

    def action_answer(self, what: str) -> None:
        """Check again, or fix."""
        if what != "fix" or self._may_fix:
            self.dismiss(what)
