"""Standard output that cannot take what is printed: nothing fails for it, least of all a run."""

import contextlib
import functools
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from tests.support.replace import replace
from tests.worker.installation import Installation, installed, json_lines, until, write_list
from tests.worker.terminal import Terminal

_ENCODINGS = ["latin-1", "ascii"]
_WORDS = [
    ["--help"],
    ["--version"],
    ["run", "--help"],
    ["urls"],
    ["check", "phones.csv"],
    ["check", "nothing.csv"],
    ["info"],
    ["runs"],
    ["doctor"],
    ["auth", "status"],
    ["run", "phones.csv", "--dry-run"],
    ["batches"],
    ["ursl"],
]
#: Those of them that read what the others do not: a list, the journal, the service, nothing.
_FEW = [_WORDS[number] for number in (0, 4, 7, 10, 11)]
Whole = Callable[..., Result]
full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    """An installation whose folder has a list of phones in it."""
    with installed(tmp_path_factory.mktemp("siptui"), "healthy") as found:
        phones = write_list(found.folder / "phones.csv", range(3), lambda _: "EMEA")
        phones.write_text(phones.read_text().replace("room2@", "zoë…@"), encoding="utf-8")
        yield found


def _siptui(
    place: Installation, *words: str, stdout: int = subprocess.PIPE, **env: str
) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        [sys.executable, "-m", "siptui", *words],
        cwd=place.folder,
        env={**os.environ, **place.env, **env},
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        check=False,
    )


@pytest.fixture(scope="module")
def whole(installation: Installation) -> Whole:
    """What a command prints where nothing is in its way: in this process, which costs less."""

    @functools.cache
    def printed(*words: str) -> Result:
        with contextlib.chdir(installation.folder):
            return installation.run(*words, COLUMNS="80")

    return printed


def _no_trace(done: "subprocess.CompletedProcess[bytes]") -> None:
    for sign in (b"Traceback", b"Internal error", b"Exception ignored", b"UnicodeEncode"):
        assert sign not in done.stderr, done.stderr


@pytest.mark.parametrize("words", _WORDS, ids=" ".join)
def test_a_locale_that_lacks_signs_changes_no_command(
    installation: Installation, words: list[str], whole: Whole
) -> None:
    expected = whole(*words)
    done = _siptui(installation, *words, PYTHONIOENCODING="latin-1", COLUMNS="80")
    assert done.returncode == expected.exit_code
    _no_trace(done)
    if "--help" not in words:  # whose lines are broken by the width of the signs
        assert len(done.stdout.splitlines()) == len(expected.stdout.splitlines())
    assert b"\xe2\x80" not in done.stdout + done.stderr  # which would be UTF-8


@pytest.mark.parametrize("encoding", _ENCODINGS)
def test_a_run_goes_on_and_json_stays_json(tmp_path: Path, encoding: str) -> None:
    with installed(tmp_path, "mixed") as place:
        phones = write_list(tmp_path / "phones.csv", range(3))
        text = phones.read_text().replace("HardwareId", "HardwareId,Raum")
        rows = [f"{line},Hörsaal “Ω”" for line in text.splitlines()[1:]]
        phones.write_text("\n".join([text.splitlines()[0], *rows]), encoding="utf-8")
        options = ("--region", "EMEA", "--yes")
        done = _siptui(place, "run", "phones.csv", *options, PYTHONIOENCODING=encoding)
        _no_trace(done)
        assert b"Finished: " in done.stdout
        (run,) = place.runs()
        assert place.over(run).finished
        done = _siptui(place, "export", run, "--format", "json", PYTHONIOENCODING=encoding)
        assert json.loads(done.stdout)["devices"][0]["extra"]["Raum"] == "Hörsaal “Ω”"
        done = _siptui(place, "export", run, PYTHONIOENCODING=encoding)
        assert "Hörsaal “Ω”" in done.stdout.decode("utf-8")
        done = _siptui(place, "check", "Ω.csv", "--json", PYTHONIOENCODING=encoding)
        assert "Ω.csv" in json.loads(done.stdout)["error"]["message"]


@full
@pytest.mark.parametrize("words", _WORDS, ids=" ".join)
def test_a_full_disk_behind_the_output_is_told_in_words(
    installation: Installation, words: list[str], whole: Whole
) -> None:
    expected = whole(*words)
    with Path("/dev/full").open("wb") as target:
        done = _siptui(installation, *words, stdout=target.fileno())
        if words in _FEW:
            _no_trace(_siptui(installation, *words, "--json", stdout=target.fileno()))
    _no_trace(done)
    if expected.stdout:
        assert done.returncode == (expected.exit_code or 1)
        assert b"No space left on device" in done.stderr


@full
@pytest.mark.parametrize("how", [[], ["--foreground"]])
@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_run_ends_as_it_would_though_nobody_can_read_it(
    tmp_path: Path, how: list[str], form: list[str]
) -> None:
    with installed(tmp_path, "healthy") as place:
        write_list(tmp_path / "phones.csv", range(3))
        words = ["run", "phones.csv", "--region", "EMEA", "--yes", *how, *form]
        with Path("/dev/full").open("wb") as target:
            done = _siptui(place, *words, stdout=target.fileno())
        _no_trace(done)
        assert done.returncode == 1
        assert b"No space left on device" in done.stderr
        finished = place.over(place.runs()[0]).finished
        assert finished is not None
        assert finished.succeeded == 3


@pytest.mark.parametrize("how", [[], ["--foreground"]])
def test_a_reader_that_leaves_in_the_middle_does_not_end_the_run(
    tmp_path: Path, how: list[str]
) -> None:
    with installed(tmp_path, "healthy", speed=100) as place:
        write_list(tmp_path / "phones.csv", range(3))
        words = ["run", "phones.csv", "--region", "EMEA", "--yes", "--json", *how]
        with place.process(*words, cwd=tmp_path, stderr=subprocess.PIPE) as process:
            assert process.stdout
            assert process.stderr
            first = json.loads(process.stdout.readline())
            process.stdout.close()
            said = process.stderr.read()
            assert process.wait(60) == 0
        assert "Traceback" not in said
        assert "Output lost" not in said
        finished = place.over(first["run"]).finished
        assert finished is not None
        assert finished.succeeded == 3


def test_closed_pipes_of_both_streams_are_survived(installation: Installation) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    for words in _FEW:
        done = subprocess.run(
            [sys.executable, "-m", "siptui", *words],
            cwd=installation.folder,
            env={**os.environ, **installation.env},
            stdin=subprocess.DEVNULL,
            stdout=writer,
            stderr=writer,
            check=False,
            timeout=60,
        )
        assert done.returncode in (0, 1, 2, 4), words
    os.close(writer)


def test_the_console_draws_in_columns_where_signs_are_missing(installation: Installation) -> None:
    env = {**installation.env, "PYTHONIOENCODING": "latin-1"}
    phones = str(installation.folder / "phones.csv")
    terminal = Terminal(replace(installation, env=env), phones)
    try:
        until(lambda: terminal.shows("room1@contoso"), "the first frame")
        assert b"\\u" not in terminal.shown
    finally:
        terminal.process.kill()
        terminal.close()


def test_lines_of_json_are_whole_behind_a_pipe(installation: Installation) -> None:
    words = ("run", "phones.csv", "--skip-invalid", "--dry-run", "--json")
    done = _siptui(installation, *words, PYTHONIOENCODING="latin-1")
    assert json_lines(done.stdout.decode("utf-8"))
