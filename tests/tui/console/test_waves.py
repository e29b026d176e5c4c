"""Waves from the console: by a column, the first few first, within a window, by keys alone."""

import csv
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.widgets import Input

from siptui.runs import events as ev
from siptui.runs.events import RunPlanned
from siptui.tui.dialogs.submit import ConfirmSubmit
from siptui.tui.dialogs.waves import WavesDialog
from siptui.tui.powershell import equivalent
from tests.tui.harness import ConsoleHarness, console
from tests.tui.scripted_runs import list_text, make_devices

ID = "6d0f1e52-8f63-4c0e-9a3e-2b7b5a3c1d4e"


@pytest.fixture(autouse=True)
def _local_time(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Windows are typed in local time: here that of the journal's clock."""
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


def site_list(count: int = 30) -> str:
    rows = [
        f"{d.user_name},{d.hardware_id},EMEA,{n},{('Berlin', 'Bonn', 'Oslo')[n * 3 // count]}"
        for n, d in enumerate(make_devices(count))
    ]
    return "\n".join(["Username,HardwareId,Region,Room,Site", *rows, ""])


def planned(harness: ConsoleHarness) -> tuple[RunPlanned, list[ev.BatchPlanned], list[str]]:
    events = [stored.event for stored in harness.runs.journal.read(harness.runs.newest)]
    assert isinstance(events[0], RunPlanned)
    notes = [event.text for event in events if isinstance(event, ev.Note)]
    return events[0], [e for e in events if isinstance(e, ev.BatchPlanned)], notes


async def test_a_run_by_site_with_the_first_of_each_in_a_window(tmp_path: Path) -> None:
    async with console(tmp_path, text=site_list(), size=(80, 24)) as harness:
        await harness.press("s")
        assert "w: waves" in harness.flat
        await harness.press("w")
        assert isinstance(harness.app.screen, WavesDialog)
        assert "30 devices, 1 batch." in harness.question
        await harness.press("right")  # what divides the list into sites comes first
        assert "By Site, 3 values" in harness.question
        await harness.press("down", "2", "down", "backspace", "backspace")
        await harness.type("25")
        await harness.press("tab")
        await harness.type("22:00")
        await harness.press("tab")
        await harness.type("06:00")
        assert "30 devices, 6 batches." in harness.question
        assert "the first 2 of each are tried before its rest" in harness.question
        assert "more than 25 % failed is stopped, the others go on" in harness.question
        assert "Submits go out not before 2026-03-02 22:00, until 2026-03-03 06:00" in (
            harness.question
        )
        assert "Estimated end: about 22:" in harness.question
        assert "…" not in harness.question
        await harness.press("enter")
        assert isinstance(harness.app.screen, ConfirmSubmit)
        assert "on 30 devices, 6 batches." in harness.question
        assert "By Site, 3 values: the first 2 of each" in harness.question
        assert "Estimated end" in harness.question
        await harness.type("30")
        await harness.press("enter")
        plan, batches, notes = planned(harness)
        options = plan.options
        assert (options.by, options.first, options.max_failures) == ("Site", 2, 25.0)
        assert options.not_before.startswith("2026-03-02T22:00:00")
        assert options.until.startswith("2026-03-03T06:00:00")
        assert [(b.group, b.probe, len(b.devices)) for b in batches] == [
            (site, probe, 2 if probe else 8)
            for site in ("Berlin", "Bonn", "Oslo")
            for probe in (True, False)
        ]
        assert notes == []


async def test_what_is_typed_wrong_is_said_and_nothing_is_taken(tmp_path: Path) -> None:
    async with console(tmp_path, text=site_list(), size=(80, 24)) as harness:
        await harness.press("s", "w")
        await harness.type("Floor")
        await harness.press("enter")
        assert isinstance(harness.app.screen, WavesDialog)
        assert "There is no column “Floor” here. The columns are" in harness.flat
        harness.fill("site")
        await harness.press("down", "x", "enter")
        assert "First is a number of devices, not “x”." in harness.flat
        await harness.press("backspace", "3", "up", "up")
        await harness.type("07:00")
        await harness.press("enter")
        assert "Waves" not in harness.text  # until 07:00 of the next day
        await harness.press("w", "up", "ctrl+u")
        await harness.type("2020-01-01 07:00")
        await harness.press("enter")
        assert "The end of the window, 2020-01-01 07:00, is past" in harness.flat
        await harness.press("question_mark")  # typed, as the field is not empty
        assert isinstance(harness.app.screen, WavesDialog)
        await harness.press("escape")
        assert "the first 3 of each are tried" in harness.question  # as it was taken before
        await harness.press("escape")
        assert not harness.runs.started


async def test_the_waves_are_of_the_part_that_is_submitted(tmp_path: Path) -> None:
    async with console(tmp_path, text=site_list(), size=(80, 24)) as harness:
        await harness.press("slash", *"site:bonn", "enter", "s", "w", *"site", "enter")
        assert "The 10 rows that the filter /site:bonn shows, of 30" in harness.question
        assert "By Site, 1 value:" in harness.question
        await harness.press("n", "2", "enter", "enter")
        assert "Only the first 2." in harness.question
        await harness.press("2", "enter")
        plan, batches, notes = planned(harness)
        assert (plan.devices, plan.skipped, [b.group for b in batches]) == (2, 28, ["Bonn"])
        (note,) = notes
        assert note.startswith(
            "Part of the list: 2 of the 10 rows that the filter /site:bonn shows"
        )


async def test_the_first_of_all_without_a_column(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(9)), size=(80, 24)) as harness:
        await harness.press("s", "w", "down", "4", "enter")
        assert "The first 4 devices go out before the rest" in harness.question
        await harness.press("9", "enter")
        assert [len(b.devices) for b in planned(harness)[1]] == [4, 5]


async def test_the_log_has_what_powershell_would_do(tmp_path: Path) -> None:
    async with console(tmp_path, text=site_list(6), size=(80, 24)) as harness:
        await harness.submit(6)
        harness.runs.accept(1, ID)
        await harness.look()
        entries = ["".join(text for text, _ in one) for one in harness.console.log_pane.entries]
        submits = "New-CsSdgBulkSignInRequest -DeviceDetailsFilePath batch-1.csv -Region EMEA"
        looks = f"Get-CsSdgBulkSignInRequestStatus -Batchid {ID}"
        assert {submits, looks} <= set(entries)
        lines = [line.strip() for line in harness.text.splitlines()]
        assert looks in lines  # whole, in one line of 80 cells: it can be copied
        harness.runs.write(ev.BatchInDoubt(batch=1, why="the answer was lost"))
        await harness.look()
        assert "Get-CsSdgBulkSignInRequestsSummary" in harness.text
        assert equivalent(ev.BatchAccepted(batch=1, batch_id="x; rm 'y")).endswith("'x; rm ''y'")
        # The file that the line names is what an export of that batch is called.
        await harness.press("slash", *"batch:1", "enter", "e", "enter")
        assert harness.app.screen.query_one(Input).value == str(tmp_path / "batch-1.csv")
        await harness.press("enter")
        with (tmp_path / "batch-1.csv").open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        assert len(rows) == 6
        assert {"Username", "HardwareId"} <= set(rows[0])
