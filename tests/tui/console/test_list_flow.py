"""What the console asks about a list that can be read in more than one way."""

from pathlib import Path

from siptui.tui.preferences import read_kept
from tests.support.workbooks import write, xlsx
from tests.tui.harness import console

HEAD = "User,Account,MAC,Region\n"
TEXT = HEAD + (
    "jane@contoso.com,lobby1@contoso.com,0004F2812401,EMEA\n"
    "john@contoso.com,lobby2@contoso.com,0004F2812402,EMEA\n"
)


async def test_the_column_of_the_account_is_chosen_by_keys_and_named_before_a_submit(
    tmp_path: Path,
) -> None:
    async with console(tmp_path, size=(80, 24), text=TEXT) as bench:
        assert "Which column holds the user name?" in bench.flat
        assert "jane@contoso.com, john@contoso.com" in bench.flat
        assert not bench.console.session.devices()
        await bench.press("j", "enter")
        assert [row[1] for row in bench.rows] == ["lobby1@contoso.com", "lobby2@contoso.com"]
        await bench.press("s")
        assert "User names are read from “Account”, hardware ids from “MAC”." in bench.flat
        await bench.type("2")
        await bench.press("enter")
        plan = bench.console.session.run.plan
        assert plan.columns["username"] == "Account"


async def test_the_answer_holds_for_lists_with_the_same_headers(tmp_path: Path) -> None:
    async with console(tmp_path, text=TEXT) as bench:
        await bench.press("j", "enter")
    async with console(tmp_path, text=TEXT.replace("1@", "3@")) as bench:
        assert "Which column" not in bench.flat
        assert bench.rows[0][1] == "lobby3@contoso.com"
        await bench.press("s")
        assert "from “Account”" in bench.flat
    async with console(tmp_path, text=TEXT.replace("User", "UPN")) as bench:
        assert "Which column holds the user name?" in bench.flat
    assert len(read_kept(tmp_path / "saved").answers) == 1


async def test_without_an_answer_there_is_no_list(tmp_path: Path) -> None:
    async with console(tmp_path, text=TEXT) as bench:
        await bench.press("question_mark")
        assert "passwords of the accounts in the column" in bench.flat
        await bench.press("escape", "escape")
        assert not bench.console.session.devices()
        assert "--column username=Account" in bench.flat
        await bench.press("s")
        assert "no list" in bench.flat


async def test_both_columns_are_asked_for_one_by_one(tmp_path: Path) -> None:
    text = "User,Account,MAC,Phone MAC,Region\na@c.de,b@c.de,0004F2812401,0004F2812402,EMEA\n"
    async with console(tmp_path, text=text) as bench:
        await bench.press("j", "enter")
        assert "Which column holds the hardware id?" in bench.flat
        await bench.press("j", "enter")
        assert bench.rows[0][1:3] == ("b@c.de", "00-04-F2-81-24-02")


async def test_foreign_headers_are_text(tmp_path: Path) -> None:
    text = "[/b]User,Account,MAC,Region\n[/x]@c.de,b@c.de,0004F2812401,EMEA\n"
    async with console(tmp_path, text=text) as bench:
        await bench.press("enter")


async def test_a_sheet_and_a_column_are_chosen_by_keys(tmp_path: Path) -> None:
    head = ["User", "Account", "MAC", "Region"]
    rows = [["jane@c.de", "lobby1@c.de", "0004F2812401", "EMEA"]]
    more = [["john@c.de", "lobby2@c.de", "0004F2812402", "EMEA"]]
    book = xlsx({"Bonn": [head, *rows], "Berlin": [["Wave 2"], [], head, *more, ["Total", 1]]})
    file = write(tmp_path / "rollout.xlsx", book)
    async with console(tmp_path, size=(80, 24), file=file) as bench:
        assert "Which sheet is meant?" in bench.flat
        await bench.press("j", "enter")
        assert "Which column holds the user name?" in bench.flat
        assert "john@c.de" in bench.flat
        await bench.press("j", "enter")
        assert [row[1] for row in bench.rows] == ["lobby2@c.de"]
        await bench.press("s")
        assert "User names are read from “Account”, hardware ids from “MAC”." in bench.flat
        assert "sheet “Berlin”" in bench.flat
        assert "Row 5 left out: a totals row" in bench.flat
        await bench.type("1")
        await bench.press("enter")
        assert bench.console.session.run is not None
        assert bench.console.session.run.devices[0].device.line == 4


async def test_a_column_is_changed_later_and_the_choice_is_kept(tmp_path: Path) -> None:
    text = (
        "Account,Owner,Contact,MAC,Region,Moved\n"
        "phone1@c.de,jane@c.de,x@c.de,0004F2812401,EMEA,2026-11-25\n"
    )
    async with console(tmp_path, size=(80, 24), text=text) as bench:
        assert bench.rows[0][1] == "phone1@c.de"
        await bench.press("colon")
        await bench.type("headers")
        await bench.press("enter")
        assert "Which column is in another header?" in bench.flat
        assert "“Account”" in bench.flat
        await bench.press("enter")
        assert "Which header holds the user name?" in bench.flat
        assert "jane@c.de" in bench.flat
        await bench.press("j", "enter")
        assert bench.rows[0][1] == "jane@c.de"
        await bench.press("s")
        assert "User names are read from “Owner”" in bench.flat
        await bench.press("escape")
    async with console(tmp_path, text=text.replace("jane", "john")) as bench:
        assert bench.rows[0][1] == "john@c.de"


async def test_headers_need_a_list_that_was_not_submitted(tmp_path: Path) -> None:
    text = "UPN,MAC,Region\na@c.de,0004F2812401,EMEA\n"
    async with console(tmp_path, text=text) as bench:
        await bench.press("s")
        await bench.type("1")
        await bench.press("enter")
        assert bench.console.session.run is not None
        bench.console.perform("headers")
        await bench.settle()
        assert "this list was submitted already" in bench.flat


async def test_how_dates_are_written_is_asked(tmp_path: Path) -> None:
    text = "UPN,MAC,Region,Onboarded\na@c.de,0004F2812401,EMEA,3/4/2026\n"
    async with console(tmp_path, size=(80, 24), text=text) as bench:
        assert "How are the dates written?" in bench.flat
        assert "3/4/2026 is 3 April 2026" in bench.flat
        await bench.press("enter")
        (device,) = bench.console.session.devices()
        assert device.extra["Onboarded"].startswith("2026-04-03")


async def test_a_column_of_other_regions_is_left_out_by_a_key(tmp_path: Path) -> None:
    text = "UPN,MAC,Region\na@c.de,0004F2812401,Bavaria\n"
    async with console(tmp_path, text=text) as bench:
        assert "“Region” holds no region of SIP Gateway" in bench.flat
        await bench.press("enter", "s")
        assert "names no region" in bench.flat
