"""What the README says is what siptui does."""

import re
from pathlib import Path

import pytest
from click import Context
from click.testing import CliRunner

from siptui.cli.group import COMMANDS, cli
from siptui.domain.device import Device
from siptui.domain.errors import ExitCode
from siptui.domain.region import Region
from siptui.domain.state import DeviceState
from siptui.help import TOPICS, topic_text
from siptui.runs import events as ev
from siptui.runs.output.json_lines import lines
from siptui.runs.state import RunState
from siptui.settings.hosts import hosts_of
from siptui.settings.load import load
from siptui.settings.model import BUILT_IN_CLOUDS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def _between(begin: str, end: str) -> str:
    assert README.count(begin) == README.count(end) == 1
    return README.split(begin)[1].split(end)[0].strip()


def _topics() -> str:
    return "".join(topic_text(name) for name in TOPICS if name != "keys")


def test_a_topic_fits_a_narrow_terminal() -> None:
    assert [line for line in _topics().splitlines() if len(line) > 79] == []


def test_every_command_is_told_about_and_exists() -> None:
    told = set(re.findall(r"`siptui (\w+)", _between("## Commands", "## Safety")))
    assert told - {"COMMAND"} == set(COMMANDS)


def test_the_hosts_are_those_of_the_public_cloud() -> None:
    rows = re.findall(
        r"^\| `([^`]+)` \| (.+) \| (.+) \|$", _between("## Network", "## What is"), re.M
    )
    hosts = hosts_of(BUILT_IN_CLOUDS["public"])
    assert rows == [(one.host, one.purpose, one.needed) for one in hosts]
    assert {one.port for one in hosts} == {443}


def test_every_topic_is_named_with_what_it_is_about() -> None:
    named = dict(re.findall(r"^\| `siptui help ([a-z-]+)` \| (.+) \|$", README, re.M))
    assert named == dict(TOPICS)


def test_every_option_that_is_told_about_exists() -> None:
    helps = ""
    for name in COMMANDS:
        command = cli.get_command(Context(cli), name)
        assert command is not None
        parts = [command, *getattr(command, "commands", {}).values()]
        helps += "".join(part.get_help(Context(part)) for part in parts)
    told = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", README + _topics()))
    # Of pip, pytest and systemd-run.
    of_others = {"--cov", "--user", "--scope", "--no-deps", "--no-index", "--find-links"}
    assert {flag for flag in told - of_others if flag not in helps} == set()


def test_the_types_of_the_json_lines_are_those_of_the_program() -> None:
    section = topic_text("json").split("Types, with their further fields")[1].split("Values")[0]
    told: dict[str, set[str]] = {}
    for line in section.splitlines():
        kind, fields = line[:21].strip(), re.findall(r"\w+", line[21:])
        if kind:
            last = told.setdefault(kind, set())
        if fields:
            last.update(fields)
    assert told == _printed()


def _printed() -> dict[str, set[str]]:
    """The fields of every type of line, as a run with one event of each kind prints them."""
    state = RunState("r", [Device(2, "a@contoso.com", "00-04-F2-81-24-B3", Region.EMEA)])
    planned = ev.RunPlanned(
        file="f", sha256="0", tenant="t", devices=1, skipped=0, batches=1, options=ev.Options()
    )
    counts = {"succeeded": 1, "failed": 0, "unknown": 0}
    happened: list[ev.AnyEvent] = [
        planned,
        ev.BatchPlanned(batch=1, region=Region.EMEA, devices=[0]),
        ev.GroupStopped(column="Site", group="Bonn", bad=1, tried=1, left=1),
        ev.BatchDeferred(batch=1, why="too many", until="2026-01-01T00:00:30Z"),
        ev.BatchSubmitting(batch=1, region=Region.EMEA, devices=1),
        ev.BatchInDoubt(batch=1, why="cut"),
        ev.BatchUnsettled(batch=1, why="none like it"),
        ev.BatchAccepted(batch=1, batch_id="b", adopted=True),
        ev.DeviceChanged(device=0, batch=1, state=DeviceState.SUCCEEDED),
        ev.BatchFinished(batch=1, batch_id="b", succeeded=1, failed=0),
        ev.BatchGivenUp(batch=1, batch_id="b", unknown=0),
        ev.BatchRejected(batch=1),
        ev.DevicesHeld(batch=1, devices=[0], why="other_batch", batch_id="b"),
        ev.DevicesSignedIn(devices=[0], run="r"),
        ev.DeviceCorrected(
            device=0, user_name="b", hardware_id="h", old_user_name="a", old_hardware_id="h"
        ),
        ev.Waiting(why="w"),
        ev.Note(level="info", text="n"),
        ev.WorkerStarted(pid=1),
        ev.RunStopped(code="c", message="m"),
        ev.RunFinished(skipped=0, seconds=1.0, **counts),
    ]
    found: dict[str, set[str]] = {}
    for seq, event in enumerate(happened, 1):
        stored = ev.Stored(seq, "2026-01-01T00:00:00Z", event)
        for line in lines(state, stored, state.apply(stored)):
            assert line["schema"] == 1
            found[line["type"]] = set(line) - {"schema", "type", "at", "run"}
    return found


def test_the_exit_codes_are_those_of_the_program() -> None:
    rows = re.findall(r"^  (\d+) ", topic_text("exit-codes"), re.M)
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
    example = re.search(r"```csv\n(.+?)```", README, re.S)
    assert example is not None
    path = tmp_path / "list.csv"
    path.write_text(example.group(1), encoding="utf-8")
    result = CliRunner().invoke(cli, ["check", str(path)])
    assert result.exit_code == 0, result.output


_CONFIGURATION = "\n".join(
    line[2:] for line in re.findall(r"^  .*$", topic_text("config").split("Columns\n")[0], re.M)
)


@pytest.mark.parametrize(
    "example", [*re.findall(r"```toml\n(.+?)```", README, re.S), _CONFIGURATION]
)
def test_the_configurations_can_be_copied(own_folders: Path, example: str) -> None:
    config = own_folders / "config"
    config.mkdir(parents=True)
    (config / "config.toml").write_text(example, encoding="utf-8")
    assert load().profile(None).name == "contoso"


@pytest.mark.parametrize("target", re.findall(r"\]\(([^)#:]+)\)", README))
def test_links_lead_somewhere(target: str) -> None:
    assert (ROOT / target).exists()


def test_a_long_file_says_why_it_is_one() -> None:
    texts = {path: path.read_text(encoding="utf-8") for path in (ROOT / "siptui").rglob("*.py")}
    long = [
        str(path.relative_to(ROOT))
        for path, text in texts.items()
        if text.count("\n") > 400 and "Over 400 lines because" not in text.split('"""')[1]
    ]
    assert not long


def test_what_is_pasted_line_by_line_waits_for_what_it_needs() -> None:
    block = re.search(r"<!-- line by line -->\n```sh\n(.+?)```", README, re.S)
    assert block is not None
    lines = block[1].splitlines()
    started = next(i for i, line in enumerate(lines) if " emulator " in line)
    assert lines[started].endswith("&")
    written = re.search(r"--config (\S+)", lines[started])
    assert written is not None
    assert lines[started + 1].startswith(f"until [ -s {written[1]} ]")
    assert lines[-1] == "kill %1"
    assert [line for line in lines if "{" in line or "`" in line] == []  # of bash alone
    commands = [line for line in lines if "siptui " in line]
    assert all(line.count("siptui ") == 1 for line in commands)
    assert all(line.startswith(".venv/bin/siptui ") for line in commands)
