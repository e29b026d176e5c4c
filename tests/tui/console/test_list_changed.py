"""What is read anew between a look at a list and its submit is what was looked at, or is told."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from siptui.domain.device import Device
from siptui.runs import events as ev
from siptui.tui.dialogs.ask import Choice, Confirm
from tests.tui.harness import ConsoleHarness, console
from tests.tui.scripted_runs import list_text, make_devices

DEVICES = make_devices(4)
OTHERS = make_devices(9)[4:]


def _without_regions(devices: Sequence[Device]) -> str:
    rows = [f"{d.user_name},{d.hardware_id}," for d in devices]
    return "\n".join(["Username,HardwareId,Region", *rows]) + "\n"


def _replace(harness: ConsoleHarness, text: str) -> None:
    """As another user would, who may write the folder."""
    path = harness.console.session.path
    assert path is not None
    path.unlink()
    path.write_text(text)


def _nothing_submitted(harness: ConsoleHarness) -> None:
    assert not isinstance(harness.app.screen, Confirm)
    assert "is not what it was when it was read" in harness.flat
    assert not harness.runs.journal.runs()


@pytest.mark.parametrize("marked", [False, True])
async def test_a_list_that_is_replaced_while_a_region_is_asked_for_is_looked_at_first(
    tmp_path: Path, marked: bool
) -> None:
    async with console(tmp_path, text=_without_regions(DEVICES)) as harness:
        await harness.press(*(["space", "space"] if marked else []), "s")
        assert isinstance(harness.app.screen, Choice)
        _replace(harness, _without_regions(OTHERS))
        await harness.press("j", "j", "enter")
        _nothing_submitted(harness)
        assert not harness.console.grid.index.marks
        await harness.press("s")  # what is shown by now
        assert f"All {len(OTHERS)} rows: lobby.00004@contoso.com" in harness.question


async def test_marks_are_of_no_other_rows_after_a_region_was_chosen(tmp_path: Path) -> None:
    async with console(tmp_path, text=_without_regions(DEVICES)) as harness:
        await harness.press("space", "Z")
        _replace(harness, _without_regions(OTHERS))
        await harness.press("j", "j", "enter")
        _nothing_submitted(harness)
        assert not harness.console.grid.index.marks


async def test_the_rest_of_a_list_that_was_replaced_is_looked_at_first(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(DEVICES)) as harness:
        await harness.press("space", "space", "s", "2", "enter")
        harness.runs.accept(1)
        harness.runs.finish([0, 1])
        harness.runs.write(ev.RunFinished(succeeded=2, failed=0, unknown=0, skipped=2, seconds=4.0))
        await harness.look()
        _replace(harness, list_text(DEVICES).replace("EMEA", "APAC").replace("NOAM", "APAC"))
        await harness.press("s")
        assert not isinstance(harness.app.screen, Confirm)
        assert "is not what it was when it was read" in harness.flat
        assert len(harness.runs.journal.runs()) == 1


async def test_a_row_of_a_list_that_was_replaced_is_not_called_corrected(tmp_path: Path) -> None:
    faulty = list_text(DEVICES) + "no name,0004F2000005,EMEA\n"
    async with console(tmp_path, text=faulty) as harness:
        await harness.press("G", "E", "ctrl+u")
        await harness.type("lobby.77777@contoso.com")
        _replace(harness, list_text(OTHERS))
        await harness.press("enter")
        assert "corrected here" not in harness.flat
        _nothing_submitted(harness)
