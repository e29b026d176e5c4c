"""Wrong usage is two lines, and what needs no sign-in asks for none."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from siptui.cli.group import cli


def _siptui(*args: str) -> Result:
    return CliRunner().invoke(cli, args)


@pytest.mark.parametrize(
    "words",
    [
        ["runs", "--bogus"],
        ["runs", "more"],
        ["show"],
        ["auth"],
        ["auth", "bogus"],
        ["retry", "x", "--cause", "bogus"],
        ["run", "--first", "0", "phones.csv"],
        ["run"],
        ["bogus"],
        ["phones.csv", "--bogus"],
        ["run", "phones.csv", "--where", "bogus"],
    ],
    ids=" ".join,
)
def test_it_is_two_lines(words: list[str]) -> None:
    done = _siptui(*words)
    assert done.exit_code == 2
    assert done.stdout == ""
    first, second = done.stderr.splitlines()
    assert first.startswith(("Wrong usage: ", "Cannot be used: "))
    assert second


@pytest.mark.parametrize(
    "words",
    [
        *(["show", ""], ["pause", " "], ["stop", ""], ["export", ""], ["attach", ""]),
        *(["resume", ""], ["retry", ""], ["batch", ""], ["handover", "", "-o", "x"]),
        *(["run", ""], ["check", ""], ["status", ""], ["preflight", ""], ["fix", ""], [""]),
        *(["run", "--plan", ""], ["resume", "--adopt", ""], ["resume", "--give-up", ""]),
        *(["fix", "--undo", ""], ["attach", "--batch", ""], ["runs", "--profile", ""]),
        *(["export", "@last", "-o", ""], ["export", "@last", "--output="]),
        *(["run", "x.csv", "--until", ""], ["run", "x.csv", "--not-before", " "]),
        *(["run", "x.csv", "--by="], ["run", "x.csv", "--where", "Site=1", "--by", ""]),
    ],
    ids=repr,
)
def test_an_empty_name_is_said_to_be_empty(words: list[str]) -> None:
    done = _siptui(*words)
    assert done.exit_code == 2, done.output
    first, second = done.stderr.splitlines()
    assert first.startswith("Wrong usage: ")
    assert first.endswith(" is empty.")
    assert second.startswith("Try “siptui")


def test_an_option_whose_empty_text_means_none_takes_it(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text("Username,HardwareId,Region\na@contoso.example,00-04-F2-00-00-01,EMEA\n")
    assert _siptui("check", str(file), "--sheet", "").exit_code == 0


def test_what_needs_no_sign_in_asks_for_none(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text("Username,HardwareId,Region\na@contoso.example,00-04-F2-00-00-01,EMEA\n")
    listed = _siptui("runs")
    planned = _siptui("run", str(file), "--dry-run", "--json")
    exported = _siptui("export", "@last")
    assert (listed.exit_code, planned.exit_code) == (0, 0)
    assert json.loads(_siptui("runs", "--json").stdout) == {"runs": []}
    assert json.loads(planned.stdout)["devices"] == 1
    assert exported.exit_code != 0
    for done in (listed, planned, exported):
        said = done.output.replace(str(file), "").casefold()
        assert "sign in" not in said
        assert "sign-in" not in said
        assert "auth login" not in done.output
