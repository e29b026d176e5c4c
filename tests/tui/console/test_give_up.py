"""Giving up a batch that never ends, in the console."""

from pathlib import Path

from siptui.runs import events as ev
from siptui.tui.dialogs.ask import Choice, Confirm
from tests.tui.harness import console
from tests.tui.scripted_runs import list_text, make_devices


async def test_a_live_batch_is_given_up_by_its_number_of_open_devices(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(10))) as harness:
        await harness.press("U")
        assert "no batch is live" in harness.flat
        await harness.submit(10)
        harness.runs.accept(1)
        harness.runs.finish(range(6))
        await harness.look()
        await harness.press("U")
        assert isinstance(harness.app.screen, Choice)
        assert "4 devices without an outcome" in harness.flat
        await harness.press("enter")
        assert isinstance(harness.app.screen, Confirm)
        assert "They are submitted again only after your confirmation" in harness.flat
        await harness.type("9")
        await harness.press("enter")
        orders = [s.event for s in harness.runs.journal.read(harness.runs.newest)]
        assert not [e for e in orders if isinstance(e, ev.Order)]
        await harness.press("backspace")
        await harness.type("4")
        await harness.press("enter")
        events = [s.event for s in harness.runs.journal.read(harness.runs.newest)]
        (order,) = [event for event in events if isinstance(event, ev.Order)]
        assert (order.what, order.batch) == ("give_up", 1)

        given_up = ev.BatchGivenUp(batch=1, batch_id="0000-batch-1", unknown=4, order=1)
        harness.runs.write(given_up)
        await harness.look()
        assert "batch 1 given up: 4 devices unknown; its slot is free" in harness.flat
        await harness.press("a")
        assert "follow batch 1 again" in harness.flat
        assert "submit batch 1 again" in harness.flat


async def test_it_is_in_the_palette_and_not_for_those_who_only_look(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(2)), read_only=True) as harness:
        await harness.press("U")
        assert "read-only" in harness.flat
    async with console(tmp_path, text=list_text(make_devices(2))) as harness:
        await harness.submit(2)
        harness.runs.accept(1)
        await harness.look()
        await harness.press("colon")
        await harness.type("give up")
        await harness.press("enter")
        assert isinstance(harness.app.screen, Choice)
