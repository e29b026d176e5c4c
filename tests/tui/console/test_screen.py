"""The console by keys alone, the whole way at the smaller of the usual sizes."""

import csv
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from textual import events
from textual.widgets import Input
from textual_fspicker.parts import DirectoryNavigation

from siptui.domain.region import Region
from siptui.runs import events as ev
from siptui.tui.actions import ACTIONS
from siptui.tui.console.screen import Console
from siptui.tui.dialogs.ask import Choice, Confirm, Prompt
from siptui.tui.dialogs.page import Page
from tests.tui.harness import ConsoleHarness, console
from tests.tui.scripted_runs import ScriptedRuns, list_text, make_devices

NO_NUMBER = "User missing phone number assignment"
OFFLINE = "Device is offline"


def _outcome(harness: ConsoleHarness, batch: int = 1) -> None:
    """Of ten devices: six signed in, two without a number, one offline, one still running."""
    harness.runs.accept(batch)
    harness.runs.finish(range(6), batch)
    harness.runs.finish([6, 7], batch, error=NO_NUMBER)
    harness.runs.finish([8], batch, error=OFFLINE)


async def test_what_the_first_frame_could_do_without_is_there_soon_after(tmp_path: Path) -> None:
    asked: list[bool] = []
    options = {"after_first_frame": lambda: asked.append(harness.console.list_flow.opening)}
    text = list_text(make_devices(3))
    async with console(tmp_path, text=text, **options) as harness:
        flows = harness.console.flows
        later = {action.owner for action in ACTIONS} - {"grid"}
        await harness.until(lambda: asked and all(name in vars(flows) for name in later))
        assert asked == [False]  # once, and not while the list was still being read
        flow = flows.submit
        await harness.press("s")
        assert flows.submit is flow


@pytest.mark.parametrize("how", ["typed", "typed behind o", "pasted", "name"])
async def test_a_path_is_typed_into_the_picker_without_a_key_before_it(
    tmp_path: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "kjg Polyphones.csv"
    (tmp_path / name).write_text(list_text(make_devices(10)))
    # Typed ahead is what fingers can: a longer text in one piece is one that was pasted.
    wanted = name if how in ("name", "typed behind o") else str(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    async with console(tmp_path) as harness:
        if how == "typed behind o":
            for character in f"o{wanted}":
                harness.app.post_message(events.Key(*_as_key(character)))
            harness.app.post_message(events.Key("enter", "\r"))
            await harness.settle()
        else:
            await harness.press("o")
            if how == "pasted":
                harness.app.post_message(events.Paste(wanted))
                await harness.settle()
            else:
                await harness.type(wanted)
            await harness.press("enter")
        assert "10 devices ready" in harness.text


def _as_key(character: str) -> tuple[str, str]:
    names = {"/": "slash", ".": "full_stop", " ": "space", "-": "minus", "_": "underscore"}
    return names.get(character, character), character


async def test_the_whole_way_by_keys(tmp_path: Path) -> None:
    async with console(tmp_path, size=(80, 24)) as harness:
        assert "No device list yet" in harness.text
        (tmp_path / "phones.csv").write_text(list_text(make_devices(10)))
        await harness.press("o")
        await harness.until(lambda: isinstance(harness.app.focused, DirectoryNavigation))
        await harness.press("tab")
        harness.fill(str(tmp_path / "phones.csv"))
        await harness.press("enter")
        assert "10 devices ready" in harness.text
        assert "Contoso Ltd · EMEA · phones.csv" in harness.text

        await harness.press("s")
        text = harness.flat
        assert "10 accounts in Contoso Ltd (EMEA) will be signed in on 10 devices" in text
        assert "1 batch" in text
        assert "password of each account will be reset" in text
        assert "Prerequisites: not checked" in text
        await harness.type("9")
        await harness.press("enter")
        assert harness.runs.journal.runs() == []
        assert "Nothing was submitted" in harness.text
        await harness.press("backspace")
        await harness.type("10")
        await harness.press("enter")
        assert harness.runs.started == harness.runs.journal.runs()

        _outcome(harness)
        await harness.look()
        text = harness.text
        assert "✓ 6" in text
        assert "✗ 3" in text
        assert "retry 3" in text

        await harness.press("f")
        assert len(harness.rows) == 3
        await harness.press("escape", "R")
        assert "no phone number" in harness.text
        await harness.press("enter")
        assert "2 devices in Contoso Ltd (EMEA) will be submitted once more" in harness.flat
        await harness.type("2")
        await harness.press("enter")
        orders = [e.event for e in harness.runs.journal.read(harness.runs.newest)]
        assert [o.devices for o in orders if isinstance(o, ev.Order)] == [[6, 7]]

        await harness.press("e", "enter")
        harness.fill(str(tmp_path / "out.csv"))
        await harness.press("enter")
        rows = list(csv.DictReader((tmp_path / "out.csv").open(encoding="utf-8-sig")))
        assert [row["State"] for row in rows].count("succeeded") == 6

        await harness.press("q")
        assert harness.app._exit


async def test_nothing_is_submitted_when_the_question_is_left(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(3))) as harness:
        await harness.press("s")
        assert isinstance(harness.app.screen, Confirm)
        await harness.press("escape")
        await harness.press("enter")
        assert harness.runs.journal.runs() == []


async def test_a_list_without_regions_asks_for_one(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(3), region=False)) as harness:
        assert "3 rows without a region: s asks for it" in harness.text
        await harness.press("s")
        assert isinstance(harness.app.screen, Choice)
        await harness.press("G", "enter")
        assert "(NOAM)" in harness.text
        await harness.type("3")
        await harness.press("enter")
        devices = harness.runs.journal.devices(harness.runs.newest)
        assert {device.region for device in devices} == {Region.NOAM}


async def test_faulty_rows_are_shown_and_never_submitted(tmp_path: Path) -> None:
    text = (
        list_text(make_devices(2)) + "lobby,00-04-F2-00-00-99,EMEA\nx@contoso.com,4.13E+11,EMEA\n"
    )
    async with console(tmp_path, text=text) as harness:
        assert [row[5] for row in harness.rows] == ["ready", "ready", "invalid", "invalid"]
        assert "2 rows invalid" in harness.text
        await harness.press("G")
        assert "Excel" in harness.text
        await harness.press("s")
        assert "2 rows of the list left out as invalid" in harness.text
        await harness.type("2")
        await harness.press("enter")
        assert len(harness.runs.journal.devices(harness.runs.newest)) == 2
        assert [row[5] for row in harness.rows] == ["queued", "queued", "invalid", "invalid"]


async def test_marked_devices_are_retried_and_the_others_are_not(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(10))) as harness:
        await harness.submit(10)
        _outcome(harness)
        await harness.look()
        await harness.press("g", "space")  # a signed-in one
        await harness.press("r")
        assert "none has failed" in harness.text
        await harness.press("G", "k", "space", "r")
        assert "1 device in Contoso Ltd" in harness.text
        assert "The 2 marked rows: lobby.00008@contoso.com." in harness.question
        assert "1 of them did not fail and is left out" in harness.question
        await harness.type("1")
        await harness.press("enter")
        order = harness.runs.journal.read(harness.runs.newest)[-1].event
        assert isinstance(order, ev.Order)
        assert order.devices == [8]


async def test_a_retry_says_how_many_batches_and_offers_a_size(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(30))) as harness:
        await harness.submit(30)
        harness.runs.accept(1)
        harness.runs.finish(range(20), 1, error="On-premises AD throttling detected")
        await harness.look()
        await harness.press("r")
        assert "20 devices in Contoso Ltd" in harness.flat
        assert "2 batches" in harness.flat
        assert "batches of 15 at most" in harness.flat
        await harness.press("tab", "backspace", "backspace", "backspace")
        await harness.type("8")
        assert "3 batches" in harness.flat
        assert "batches of 15 at most" not in harness.flat
        await harness.press("enter")
        await harness.type("20")
        await harness.press("enter")
        order = harness.runs.journal.read(harness.runs.newest)[-1].event
        assert isinstance(order, ev.Order)
        assert (order.what, len(order.devices), order.size) == ("retry", 20, 8)


async def test_a_size_that_is_none_submits_nothing(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(10))) as harness:
        await harness.submit(10)
        _outcome(harness)
        await harness.look()
        before = len(harness.runs.journal.read(harness.runs.newest))
        for size in ("0", "101", "x", ""):
            await harness.press("r", "tab", "backspace", "backspace", "backspace")
            assert "1 to 100" not in harness.text
            await harness.type(size)
            await harness.press("enter", "shift+tab")
            await harness.type("3")
            await harness.press("enter")
            assert "1 to 100" in harness.text, size
            assert len(harness.runs.journal.read(harness.runs.newest)) == before, size
            await harness.press("escape")


async def test_a_role_that_has_ended_is_said_with_what_to_do(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(6)), size=(80, 24)) as harness:
        await harness.submit(6)
        harness.runs.write(ev.WorkerStarted(pid=1))
        why = "your role has ended; activate it, siptui looks every minute (Access Denied)"
        harness.runs.write(ev.Waiting(why=why, kind=ev.ROLE))
        await harness.look()
        notice = harness.text.splitlines()[2]
        assert "N looks now. Your role has ended; activate it, siptui looks every minute" in notice
        await harness.press("N")
        stored = harness.runs.journal.read(harness.runs.newest)
        assert [s.event.what for s in stored if isinstance(s.event, ev.Order)] == ["now"]
        harness.runs.write(ev.Waiting(why="it is active again", kind=ev.ROLE, over=True))
        await harness.look()
        assert "Your role has ended" not in harness.text.splitlines()[2]


async def test_a_wait_is_ended_by_a_key(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(10))) as harness:
        await harness.press("N")
        assert "no run is going on" in harness.text
        await harness.submit(10)
        await harness.press("N")
        assert "nothing waits" in harness.text
        until = (datetime.now(UTC) + timedelta(seconds=600)).isoformat().replace("+00:00", "Z")
        harness.runs.write(ev.Waiting(why="Too many requests.", until=until))
        await harness.look()
        assert "Too many requests. N tries now." in harness.flat
        await harness.press("N")
        order = harness.runs.journal.read(harness.runs.newest)[-1].event
        assert isinstance(order, ev.Order)
        assert order.what == "now"


async def test_a_long_wait_is_told_by_its_date(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(10))) as harness:
        await harness.submit(10)
        harness.runs.write(ev.Waiting(why="Busy.", until="2057-09-09T01:46:40.000Z"))
        await harness.look()
        assert "Waiting until 2057-09-09 01:46: Busy." in harness.flat


async def test_filter_as_you_type(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(30))) as harness:
        await harness.press("slash")
        await harness.type("00007")
        assert len(harness.rows) == 1
        await harness.press("enter", "j")
        assert "1 of 30" in harness.text
        await harness.press("slash")
        assert harness.app.screen.query_one("#filter", Input).has_focus
        await harness.press("escape")
        assert len(harness.rows) == 30
        await harness.press("slash")
        await harness.type("!lobby.0000")
        await harness.press("down")
        assert len(harness.rows) == 20
        await harness.press("escape")
        assert len(harness.rows) == 30


async def test_sort_and_sort_back(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(5))) as harness:
        await harness.press("S", "j", "enter")
        await harness.press("S", "enter")
        assert harness.rows[0][1] == "lobby.00004@contoso.com"


async def test_details_copy_and_help(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(10))) as harness:
        await harness.submit(10)
        _outcome(harness)
        await harness.look()
        await harness.press("j", "j", "j", "j", "j", "j", "enter")
        assert isinstance(harness.app.screen, Page)
        assert "Set-CsPhoneNumberAssignment -Identity lobby.00006@contoso.com" in harness.text
        assert "planned into batch 1" in harness.text
        await harness.press("y")
        saved = (tmp_path / "saved" / "copied.txt").read_text()
        assert saved.startswith("Set-CsPhoneNumberAssignment -Identity lobby.00006@contoso.com ")
        await harness.press("Y", "escape")
        saved = (tmp_path / "saved" / "copied.txt").read_text()
        assert NO_NUMBER in saved
        assert (tmp_path / "saved" / "copied.txt").stat().st_mode & 0o777 == 0o600
        await harness.press("right", "y")
        assert (tmp_path / "saved" / "copied.txt").read_text() == "lobby.00006@contoso.com\n"
        await harness.press("question_mark")
        assert "filter as you type" in harness.text
        assert "↓ " in harness.text.splitlines()[-1]  # there is more below
        await harness.press("G")
        assert "↓ " not in harness.text.splitlines()[-1]


async def test_before_a_run_the_width_goes_to_what_is_known(tmp_path: Path) -> None:
    tenant = "1b2c3d4e-5f60-4718-89ab-cdef01234567"
    runs = ScriptedRuns(tmp_path, tenant=tenant)
    text = list_text(make_devices(10)).replace("lobby.", "a-very-long-name-of-a-lobby-")
    options = {"runs": runs, "text": text, "size": (80, 24), "read_only": True}
    async with console(tmp_path, **options) as harness:
        assert "a-very-long-name-of-a-lobby-00000@contoso.com" in harness.text
        assert "Result" not in harness.text
        await harness.pilot.resize_terminal(70, 24)
        await harness.settle()
        assert f"{tenant[:8]}…4567 · EMEA · lobby.csv · read-only" in harness.text
        await harness.pilot.resize_terminal(120, 40)
        await harness.settle()
        assert tenant in harness.text


async def test_a_window_that_was_too_small_takes_keys_as_before(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(10)), size=(80, 24)) as harness:
        await harness.pilot.resize_terminal(40, 10)
        await harness.settle()
        assert "40×10 is too small; siptui needs 60×14." in harness.flat
        await harness.pilot.resize_terminal(120, 40)
        await harness.settle()
        await harness.press("t", "j", "P")
        assert harness.console.filter_field.value == ""
        assert harness.console.grid.has_focus
        assert harness.console.grid.cursor == 1
        await harness.press("slash", "1")
        await harness.pilot.resize_terminal(40, 10)
        await harness.settle()
        await harness.pilot.resize_terminal(120, 40)
        await harness.settle()
        await harness.press("2")
        assert harness.console.filter_field.value == "12"


async def test_export_asks_before_it_replaces(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(2))) as harness:
        await harness.submit(2)
        target = tmp_path / "out.json"
        target.write_text("mine")

        async def export(*answer: str) -> None:
            await harness.press("e", "enter")
            assert isinstance(harness.app.screen, Prompt)
            harness.fill(str(target))
            await harness.press("enter", *answer)

        await export("enter", "escape")
        assert target.read_text() == "mine"
        await export("j", "enter")
        assert len(json.loads(target.read_text())["devices"]) == 2


async def test_the_list_itself_is_filled_in(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(2))) as harness:
        await harness.submit(2)
        harness.runs.accept(1)
        harness.runs.finish([0])
        await harness.look()
        await harness.press("e")
        assert "the list itself" in harness.flat
        await harness.press("G", "enter")
        assert harness.app.screen.query_one(Input).value.endswith("/lobby-filled.csv")
        await harness.press("enter")
        assert "2 rows filled in" in harness.flat
        rows = (tmp_path / "lobby-filled.csv").read_text().splitlines()
        assert rows[0].endswith("Status,Cause,What to do,Batch,Finished")
        assert ",signed in," in rows[1]
        assert ",running," in rows[2] or ",queued," in rows[2]


async def test_pause_and_go_on(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(2))) as harness:
        await harness.submit(2)
        await harness.press("P")
        assert "Paused" in harness.text
        await harness.press("P")
        assert "Paused" not in harness.text
        whats = [
            s.event.what for s in harness.console.session.events if isinstance(s.event, ev.Order)
        ]
        assert whats == ["pause", "go_on"]


async def test_a_batch_of_unknown_outcome_is_adopted_or_submitted_again(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(4))) as harness:
        await harness.submit(4)
        harness.runs.write(ev.BatchSubmitting(batch=1, region=Region.EMEA, devices=4))
        harness.runs.write(ev.BatchInDoubt(batch=1, why="the connection broke"))
        await harness.look()
        assert "in doubt" in harness.text
        await harness.press("a")
        assert "no batch waits for a decision" in harness.text  # it is still being looked for
        harness.runs.write(ev.BatchUnsettled(batch=1, why="two match", candidates=["aaa", "bbb"]))
        await harness.look()
        assert "4 devices of unknown outcome in 1 batch: a to decide" in harness.text
        await harness.press("r")
        assert "nothing has failed" in harness.text
        await harness.press("a", "j", "enter")
        await harness.press("a", "G", "enter")
        assert "although their outcome is unknown" in harness.flat
        await harness.type("4")
        await harness.press("enter")
        orders = [s.event for s in harness.runs.journal.read(harness.runs.newest)]
        said = [(o.what, o.batch, o.batch_id) for o in orders if isinstance(o, ev.Order)]
        assert said == [("adopt", 1, "bbb"), ("resubmit", 1, "")]


async def test_attach_to_a_run_and_resume_it(tmp_path: Path) -> None:
    runs = ScriptedRuns(tmp_path)
    async with console(tmp_path, text=list_text(make_devices(4)), runs=runs) as harness:
        await harness.submit(4)
        harness.runs.write(ev.RunStopped(code="interrupted", message="siptui was asked to end"))
        await harness.look()
        assert "siptui was asked to end" in harness.text
        runs.started.clear()
        await harness.press("h")
        assert "stopped" in harness.text
        await harness.press("r")
        assert "4 devices not submitted yet will be" in harness.text
        await harness.type("4")
        await harness.press("enter")
        assert runs.started == runs.journal.runs()
        await harness.press("h", "question_mark")
        assert "resume a stopped run" in harness.text
        assert "first row, last row" in harness.text
        await harness.press("escape", "enter")
        assert "lobby.csv" in harness.text


async def test_a_read_only_console_changes_nothing(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(4)), read_only=True) as harness:
        assert "read-only" in harness.text
        assert "submit" not in harness.text.splitlines()[-1]
        await harness.press("s")
        assert isinstance(harness.app.screen, Console)
        await harness.press("question_mark")
        assert "opens the confirmation" not in harness.text


async def test_what_changes_anything_is_refused_read_only(tmp_path: Path) -> None:
    runs = ScriptedRuns(tmp_path)
    options = ev.Options()
    run = runs.create(make_devices(4), file="lobby.csv", sha256="0", skipped=0, options=options)
    runs.accept(1)
    runs.finish([0], error="Device is offline")
    runs.write(ev.BatchUnsettled(batch=1, why="nothing fits"))
    async with console(tmp_path, runs=runs, run=run, read_only=True) as harness:
        before = runs.journal.read(run)
        for action in (action for action in ACTIONS if action.changes):
            await harness.press(action.keys[0])
            assert isinstance(harness.app.screen, Console), action.id
            assert f"{action.title}: this console is read-only" in harness.text
            assert action.id not in harness.app.screen.offers()  # footer and palette
            assert runs.journal.read(run) == before, action.id
            assert runs.started == [], action.id


async def test_own_keys_are_used_and_shown(tmp_path: Path) -> None:
    text = list_text(make_devices(4))
    async with console(tmp_path, text=text, keys={"submit": "z"}) as harness:
        assert " z submit" in harness.text
        await harness.press("s")
        assert isinstance(harness.app.screen, Console)
        await harness.press("z")
        assert isinstance(harness.app.screen, Confirm)


async def test_the_palette_has_every_action_and_theme(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(4))) as harness:
        await harness.press("colon")
        await harness.type("theme mono")
        await harness.press("enter")
        assert harness.app.theme == "mono"


async def test_the_topics_of_help_are_read_in_the_console(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(4))) as harness:
        await harness.press("colon")
        await harness.type("help exit")
        await harness.press("enter")
        assert "the run is held by another process" in harness.text


async def test_a_window_too_small_says_so(tmp_path: Path) -> None:
    async with console(tmp_path, size=(50, 10), text=list_text(make_devices(4))) as harness:
        assert "50×10 is too small" in harness.text
        await harness.pilot.resize_terminal(80, 24)
        await harness.settle()
        assert "4 devices ready" in harness.text


async def test_a_list_that_cannot_be_read_is_told_about(tmp_path: Path) -> None:
    async with console(tmp_path, text="") as harness:
        assert "cannot be read" in harness.text
        assert isinstance(harness.app.screen, Console)


async def test_the_log_says_what_is_new_while_it_is_read(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(4))) as harness:
        await harness.submit(4)
        for n in range(20):
            harness.runs.write(ev.Note(level="info", text=f"note {n}"))
        await harness.look()
        assert "note 19" in harness.text
        await harness.press("tab", "up", "up")
        assert "note 19" not in harness.text
        before = harness.text
        harness.runs.write(ev.Note(level="info", text="a"), ev.Note(level="info", text="b"))
        await harness.look()
        assert "2 new" in harness.text
        assert before.replace("\n", "")[:400] == harness.text.replace("\n", "")[:400]
        await harness.press("end")
        assert " b" in harness.text
        assert "new, End" not in harness.text


async def test_the_end_is_one_line_with_the_causes(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(10))) as harness:
        await harness.submit(10)
        _outcome(harness)
        harness.runs.finish([9])
        harness.runs.write(
            ev.RunFinished(succeeded=7, failed=3, unknown=0, skipped=0, seconds=41.0)
        )
        await harness.look()
        said = "Ended: 2 no phone number, 1 offline; 7 signed in."
        assert f"{said} r retries, R by cause, t sums up, e exports." in harness.text


@pytest.mark.parametrize("marked", [8, 10])
async def test_at_80_columns_the_end_is_told_in_fewer_words_and_not_cut(
    tmp_path: Path, marked: int
) -> None:
    errors = [NO_NUMBER] * 3 + [OFFLINE] * 2 + ["User not found in tenant.", "never seen before"]
    text = list_text(make_devices(10))
    async with console(tmp_path, text=text, size=(80, 24)) as harness:
        await harness.press(*(["space"] * marked), "s")
        await harness.type(str(marked))
        await harness.press("enter")
        harness.runs.accept(1)
        for place, error in enumerate(errors):
            harness.runs.finish([place], error=error)
        harness.runs.finish(range(7, marked))
        harness.runs.write(
            ev.RunFinished(succeeded=marked - 7, failed=7, unknown=0, skipped=0, seconds=41.0)
        )
        await harness.look()
        said = harness.text.splitlines()[2]
        assert "3 no phone number" in said
        assert " other reason" in said
        assert "…" not in said
        await harness.press("slash")
        await harness.type("lobby")
        await harness.press("enter")
        assert "3 no phone number" in harness.text.splitlines()[2]
        assert "…" not in harness.text.splitlines()[2]
        await harness.press("escape", "slash")
        await harness.type("lobby.00000@contoso.com")
        await harness.press("enter")
        assert "(Esc clears)  Ended: 7 failed." in harness.text.splitlines()[2]


async def test_at_80_columns_the_reason_of_a_stop_is_whole(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(3)), size=(80, 24)) as harness:
        await harness.submit(3)
        harness.runs.write(
            ev.RunStopped(
                code="too_many_failures",
                message="too many devices failed in Site Chicago Wacker; 7 devices wait",
                remedy="Look into their causes; go on with the rest with: siptui resume x",
            )
        )
        await harness.look()
        said = harness.text.splitlines()[2]
        assert "resumes. Too many devices failed in Site Chicago Wacker; 7 devices wait." in said


async def test_leaving_a_run_that_ends_with_the_console_is_asked_about(tmp_path: Path) -> None:
    text = list_text(make_devices(2))
    async with console(tmp_path, text=text, run_ends_with_us=True) as harness:
        await harness.submit(2)
        await harness.press("q")
        assert "This window works on the run" in harness.flat
        await harness.press("escape", "q", "enter")
        assert not harness.app._exit
        await harness.press("q", "j", "enter")
        assert harness.app._exit


@pytest.mark.parametrize("key", ["q", "ctrl+q", "ctrl+c"])
async def test_every_way_to_leave_asks(tmp_path: Path, key: str) -> None:
    text = list_text(make_devices(2))
    async with console(tmp_path, text=text, run_ends_with_us=True) as harness:
        await harness.submit(2)
        await harness.press(key)
        assert "This window works on the run" in harness.flat
        await harness.press(key)
        assert not harness.app._exit
        assert isinstance(harness.app.screen, Console) is (key != "ctrl+q")
        await harness.press("escape", "slash", "a", "ctrl+c")
        assert harness.console.filter_field.value == ""
        assert isinstance(harness.app.screen, Console)
        await harness.press("S", "ctrl+q")  # over another question, which stays
        assert "This window works on the run" in harness.flat
        await harness.press("escape")
        assert "Sort by" in harness.text
        await harness.press("ctrl+c", key, "j", "enter")
        assert harness.app._exit


@pytest.mark.parametrize("leaving", ["q", "ctrl+c"])
async def test_what_was_opened_is_left_by_q_and_by_ctrl_c(tmp_path: Path, leaving: str) -> None:
    async with console(tmp_path, text=list_text(make_devices(2))) as harness:
        for opening in ("s", "S", "c", "h", "question_mark", "u", "o", "enter"):
            await harness.press(opening)
            assert not isinstance(harness.app.screen, Console), opening
            await harness.press(leaving)
            assert isinstance(harness.app.screen, Console), opening
            assert not harness.app._exit, opening
            assert harness.runs.journal.runs() == [], opening


def _left_behind(folder: Path, *, stopped: bool) -> ScriptedRuns:
    """Runs whose newest run has one batch open and one not submitted."""
    runs = ScriptedRuns(folder)
    options = ev.Options(batch_size=2)
    runs.create(make_devices(4), file="/lists/x.csv", sha256="", skipped=0, options=options)
    runs.accept(1)
    if stopped:
        runs.write(ev.RunStopped(code="interrupted", message="siptui was asked to end"))
    return runs


async def test_an_unfinished_run_is_offered_and_goes_on(tmp_path: Path) -> None:
    runs = _left_behind(tmp_path, stopped=True)
    async with console(tmp_path, size=(80, 24), runs=runs) as harness:
        assert "1 batch open since 2026-03-02 08:00, 1 batch not submitted" in harness.flat
        assert "; no worker" in harness.flat
        await harness.press("enter")
        assert "2 devices not submitted yet will be" in harness.flat
        assert runs.started == []
        await harness.type("2")
        await harness.press("enter")
        assert runs.started == [runs.newest]
        assert len(harness.rows) == 4


async def test_an_unfinished_run_can_be_left_alone(tmp_path: Path) -> None:
    runs = _left_behind(tmp_path, stopped=True)
    async with console(tmp_path, runs=runs) as harness:
        await harness.press("escape")
        assert "No device list yet" in harness.text
        assert runs.started == []


async def test_with_a_list_an_unfinished_run_takes_no_key(tmp_path: Path) -> None:
    runs = _left_behind(tmp_path, stopped=True)
    text = list_text(make_devices(3))
    async with console(tmp_path, runs=runs, text=text, size=(80, 24)) as harness:
        assert isinstance(harness.app.screen, Console)
        assert "Unfinished run of x.csv" in harness.flat
        assert "3 devices ready" in harness.text
        await harness.press("q")
        assert harness.app.farewell == ""


async def test_who_leaves_a_run_is_told_how_to_come_back(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(3))) as harness:
        await harness.submit(3)
        run = harness.runs.newest
        await harness.press("q")
        app = harness.app
    assert app.farewell == f"The run goes on. To come back to it: siptui attach {run}"
