"""Every command that siptui suggests can be pasted: the real command line takes it."""

import ast
import functools
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import siptui
from siptui.cli.command_help import ENDINGS, KNOWN_CODES
from siptui.cli.group import COMMANDS, cli
from siptui.devicelist.reading import read
from tests.support.command_lines import parse

_ROOT = Path(siptui.__file__).parent
_RUN = "20261127-120000-1a2b"
#: What stands for a value in a text, by a piece of its name.
_VALUES = (
    ("quote(f", "Site=Berlin"),
    ("number", "1"),
    ("batch_id", "0ab1"),
    ("found[0]", "0ab1"),
    ("fix", "fix-1"),
    ("option", ""),
    ("profile", "lab-1"),
    ("name", "lab-1"),
    ("file", "phones.csv"),
    ("", _RUN),
)
_WORDS = {"R": "EMEA", "FILE": "phones.csv", "LIST": "phones.csv", "RUN": _RUN}
_BEGIN = re.compile(r"\bsiptui (?=[a-z])")


def _texts(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """The texts of a module as they would be said, but docstrings and what is only a title."""
    inner, left_out = set[int](), set[int]()
    nodes = [*ast.walk(tree)]
    for node in nodes:
        if isinstance(node, ast.JoinedStr):
            inner |= {id(part) for part in node.values}
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            left_out.add(id(node.value))  # a docstring
        if isinstance(node, ast.keyword) and node.arg == "how":  # who ordered it, not what to do
            left_out.add(id(node.value))
    left_out |= inner
    for node in nodes:
        if id(node) in left_out:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value
        elif isinstance(node, ast.JoinedStr):
            yield node.lineno, "".join(_said(part) for part in node.values)


def _said(part: ast.expr) -> str:
    if isinstance(part, ast.Constant):
        return str(part.value)
    assert isinstance(part, ast.FormattedValue)
    return _value(ast.unparse(part.value))


def _value(name: str) -> str:
    return next(value for piece, value in _VALUES if piece in name)


def _commands(text: str) -> Iterator[str]:
    for begin in _BEGIN.finditer(text):
        rest = re.split(r"[”`;:,)\n]|\.(?:\s|$)|\?(?:\s|$)", text[begin.end() :])[0]
        words = re.sub(r"\{(\w+)\}", lambda found: _value(found.group(1)), rest).split()
        if words and words[0] in COMMANDS:
            yield " ".join(_taken(words))


def _taken(words: list[str]) -> Iterator[str]:
    """The words up to where the sentence goes on."""
    for at, word in enumerate(words):
        value = at > 0 and words[at - 1].startswith("-")
        plain = re.fullmatch(r"[a-z]+", word) is not None
        named = words[0] == "profiles" or (at == 1 and words[0] in ("auth", "help"))
        if at and plain and not value and not named:
            return
        yield _WORDS.get(word, word)


@functools.cache
def _suggested() -> list[tuple[str, str]]:
    found = []
    for path in sorted(_ROOT.rglob("*.py")):
        if path.name == "command_help.py":  # whose lines are tried below, each as a whole
            continue
        source = path.read_text(encoding="utf-8")
        if "siptui " not in source:
            continue
        for line, text in _texts(ast.parse(source)):
            where = f"{path.relative_to(_ROOT)}:{line}"
            found += [(where, command) for command in _commands(text)]
    return found


def test_there_are_suggestions_to_try() -> None:
    found = _suggested()
    assert len(found) > 80
    for words in ("auth login", f"resume {_RUN}", f"retry {_RUN}", "runs --acknowledge"):
        assert any(command == words for _, command in found), words


def test_a_suggested_command_can_be_pasted() -> None:
    refused = []
    for where, command in _suggested():
        try:
            parse(shlex.split(command))
        except (click.ClickException, AssertionError, ValueError) as error:
            refused.append(f"{where}: {command}: {error}")
    assert not refused, "\n".join(refused)


def _examples() -> list[tuple[str, str]]:
    return [(name, line) for name, one in ENDINGS.items() for _, line in one.examples]


@pytest.mark.parametrize(("name", "line"), _examples())
def test_an_example_in_the_help_can_be_pasted(name: str, line: str) -> None:
    first, *words = shlex.split(line)
    assert first == "siptui"
    parse(words)
    assert name in ("siptui", "open") or line.startswith(f"siptui {name}")


def test_the_file_in_a_suggestion_is_one_word(tmp_path: Path) -> None:
    from click.testing import CliRunner

    file = tmp_path / "My phones; list.csv"
    valid = "room@contoso.com,00-04-F2-00-00-02,EMEA"
    file.write_text(f"Username,HardwareId,Region\nno name,00-04-F2-00-00-01,EMEA\n{valid}\n")
    assert read(file).has_errors
    said = CliRunner().invoke(cli, ["check", str(file)]).stdout
    (line,) = [line for line in said.splitlines() if line.startswith("siptui run")]
    assert shlex.split(line)[2] == file.name or shlex.split(line)[2] == str(file)


def _all_commands() -> Iterator[list[str]]:
    yield []
    for name in (*COMMANDS, "open"):
        yield [name]
    for name in ("auth", "profiles"):
        group = cli.get_command(click.Context(cli), name)
        assert isinstance(group, click.Group)
        yield from ([name, one] for one in group.commands)


@pytest.mark.parametrize("words", list(_all_commands()), ids=" ".join)
def test_each_help_has_examples_exit_codes_and_environment(words: list[str]) -> None:
    from click.testing import CliRunner

    shown = CliRunner().invoke(cli, [*words, "--help"]).stdout
    for part in ("Examples:\n  ", "\nExit codes (siptui help exit-codes):\n  0 ", "\nEnvironment"):
        assert part in shown
    assert "SIPTUI_STATE_DIR" in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_the_codes_in_the_help_are_those_there_are() -> None:
    assert {code for one in ENDINGS.values() for code in one.codes} <= KNOWN_CODES


def test_the_help_names_the_options_of_the_console() -> None:
    from click.testing import CliRunner

    shown = CliRunner().invoke(cli, ["--help"]).stdout
    console = cli.get_command(click.Context(cli), "open")
    assert console is not None
    for param in console.params:
        if isinstance(param, click.Option):
            assert f"  {param.opts[0]}" in shown
