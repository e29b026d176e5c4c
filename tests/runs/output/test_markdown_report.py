"""The report for the ticket: it says what happened, and foreign text stays text."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siptui.domain.device import Device
from siptui.domain.hardware_id import HardwareId
from siptui.domain.region import Region
from siptui.domain.user_name import UserName
from siptui.runs import events as ev
from siptui.runs.output.markdown_report import percent, plain, report_text
from siptui.runs.state import RunState
from siptui.runs.state_load import load
from tests.tui.scripted_runs import ScriptedRuns, make_devices


def _ended(folder: Path, *, error: str = "Device is offline") -> RunState:
    runs = ScriptedRuns(folder)
    devices = [
        *make_devices(5),
        Device(9, UserName.parse("a_b@contoso.com"), HardwareId.parse("0004F2AAAAAA"), Region.NOAM),
    ]
    run = runs.create(
        devices, file="/lists/[lobby].csv", sha256="ab" * 32, skipped=2, options=ev.Options()
    )
    runs.accept(1, "0000-batch-1")
    runs.finish(range(3))
    runs.finish([3, 4], error=error)
    runs.write(ev.RunFinished(succeeded=3, failed=2, unknown=0, skipped=2, seconds=75.0))
    state = load(runs.journal, run)
    runs.close()
    return state


def _tables(text: str) -> list[list[str]]:
    """Lines of tables as cells; a `|` behind a backslash divides nothing."""
    rows = [line for line in text.splitlines() if line.startswith("|")]
    return [row.replace("\\|", "\0").strip("|").split("|") for row in rows]


def test_it_says_what_when_who_and_what_is_left(tmp_path: Path) -> None:
    text = report_text(_ended(tmp_path))
    assert "ended after 1 min 15 s" in text
    assert "| Tenant | Contoso Ltd |" in text
    assert "| Device list | /lists/\\[lobby\\].csv |" in text
    assert "admin@contoso.com" in text
    assert "| Rows of the list left out | 2 |" in text
    assert "| ✓ signed in | 3 | 50 % |" in text
    assert "| ✗ failed | 2 | 33 % |" in text
    assert "| 2 | offline |" in text
    assert "## Failed (2)" in text
    assert "reset to an unknown value" in text
    failed = text[text.index("## Failed") : text.index("## Queued")]
    assert failed.count("lobby.0000") == 2
    assert "0000-batch-1" in failed
    assert "a\\_b@contoso.com" in text


def test_an_account_that_was_not_found_kept_its_password(tmp_path: Path) -> None:
    text = report_text(_ended(tmp_path, error="User not found in tenant."))
    assert "Not reset: the passwords of 2 accounts that the tenant does not have." in text
    failed = text[text.index("## Failed") : text.index("## Queued")]
    assert failed.count("Its password was not reset.") == 2
    assert "not reset" not in report_text(_ended(tmp_path / "offline"))


def test_every_row_of_a_table_has_the_cells_of_its_head(tmp_path: Path) -> None:
    text = report_text(_ended(tmp_path, error="[x](javascript:1) | # <b>`\n\x1b[2J|"))
    assert "\x1b" not in text
    assert "<b>" not in text.replace("\\<b\\>", "")
    rows, width = _tables(text), 2
    for before, row, after in zip(rows, rows[1:], rows[2:], strict=False):
        if all(set(cell.strip()) <= set("-:") and cell.strip() for cell in row):
            width = len(row)  # the line below a head
            assert len(before) == width
        elif not all(set(cell.strip()) <= set("-:") and cell.strip() for cell in after):
            assert len(row) == width, row


@pytest.mark.parametrize(
    "text", ["https://evil.example/x", "HTTP://a", "www.evil.example", "ftp://a"]
)
def test_a_bare_address_is_no_link(text: str) -> None:
    assert "://" not in plain(f"see {text} now")
    assert not re.search(r"www\.", plain(text))


@given(st.text())
def test_foreign_text_is_one_line_and_no_markup(text: str) -> None:
    shown = plain(text)
    assert "\n" not in shown
    for sign in "|<>[]`*#":
        bare = shown.replace("\\\\", "").replace(f"\\{sign}", "")
        assert sign not in bare


@pytest.mark.parametrize(
    ("count", "total", "share"),
    [(0, 0, 0), (0, 9, 0), (9, 9, 100), (999, 1000, 99), (1, 1000, 1), (37, 60, 62), (23, 60, 38)],
)
def test_a_share_is_all_or_none_only_where_it_is(count: int, total: int, share: int) -> None:
    assert percent(count, total) == share
