"""What `siptui help unattended` says, tried: the job as each scheduler starts it, and its ends."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from siptui.cli.commands.run import command as run_command
from siptui.help import topic_text
from tests.worker.installation import FAST, installed, json_lines, until, write_list
from tests.worker.signed_in import SignedInInstallation, signed_in_installation

TEXT = topic_text("unattended")
_KEEP = f"""#!{sys.executable}
import sys; open(sys.argv[1], "a").write(sys.stdin.read())
"""


def _block(begin: str, end: str) -> str:
    """The indented lines of the topic between the first that has `begin` and the line `end`."""
    found = re.search(rf"(?ms)^  {re.escape(begin)}.*?(?=^{re.escape(end)})", TEXT)
    assert found, begin
    return "".join(f"{line[2:]}\n" for line in found[0].rstrip().splitlines())


def _is_the_job(words: list[str]) -> None:
    """Whether `run` takes these words, as a job that asks nothing."""
    assert words[0] == "run"
    given = run_command.make_context("run", words[1:]).params
    assert (given["new_only"], given["yes"], given["as_json"]) == (True, True, True)


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")
def test_the_units_are_what_systemd_takes(tmp_path: Path) -> None:
    program = tmp_path / "siptui"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    service = _block("[Unit]\n  Description=Sign new phones in to Teams\n", "and siptui-night")
    timer = _block("[Unit]\n  Description=Sign new phones in to Teams at night", "  systemctl")
    start = re.search(r"(?s)ExecStart=(.+?[^\\])\n", service)
    assert start
    _is_the_job(shlex.split(start[1].replace("\\\n", " "))[1:])
    service = service.replace("%h/.local/bin/siptui", str(program))
    (tmp_path / "siptui-night.service").write_text(service)
    (tmp_path / "siptui-night.timer").write_text(timer)
    for unit in ("siptui-night.service", "siptui-night.timer"):
        done = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", str(tmp_path / unit)],
            capture_output=True,
            text=True,
            check=False,
        )
        said = [line for line in done.stderr.splitlines() if "siptui" in line]
        assert said == [], done.stderr
    (when,) = re.findall(r"OnCalendar=(.+)", timer)
    done = subprocess.run(["systemd-analyze", "calendar", when], check=True, capture_output=True)
    assert b"02:00:00" in done.stdout


def test_the_tasks_of_windows_are_the_job() -> None:
    task = _block("$do = ", "or, in cmd.exe").replace("`\n", " ")
    assert len(task.splitlines()) == 4
    (words,) = re.findall(r"-Argument '([^']+)'", task)
    _is_the_job(words.split())
    names = set(re.findall(r"(?<!\w)-([A-Z]\w+)", task.replace(words, "")))
    known = {
        *("ScheduledTaskAction", "Execute", "Argument", "ScheduledTaskTrigger", "Daily", "At"),
        *("ScheduledTaskSettingsSet", "StartWhenAvailable", "MultipleInstances"),
        *("ExecutionTimeLimit", "ScheduledTask", "Action", "Trigger", "Settings"),
        *("RandomDelay", "TimeSpan", "Minutes"),
    }
    assert names <= known
    (line,) = _block("schtasks ", "What the job gets").replace("^\n", " ").splitlines()
    parsed = re.fullmatch(
        r'schtasks /Create /TN \S+ /SC DAILY /ST \d\d:\d\d +/TR "siptui ([^"]{1,250})"', line
    )
    assert parsed
    _is_the_job(parsed[1].split())


def _cron() -> tuple[list[str], str]:
    """The times and the command of the cron line."""
    (line,) = (one for one in TEXT.splitlines() if one.startswith("  0 2 * * * "))
    fields = line.split(None, 5)
    assert "%" not in fields[5]  # which cron takes for a line's end
    return fields[:5], fields[5]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[SignedInInstallation]:
    """An installation whose folder is a home, with siptui where pipx puts it."""
    with signed_in_installation(tmp_path, "[timing]\ndevice = [40, 200]\n", speed=FAST) as place:
        program = place.folder / ".local" / "bin" / "siptui"
        program.parent.mkdir(parents=True)
        setting = "\n".join(f"export {k}={shlex.quote(v)}" for k, v in place.env.items())
        python = shlex.quote(sys.executable)
        program.write_text(f'#!/bin/sh\n{setting}\nexec {python} -m siptui "$@"\n')
        program.chmod(0o755)
        keep = place.folder / "keep"
        keep.write_text(_KEEP)
        keep.chmod(0o755)
        config = place.folder / "config" / "config.toml"
        told, audit = place.folder / "told", place.folder / "audit.jsonl"
        lines = f'notify_command = ["{keep}", "{told}"]\naudit_log = "{audit}"\n'
        text = config.read_text().replace('cloud = "lab"\n', 'cloud = "lab"\nregion = "EMEA"\n')
        config.write_text(lines + text)
        yield place


def _night(place: SignedInInstallation) -> tuple[int, list[dict[str, object]], str]:
    """The cron line as cron runs it: exit code, what it appended to its log, what cron mails."""
    log = place.folder / "night.log"
    before = len(log.read_text()) if log.exists() else 0
    done = subprocess.run(
        ["/bin/sh", "-c", _cron()[1]],
        cwd=place.folder,
        env={"HOME": str(place.folder), "PATH": "/usr/bin:/bin", "SHELL": "/bin/sh"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stdout == ""
    return done.returncode, json_lines(log.read_text()[before:]), done.stderr


def _told(file: Path) -> str:
    """What notify_command wrote, a process of its own that nothing waits for."""
    return until(lambda: file.exists() and file.read_text(), "the message") or ""


def test_nights_of_cron_with_and_without_a_sign_in(home: SignedInInstallation) -> None:
    assert [re.fullmatch(r"\*|\d+", field) is not None for field in _cron()[0]] == [True] * 5
    told, audit = home.folder / "told", home.folder / "audit.jsonl"
    write_list(home.folder / "sip.csv", range(3))
    code, lines, mail = _night(home)  # no one has signed in yet
    assert (code, [one["error"]["code"] for one in lines]) == (4, ["sign_in_needed"])  # type: ignore[index]
    assert "siptui auth login" in mail
    (message,) = json_lines(_told(told))
    assert (message["type"], message["file"], message["run"]) == ("error", "sip.csv", None)
    assert "auth login" in message["text"]
    assert home.runs() == []
    home.sign_in("--store", "file")
    code, lines, mail = _night(home)
    assert (code, lines[-1]["type"], lines[-1]["succeeded"]) == (0, "run_finished", 3), mail
    (act,) = json_lines(audit.read_text())
    assert (act["act"], act["outcome"], act["passwords_reset"]) == ("submit", "accepted", 3)
    assert (act["run"], act["host"]) == (home.runs()[0], os.uname().nodename)
    assert "@" in act["account"]
    code, lines, _ = _night(home)
    assert (code, [one["type"] for one in lines]) == (0, ["nothing_to_do"])
    write_list(home.folder / "sip.csv", range(4))
    home.authority.forget_sessions()  # the password was changed, say
    home.authority.issuer.revoke()
    told.unlink()
    code, lines, mail = _night(home)
    assert (code, len(lines)) == (4, 1), mail
    assert len(json_lines(_told(told))) == 1
    assert len(home.runs()) == 1
    assert len(home.times()) == 3  # nothing was submitted
    assert len(json_lines(audit.read_text())) == 1


def test_of_two_nights_the_second_says_who_is_at_work(tmp_path: Path) -> None:
    with installed(tmp_path, "[timing]\ndevice = [90_000, 100_000]\n", speed=1) as place:
        file = write_list(tmp_path / "sip.csv", range(4))
        job = ("run", str(file), "--region", "EMEA", "--new-only", "--yes", "--json")
        both = [place.process(*job, stderr=subprocess.PIPE) for _ in range(2)]
        second = until(lambda: [one for one in both if one.poll() is not None], "one to end")[0]
        first = next(one for one in both if one is not second)
        third = place.run(*job)  # a later night, while the first is at work still
        (run,) = place.runs()
        holder = place.holder(run)
        assert holder is not None
        out, _ = second.communicate()
        for code, said in ((second.returncode, out), (third.exit_code, third.stdout)):
            error = json.loads(said)["error"]
            assert (code, error["code"]) == (11, "list_held")
            assert f"process {holder.pid} of {holder.user} on {holder.host}" in error["message"]
            assert run in error["message"]
        assert first.poll() is None
        other = write_list(tmp_path / "other.csv", range(10, 12))
        told = place.run("run", str(other), "--region", "EMEA", "--new-only", "--dry-run")
        assert told.exit_code == 0  # another list is not held up by it
        first.kill()
        first.communicate()
        assert set(place.times().values()) <= {1}


def test_standard_error_as_json(tmp_path: Path) -> None:
    with installed(tmp_path, "[timing]\ndevice = [40, 200]\n", speed=FAST) as place:
        file = write_list(tmp_path / "sip.csv", range(2))
        job = ("run", str(file), "--region", "EMEA", "--yes", "--log-format", "json")
        done = place.run(*job, "--foreground", "--log-level", "debug")
        assert done.exit_code == 0, done.stderr
        lines = json_lines(done.stderr)
        assert all({"at", "level", "message"} <= line.keys() for line in lines)
        assert any(line.get("call") or line.get("path") for line in lines)  # of the log
        refused = place.run("run", str(tmp_path / "none.csv"), "--log-format=json", "--yes")
        (line,) = json_lines(refused.stderr)
        assert (refused.exit_code, line["level"]) == (2, "error")
        assert "none.csv" in line["message"]
