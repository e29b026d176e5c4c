"""The record of changes: private, synced, and readable whatever cut it off."""

import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siptui.gateway.tenant_model import NumberType
from siptui.host.private_files import PrivateFileError
from siptui.preflight.change_log import Change, Kind, Record, Step, Who
from siptui.preflight.finding import Check

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
GRANT = Change(
    kind=Kind.GRANT_CALLING_POLICY, target="Lobby@contoso.com", value="SIPDevices", before="Old"
)


def record(folder: Path, ago: timedelta = timedelta()) -> Record:
    who = Who("admin@contoso.com", "alice", "jumphost")
    return Record(folder, tenant="contoso", who=who, now=lambda: NOW - ago)


def test_a_change_with_its_steps(tmp_path: Path) -> None:
    mine = record(tmp_path / "profile")
    number = Change(
        kind=Kind.ASSIGN_NUMBER,
        target="Fax@contoso.com",
        value="+4930123456",
        number_type=NumberType.OPERATOR_CONNECT,
    )
    mine.intend([("a1", GRANT), ("b2", number)])
    mine.note([("a1", Step.SENT, ""), ("a1", Step.SEEN, ""), ("b2", Step.FAILED, "no role")])
    found = record(tmp_path / "profile").changes()
    assert list(found) == ["a1", "b2"]
    assert (found["a1"].change, found["b2"].change) == (GRANT, number)
    assert found["a1"].step is Step.SEEN
    assert found["a1"].who == Who("admin@contoso.com", "alice", "jumphost")
    assert found["a1"].begun == NOW
    assert (found["a1"].holds, found["b2"].holds) == (True, False)
    assert found["b2"].steps[-1][2] == "no role"


def test_only_this_user_can_read_it(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        mine = record(tmp_path / "profile")
        mine.intend([("a1", GRANT)])
    finally:
        os.umask(old)
    assert stat.S_IMODE(mine.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(mine.path.parent.stat().st_mode) == 0o700


def test_a_link_in_its_place_is_not_followed(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("")
    (tmp_path / "profile").mkdir(mode=0o700)
    mine = record(tmp_path / "profile")
    mine.path.symlink_to(other)
    with pytest.raises(PrivateFileError):
        mine.intend([("a1", GRANT)])
    assert other.read_text() == ""


@given(st.integers(min_value=0, max_value=600))
def test_whatever_a_crash_cuts_off(tmp_path_factory: pytest.TempPathFactory, length: int) -> None:
    folder = tmp_path_factory.mktemp("record")
    mine = record(folder)
    mine.intend([("a1", GRANT)])
    mine.note([("a1", Step.SENT, "")])
    whole = mine.path.read_bytes()
    mine.path.write_bytes(whole[:length])
    before = mine.changes()
    mine.intend([("c3", GRANT)])
    found = mine.changes()
    assert list(found) == [*before, "c3"]
    assert {fix: found[fix] for fix in before} == before


def test_what_was_changed_lately_is_by_check_and_account(tmp_path: Path) -> None:
    record(tmp_path, timedelta(hours=30)).intend(
        [("o1", Change(kind=Kind.ADD_TRUSTED_IP, target="203.0.113.7", value="32"))]
    )
    three = record(tmp_path, timedelta(hours=3))
    three.intend([("a1", GRANT), ("f1", Change(kind=Kind.GRANT_IP_PHONE_POLICY, target="x@y.z"))])
    three.note([("f1", Step.FAILED, "")])
    found = record(tmp_path).lately(24)
    assert found == {(Check.CALLING_POLICY, "lobby@contoso.com"): NOW - timedelta(hours=3)}
