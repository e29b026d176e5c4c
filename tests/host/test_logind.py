"""What ends a worker at logout, from what Linux and systemd say."""

import os
import pwd
from pathlib import Path

import pytest

from siptui.host.posix import logind
from siptui.host.posix.logind import (
    KillRules,
    Unit,
    rules_told,
    rules_written,
    unit_of,
    worker_end,
)
from siptui.host.surrounding import WorkerEnd

_ME = pwd.getpwuid(os.getuid()).pw_name
_UID = os.getuid()


@pytest.mark.parametrize(
    ("cgroups", "unit"),
    [
        (
            "0::/user.slice/user-1000.slice/session-3.scope\n",
            Unit("session-3.scope", 1000, session=True),
        ),
        (  # version 1, with the controllers first
            "12:pids:/user.slice/user-7.slice/session-c1.scope\n"
            "1:name=systemd:/user.slice/user-7.slice/session-c1.scope\n",
            Unit("session-c1.scope", 7, session=True),
        ),
        (
            "0::/user.slice/user-1000.slice/user@1000.service/app.slice/app-term.scope\n",
            Unit("user@1000.service", 1000, session=False),
        ),
        (  # systemd-run --user --scope
            "0::/user.slice/user-1000.slice/user@1000.service/app.slice/run-r1.scope\n",
            Unit("user@1000.service", 1000, session=False),
        ),
        ("0::/system.slice/cron.service\n", None),
        ("0::/docker/4f\n", None),
        ("0::/\n", None),
        ("", None),
        (
            "4:memory:/user.slice/user-1000.slice/session-3.scope\n",
            None,
        ),  # no controller of systemd
    ],
)
def test_the_unit_by_the_control_groups(cgroups: str, unit: Unit | None) -> None:
    assert unit_of(cgroups) == unit


@pytest.mark.parametrize(
    ("said", "meets"),
    [
        ('b true\nas 0\nas 1 "root"\n', True),
        ('b false\nas 0\nas 1 "root"\n', False),
        ('b true\nas 2 "eva" "ana"\nas 1 "root"\n', True),
        ('b true\nas 1 "eva"\nas 1 "root"\n', False),
        ('b true\nas 0\nas 2 "root" "ana"\n', False),
    ],
)
def test_the_rules_as_busctl_prints_them(said: str, meets: bool) -> None:
    assert rules_told(said).meets("ana") is meets


def test_what_busctl_says_else_is_no_rule() -> None:
    for said in ("", "b yes\nas 0\nas 0\n", "Failed to get property"):
        with pytest.raises(ValueError, match=r"unpack|b yes"):
            rules_told(said)


def test_the_rules_as_they_are_written(tmp_path: Path) -> None:
    vendor, run, etc = (tmp_path / name for name in ("usr", "run", "etc"))

    def write(path: Path, text: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    folders = (vendor, run, etc)
    assert not rules_written(folders).kill
    write(etc / "logind.conf", "[Login]\n#KillUserProcesses=yes\nNAutoVTs=6\n")
    assert not rules_written(folders).meets("ana")
    write(vendor / "logind.conf.d" / "50-kill.conf", "[Login]\nKillUserProcesses=yes\n")
    assert rules_written(folders).meets("ana")
    assert not rules_written(folders).meets("root")
    write(run / "logind.conf.d" / "60-who.conf", "[Login]\nKillOnlyUsers=eva ana\n")
    assert rules_written(folders) == KillRules(True, ("eva", "ana"), ("root",))
    write(etc / "logind.conf.d" / "50-kill.conf", "[Login]\nKillUserProcesses=no\n")  # instead
    assert not rules_written(folders).meets("ana")
    write(etc / "logind.conf.d" / "99.conf", "no section\nKillUserProcesses=yes\n")
    assert not rules_written(folders).meets("ana")


def test_a_session_whose_processes_are_killed_ends_the_worker_whoever_lingers(
    tmp_path: Path,
) -> None:
    session = Unit("session-3.scope", _UID, session=True)
    (tmp_path / _ME).touch()
    killed, spared = KillRules(True, exclude=()), KillRules(True, exclude=(_ME,))
    assert worker_end(session, rules=lambda: killed, linger=tmp_path) is WorkerEnd.LOGOUT
    assert worker_end(session, rules=lambda: spared, linger=tmp_path) is WorkerEnd.NOTHING


def test_the_user_manager_ends_the_worker_unless_the_user_lingers(tmp_path: Path) -> None:
    manager = Unit(f"user@{_UID}.service", _UID, session=False)
    assert worker_end(manager, linger=tmp_path) is WorkerEnd.LAST_LOGOUT
    (tmp_path / _ME).touch()
    assert worker_end(manager, linger=tmp_path) is WorkerEnd.NOTHING


def test_this_very_process_has_an_answer() -> None:
    assert worker_end() in WorkerEnd


def test_the_system_is_asked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before each submit it is told what ends a worker: a bus that hangs is waited for once."""
    program, asked = tmp_path / "busctl", tmp_path / "asked"
    answer = 'b true\nas 0\nas 1 "root"'
    program.write_text(f"#!/bin/sh\necho asked >> {asked}\necho '{answer}'\n")
    program.chmod(0o755)
    monkeypatch.setattr(logind, "_PROGRAMS", str(tmp_path))
    logind.kill_rules.cache_clear()
    try:
        session = Unit("session-3.scope", _UID, session=True)
        first = [worker_end(session, linger=tmp_path) for _ in range(3)]
        assert len(set(first)) == 1
        assert logind.kill_rules() == KillRules(True, (), ("root",))
        assert asked.read_text() == "asked\n"
    finally:
        logind.kill_rules.cache_clear()
