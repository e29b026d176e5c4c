"""Where rows stand, in the console: against the emulator, in emulated time."""

import csv
import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from siptui.domain.errors import SignInNeededError
from siptui.domain.list_options import ListOptions
from siptui.domain.row_filter import condition
from siptui.emulator.scenario import read_scenario
from siptui.tui.dialogs.ask import Choice, Confirm
from siptui.tui.dialogs.live_page import RowPage
from tests.tui.harness import ConsoleHarness, console
from tests.tui.scripted_runs import make_devices
from tests.tui.service import Service

#: Of rows 0 to 7: 1 is signed in by a colleague's batch, 2 as somebody else, 3 by hand, 4 is in a
#: batch now; a ninth phone is in no list.
_SCENARIO = """
[timing]
device = [20, 20]
[[foreign]]
at = -90000
region = "EMEA"
user = "colleague@contoso.com"
items = [
  ["lobby.00001@contoso.com", "00-04-F2-00-00-01"], ["someone@contoso.com", "00-04-F2-00-00-02"]
]
[[by_hand]]
hardware_id = "00-04-F2-00-00-03"
user = "lobby.00003@contoso.com"
at = -5000
[[by_hand]]
hardware_id = "00-04-F2-00-00-99"
user = "elsewhere@contoso.com"
at = -5000
[[foreign]]
at = -1
region = "EMEA"
user = "colleague@contoso.com"
items = [["lobby.00004@contoso.com", "00-04-F2-00-00-04"]]
"""
_STANDS = ["to do", "done", "other", "done", "live", "to do", "to do", "to do", "gone"]


def _list_text(count: int = 8) -> str:
    rows = [
        f"{d.user_name},{d.hardware_id},{d.region},{('Bonn', 'Ulm')[i % 2]},Room {i + 5}"
        for i, d in enumerate(make_devices(count))
    ]
    return "\n".join(["Username,HardwareId,Region,Site,Room", *rows, ""])


@asynccontextmanager
async def _opened(
    folder: Path, *, scenario: str = _SCENARIO, **more: Any
) -> AsyncIterator[tuple[ConsoleHarness, Service]]:
    service = Service(folder, scenario=read_scenario(scenario, "test"))
    options = {"text": _list_text(), "looks_for_personal": False} | more
    async with console(folder, runs=service.runs, status=service.status, **options) as harness:
        yield harness, service
    service.background.close()


def _stands(harness: ConsoleHarness) -> list[str]:
    return [row[4] for row in harness.rows]


def _users(harness: ConsoleHarness) -> list[str]:
    return [row[1].partition("@")[0][-1] for row in harness.rows]


async def test_a_key_shows_where_each_row_stands_and_leaves_it(tmp_path: Path) -> None:
    async with _opened(tmp_path, size=(80, 24)) as (harness, _):
        assert " w status" in harness.text
        await harness.press("slash")
        await harness.type("room")
        await harness.press("enter", "j", "j", "space")
        before, cursor = harness.rows, harness.console.grid.cursor
        await harness.press("w")
        assert _stands(harness) == _STANDS
        counted = "STATUS ◌ 4 to do ✓ 2 done ✗ 1 other … 1 live - 1 gone"
        assert counted in harness.flat
        assert "entries: runs of this host 0, batches 3, inventory" in harness.flat
        assert " w back" in harness.text
        assert "ready" not in harness.text  # nothing of the list's own table
        await harness.press("j")
        assert "✓ done 00-04-F2-00-00-01 since" in harness.flat
        assert "by colleague@contoso.com" in harness.flat
        await harness.press("w")
        assert harness.rows == before
        assert harness.console.grid.cursor == cursor
        assert harness.console.grid.index.marks == {2}
        assert harness.console.filter_field.value == "room"
        assert "STATUS" not in harness.text


async def test_its_filter_marks_and_order_are_its_own_and_kept(tmp_path: Path) -> None:
    async with _opened(tmp_path) as (harness, _):
        await harness.press("w", "f")
        assert _users(harness) == ["0", "5", "6", "7"]
        assert "to do 4 of 9" in harness.flat
        await harness.press("f")
        assert _users(harness) == ["1", "3"]
        await harness.press("space", "w")
        assert len(harness.rows) == 8  # the list has no filter
        assert not harness.console.grid.index.marks
        await harness.press("w")
        assert _users(harness) == ["1", "3"]
        assert harness.console.grid.index.marks == {"00-04-F2-00-00-01"}
        await harness.press("escape")
        assert len(harness.rows) == 9
        await harness.press("slash")
        await harness.type("status:gone")
        await harness.press("enter")
        assert _stands(harness) == ["gone"]  # what is not in the list can be reached
        await harness.press("enter")
        assert isinstance(harness.app.screen, RowPage)
        assert "not in the list" in harness.flat
        assert "signed in as elsewhere@contoso.com" in harness.flat
        await harness.press("escape", "escape", "escape")
        assert "STATUS" not in harness.text  # with nothing to clear Escape leaves


async def test_it_is_read_again_where_it_is_shown_again(tmp_path: Path) -> None:
    async with _opened(tmp_path) as (harness, service):
        await harness.press("w")
        assert _stands(harness)[4] == "live"
        service.now = 600
        await harness.press("w", "w")
        assert _stands(harness)[4] == "done"


async def test_a_run_behind_it_changes_nothing_there_but_says_so(tmp_path: Path) -> None:
    async with _opened(tmp_path, scenario="", text=None) as (harness, service):
        harness.console.flows.run.attach(service.submit(3))
        await harness.press("w")
        assert _stands(harness) == ["live"] * 3
        service.runs.finish(range(3))
        await harness.look()
        assert _stands(harness) == ["live"] * 3
        assert "The run went on since; w w reads again." in harness.flat
        await harness.press("w")
        assert [row[5] for row in harness.rows] == ["signed in"] * 3
        await harness.press("w")
        assert "STATUS" in harness.text
        await harness.press("s")
        assert "the list is not open" in harness.flat


async def test_without_a_sign_in_the_history_is_shown_and_the_rest_named(tmp_path: Path) -> None:
    async with _opened(tmp_path) as (harness, service):
        service.error = SignInNeededError("there is no sign-in", remedy="i signs in")
        await harness.press("w")
        assert _stands(harness) == ["unknown"] * 8
        assert "? batches not read: " in harness.flat
        assert "there is no sign-in" in harness.flat
        service.error = None
        await harness.press("w", "w")
        assert _stands(harness) == _STANDS


async def test_it_is_written_as_the_command_writes_it(tmp_path: Path) -> None:
    async with _opened(tmp_path) as (harness, _):
        await harness.press("w", "f", "f", "e")
        assert isinstance(harness.app.screen, Choice)
        await harness.press("enter")
        harness.fill(str(tmp_path / "done.csv"))
        await harness.press("enter")
        assert "2 rows written" in harness.flat
        text = (tmp_path / "done.csv").read_bytes().decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(text)))
        assert [(row["Standing"], row["Site"]) for row in rows] == [("done", "Ulm")] * 2
        await harness.press("e", "j", "enter")
        harness.fill(str(tmp_path / "all.json"))
        await harness.press("enter")
        body = json.loads((tmp_path / "all.json").read_text("utf-8"))
        assert len(body["rows"]) == 9
        assert body["counts"]["to_do"] == 4


async def test_how_each_site_of_the_list_stands_whatever_runs_there_were(tmp_path: Path) -> None:
    async with _opened(tmp_path, size=(80, 24)) as (harness, _):
        await harness.press("w", "t")
        assert "8 rows, in whatever run they were. Beside them: 1 gone." in harness.text
        assert "◌ to do         4   50 %" in harness.text
        lines = harness.text.splitlines()
        at = next(i for i, line in enumerate(lines) if "By Site" in line)
        assert lines[at + 1].split() == ["rows", *["to", "do", "done", "other", "live"]]
        assert [line.split() for line in lines[at + 2 : at + 4]] == [
            ["Bonn", "4", "2", "0", "1", "1"],
            ["Ulm", "4", "2", "2", "0", "0"],
        ]
        assert "/     site:bonn shows the rows of one alone" in harness.text
        await harness.press("escape", "slash", *"site:bonn", "enter")
        assert _users(harness) == ["0", "2", "4", "6"]


async def test_a_run_of_a_part_says_where_the_whole_list_is_told_of(tmp_path: Path) -> None:
    async with _opened(tmp_path) as (harness, _):
        await harness.press("w", "s", "enter")
        await harness.type("4")
        await harness.press("enter", "t")
        assert "4 rows of its list are not in it. w, then t tells of all." in harness.text
        await harness.press("escape", "w", "t")
        assert "8 rows, in whatever run they were" in harness.text
        assert "By Site" in harness.text


async def test_a_submit_there_offers_what_is_to_do_first(tmp_path: Path) -> None:
    async with _opened(tmp_path) as (harness, service):
        await harness.press("w", "s")
        assert isinstance(harness.app.screen, Choice)
        assert "Of 8 rows: 4 to do, 2 done, 1 other, 1 live." in harness.flat
        assert "only what is to do" in harness.rows_of_page[0]
        assert "all but what is live" in harness.rows_of_page[1]
        await harness.press("enter")
        assert isinstance(harness.app.screen, Confirm)
        assert "2 rows left out: signed in already." in harness.flat
        assert "1 row left out: signed in as another account." in harness.flat
        await harness.type("4")
        await harness.press("enter")
        submitted = service.runs.journal.devices(service.runs.newest)
        assert [str(d.user_name)[10] for d in submitted] == ["0", "5", "6", "7"]
        assert "STATUS" not in harness.text  # it is the run that is followed now
        await harness.press("slash")
        await harness.type("site:ulm")  # the rows left out have a site as well
        assert sorted(_users(harness)) == ["1", "3", "5", "7"]
        await harness.press("escape", "w")
        assert len(_stands(harness)) == 9  # the whole list, whatever part of it was submitted


async def test_a_submit_there_takes_marked_rows_and_never_what_is_live(tmp_path: Path) -> None:
    async with _opened(tmp_path) as (harness, service):
        await harness.press("w", "g", "j", "j", "j", "space", "space", "space", "s")
        assert "Of 3 rows: 1 to do, 1 done, 1 live." in harness.flat
        await harness.press("j", "enter")
        assert "Type 2 and Enter" in harness.flat
        await harness.type("2")
        await harness.press("enter")
        submitted = service.runs.journal.devices(service.runs.newest)
        assert [str(d.user_name)[10] for d in submitted] == ["3", "5"]


async def test_a_submit_of_the_list_offers_what_is_to_do_first_as_well(tmp_path: Path) -> None:
    async with _opened(tmp_path) as (harness, service):
        await harness.press("s")
        assert isinstance(harness.app.screen, Choice)
        assert "2 devices are signed in as the list wants it, by the device inventory" in (
            harness.flat
        )
        taken = "1 phone is signed in as another account: 00-04-F2-00-00-02 as someone@contoso.com"
        assert taken in harness.flat
        assert harness.rows_of_page[0] == ("only what is to do", "the other 5 devices")
        await harness.press("enter")
        assert "2 rows left out: signed in already." in harness.flat
        assert "1 row left out: signed in as another account." in harness.flat
        await harness.type("5")
        await harness.press("enter")
        submitted = service.runs.journal.devices(service.runs.newest)
        assert [str(d.user_name)[10] for d in submitted] == ["0", "4", "5", "6", "7"]


async def test_a_phone_of_another_account_is_taken_by_word_only(tmp_path: Path) -> None:
    async with _opened(tmp_path) as (harness, service):
        await harness.press("j", "j", "space", "s")
        assert harness.rows_of_page == [
            ("only what is to do", "none: nothing is submitted"),
            ("submit them, too", "1 device, with all that follows from it"),
        ]
        assert "signed out of that one" in harness.flat
        await harness.press("j", "enter")
        await harness.type("1")
        await harness.press("enter")
        submitted = service.runs.journal.devices(service.runs.newest)
        assert [str(d.user_name)[10] for d in submitted] == ["2"]


async def test_columns_of_the_list_can_be_sorted_by_shown_or_not(tmp_path: Path) -> None:
    async with _opened(tmp_path) as (harness, _):
        await harness.press("S")
        titles = [row[0] for row in harness.rows_of_page]
        assert titles[-2:] == ["Site", "Room"]
        await harness.press("G", "enter")  # Room 5 to Room 12: numbers count as numbers
        assert _users(harness) == list("01234567")
        await harness.press("S", "enter")
        assert _users(harness) == list("76543210")
        await harness.press("w", "S", "G", "k", "enter")
        assert _users(harness)[:8] == list("02461357")


async def test_of_a_part_of_a_list_the_other_rows_are_not_gone(tmp_path: Path) -> None:
    part = ListOptions(where=(condition("Site=Bonn"),))
    async with _opened(tmp_path, list_options=part) as (harness, _):
        await harness.press("w")
        assert _stands(harness) == ["to do", "other", "live", "to do", "gone"]
        assert harness.rows[-1][1] == "elsewhere@contoso.com"


async def test_a_faulty_row_is_not_gone_and_rows_without_a_region_are_said(tmp_path: Path) -> None:
    text = _list_text(1) + "not a user,00-04-F2-00-00-99,EMEA,Bonn,1\n"
    async with _opened(tmp_path, text=text) as (harness, _):
        await harness.press("w")
        assert harness.rows[0][4] == "to do"
        assert "elsewhere@contoso.com" not in [row[1] for row in harness.rows]
    text = _list_text(1).replace("EMEA", "")
    async with _opened(tmp_path, text=text) as (harness, _):
        await harness.press("w")
        assert "the rows have no region; s asks for it" in harness.flat


async def test_f_passes_over_what_no_row_stands_as(tmp_path: Path) -> None:
    async with _opened(tmp_path) as (harness, _):
        await harness.press("w")
        many = len(harness.rows)
        steps = []
        while len(steps) < 10:
            await harness.press("f")
            if len(harness.rows) == many:
                break
            steps.append(set(_stands(harness)))
        assert len(steps) > 1
        assert all(len(one) == 1 for one in steps)
        assert len({*map(frozenset, steps)}) == len(steps) == len(set(_stands(harness)))
