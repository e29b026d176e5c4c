"""What the README says is what siptui does."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from siptui.cli import COMMANDS, available, cli
from siptui.domain.errors import ExitCode
from siptui.tui.actions import keys_table

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def _between(begin: str, end: str) -> str:
    assert README.count(begin) == README.count(end) == 1
    return README.split(begin)[1].split(end)[0].strip()


def test_the_keys_are_those_of_the_console() -> None:
    begin = "<!-- keys: python -m siptui.tui.actions -->"
    assert _between(begin, "<!-- end of keys -->") == keys_table().strip(), (
        "print the table with `python -m siptui.tui.actions` and put it between the markers"
    )


def test_every_command_is_told_about_and_exists() -> None:
    told = set(re.findall(r"`siptui (\w+)", _between("## Commands", "### Exit codes")))
    assert told - {"COMMAND"} == set(COMMANDS)


def test_the_exit_codes_are_those_of_the_program() -> None:
    rows = re.findall(r"^\| (\d+) \|", _between("### Exit codes", "### Shell completion"), re.M)
    assert {int(row) for row in rows} == {code.value for code in ExitCode}


@pytest.mark.parametrize("name", ["demo", "tests"])
def test_the_two_commands_are_one_line_each(name: str) -> None:
    found = re.findall(rf"<!-- {name} -->\n```sh\n(.+)\n```", README)
    assert len(found) == 1
    assert found[0].startswith("python3 -m venv .venv && .venv/bin/pip install -q ")


def test_ci_runs_the_test_command_of_the_readme() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "<!-- tests -->" in script
    assert "pytest" not in script.replace("<!-- tests -->", "")


def test_the_list_of_the_readme_is_valid(tmp_path: Path) -> None:
    if "check" not in available():
        pytest.skip("this version has no check command")
    example = re.search(r"```csv\n(.+?)```", README, re.S)
    assert example is not None
    path = tmp_path / "list.csv"
    path.write_text(example.group(1), encoding="utf-8")
    result = CliRunner().invoke(cli, ["check", str(path)])
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("target", re.findall(r"\]\(([^)#:]+)\)", README))
def test_links_lead_somewhere(target: str) -> None:
    assert (ROOT / target).exists()


def test_no_file_is_too_long() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in (ROOT / "siptui").rglob("*.py")
        if (lines := path.read_text(encoding="utf-8").count("\n")) > 400
    }
    assert not long
