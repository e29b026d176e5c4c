"""What the README and the help topics have one type is taken, and does what they say."""

import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from siptui.cli.group import cli
from siptui.domain.deadline import ONBOARDED
from siptui.domain.limits import MAX_BATCH_SIZE
from siptui.help import TOPICS, topic_text
from siptui.settings.load import load
from siptui.tui.actions import ACTIONS
from tests.support.command_lines import parse
from tests.support.emulator import emulator_process
from tests.worker.installation import QUICK, installed, json_lines

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
HELP = {name: topic_text(name) for name in TOPICS if name != "keys"}
RESULTS = (ROOT / "tests" / "benchmarks" / "RESULTS.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^(?:<!-- ([\w ]+) -->\n)?```(sh|powershell)\n(.+?)```", README, re.M | re.S)
#: What stands for a value where a command is written down.
_VALUES = {
    "GUID": "00000000-0000-0000-0000-000000000000",
    "R": "EMEA",
    "FILE": "phones.csv",
    "LIST": "phones.csv",
    "CAUSE": "offline",
    "RUN|FILE": "phones.csv",
    "NUMBER": "1",
    "TOPIC": "run",
}


def _words(line: str) -> list[str]:
    """A command as it is written, with values for names: `siptui forget RUN…`, `… [TOPIC]`."""
    line = re.sub(r"\s*\[[^\]]*\]|…", "", line).replace("\\", "/")
    words = shlex.split(line, comments=True)
    ends = next((n for n, word in enumerate(words) if word in (">", "&", "2>&1", "|")), len(words))
    return [_VALUES.get(word, word) for word in words[:ends]]


def _told() -> Iterator[tuple[str, list[str]]]:
    """Each command that is written in the README or a topic, from behind `siptui`."""
    for _, _, block in BLOCKS:
        for line in block.splitlines():
            if found := re.search(r"(?:^|[;&/\\ ])siptui(?: |$)(?!siptui/bin)(.*)", line):
                if (
                    "pip " not in line.split("siptui")[0].rpartition("&&")[2]
                    and "venv " not in line
                ):
                    yield line, _words(found[1])
                elif line.endswith("siptui demo"):
                    yield line, ["demo"]
    for code in re.findall(r"`((?:\.venv/bin/)?siptui [^`]+)`", README):
        yield code, _words(code.partition("siptui ")[2])
    for name, text in HELP.items():
        flat = re.sub(r"\s+", " ", text)
        for code in re.findall(r'"siptui ([a-z][^"]*)"', flat):
            yield f"{name}: {code}", _words(code)
        for line in re.findall(r"^ +siptui ([a-z]+ .*|[a-z]+)$", text, re.M):
            if not re.match(r"[a-z]+ [a-z]+ [a-z]+ ", line):  # a sentence that goes on
                yield f"{name}: {line}", _words(re.split(r"\s{2,}|, siptui", line)[0])


def test_each_command_that_is_written_down_is_taken() -> None:
    refused = []
    for written, words in _told():
        if not words or words[0] == "COMMAND":
            continue  # the console; any of them (tests/cli/test_suggested_commands.py)
        if words[0] == "help":
            refused += [written] if words[1:] and words[1] not in TOPICS else []
            continue
        try:
            parse(words)
        except click.MissingParameter:  # named, without all that it needs
            continue
        except (click.ClickException, AssertionError, ValueError) as error:
            refused.append(f"{written}: {error}")
    assert not refused, "\n".join(refused)


def test_there_are_blocks_and_commands_to_try() -> None:
    assert [kind for _, kind, _ in BLOCKS].count("sh") >= 5
    assert [kind for _, kind, _ in BLOCKS].count("powershell") == 1
    found = [" ".join(words) for _, words in _told()]
    assert len(found) > 100
    for one in ("demo", "run try/phones.csv", "doctor", "fix --undo ID", "restore phones.csv"):
        assert one in found, one


def test_what_is_installed_by_a_block_is_there_to_install() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    lines = [line for _, _, block in BLOCKS for line in block.splitlines() if "pip " in line]
    assert len(lines) >= 5
    for line in lines:
        for extra in re.findall(r"\.\[(\w+)\]", line):
            assert extra in project["optional-dependencies"]
        for file in re.findall(r"-r (\S+\.txt)", line):
            assert (ROOT / file.rstrip(";").replace("\\", "/")).is_file()
        if "--find-links" in line:
            assert line.split()[line.split().index("wheels") + 1] == project["name"]
    assert project["scripts"].keys() == {"siptui"}
    extras = project["optional-dependencies"]["test"]
    assert any(one.startswith("pytest-xdist") for one in extras)  # for `pytest -n`


def _example(tmp_path: Path) -> Path:
    found = re.search(r"```csv\n(.+?)```", README, re.S)
    assert found is not None
    path = tmp_path / "phones.csv"
    path.write_text(found[1], encoding="utf-8")
    return path


def test_the_first_steps_go_as_they_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Against the emulated tenant; a sign-in and the console are only parsed."""
    block = next(text for _, kind, text in BLOCKS if kind == "sh" and "auth login" in text)
    lines = [_words(line)[1:] for line in block.splitlines()]
    assert [words[0] for words in lines] == ["check", "auth", "doctor", "preflight", "--region"]
    lines = [words for words in lines if words[0] in ("check", "doctor", "preflight")]
    dry = re.search(r"`siptui (run phones\.csv --region EMEA --dry-run)`", README)
    assert dry is not None
    monkeypatch.chdir(tmp_path)
    _example(tmp_path)
    with installed(tmp_path / "lab", "healthy") as place:
        for words in [*lines, dry[1].split()]:
            done = place.run(*words)
            # The lab has no authority and no Graph, which doctor tells.
            assert (words[0], done.exit_code) in {
                *(("check", 0), ("doctor", 1), ("preflight", 0), ("run", 0)),
            }, done.output
            assert "Internal error" not in done.output
    assert "2 devices, 2 batches. Nothing was done." in done.output


def test_the_profile_is_added_as_it_is_written(own_folders: Path) -> None:
    (line,) = set(re.findall(r"`siptui (profiles add contoso [^`]+)`", README))
    done = CliRunner().invoke(cli, line.split())
    assert done.exit_code == 0, done.output
    (written,) = re.findall(r'tenant = "([^"]+)"  ', README)
    assert load().profile(None).tenant == written


@pytest.mark.slow  # an emulator as a process, and a whole preflight, fix and run against it
def test_what_is_pasted_line_by_line_goes_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    block = next(text for name, _, text in BLOCKS if name == "line by line")
    lines = block.splitlines()
    served = next(line for line in lines if " emulator " in line)
    options = _words(served.partition(" emulator ")[2])
    assert "--port" not in options
    made = re.match(r"mkdir -m 700 (\w+)$", lines[0])
    assert made is not None
    monkeypatch.chdir(tmp_path)
    Path(made[1]).mkdir(mode=0o700)
    for line in lines:
        for name, value in re.findall(r"\b(SIPTUI_\w+)=(\S+)", line):
            monkeypatch.setenv(name, value.replace("$PWD", str(tmp_path)))
    monkeypatch.setenv("SIPTUI_QUICK", "10")
    monkeypatch.setenv("PYTHONPATH", str(QUICK))
    options[options.index("--speed") + 1] = "600"
    with emulator_process(*options, env={}) as (running, _):
        ended = {}
        for line in lines:
            if not line.startswith(".venv/bin/siptui ") or " emulator " in line:
                continue
            words = _words(line)[1:]
            sure = [] if words[0] == "preflight" else ["--yes"]  # which a person would type
            done = CliRunner().invoke(cli, [*words, *sure, "--json"])
            assert "Internal error" not in done.output
            ended[words[0]] = (done.exit_code, done)
        assert list(ended) == ["preflight", "fix", "run"]
        assert ended["preflight"][0] == 3  # findings, which is what the scenario is for
        code, run = ended["run"]
        assert code in (0, 3), run.output
        assert json_lines(run.stdout)[-1]["succeeded"] > 10
        assert running.ask("ledger")["times"]


KEYS = {key: action for action in ACTIONS for key in action.keys}
_NAMED = {"?": "question_mark", ":": "colon", "/": "slash"}


def test_each_key_that_is_named_exists_and_does_that() -> None:
    told = re.findall(r"`([A-Za-z?/:])` (\w+)|; ([a-z]) (\w+), after you typed", README)
    found = [(one or other, verb or again) for one, verb, other, again in told]
    assert {key for key, _ in found} >= {"p", "F", "s"}
    for key, verb in found:
        if key == "?":
            assert f"`{key}` the keys of the console" in README
            continue
        action = KEYS[_NAMED.get(key, key)]
        said = f"{action.id} {action.title} {action.help} {action.also}"
        assert verb[:3].casefold() in said.casefold(), (key, verb, action.id)


def test_each_key_that_a_topic_names_exists() -> None:
    verbs = "shows|writes|submits|leaves|follows|resumes|looks|reads|corrects|chooses|opens"
    for name, text in HELP.items():
        flat = re.sub(r"\s+", " ", text)
        told = re.findall(rf"(?<![\w.-])([A-Za-z]) (?:in the console|{verbs})\b", flat)
        assert {key for key in told if key not in KEYS} <= {"a"}, name  # the article, before a noun


#: What the README's figures are: a value of the program, or a fact of the service that siptui only
#: tells of.
_OF_THE_PROGRAM = {
    "up to 100 devices": MAX_BATCH_SIZE,
    "72 hours": ONBOARDED.total_seconds() / 3600,
}
_OF_THE_SERVICE = {"70 hours", "30 days"}
#: The row of RESULTS.md whose limit a figure is, by the words in front of it.
_MEASURED = {
    "a run of 100 phones sends at most 60 kB": "a run of 100",
    "a key is shown within 50 ms": "key to paint",
}
_FIGURE = r"\d[\d,.]* ?(?:hours|days|minutes|seconds|ms|s|kB|MB|B|%|×)(?!\w)"


def _prose() -> str:
    """The README without what is typed, its blanks as one."""
    return re.sub(r"\s+", " ", re.sub(r"```.+?```|`[^`]+`", "", README, flags=re.S))


def test_each_figure_is_the_programs_or_the_one_that_was_measured() -> None:
    text = _prose()
    for said, value in _OF_THE_PROGRAM.items():
        assert said in text
        assert [float(number) for number in re.findall(r"\d+", said)] == [value], said
    rows = re.findall(
        r"^\| (.+?) \|(?:[^|]*\|){3} ≤ ([^|]*?) +\| \**(yes|no)\** \|$", RESULTS, re.M
    )
    for said, name in _MEASURED.items():
        assert said in text
        (found,) = [row for row in rows if row[0].startswith(name)]
        assert found[2] == "yes", found
        assert said.endswith(found[1]), found
    assert "an idle screen nothing" in text
    assert [row[1:] for row in rows if row[0].startswith("an idle screen")] == [("0 B", "yes")]
    known = {*_OF_THE_PROGRAM, *_OF_THE_SERVICE, *_MEASURED}
    figures = set(re.findall(_FIGURE, text))
    assert not {one for one in figures if not any(said.endswith(one) for said in known)}, figures
