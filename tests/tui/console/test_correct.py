"""`E` corrects the names of a failed row; `r` then retries it under the usual question."""

from pathlib import Path

from siptui.domain.region import Region
from siptui.runs.events import BatchPlanned, DeviceCorrected, Note, Order
from tests.tui.harness import ConsoleHarness, console
from tests.tui.scripted_runs import list_text, make_devices

NOT_FOUND = "User not found in tenant"


async def _failed(harness: ConsoleHarness, *, ended: bool = True) -> None:
    await harness.submit(3)
    harness.runs.accept(1)
    harness.runs.finish([0, 2])
    harness.runs.finish([1], error=NOT_FOUND)
    if ended:
        harness.runs.end_batch(1, succeeded=2, failed=1)
    await harness.look()
    await harness.press("g", "j")


def _corrections(harness: ConsoleHarness) -> list[DeviceCorrected]:
    stored = harness.runs.journal.read(harness.runs.newest)
    return [one.event for one in stored if isinstance(one.event, DeviceCorrected)]


async def test_a_wrong_user_name_is_corrected_and_retried_without_leaving(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(3)), size=(80, 24)) as harness:
        await _failed(harness)
        await harness.press("E")
        assert "User not found in tenant" in harness.question
        await harness.press("ctrl+u")
        await harness.type("lobby.77777@contoso.com")
        await harness.press("enter")
        (said,) = _corrections(harness)
        assert (said.old_user_name, said.user_name) == (
            "lobby.00001@contoso.com",
            "lobby.77777@contoso.com",
        )
        assert said.hardware_id == said.old_hardware_id
        assert "line 3 corrected: r retries it." in harness.flat
        assert harness.rows[1][-4].startswith("corrected")
        assert "Corrected, not retried yet." in harness.text
        await harness.press("r")
        assert "1 was corrected." in harness.question
        assert "sends the same wrong data" not in harness.question
        assert "lobby.77777" in harness.question
        await harness.press("1", "enter")
        order = harness.runs.journal.read(harness.runs.newest)[-1].event
        assert isinstance(order, Order)
        assert order.devices == [1]
        await harness.press("enter")
        assert "Corrected from" in harness.text
        assert "lobby.00001@contoso.com on 00-04-F2-00-00-01" in harness.flat
        assert "corrected: user name lobby.00001@contoso.com →" in harness.flat


async def test_what_the_rules_of_a_list_refuse_is_not_taken_and_not_lost(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(3))) as harness:
        await _failed(harness)
        await harness.press("E", "enter")
        assert "Nothing was changed yet" in harness.text
        await harness.press("ctrl+u")
        await harness.type("no name")
        await harness.press("enter")
        assert "Username:" in harness.text
        assert "no name" in harness.text  # what was typed stands there still
        await harness.press("ctrl+u")
        await harness.type("lobby.00001@contoso.com")
        await harness.press("tab", "ctrl+u")
        await harness.type("0004F2000002")
        await harness.press("enter")
        assert "the same hardware id as on line 4" in harness.flat
        await harness.press("ctrl+u")
        await harness.type("0004F2000099")
        await harness.press("enter")
        (said,) = _corrections(harness)
        assert said.hardware_id == "00-04-F2-00-00-99"


async def test_an_account_of_another_row_is_taken_by_a_second_enter(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(3))) as harness:
        await _failed(harness)
        await harness.press("E", "ctrl+u")
        await harness.type("lobby.00000@contoso.com")
        await harness.press("enter")
        assert "the same account as on line 2" in harness.flat
        assert _corrections(harness) == []
        await harness.press("enter")
        assert len(_corrections(harness)) == 1


async def test_rows_that_cannot_be_corrected_say_why(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(3))) as harness:
        await harness.press("E")
        assert "no row of the list is faulty" in harness.text
        await _failed(harness, ended=False)
        await harness.press("E")
        assert "its batch 1 has not ended" in harness.flat
        harness.runs.end_batch(1, succeeded=2, failed=1)
        await harness.look()
        await harness.press("g", "E")
        assert "it has not failed" in harness.flat


async def test_it_is_corrected_from_the_page_of_the_row_as_well(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(3))) as harness:
        await _failed(harness)
        await harness.press("enter", "E", "tab", "ctrl+u")
        await harness.type("0004F2000099")
        await harness.press("enter")
        assert len(_corrections(harness)) == 1
        assert "Corrected from" in harness.text


async def test_a_faulty_row_of_a_list_is_corrected_before_any_run(tmp_path: Path) -> None:
    good = list_text(make_devices(2))
    text = good + "no name,0004F2000005,EMEA\nlobby.9@contoso.com,0004F2XX,EMEA\n"
    async with console(tmp_path, text=text, size=(80, 24)) as harness:
        await harness.press("g", "j", "j", "E", "ctrl+u")
        await harness.type("lobby.5@contoso.com")
        await harness.press("enter")
        assert "line 4 corrected here; the file stays as it is." in harness.flat
        assert [d.line for d in harness.console.session.devices()] == [2, 3, 4]
        await harness.press("G", "E", "tab", "ctrl+u")
        await harness.type("0004F2000005")
        await harness.press("enter")
        assert "the same hardware id as on line 4" in harness.flat
        await harness.press("ctrl+u")
        await harness.type("0004F2000006")
        await harness.press("enter")
        assert len(harness.console.session.devices()) == 4
        await harness.press("s")
        assert "user name no name → lobby.5@contoso.com" in harness.question
        await harness.type("4")
        await harness.press("enter")
        names = [str(d.user_name) for d in harness.runs.journal.devices(harness.runs.newest)]
        assert names[2:] == ["lobby.5@contoso.com", "lobby.9@contoso.com"]
        stored = harness.runs.journal.read(harness.runs.newest)
        notes = [one.event.text for one in stored if isinstance(one.event, Note)]
        assert any("no name → lobby.5@contoso.com" in text for text in notes)
    assert (tmp_path / "lobby.csv").read_text(encoding="utf-8") == text


async def test_a_faulty_row_names_itself_and_the_key_that_helps(tmp_path: Path) -> None:
    text = "Username,HardwareId,Region,Site\n" + "".join(
        f"{row},Berlin\n"
        for row in (
            "lobby.1@contoso.com,0004F2000001,EMEA",
            "lobby.2@contoso.com,0004F2XX,EMEA",
            "lobby.3@contoso.com,0004F2000003,EUROPE",
            "lobby.4@contoso.com,0004F2000004,",
        )
    )
    async with console(tmp_path, text=text, size=(80, 24)) as harness:
        assert "EMEA ready Site: Berlin" in " ".join(harness.flat.split())
        await harness.press("g", "j")
        assert "E corrects it here. lobby.2@contoso.com 0004F2XX EMEA Site: Berlin" in harness.flat
        await harness.press("enter")  # the whole page as well
        assert "E corrects it here. lobby.2@contoso.com 0004F2XX EMEA Site: Berlin" in harness.flat
        await harness.press("escape", "j")
        assert "lobby.3@contoso.com 0004F2000003 EUROPE" in harness.flat
        assert "E corrects" not in harness.flat  # it has no field for a region
        await harness.press("j")
        assert "no region: you choose it before a submit" in harness.flat
        assert "--region" not in harness.flat


async def test_a_row_that_changed_in_the_file_is_not_taken_for_the_corrected_one(
    tmp_path: Path,
) -> None:
    text = list_text(make_devices(1)) + "no name,0004F2000005,EMEA\n"
    async with console(tmp_path, text=text, region=Region.EMEA) as harness:
        await harness.press("G", "E", "ctrl+u")
        await harness.type("lobby.5@contoso.com")
        await harness.press("enter")
        assert len(harness.console.session.devices()) == 2
        other = text.replace("no name,0004F2000005", "odd name,0004F2000007")
        _write(tmp_path / "lobby.csv", other)
        await harness.press("o", "enter")
        assert len(harness.console.session.devices()) == 1
        assert "odd name" in harness.text


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


async def test_rows_that_were_retried_stay_in_sight_until_the_filter_changes(
    tmp_path: Path,
) -> None:
    async with console(tmp_path, text=list_text(make_devices(3)), size=(80, 24)) as harness:
        await _failed(harness)
        await harness.press("f")  # the status filter: failed
        assert len(harness.rows) == 1
        await harness.press("r", "1", "enter")
        harness.runs.write(BatchPlanned(batch=2, region=Region.EMEA, devices=[1], attempt=2))
        await harness.look()
        assert ["queued" in " ".join(row) for row in harness.rows] == [True]
        await harness.press("escape")
        assert len(harness.rows) == 3


async def test_a_retry_names_what_was_corrected_and_can_be_of_that_alone(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(4)), size=(80, 24)) as harness:
        await harness.submit(4)
        harness.runs.accept(1)
        harness.runs.finish([0, 1, 2, 3], error=NOT_FOUND)
        harness.runs.end_batch(1, succeeded=0, failed=4)
        await harness.look()
        await harness.press("g", "j")
        assert "E corrects it here." in harness.flat
        await harness.press("E", "tab", "ctrl+u")
        await harness.type("0004F2000077")
        await harness.press("enter", "r")
        assert "Line 3: 00-04-F2-00-00-01 → 00-04-F2-00-00-77." in harness.question
        assert "c: only the 1 corrected." in harness.text
        await harness.press("c")
        assert "1 device in" in harness.question
        await harness.press("1", "enter")
        order = harness.runs.journal.read(harness.runs.newest)[-1].event
        assert isinstance(order, Order)
        assert order.devices == [1]
