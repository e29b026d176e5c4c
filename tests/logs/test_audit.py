"""The audit log itself: files and syslog as they are found on real hosts."""

import json
import os
import socket
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from siptui.logs.audit import AuditFile, AuditLine, AuditLog, Syslog, audit_log

LINE = AuditLine(
    at="2026-03-02T08:00:00.000Z",
    act="submit",
    outcome="unknown",
    entry=7,
    tenant="contoso.example",
    user="anna\n",
    host="jump1",
    run="20260302-080000-abcd",
    passwords_reset=None,
)


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_line_has_who_where_what_and_nothing_empty(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    assert AuditLog(AuditFile(path), "contoso").write(LINE) == ""
    (line,) = lines(path)
    assert line == {
        "schema": 1,
        "profile": "contoso",
        "at": "2026-03-02T08:00:00.000Z",
        "act": "submit",
        "outcome": "unknown",
        "entry": 7,
        "tenant": "contoso.example",
        "account": "",
        "user": "anna\\x0a",
        "host": "jump1",
        "run": "20260302-080000-abcd",
        "passwords_reset": None,
    }
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_of_others_is_added_to_as_it_is(tmp_path: Path) -> None:
    path, link = tmp_path / "audit.jsonl", tmp_path / "link"
    path.write_text('{"of": "others"}\n{"cut')
    path.chmod(0o620)
    link.symlink_to(path)
    log = AuditLog(AuditFile(link), "contoso")
    assert [log.write(LINE), log.write(LINE)] == ["", ""]
    first, cut, *mine = path.read_text().splitlines()
    assert (first, cut) == ('{"of": "others"}', '{"cut')
    assert [json.loads(line)["entry"] for line in mine] == [7, 7]
    assert stat.S_IMODE(path.stat().st_mode) == 0o620


def test_a_file_that_may_not_be_read_is_added_to(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("nothing is closed to root")
    path = tmp_path / "audit.jsonl"
    path.touch(0o200)
    assert AuditLog(AuditFile(path), "contoso").write(LINE) == ""


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/dev/full", "No space left on device"),
        ("missing/audit.jsonl", "No such file or directory"),
        ("file/audit.jsonl", "Not a directory"),
        (".", "Is a directory"),
        ("pipe", "no program reads from this pipe"),  # nothing is held up by it, nor lost in it
    ],
)
def test_what_cannot_be_written_says_why_and_makes_nothing(
    tmp_path: Path, path: str, why: str
) -> None:
    (tmp_path / "file").touch()
    os.mkfifo(tmp_path / "pipe")
    before = sorted(tmp_path.iterdir())
    log = audit_log(str(tmp_path / path), "contoso")
    assert log is not None
    assert log.write(LINE) == why
    assert sorted(tmp_path.iterdir()) == before


@pytest.fixture
def system_log() -> Iterator[tuple[str, socket.socket]]:
    with (
        tempfile.TemporaryDirectory() as folder,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log,
    ):
        log.bind(where := f"{folder}/log")
        yield where, log


def test_syslog_gets_one_message_a_line(system_log: tuple[str, socket.socket]) -> None:
    where, log = system_log
    assert AuditLog(Syslog(("/nowhere/log", where)), "contoso").write(LINE) == ""
    head, _, body = log.recv(65_536).decode().partition(": ")
    assert head == f"<85>siptui[{os.getpid()}]"  # authpriv, notice
    assert json.loads(body)["run"] == LINE.run


def test_a_syslog_that_is_not_there_or_full_says_so(
    system_log: tuple[str, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    where, _ = system_log
    assert "nothing listens" in AuditLog(Syslog(("/nowhere/log",)), "contoso").write(LINE)
    monkeypatch.setattr("siptui.logs.audit._LIMIT", 0.01)
    full = AuditLog(Syslog((where,)), "contoso")
    assert full.write(LINE) == ""
    assert any(full.write(LINE) for _ in range(5_000))  # no one reads it; nothing waits for ever
