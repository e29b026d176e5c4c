"""The console by keys alone, at both sizes."""

import csv
import json
from pathlib import Path

import pytest
from textual.widgets import Input

from siptui.domain.region import Region
from siptui.runs import events as ev
from siptui.tui.actions import ACTIONS, Action
from siptui.tui.dialogs.ask import Choice, Confirm, Prompt
from siptui.tui.dialogs.page import Page
from siptui.tui.flows import Console
from tests.tui.desk import ScriptedDesk, list_text, make_devices
from tests.tui.harness import SIZES, Bench, console

NO_NUMBER = "User missing phone number assignment"
OFFLINE = "Device is offline"


def _outcome(bench: Bench, batch: int = 1) -> None:
    """Of ten devices: six signed in, two without a number, one offline, one still running."""
    bench.desk.accept(batch)
    bench.desk.finish(range(6), batch)
    bench.desk.finish([6, 7], batch, error=NO_NUMBER)
    bench.desk.finish([8], batch, error=OFFLINE)


@pytest.mark.parametrize("size", SIZES)
async def test_the_whole_way_by_keys(tmp_path: Path, size: tuple[int, int]) -> None:
    async with console(tmp_path, size=size) as bench:
        assert "No device list yet" in bench.text
        (tmp_path / "phones.csv").write_text(list_text(make_devices(10)))
        await bench.press("o")
        await bench.pilot.pause(0.05)
        await bench.press("tab")
        bench.fill(str(tmp_path / "phones.csv"))
        await bench.press("enter")
        assert "10 devices ready" in bench.text
        assert "Contoso Ltd · EMEA · phones.csv" in bench.text

        await bench.press("s")
        text = bench.flat
        assert "10 accounts in Contoso Ltd (EMEA) will be signed in on 10 devices" in text
        assert "1 batch" in text
        assert "password of each account will be reset" in text
        assert "Prerequisites: not checked" in text
        await bench.type("9")
        await bench.press("enter")
        assert bench.desk.journal.runs() == []
        assert "Nothing was submitted" in bench.text
        await bench.press("backspace")
        await bench.type("10")
        await bench.press("enter")
        assert bench.desk.started == bench.desk.journal.runs()

        _outcome(bench)
        await bench.look()
        text = bench.text
        assert "✓ 6" in text
        assert "✗ 3" in text
        assert "retry 3" in text

        await bench.press("f")
        assert len(bench.rows) == 3
        await bench.press("escape", "R")
        assert "no phone number" in bench.text
        await bench.press("enter")
        assert "2 devices in Contoso Ltd (EMEA) will be submitted once more" in bench.flat
        await bench.type("2")
        await bench.press("enter")
        orders = [e.event for e in bench.desk.journal.read(bench.desk.newest)]
        assert [o.devices for o in orders if isinstance(o, ev.Order)] == [[6, 7]]

        await bench.press("e", "enter")
        bench.fill(str(tmp_path / "out.csv"))
        await bench.press("enter")
        rows = list(csv.DictReader((tmp_path / "out.csv").open(encoding="utf-8-sig")))
        assert [row["State"] for row in rows].count("succeeded") == 6

        await bench.press("q")
        assert bench.app._exit


async def test_nothing_is_submitted_when_the_question_is_left(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(3))) as bench:
        await bench.press("s")
        assert isinstance(bench.app.screen, Confirm)
        await bench.press("escape")
        await bench.press("enter")
        assert bench.desk.journal.runs() == []


async def test_a_list_without_regions_asks_for_one(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(3), region=False)) as bench:
        assert "3 rows without a region: s asks for it" in bench.text
        await bench.press("s")
        assert isinstance(bench.app.screen, Choice)
        await bench.press("j", "j", "enter")
        assert "(NOAM)" in bench.text
        await bench.type("3")
        await bench.press("enter")
        devices = bench.desk.journal.devices(bench.desk.newest)
        assert {device.region for device in devices} == {Region.NOAM}


async def test_faulty_rows_are_shown_and_never_submitted(tmp_path: Path) -> None:
    text = (
        list_text(make_devices(2)) + "lobby,00-04-F2-00-00-99,EMEA\nx@contoso.com,4.13E+11,EMEA\n"
    )
    async with console(tmp_path, text=text) as bench:
        assert [row[5] for row in bench.rows] == ["ready", "ready", "invalid", "invalid"]
        assert "2 rows invalid" in bench.text
        await bench.press("G")
        assert "Excel" in bench.text
        await bench.press("s")
        assert "2 rows of the list left out as invalid" in bench.text
        await bench.type("2")
        await bench.press("enter")
        assert len(bench.desk.journal.devices(bench.desk.newest)) == 2
        assert [row[5] for row in bench.rows] == ["queued", "queued", "invalid", "invalid"]


async def test_marked_devices_are_retried_and_the_others_are_not(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(10))) as bench:
        await bench.submit(10)
        _outcome(bench)
        await bench.look()
        await bench.press("g", "space")  # a signed-in one
        await bench.press("r")
        assert "none of the marked devices has failed" in bench.text
        await bench.press("G", "k", "space", "r")
        assert "1 device in Contoso Ltd" in bench.text
        assert "1 of the marked rows did not fail and are left out" in bench.text
        await bench.type("1")
        await bench.press("enter")
        order = bench.desk.journal.read(bench.desk.newest)[-1].event
        assert isinstance(order, ev.Order)
        assert order.devices == [8]


async def test_filter_as_you_type(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(30))) as bench:
        await bench.press("slash")
        await bench.type("00007")
        assert len(bench.rows) == 1
        await bench.press("enter", "j")
        assert "1 of 30" in bench.text
        await bench.press("slash")
        assert bench.app.screen.query_one("#filter", Input).has_focus
        await bench.press("escape")
        assert len(bench.rows) == 30
        await bench.press("slash")
        await bench.type("!lobby.0000")
        await bench.press("down")
        assert len(bench.rows) == 20
        await bench.press("escape")
        assert len(bench.rows) == 30


async def test_sort_and_sort_back(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(5))) as bench:
        await bench.press("S", "j", "enter")
        await bench.press("S", "enter")
        assert bench.rows[0][1] == "lobby.00004@contoso.com"


async def test_details_copy_and_help(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(10))) as bench:
        await bench.submit(10)
        _outcome(bench)
        await bench.look()
        await bench.press("j", "j", "j", "j", "j", "j", "enter")
        assert isinstance(bench.app.screen, Page)
        assert "Set-CsPhoneNumberAssignment -Identity lobby.00006@contoso.com" in bench.text
        assert "planned into batch 1" in bench.text
        await bench.press("y")
        saved = (tmp_path / "saved" / "copied.txt").read_text()
        assert saved.startswith("Set-CsPhoneNumberAssignment -Identity lobby.00006@contoso.com ")
        await bench.press("Y", "escape")
        saved = (tmp_path / "saved" / "copied.txt").read_text()
        assert NO_NUMBER in saved
        assert (tmp_path / "saved" / "copied.txt").stat().st_mode & 0o777 == 0o600
        await bench.press("right", "y")
        assert (tmp_path / "saved" / "copied.txt").read_text() == "lobby.00006@contoso.com\n"
        await bench.press("question_mark")
        assert "filter as you type" in bench.text
        assert "↓ " in bench.text.splitlines()[-1]  # there is more below
        await bench.press("G")
        assert "↓ " not in bench.text.splitlines()[-1]


async def test_before_a_run_the_width_goes_to_what_is_known(tmp_path: Path) -> None:
    tenant = "1b2c3d4e-5f60-4718-89ab-cdef01234567"
    desk = ScriptedDesk(tmp_path, tenant=tenant)
    text = list_text(make_devices(10)).replace("lobby.", "a-very-long-name-of-a-lobby-")
    options = {"desk": desk, "text": text, "size": (80, 24), "read_only": True}
    async with console(tmp_path, **options) as bench:
        assert "a-very-long-name-of-a-lobby-00000@contoso.com" in bench.text
        assert "Result" not in bench.text
        await bench.pilot.resize_terminal(70, 24)
        await bench.settle()
        assert f"{tenant[:8]}…4567 · EMEA · lobby.csv · read-only" in bench.text
        await bench.pilot.resize_terminal(120, 40)
        await bench.settle()
        assert tenant in bench.text


async def test_a_window_that_was_too_small_takes_keys_as_before(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(10)), size=(80, 24)) as bench:
        await bench.pilot.resize_terminal(40, 10)
        await bench.settle()
        assert "40×10 is too small; siptui needs 60×14." in bench.flat
        await bench.pilot.resize_terminal(120, 40)
        await bench.settle()
        await bench.press("t", "j", "P")
        assert bench.console.filter_field.value == ""
        assert bench.console.grid.has_focus
        assert bench.console.grid.cursor == 1
        await bench.press("slash", "1")
        await bench.pilot.resize_terminal(40, 10)
        await bench.settle()
        await bench.pilot.resize_terminal(120, 40)
        await bench.settle()
        await bench.press("2")
        assert bench.console.filter_field.value == "12"


async def test_export_asks_before_it_replaces(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(2))) as bench:
        await bench.submit(2)
        target = tmp_path / "out.json"
        target.write_text("mine")

        async def export(*answer: str) -> None:
            await bench.press("e")
            assert isinstance(bench.app.screen, Prompt)
            bench.fill(str(target))
            await bench.press("enter", *answer)

        await export("enter")
        assert target.read_text() == "mine"
        await export("j", "enter")
        assert len(json.loads(target.read_text())["devices"]) == 2


async def test_pause_and_go_on(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(2))) as bench:
        await bench.submit(2)
        await bench.press("P")
        assert "Paused" in bench.text
        await bench.press("P")
        assert "Paused" not in bench.text
        whats = [
            s.event.what for s in bench.console.session.events if isinstance(s.event, ev.Order)
        ]
        assert whats == ["pause", "go_on"]


async def test_a_batch_of_unknown_outcome_is_adopted_or_submitted_again(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(4))) as bench:
        await bench.submit(4)
        bench.desk.write(ev.BatchSubmitting(batch=1, region=Region.EMEA, devices=4))
        bench.desk.write(ev.BatchInDoubt(batch=1, why="the connection broke"))
        await bench.look()
        assert "in doubt" in bench.text
        await bench.press("a")
        assert "no batch waits for a decision" in bench.text  # it is still being looked for
        bench.desk.write(ev.BatchUnsettled(batch=1, why="two match", candidates=["aaa", "bbb"]))
        await bench.look()
        assert "4 devices of unknown outcome in 1 batch: a to decide" in bench.text
        await bench.press("r")
        assert "nothing has failed" in bench.text
        await bench.press("a", "j", "enter")
        await bench.press("a", "G", "enter")
        assert "although their outcome is unknown" in bench.flat
        await bench.type("4")
        await bench.press("enter")
        orders = [s.event for s in bench.desk.journal.read(bench.desk.newest)]
        said = [(o.what, o.batch, o.batch_id) for o in orders if isinstance(o, ev.Order)]
        assert said == [("adopt", 1, "bbb"), ("resubmit", 1, "")]


async def test_attach_to_a_run_and_resume_it(tmp_path: Path) -> None:
    desk = ScriptedDesk(tmp_path)
    async with console(tmp_path, text=list_text(make_devices(4)), desk=desk) as bench:
        await bench.submit(4)
        bench.desk.write(ev.RunStopped(code="interrupted", message="siptui was asked to end"))
        await bench.look()
        assert "siptui was asked to end" in bench.text
        desk.started.clear()
        await bench.press("h")
        assert "stopped" in bench.text
        await bench.press("r")
        assert "4 devices not submitted yet will be" in bench.text
        await bench.type("4")
        await bench.press("enter")
        assert desk.started == desk.journal.runs()
        await bench.press("h", "question_mark")
        assert "resume a stopped run" in bench.text
        assert "first row, last row" in bench.text
        await bench.press("escape", "enter")
        assert "lobby.csv" in bench.text


async def test_a_read_only_console_changes_nothing(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(4)), read_only=True) as bench:
        assert "read-only" in bench.text
        assert "submit" not in bench.text.splitlines()[-1]
        await bench.press("s")
        assert isinstance(bench.app.screen, Console)
        await bench.press("question_mark")
        assert "opens the confirmation" not in bench.text


@pytest.mark.parametrize("action", [action for action in ACTIONS if action.changes])
async def test_what_changes_anything_is_refused_read_only(tmp_path: Path, action: Action) -> None:
    desk = ScriptedDesk(tmp_path)
    options = ev.Options()
    run = desk.create(make_devices(4), file="lobby.csv", sha256="0", skipped=0, options=options)
    desk.accept(1)
    desk.finish([0], error="Device is offline")
    desk.write(ev.BatchUnsettled(batch=1, why="nothing fits"))
    async with console(tmp_path, desk=desk, run=run, read_only=True) as bench:
        before = desk.journal.read(run)
        await bench.press(action.keys[0])
        assert isinstance(bench.app.screen, Console)
        assert "this console is read-only" in bench.text
        assert action.id not in bench.app.screen.offers()  # footer and palette
        assert desk.journal.read(run) == before
        assert desk.started == []


async def test_own_keys_are_used_and_shown(tmp_path: Path) -> None:
    text = list_text(make_devices(4))
    async with console(tmp_path, text=text, keys={"submit": "w"}) as bench:
        assert " w submit" in bench.text
        await bench.press("s")
        assert isinstance(bench.app.screen, Console)
        await bench.press("w")
        assert isinstance(bench.app.screen, Confirm)


async def test_the_palette_has_every_action_and_theme(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(4))) as bench:
        await bench.press("colon")
        await bench.type("theme mono")
        await bench.pilot.pause(0.3)
        await bench.press("enter")
        assert bench.app.theme == "mono"


async def test_a_window_too_small_says_so(tmp_path: Path) -> None:
    async with console(tmp_path, size=(50, 10), text=list_text(make_devices(4))) as bench:
        assert "50×10 is too small" in bench.text
        await bench.pilot.resize_terminal(80, 24)
        await bench.settle()
        assert "4 devices ready" in bench.text


async def test_a_list_that_cannot_be_read_is_told_about(tmp_path: Path) -> None:
    async with console(tmp_path, text="") as bench:
        assert "cannot be read" in bench.text
        assert isinstance(bench.app.screen, Console)


async def test_the_log_says_what_is_new_while_it_is_read(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(4))) as bench:
        await bench.submit(4)
        for n in range(20):
            bench.desk.write(ev.Note(level="info", text=f"note {n}"))
        await bench.look()
        assert "note 19" in bench.text
        await bench.press("tab", "up", "up")
        assert "note 19" not in bench.text
        before = bench.text
        bench.desk.write(ev.Note(level="info", text="a"), ev.Note(level="info", text="b"))
        await bench.look()
        assert "2 new" in bench.text
        assert before.replace("\n", "")[:400] == bench.text.replace("\n", "")[:400]
        await bench.press("end")
        assert " b" in bench.text
        assert "new, End" not in bench.text


async def test_the_end_is_one_line_with_the_causes(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(10))) as bench:
        await bench.submit(10)
        _outcome(bench)
        bench.desk.finish([9])
        bench.desk.write(ev.RunFinished(succeeded=7, failed=3, unknown=0, skipped=0, seconds=41.0))
        await bench.look()
        said = "Ended: 7 signed in, 3 failed. r retries, R by cause, t sums up, e exports."
        assert f"{said} 2 no phone number, 1 offline." in bench.text


async def test_leaving_a_run_that_ends_with_the_console_is_asked_about(tmp_path: Path) -> None:
    text = list_text(make_devices(2))
    async with console(tmp_path, text=text, run_ends_with_us=True) as bench:
        await bench.submit(2)
        await bench.press("q")
        assert "This window works on the run" in bench.flat
        await bench.press("escape", "q", "enter")
        assert not bench.app._exit
        await bench.press("q", "j", "enter")
        assert bench.app._exit


def _left_behind(folder: Path, *, stopped: bool) -> ScriptedDesk:
    """A desk whose newest run has one batch open and one not submitted."""
    desk = ScriptedDesk(folder)
    options = ev.Options(batch_size=2)
    desk.create(make_devices(4), file="/lists/x.csv", sha256="", skipped=0, options=options)
    desk.accept(1)
    if stopped:
        desk.write(ev.RunStopped(code="interrupted", message="siptui was asked to end"))
    return desk


async def test_an_unfinished_run_is_offered_and_goes_on(tmp_path: Path) -> None:
    desk = _left_behind(tmp_path, stopped=True)
    async with console(tmp_path, size=(80, 24), desk=desk) as bench:
        assert "1 batch open since 2026-03-02 08:00, 1 batch not submitted" in bench.flat
        assert "nobody works on it" in bench.flat
        await bench.press("enter")
        assert "2 devices not submitted yet will be" in bench.flat
        assert desk.started == []
        await bench.type("2")
        await bench.press("enter")
        assert desk.started == [desk.newest]
        assert len(bench.rows) == 4


async def test_an_unfinished_run_can_be_left_alone(tmp_path: Path) -> None:
    desk = _left_behind(tmp_path, stopped=True)
    async with console(tmp_path, desk=desk) as bench:
        await bench.press("escape")
        assert "No device list yet" in bench.text
        assert desk.started == []


async def test_with_a_list_an_unfinished_run_takes_no_key(tmp_path: Path) -> None:
    desk = _left_behind(tmp_path, stopped=True)
    text = list_text(make_devices(3))
    async with console(tmp_path, desk=desk, text=text, size=(80, 24)) as bench:
        assert isinstance(bench.app.screen, Console)
        assert "Unfinished run of x.csv" in bench.flat
        assert "3 devices ready" in bench.text
        await bench.press("q")
        assert bench.app.farewell == ""


async def test_who_leaves_a_run_is_told_how_to_come_back(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(3))) as bench:
        await bench.submit(3)
        run = bench.desk.newest
        await bench.press("q")
        app = bench.app
    assert app.farewell == f"The run goes on. To come back to it: siptui attach {run}"
