"""What is selected is what happens: marked rows, else those a filter shows, else all."""

import json
from pathlib import Path

import pytest

from siptui.domain.device import Device
from siptui.domain.state import DeviceState
from siptui.runs import events as ev
from siptui.tui.console.filters import STATUS, compile_filter, flaw
from siptui.tui.console.first_few import first_of
from siptui.tui.console.screen import Console
from siptui.tui.console.selection import Which, about, selected, what
from siptui.tui.console.table_rows import COLUMNS
from siptui.tui.dialogs.ask import Choice, Confirm
from siptui.tui.retry_causes import CLASSES, truth
from siptui.tui.widgets.row_index import GridRow, RowIndex
from tests.tui.harness import ConsoleHarness, console
from tests.tui.scripted_runs import list_text, make_devices

NO_NUMBER = "User missing phone number assignment"


def _index(count: int) -> RowIndex:
    index = RowIndex()
    index.set_rows(GridRow(i, (str(i),)) for i in range(count))
    return index


def test_marked_then_shown_then_all() -> None:
    index = _index(6)
    assert selected(index, "").which is Which.ALL
    assert selected(index, "").keys == (0, 1, 2, 3, 4, 5)
    index.sort(lambda row: row.cells, reverse=True)
    index.filter(lambda row: int(row.cells[0]) > 3)
    shown = selected(index, "/x")
    assert (shown.which, shown.keys, shown.total) == (Which.SHOWN, (4, 5), 6)
    for key in (5, 1):
        index.toggle(key)
    marked = selected(index, "/x")
    assert (marked.which, marked.keys, marked.hidden) == (Which.MARKED, (1, 5), 1)
    assert what(marked, 2) == "the 2 marked rows (1 of them is not shown)"
    assert what(shown, 2) == "the 2 rows that the filter /x shows, of 6"
    said = about(marked, ["a@b.c"], "did not fail")
    assert said.endswith(
        "rows (1 of them is not shown): a@b.c. 1 of them did not fail and is left out."
    )
    four = [f"{n}@b.c" for n in range(4)]
    assert about(selected(_index(4), ""), four) == "All 4 rows: 0@b.c, 1@b.c, 2@b.c and 1 more."


def _submitted(harness: ConsoleHarness) -> list[str]:
    devices = harness.runs.journal.devices(harness.runs.newest)
    return [str(device.user_name)[:11] for device in devices]


async def test_submit_takes_what_is_marked_shown_or_all(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(30))) as harness:
        await harness.press("s")
        assert "All 30 rows: lobby.00000@contoso.com, lobby.00001@contoso.com," in harness.question
        await harness.press("escape", "slash", *"lobby.0001", "enter")
        assert " s submit 10" in harness.text.splitlines()[-1]
        await harness.press("s")
        assert (
            "The 10 rows that the filter /lobby.0001 shows, of 30: lobby.00010" in harness.question
        )
        await harness.press("escape", "space", "space", "escape")
        await harness.press("slash", *"lobby.0002", "enter", "s")
        assert "The 2 marked rows (2 of them are not shown): lobby.00010" in harness.question
        await harness.type("2")
        await harness.press("enter")
        assert _submitted(harness) == ["lobby.00010", "lobby.00011"]
        assert not harness.console.grid.index.marks


async def test_what_was_left_out_is_submitted_after_the_run(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(5))) as harness:
        await harness.press("space", "space", "s", "2", "enter")
        assert [row[5] for row in harness.rows] == ["queued"] * 2 + ["left out"] * 3
        await harness.press("s")
        assert "the other 3 rows wait until this run ended" in harness.text
        harness.runs.accept(1)
        harness.runs.finish([0, 1])
        harness.runs.write(ev.RunFinished(succeeded=2, failed=0, unknown=0, skipped=3, seconds=4.0))
        await harness.look()
        assert "s submits the other 3 rows." in harness.text
        assert " s submit the other 3 " in harness.text.splitlines()[-1]
        await harness.press("s")
        assert "The other 3 rows, of 5: lobby.00002@contoso.com" in harness.question
        assert [row[5] for row in harness.rows] == ["signed in"] * 2 + ["ready"] * 3
        assert "3 devices ready  ✓ 2" in harness.text
        await harness.type("3")
        await harness.press("enter")
        assert _submitted(harness) == ["lobby.00002", "lobby.00003", "lobby.00004"]


async def _pilot(harness: ConsoleHarness, *outcomes: str) -> None:
    """Rows 2 and 3 of the list submitted alone, with an error each or none."""
    await harness.press("j", "j", "space", "space", "s", "2", "enter")
    harness.runs.accept(1)
    for place, error in enumerate(outcomes):
        harness.runs.finish([place], error=error)
    good = outcomes.count("")
    ended = {"succeeded": good, "failed": 2 - good, "unknown": 0}
    harness.runs.write(ev.RunFinished(**ended, skipped=3, seconds=4.0))
    await harness.look()


async def test_what_failed_is_not_among_the_other_rows(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(5))) as harness:
        await _pilot(harness, "", NO_NUMBER)
        assert "s submits the other 3 rows." in harness.text
        await harness.press("s")
        assert "The other 3 rows, of 5: lobby.00000" in harness.question
        assert [row[5] for row in harness.rows] == [
            *("ready", "ready", "signed in", "failed", "ready")
        ]
        await harness.press("escape", "home", "j", "j", "j")
        assert "failed in an earlier run" in harness.flat
        assert "phone number" in harness.flat
        assert "s submits the other 3 rows, after a question." in harness.text
        await harness.press("s")
        assert "The other 3 rows, of 5: lobby.00000" in harness.question


async def test_marks_of_a_run_are_of_the_same_devices_in_the_list(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(5))) as harness:
        await _pilot(harness, NO_NUMBER, NO_NUMBER)
        await harness.press("home", "space", "j", "space")  # left out, then one of the run
        assert " s submit 2 " in harness.text.splitlines()[-1]
        assert "s submits the other" not in harness.text
        await harness.press("s")
        assert "The 2 marked rows: lobby.00000@contoso.com, lobby.00002" in harness.question
        await harness.type("2")
        await harness.press("enter")
        assert _submitted(harness) == ["lobby.00000", "lobby.00002"]


async def test_what_had_a_reason_to_be_left_out_is_not_among_the_other_rows_later(
    tmp_path: Path,
) -> None:
    async with console(tmp_path, text=list_text(make_devices(5)), size=(80, 24)) as harness:
        await _pilot(harness, "", NO_NUMBER)
        await harness.press("s", "n", "1", "enter", "enter")
        await harness.type("1")
        await harness.press("enter")
        assert _submitted(harness) == ["lobby.00000"]
        at = [column.key for column in COLUMNS].index("result")
        assert [row[at] for row in harness.rows[1:]] == [
            *("not selected", "signed in already", "failed in an earlier run", "not selected")
        ]
        harness.runs.accept(1)
        harness.runs.finish([0])
        harness.runs.write(ev.RunFinished(succeeded=1, failed=0, unknown=0, skipped=4, seconds=4.0))
        await harness.look()
        assert "s submits the other 2 rows." in harness.text


async def test_a_list_with_earlier_runs_says_where_their_failures_are_retried(
    tmp_path: Path,
) -> None:
    async with console(tmp_path, text=list_text(make_devices(5))) as harness:
        await _pilot(harness, "", NO_NUMBER)
        await harness.press("s", "escape")
        for key, action in (("r", "retry"), ("R", "retry cause"), ("E", "correct")):
            await harness.press(key)
            assert f"{action}: what failed is in an earlier run; h shows it." in harness.text
        for key, action in (("t", "summary"), ("e", "export")):
            await harness.press(key)
            assert f"{action}: this is the list; h shows its runs." in harness.text


async def test_what_is_said_is_whole_beside_a_filter_at_80_columns(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(5)), size=(80, 24)) as harness:
        await harness.press("slash", *"lobby.00001", "enter", "s", "1", "enter", "s")
        said = "submit: the other 4 rows wait until this run ended.   /lobby.00001"
        assert said in harness.text.splitlines()[2]


async def test_a_list_that_is_opened_again_says_that_it_was_submitted_before(
    tmp_path: Path,
) -> None:
    async with console(tmp_path, text=list_text(make_devices(5))) as harness:
        assert "was submitted before" not in harness.flat
        await _pilot(harness, "", NO_NUMBER)
        await harness.press("s", "escape")
        assert "was submitted before" not in harness.flat  # the table shows what became of them
        path = harness.console.session.path
        assert path is not None
        harness.console.session.path = None  # as in another console
        await harness.console.list_flow.read(path, None)
        await harness.settle()
        assert "lobby.csv was submitted before: 1 run of" in harness.flat
        assert "1 of 2 signed in. w shows where each row stands." in harness.flat


async def test_the_cursor_stays_on_its_device_in_a_run_of_some_rows(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(60)), size=(80, 24)) as harness:
        await harness.press("end", "space", "home", "j", "j", "s")
        await harness.type("1")
        await harness.press("enter")
        assert "lobby.00002@contoso.com" in harness.text.splitlines()[16]
        assert harness.console.session.board.line(harness.console.grid.cursor) == 4
        harness.runs.accept(1)
        harness.runs.finish([0])
        harness.runs.write(
            ev.RunFinished(succeeded=1, failed=0, unknown=0, skipped=59, seconds=4.0)
        )
        await harness.look()
        await harness.press("s")
        assert harness.console.session.board.line(harness.console.grid.cursor) == 4


async def test_a_filter_says_what_is_submitted_in_place_of_the_rest(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(5))) as harness:
        await _pilot(harness, "", "")
        await harness.press("slash", *"lobby.00004", "enter")
        assert " s submit 1 " in harness.text.splitlines()[-1]
        assert "s submits the other" not in harness.text


async def test_what_is_signed_in_is_left_out_and_not_invalid(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(5))) as harness:
        await _pilot(harness, "", "")
        await harness.press("s", "escape", "space", "s", "1", "enter")
        kept = [(row[5], row[7]) for row in harness.rows]
        assert kept.count(("left out", "signed in already")) == 2
        assert kept.count(("left out", "not selected")) == 2
        assert harness.console.session.rest == 2
        await harness.press("slash", *"status:invalid", "enter")
        assert " 0 of 5 " in harness.text


async def test_marked_rows_stay_marked_when_a_region_is_asked_for(tmp_path: Path) -> None:
    devices = make_devices(4)
    text = "Username,HardwareId,Region\n" + "".join(
        f"{d.user_name},{d.hardware_id},{'EMEA' if n % 2 else ''}\n" for n, d in enumerate(devices)
    )
    async with console(tmp_path, text=text) as harness:
        await harness.press("j", "space", "s")  # a row that names its region: none is asked for
        assert isinstance(harness.app.screen, Confirm)
        await harness.press("escape", "space", "s")
        assert "1 row of the list names no region" in harness.flat
        await harness.press("1", "enter", "enter")  # typed ahead, for a number
        assert "1 row of the list names no region" in harness.flat
        assert "Nothing is chosen yet" in harness.text
        await harness.press("j", "j", "enter")
        assert "The 2 marked rows: lobby.00001@contoso.com, lobby.00002" in harness.question
        await harness.type("2")
        await harness.press("enter")
        assert _submitted(harness) == ["lobby.00001", "lobby.00002"]


async def test_the_first_few_of_each_site(tmp_path: Path) -> None:
    text = "Username,HardwareId,Region,Site\n" + "".join(
        f"{d.user_name},{d.hardware_id},EMEA,{'North' if n < 6 else 'South'}\n"
        for n, d in enumerate(make_devices(10))
    )
    async with console(tmp_path, text=text) as harness:
        await harness.press("s")
        assert "n: only the first few" in harness.text
        await harness.press("n", "2", "enter")
        assert "of each Site" in harness.text
        await harness.press("j", "enter")
        assert "Only the first 2 of each Site." in harness.question
        await harness.type("4")
        await harness.press("enter")
        assert _submitted(harness) == ["lobby.00000", "lobby.00001", "lobby.00006", "lobby.00007"]


def test_the_first_of_each() -> None:
    devices = [
        Device(d.line, d.user_name, d.hardware_id, d.region, {"Site": site})
        for d, site in zip(make_devices(5), "AABAB", strict=True)
    ]
    assert [d.line for d in first_of(devices, 1, "Site")] == [2, 4]
    assert [d.line for d in first_of(devices, 2)] == [2, 3]


def _outcomes(harness: ConsoleHarness) -> None:
    harness.runs.accept(1)
    harness.runs.finish(range(4))
    harness.runs.finish([4, 5], error=NO_NUMBER)
    harness.runs.finish([6], error="Device is offline")
    harness.runs.finish([7], error="On-premises AD throttling")
    harness.runs.finish([8], error="User not found in tenant")
    harness.runs.finish([9], error="Bulk sign-in deadline expired")


async def test_retry_takes_what_failed_of_the_selected_rows(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(10))) as harness:
        await harness.submit(10)
        _outcomes(harness)
        await harness.look()
        await harness.press("r")
        assert "All 6 failed rows: lobby.00004" in harness.question
        told = "1 is temporary, 3 need a fix first (2 in the tenant, 1 at the phone), 1 has wrong"
        assert told in harness.question
        assert "A retry sends the same wrong data again" in harness.question
        await harness.press("escape", "slash", *"lobby.00004", "enter", "r")
        assert (
            "The 1 row that the filter /lobby.00004 shows, of 10: lobby.00004" in harness.question
        )
        await harness.press("escape", "escape", "slash", *"lobby.00000", "enter", "r")
        assert (
            "of the 1 row that the filter /lobby.00000 shows, of 10 none has failed" in harness.flat
        )
        await harness.press(
            "escape", "g", "space", "G", "space", "slash", *"lobby.00001", "enter", "r"
        )
        assert "The 2 marked rows (2 of them are not shown): lobby.00009" in harness.question
        await harness.press("1", "enter")
        order = harness.runs.journal.read(harness.runs.newest)[-1].event
        assert isinstance(order, ev.Order)
        assert order.devices == [9]


async def test_several_causes_are_retried_together(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(10))) as harness:
        await harness.submit(10)
        _outcomes(harness)
        await harness.look()
        await harness.press("R")
        assert "needs a fix in the tenant first" in harness.text
        assert "temporary: a retry may do" in harness.text
        await harness.press("space", "space", "enter")
        assert "All 3 failed rows: lobby.00004" in harness.question
        await harness.press("3", "enter")
        order = harness.runs.journal.read(harness.runs.newest)[-1].event
        assert isinstance(order, ev.Order)
        assert order.devices == [4, 5, 6]


async def test_export_takes_the_selected_rows_first(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(10))) as harness:
        await harness.submit(10)
        _outcomes(harness)
        await harness.look()

        async def written(name: str) -> list[str]:
            target = tmp_path / name
            harness.fill(str(target))
            await harness.press("enter")
            found = json.loads(target.read_text())["devices"]
            return [device["username"][:11] for device in found]

        await harness.press("f", "e")
        assert "The 6 rows that the filter failed shows, of 10" in harness.question
        await harness.press("enter")
        assert len(await written("shown.json")) == 6
        await harness.press("escape", "g", "space", "e", "enter")
        assert await written("marked.json") == ["lobby.00000"]
        await harness.press("e", "j", "enter")
        assert len(await written("all.json")) == 10


async def test_a_failed_export_keeps_what_was_typed(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(2))) as harness:
        await harness.submit(2)
        await harness.press("e", "enter")
        harness.fill("/nowhere/at/all.csv")
        await harness.press("enter")
        assert "/nowhere/at/all.csv" in harness.text
        assert not isinstance(harness.app.screen, Console)
        harness.fill(str(tmp_path / "out.csv"))
        await harness.press("enter")
        assert (tmp_path / "out.csv").exists()


async def test_copy_takes_the_selected_rows(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(12))) as harness:
        copied = tmp_path / "saved" / "copied.txt"
        await harness.press("right", "y")
        assert copied.read_text() == "lobby.00000@contoso.com\n"
        await harness.press("slash", *"lobby.0001", "enter", "y")
        assert isinstance(harness.app.screen, Choice)
        assert "User, of the 2 rows that the filter /lobby.0001 shows, of 12." in harness.question
        await harness.press("enter")
        assert copied.read_text() == "lobby.00010@contoso.com\nlobby.00011@contoso.com\n"
        await harness.press("y", "j", "enter")
        assert copied.read_text() == "lobby.00010@contoso.com\n"
        await harness.press("escape", "g", "space", "space", "y")
        assert copied.read_text() == "lobby.00000@contoso.com\nlobby.00001@contoso.com\n"
        assert "User of the 2 marked rows: copied" in harness.text


# -- filters


@pytest.mark.parametrize(
    ("typed", "wrong"),
    {
        "cuase:offline": "no column cuase:, cause: perhaps",
        "!pree:fail": "no column pree:, pre: perhaps",
        "zzz:1": "no column zzz:",
        "status:faild": "no status faild",
        "status:fail": "",
        "status:signed_in": "",
        "site:north": "",
        "floornumber:3": "",
        "batch:1": "batch: nothing there",
        "00:04:f2:00": "",
        "ab:cd:ef": "",
        "cause:": "",
        "words without": "",
    }.items(),
)
def test_flaws_of_a_filter(typed: str, wrong: str) -> None:
    columns = {"site": "Site", "floornumber": "Floor Number"}
    missing = {} if typed.startswith("cause") else {"batch": "nothing there"}
    assert flaw(typed, columns, missing) == wrong


async def test_a_filter_says_what_is_wrong_with_it_and_how_many_it_finds(tmp_path: Path) -> None:
    text = "Username,HardwareId,Region,Site\n" + "".join(
        f"{d.user_name},{d.hardware_id},EMEA,{'North' if n < 6 else 'South'}\n"
        for n, d in enumerate(make_devices(10))
    )
    async with console(tmp_path, text=text, size=(80, 24)) as harness:
        await harness.press("slash")
        assert " 10 of 10" in harness.text
        await harness.type("site:nor")
        assert " 6 of 10" in harness.text
        harness.console.filter_field.value = "cuase:x"
        await harness.settle()
        assert " 0 of 10  no column cuase:, cause: perhaps" in harness.text
        assert "No row matches /cuase:x. Esc shows all 10 rows." in harness.text
        await harness.press("enter")
        assert "no column cuase:" in harness.text.splitlines()[2]
        await harness.press("escape")
        assert len(harness.rows) == 10
        assert "No row matches" not in harness.text


async def test_f_knows_queued_and_invalid(tmp_path: Path) -> None:
    bad = "x@contoso.com,4.13E+11,EMEA\n"
    async with console(tmp_path, text=list_text(make_devices(3)) + bad) as harness:
        # Before a run no row failed, runs or was signed in: those are passed over.
        await harness.press("f")
        assert "ready 3 of 4" in harness.flat
        assert "s submit 3 " in harness.text.splitlines()[-1]
        await harness.press("f")
        assert "invalid 1 of 4" in harness.flat
        assert "submit" not in harness.text.splitlines()[-1]  # it would say that none is valid
        await harness.press("asterisk", "f")
        assert len(harness.rows) == 4
        assert "submit" not in harness.text.splitlines()[-1]  # marked, and still shown by all
        await harness.press("asterisk")
        assert "s submit 3 " in harness.text.splitlines()[-1]
        await harness.press("asterisk", "f", "f")
        await harness.press("f")
        assert len(harness.rows) == 4
    assert {state for _, states in STATUS[1:] for state in states} == {*DeviceState, None}


def test_own_columns_are_found_by_their_name() -> None:
    test = compile_filter("!site:nor", {"site": "Site"})
    assert test is not None
    from siptui.tui.console.filters import Probe

    assert test(Probe("", extra={"Site": "South"}))
    assert not test(Probe("", extra={"Site": "NORTH"}))


def test_every_class_of_retry_has_its_words() -> None:
    from siptui.domain.outcome import Retry

    assert set(CLASSES) == set(Retry)
    assert truth([], "E") == []
