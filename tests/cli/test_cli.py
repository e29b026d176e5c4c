"""The command line around the commands: how words are read, and how errors end."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from siptui import __version__
from siptui.cli.errors import report, wants_json
from siptui.cli.group import COMMANDS, LazyGroup, arranged, cli
from siptui.domain.errors import SignInNeededError, SiptuiError, UsageError


def _siptui(*args: str) -> Result:
    return CliRunner().invoke(cli, list(args))


def _fails_with(error: BaseException, *args: str) -> Result:
    """What `siptui` does when a command raises `error`."""

    class Group(LazyGroup):
        def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:
            def fail() -> None:
                raise error

            json_flag = click.Option(["--json"], is_flag=True, expose_value=False)
            named = click.Option(["--profile"], expose_value=False)
            return click.Command(cmd_name, params=[json_flag, named], callback=fail)

    return CliRunner().invoke(Group("siptui"), ["urls", *args])


def test_version_and_help() -> None:
    assert _siptui("--version").stdout == f"siptui {__version__}\n"
    text = _siptui("--help").stdout
    assert _siptui("help").stdout.startswith(text)
    assert all(f"\n  {name} " in text for name in COMMANDS)
    assert _siptui("help", "urls").stdout == _siptui("urls", "--help").stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_and_its_own_name(name: str) -> None:
    result = _siptui(name, "--help")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith(f"Usage: siptui {name}")
    assert "\nExamples:\n" in result.stdout, "a new command needs its entry in command_help.py"


@pytest.mark.parametrize(
    ("given_", "arranged_"),
    [
        ([], ["open"]),
        (["list.csv"], ["open", "list.csv"]),
        (["--region", "EMEA", "list.csv"], ["open", "--region", "EMEA", "list.csv"]),
        (["./urls"], ["open", "./urls"]),
        (["--", "urls"], ["open", "--", "urls"]),
        (["-"], ["open", "-"]),
        (["urls", "--json"], ["urls", "--json"]),
        (["--profile", "urls", "urls"], ["urls", "--profile", "urls"]),
        (["--json", "--log-level=debug", "urls"], ["urls", "--json", "--log-level=debug"]),
        (["--region", "EMEA"], ["open", "--region", "EMEA"]),
        (["--theme", "light", "list.csv"], ["open", "--theme", "light", "list.csv"]),
        (["--help"], ["--help"]),
        (["version"], ["--version"]),
    ],
)
def test_the_command_comes_first_and_a_file_gets_the_console(
    given_: list[str], arranged_: list[str]
) -> None:
    assert arranged(given_) == arranged_


@given(st.lists(st.text()))
def test_any_words_are_arranged_or_wrong_usage(words: list[str]) -> None:
    try:
        result = arranged([word.replace("\0", "") for word in words])
    except UsageError:
        return
    assert len(result) >= 1


def test_a_slip_of_the_finger_is_no_file() -> None:
    result = _siptui("ursl")
    assert result.exit_code == 2
    assert "neither a command nor a file" in result.stderr
    assert "siptui urls" in result.stderr


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (SiptuiError("no"), 1),
        (UsageError("no"), 2),
        (SignInNeededError("no"), 4),
        (click.UsageError("no"), 2),
        (KeyboardInterrupt(), 130),
        (click.Abort(), 130),
        (ExceptionGroup("both", [SiptuiError("no"), SignInNeededError("no")]), 4),
        (ZeroDivisionError("no"), 1),
        (BrokenPipeError(), 1),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_exit_codes_of_errors(error: BaseException, code: int) -> None:
    assert _fails_with(error).exit_code == code


def test_an_error_says_what_happened_and_what_to_do() -> None:
    error = SiptuiError("The line is cut.", title="No line", remedy="Mend it.", code="cut")
    result = _fails_with(error)
    assert result.stderr == "No line: The line is cut.\nMend it.\n"
    assert result.stdout == ""
    result = _fails_with(error, "--json")
    assert json.loads(result.stdout) == {
        "error": {"code": "cut", "message": "The line is cut.", "next": "Mend it."}
    }
    assert result.stderr == "No line: The line is cut. Mend it.\n"


@pytest.mark.parametrize("given_", [["--profile", "lab"], ["--profile=lab"]])
def test_the_sign_in_that_is_asked_for_is_that_of_the_profile_in_use(given_: list[str]) -> None:
    remedy = "Sign in: `siptui auth login`, or siptui auth login --profile x."
    error = UsageError("no", remedy=remedy)
    assert remedy in _fails_with(error).stderr
    wanted = "Sign in: `siptui auth login --profile lab`, or siptui auth login --profile x."
    assert wanted in _fails_with(error, *given_).stderr
    assert json.loads(_fails_with(error, *given_, "--json").stdout)["error"]["next"] == wanted


def test_foreign_text_in_an_error_cannot_steer_the_terminal() -> None:
    result = _fails_with(SiptuiError("a\x1b[2Jb\u202ec"))
    assert "\x1b" not in result.stderr
    assert "\u202e" not in result.stderr


def test_an_internal_error_leaves_a_trace_without_secrets(
    own_folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets = (
        "eyJhbGciOiJub25lIn0.eyJhIjoxfQ.c2ln",
        "1.AXoAqwertyuiopasdfghjklzxcvbnm.AgAB_qwerty",
        "hunter2",
        "OAQABIg",
    )
    jwt, refresh, password, code = secrets
    said = f"Bearer {jwt} {refresh} via http://me:{password}@proxy:3128 {{'code': '{code}'}}"
    result = _fails_with(ZeroDivisionError(said))
    assert "Internal error" in result.stderr
    assert "Traceback" not in result.stderr
    assert not any(secret in result.stderr for secret in secrets)
    (trace,) = (own_folders / "state").rglob("crash-*.txt")
    assert str(trace) in result.stderr
    assert trace.stat().st_mode & 0o077 == 0
    text = trace.read_text()
    assert "ZeroDivisionError" in text
    assert not any(secret in text for secret in secrets)
    trace.unlink()
    monkeypatch.setenv("SIPTUI_DEBUG", "1")
    shown = _fails_with(ZeroDivisionError(f"{said} \x1b[2J")).stderr
    assert "Traceback" in shown
    assert not any(secret in shown for secret in (*secrets, "\x1b"))
    assert not list((own_folders / "state").rglob("crash-*.txt"))


@pytest.mark.parametrize(
    ("args", "wanted"),
    [(["a", "--json"], True), (["a"], False), (["--", "--json"], False), (["--jsonx"], False)],
)
def test_json_is_recognised_on_a_broken_command_line(args: list[str], wanted: bool) -> None:
    assert wants_json(args) is wanted


def test_the_end_of_the_input_at_a_question_is_no_interrupt(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def asked(ask: Callable[[], object]) -> int:
        try:
            ask()
        except click.Abort as error:
            return report(error, [])
        return 0

    @click.command()
    def question() -> None:
        code = asked(lambda: click.confirm("Go on?"))
        click.get_current_context().exit(code)

    result = CliRunner().invoke(question, input="")
    assert result.exit_code == 2
    assert "--yes" in result.output


def test_a_reader_that_goes_away_is_no_fault() -> None:
    code = f"{sys.executable} -m siptui urls | true"
    done = subprocess.run(["/bin/sh", "-c", code], capture_output=True, check=False, env=os.environ)
    assert done.stderr == b""


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_completion_script(shell: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "siptui"],
        env=os.environ | {"_SIPTUI_COMPLETE": f"{shell}_source"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "_SIPTUI_COMPLETE" in done.stdout


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("siptui ur", "urls"),
        ("siptui urls --region em", "EMEA"),
        ("siptui urls --vendor ci", "Cisco"),
    ],
)
def test_completion_of_commands_and_values(words: str, wanted: str) -> None:
    result = CliRunner().invoke(
        cli,
        env={
            "_SIPTUI_COMPLETE": "bash_complete",
            "COMP_WORDS": words,
            "COMP_CWORD": str(len(words.split()) - 1),
        },
    )
    assert f"plain,{wanted}" in result.stdout


@pytest.mark.parametrize(
    ("line", "word", "wanted"),
    [
        ("siptui ur", "ur", ["urls"]),
        ("siptui urls --region em", "em", ["EMEA"]),
        ("siptui urls --region ", "", ["APAC", "EMEA", "NOAM"]),
        ("siptui check C:\\lists\\pho", "C:\\lists\\pho", []),
    ],
)
def test_completion_in_powershell(line: str, word: str, wanted: list[str]) -> None:
    env = {"_SIPTUI_COMPLETE": "powershell_complete", "COMP_LINE": line, "COMP_WORD": word}
    result = CliRunner().invoke(cli, env=env)
    assert [one.split("\t")[0] for one in result.stdout.splitlines() if one] == wanted


def test_the_table_has_the_commands_of_the_interface() -> None:
    assert set(COMMANDS) == {
        "help",
        "demo",
        "check",
        "status",
        "show",
        "pause",
        "stop",
        "overview",
        "profiles",
        "forget",
        "prune",
        "backup",
        "restore",
        "handover",
        "report",
        "run",
        "runs",
        "resume",
        "retry",
        "attach",
        "export",
        "preflight",
        "fix",
        "urls",
        "batches",
        "batch",
        "auth",
        "emulator",
        "info",
        "doctor",
    }
