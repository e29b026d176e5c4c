"""What the audit log holds of changes that a fix made or took back."""

import json
from pathlib import Path

from siptui.domain.forgotten_text import names_of
from siptui.logs.audit import AuditFile, AuditLog
from siptui.preflight.change_log import Change, Kind, Record, Step, Who

ACCOUNT = Change(kind=Kind.GRANT_CALLING_POLICY, target="Lobby@contoso.com", value="SIPDevices")
TENANT = Change(kind=Kind.ADD_TRUSTED_IP, target="203.0.113.0", value="28")


def _record(folder: Path, log: Path, who: str = "anna") -> Record:
    audit = AuditLog(AuditFile(log), "lab")
    return Record(
        folder / "lab", tenant="contoso", who=Who(f"{who}@contoso.com", who, "jump1"), audit=audit
    )


def _acts(log: Path) -> list[tuple[str, str, str, str]]:
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    return [(one["fix"], one["act"], one["outcome"], one["user"]) for one in lines]


def test_one_line_for_what_became_of_each_change(tmp_path: Path) -> None:
    log = tmp_path / "audit.jsonl"
    mine = _record(tmp_path, log)
    mine.intend([("a1", ACCOUNT), ("b2", TENANT), ("c3", TENANT)])
    mine.note([("a1", Step.SENT, ""), ("a1", Step.SEEN, "")])
    mine.note([("b2", Step.FAILED, "no role"), ("c3", Step.IN_DOUBT, "lost")])
    mine.note([("c3", Step.IN_DOUBT, "not seen"), ("c3", Step.SEEN, "")])
    berta = _record(tmp_path, log, "berta")  # another process, another person
    berta.note([("a1", Step.UNDOING, ""), ("a1", Step.UNDO_NOT_SEEN, "")])
    berta.note([("a1", Step.UNDOING, ""), ("a1", Step.UNDONE, "")])
    berta.note([("c3", Step.UNDOING, ""), ("c3", Step.SEEN, "Not undone: no role")])
    assert _acts(log) == [
        ("a1", "fix", "accepted", "anna"),
        ("b2", "fix", "refused", "anna"),
        ("c3", "fix", "unknown", "anna"),
        ("c3", "fix", "accepted", "anna"),
        ("a1", "undo", "unknown", "berta"),
        ("a1", "undo", "accepted", "berta"),
        ("c3", "undo", "refused", "berta"),
    ]
    text = log.read_text()
    assert "Lobby" not in text  # "forget --user" does not reach this file
    assert "203.0.113.0" in text
    assert mine.take_news() == []


def test_what_could_not_be_written_is_said_once_and_written_with_the_next_change(
    tmp_path: Path,
) -> None:
    log = tmp_path / "disk" / "audit.jsonl"
    mine = _record(tmp_path, log)
    mine.intend([("a1", ACCOUNT)])
    mine.note([("a1", Step.SENT, "")])
    mine.intend([("b2", ACCOUNT)])
    mine.note([("b2", Step.SENT, "")])
    (said,) = mine.take_news()
    assert "No such file or directory" in said
    log.parent.mkdir()
    other = _record(tmp_path, log)  # this process was ended, another one goes on
    other.note([("b2", Step.SEEN, "")])
    assert [fix for fix, *_ in _acts(log)] == ["a1", "b2"]
    mine.intend([("c3", TENANT)])
    mine.note([("c3", Step.SENT, "")])
    assert [fix for fix, *_ in _acts(log)] == ["a1", "b2", "c3"]


def test_what_is_forgotten_is_not_written_again(tmp_path: Path) -> None:
    log = tmp_path / "audit.jsonl"
    mine = _record(tmp_path, log)
    mine.intend([("a1", ACCOUNT), ("b2", TENANT)])
    mine.note([("a1", Step.SENT, ""), ("b2", Step.SENT, "")])
    Record(tmp_path / "lab").remove({"a1"}, names_of(["lobby@contoso.com"], ()))
    mine.intend([("c3", TENANT)])
    mine.note([("c3", Step.SENT, "")])
    assert [fix for fix, *_ in _acts(log)] == ["a1", "b2", "c3"]
