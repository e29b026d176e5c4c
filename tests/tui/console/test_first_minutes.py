"""The first minutes: a region is chosen later, a sign-in says why it is asked for."""

from pathlib import Path

import pytest
from textual.widgets import Input

from siptui.domain.errors import SignInNeededError, SiptuiError
from siptui.identity.errors import StoreUndecidedError
from siptui.tui.app import SiptuiApp
from siptui.tui.console.screen import Console
from siptui.tui.dialogs.ask import Choice
from tests.tui.harness import ConsoleHarness, console
from tests.tui.scripted_runs import list_text, make_devices

WITHOUT = list_text(make_devices(3), region=False)


class SignedOut:
    """The ways of one who is not signed in, without a keyring."""

    tenant_name = ""
    about = ""
    port = 0

    async def problem(self) -> SiptuiError | None:
        return SignInNeededError("No one is signed in to contoso.com.")

    async def store(self, kind: object = None) -> None:
        raise StoreUndecidedError("There is no keyring here.")


def _regions(harness: ConsoleHarness) -> set[str]:
    return {str(device.region) for device in harness.console.session.devices()}


async def test_the_region_of_rows_without_one_is_changed_by_a_key(tmp_path: Path) -> None:
    text = WITHOUT + "named@contoso.com,0004F2AAAAAA\n"
    async with console(tmp_path, text=text.replace("HardwareId", "HardwareId,Region")) as harness:
        await harness.press("Z")
        assert "4 rows of the list name no region." in harness.question
        await harness.press("enter")  # nothing is chosen yet
        assert isinstance(harness.app.screen, Choice)
        await harness.press("j", "j", "enter")
        assert _regions(harness) == {"EMEA"}
        assert "4 rows without a region are EMEA now." in harness.flat
        await harness.press("g", "j", "space", "Z")
        assert "They are taken for EMEA now." in harness.question
        await harness.press("enter")
        assert isinstance(harness.app.screen, Choice)
        await harness.press("G", "enter")
        assert _regions(harness) == {"NOAM"}
        assert [
            harness.console.session.board.line(k) for k in harness.console.grid.index.marks
        ] == [3]
        await harness.submit(1)
        assert harness.console.session.run is not None
        await harness.press("Z")
        assert "this list was submitted already" in harness.flat


async def test_rows_that_lack_a_region_alone_are_not_called_invalid(tmp_path: Path) -> None:
    text = WITHOUT + "named@contoso.com,no-mac\n"
    async with console(tmp_path, text=text, size=(80, 24)) as harness:
        assert "! 1 row invalid   ! 3 no region" in harness.text
        told = [" ".join(line.split()) for line in harness.text.splitlines()]
        assert sum("no region asked at submit" in line for line in told) == 3
        assert "line 2 ! no region yet" in " ".join(told)
        assert "it is not submitted" not in harness.flat
        await harness.press("G")
        assert "line 5 ! invalid: it is not submitted" in harness.flat


async def test_a_region_for_some_rows_says_that_it_counts_for_all(tmp_path: Path) -> None:
    async with console(tmp_path, text=WITHOUT) as harness:
        await harness.press("s")
        assert "3 rows of the list name no region. A device lives" in harness.question
        await harness.press("escape", "space", "s")
        assert "1 row of the list names no region." in harness.question
        assert "It counts for all 3 rows that name none; Z changes it." in harness.question
        await harness.press("j", "enter")
        assert "Type 1 and Enter" in harness.question
        assert len(_regions(harness)) == 1


async def test_a_list_that_names_every_region_says_so(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(3))) as harness:
        await harness.press("Z")
        assert "every row names its own" in harness.flat
    async with console(tmp_path) as harness:
        await harness.press("Z")
        assert "o opens one" in harness.flat


async def test_a_submit_says_that_a_sign_in_is_needed_before_it_asks_where_to_keep_it(
    tmp_path: Path,
) -> None:
    text = list_text(make_devices(3))
    async with console(tmp_path, text=text, size=(80, 24), sign_in=SignedOut()) as harness:
        await harness.press("s")
        assert "A sign-in is needed: No one is signed in to contoso.com." in harness.question
        assert "Where they are kept is asked first" in harness.question
        assert "There is no keyring here." in harness.question


@pytest.mark.parametrize("key", ["q", "ctrl+c", "escape"])
async def test_after_a_profile_was_made_a_sign_in_is_offered_and_can_be_left(
    tmp_path: Path, key: str
) -> None:
    options = {"made": True, "profile": "contoso", "text": list_text(make_devices(3))}
    async with console(tmp_path, sign_in=SignedOut(), **options) as harness:
        assert "The profile contoso is made." in harness.question
        assert "i signs in, o opens a list" in harness.text
        await harness.press(key)
        assert isinstance(harness.app.screen, Console)
        assert len(harness.rows) == 3


async def test_the_offer_leads_to_the_sign_in(tmp_path: Path) -> None:
    async with console(tmp_path, sign_in=SignedOut(), made=True, profile="contoso") as harness:
        await harness.press("enter")
        assert "Keep the tokens in" in harness.text


async def test_no_sign_in_is_offered_to_who_is_signed_in(tmp_path: Path) -> None:
    class SignedIn(SignedOut):
        async def problem(self) -> SiptuiError | None:
            return None

    async with console(tmp_path, sign_in=SignedIn(), made=True, profile="contoso") as harness:
        assert isinstance(harness.app.screen, Console)


async def test_the_demo_says_what_happens_to_its_folder(tmp_path: Path) -> None:
    text, folder = list_text(make_devices(2)), tmp_path / "siptui-demo"
    options = {"run_ends_with_us": True, "passing_folder": folder}
    async with console(tmp_path, text=text, **options) as harness:
        await harness.submit(2)
        await harness.press("q")
        said = "".join(harness.question.split())  # a long path is broken anywhere
        assert f"itsfolder{folder}isremoved,withtherunin" in said
        assert "resumes it later" not in harness.flat
        await harness.press("j", "enter")
    assert isinstance(harness.app, SiptuiApp)
    assert f"The demo's folder {folder} was removed" in harness.app.farewell


async def test_an_export_that_fails_keeps_the_path_that_was_typed(tmp_path: Path) -> None:
    taken = tmp_path / "taken.csv"
    taken.write_text("mine", encoding="utf-8")
    async with console(tmp_path, text=list_text(make_devices(2))) as harness:
        await harness.submit(2)
        await harness.press("e", "enter")
        nowhere = tmp_path / "nowhere" / "x.csv"
        for path, said in ((nowhere, "cannot be written"), (taken, "exists already")):
            harness.fill(str(path))
            await harness.press("enter")
            if path is taken:
                await harness.press("enter")  # leave it
            assert said in harness.flat
            assert harness.app.screen.query_one(Input).value == str(path)
        await harness.press("ctrl+u", "q", "enter")
        assert isinstance(harness.app.screen, Console)
    assert taken.read_text(encoding="utf-8") == "mine"
