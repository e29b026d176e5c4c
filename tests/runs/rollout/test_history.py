"""What the journals of this host tell of phones: each attempt, and what cannot be read."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from siptui.domain.region import Region
from siptui.domain.state import DeviceState
from siptui.host.locks import file_lock
from siptui.runs.events import (
    Actor,
    AnyEvent,
    BatchAccepted,
    BatchFinished,
    BatchInDoubt,
    BatchRejected,
    BatchSubmitting,
    BatchUnsettled,
    DeviceChanged,
    DeviceCorrected,
    DevicesSignedIn,
    Note,
    Options,
    Stored,
)
from siptui.runs.first_events import plan_events
from siptui.runs.host_tenant import HostTenant
from siptui.runs.journal.forget import Forgetting
from siptui.runs.journal.forgotten import Remembered
from siptui.runs.journal.locks import lock_path
from siptui.runs.journal.sqlite_file import JournalError
from siptui.runs.rollout.evidence import Attempt, Result
from siptui.runs.rollout.history import attempts_of, read_history, read_states
from siptui.runs.state import RunState
from tests.runs.engine.engine_harness import devices
from tests.runs.journal_of_runs import JournalOfRuns, at

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
PHONE, OTHER = devices(2)
_ME = Actor(account="me@x.example", os_user="me")


def _state(*told: tuple[AnyEvent, int], actor: Actor = _ME) -> RunState:
    """A run of one phone, planned at minute 0; the others at theirs."""
    state = RunState("r1", [PHONE])
    planned = plan_events(
        [PHONE],
        file="list.csv",
        sha256="",
        tenant="Contoso",
        skipped=0,
        options=Options(),
        actor=actor,
    )
    events: list[tuple[AnyEvent, int]] = [(event, 0) for event in planned]  # type: ignore[misc]
    for event, minute in (*events, *told):
        state.apply(Stored(state.last_seq + 1, at(minute), event))
    return state


def _attempts(state: RunState, *, held: bool = False) -> list[Attempt]:
    return list(attempts_of(state, "run r1", held=held))


def _when(minute: int) -> datetime:
    return datetime.fromisoformat(at(minute))


def _device(state: DeviceState, error: str = "") -> AnyEvent:
    return DeviceChanged(device=0, batch=1, state=state, error=error)


_SENT = BatchSubmitting(batch=1, region=Region.EMEA, devices=1)
_TAKEN = BatchAccepted(batch=1, batch_id="B-1")
_FOUND = BatchAccepted(batch=1, batch_id="B-1", adopted=True)
_OVER = BatchFinished(batch=1, batch_id="B-1", succeeded=0, failed=1)
_REFUSED = BatchRejected(batch=1, status=400, message="no")


@pytest.mark.parametrize(
    ("events", "alone", "held"),
    [
        ([], "waits", "live"),
        ([_SENT], "unknown", "live"),  # its answer was lost with the worker
        ([_SENT, _TAKEN], "live", "live"),
        (
            [_SENT, BatchInDoubt(batch=1, why=""), BatchUnsettled(batch=1, why="")],
            *("unknown", "unknown"),
        ),
        ([_SENT, _REFUSED], "waits", "waits"),  # nothing was reset by it
        ([_SENT, _TAKEN, _device(DeviceState.FAILED)], "failed", "failed"),
        ([_SENT, _TAKEN, _device(DeviceState.SUCCEEDED)], "succeeded", "succeeded"),
        ([DevicesSignedIn(devices=[0], run="r0")], None, None),  # that run tells it
        ([DevicesSignedIn(devices=[0], batch_id="X")], "succeeded", "succeeded"),
    ],
)
def test_what_an_attempt_came_to(
    events: list[AnyEvent], alone: str | None, held: str | None
) -> None:
    state = _state(*((event, 1) for event in events))
    for worked_on, expected in ((False, alone), (True, held)):
        found = [attempt.result for attempt in _attempts(state, held=worked_on)]
        assert found == ([expected] if expected else [])


def test_a_refusal_after_a_batch_that_was_taken_is_a_failure() -> None:
    state = _state((_SENT, 1), (_REFUSED, 2))
    state.devices[0].before = (at(1), "", "")
    assert [one.result for one in _attempts(state)] == [Result.FAILED]


def test_an_attempt_says_when_where_by_whom_and_why() -> None:
    failed = _device(DeviceState.FAILED, "Device is offline.")
    state = _state((_SENT, 1), (_TAKEN, 2), (failed, 9))
    assert _attempts(state) == [
        Attempt(
            user_name=str(PHONE.user_name),
            hardware_id=str(PHONE.hardware_id),
            result=Result.FAILED,
            at=_when(9),
            where="run r1",
            by="me@x.example",
            batch_id="B-1",
            region="EMEA",
            error="Device is offline.",
            began=_when(1),
        )
    ]


def test_what_another_batch_signed_in_is_told_of_that_batch() -> None:
    (one,) = _attempts(_state((DevicesSignedIn(devices=[0], batch_id="X", by="you"), 3)))
    assert (one.where, one.by, one.batch_id, one.at) == ("batch X", "", "X", _when(3))


@pytest.mark.parametrize("state", [DeviceState.FAILED, DeviceState.SUCCEEDED])
def test_what_ones_own_batch_came_to_is_not_told_of_the_other(state: DeviceState) -> None:
    """A lost batch was found after another one's had signed the phone in; it was before it."""
    lost = (BatchInDoubt(batch=1, why=""), BatchUnsettled(batch=1, why=""))
    signed_in = DevicesSignedIn(devices=[0], batch_id="X", by="you")
    told = [(_SENT, 1), *((one, 2) for one in lost), (signed_in, 60), (_FOUND, 90)]
    (one,) = _attempts(_state(*told, (_device(state), 95)))
    assert one.result.value == state.value
    assert (one.where, one.by, one.batch_id) == ("run r1", "me@x.example", "B-1")
    assert one.began == _when(1)


@pytest.mark.parametrize(
    ("actor", "by"), [(_ME, "me@x.example"), (Actor(os_user="me"), "me"), (Actor(), "")]
)
def test_who_submitted_is_the_account_or_the_user(actor: Actor, by: str) -> None:
    (one,) = _attempts(_state(actor=actor))
    assert (one.by, one.batch_id) == (by, "")


def test_what_waits_does_so_since_it_was_planned() -> None:
    (one,) = _attempts(_state((Note(level="info", text=""), 5)))
    assert (one.at, one.began) == (_when(0), None)


def test_a_run_whose_plan_is_not_written_yet_has_phones_that_wait() -> None:
    (one,) = _attempts(RunState("r1", [PHONE]))
    assert (one.result, one.at, one.by, one.batch_id) == (Result.WAITS, None, "", "")


def test_a_time_that_is_none_is_not_known() -> None:
    state = _state((_SENT, 1), (_TAKEN, 2))
    state.devices[0].since = "yesterday"
    state.planned_at = ""
    (one,) = _attempts(state)
    assert one.at is None


def _corrected(user_name: str, hardware_id: str) -> DeviceCorrected:
    return DeviceCorrected(
        device=0,
        user_name=user_name,
        hardware_id=hardware_id,
        old_user_name=str(PHONE.user_name),
        old_hardware_id=str(PHONE.hardware_id),
    )


def test_a_corrected_phone_is_told_of_under_both_hardware_ids() -> None:
    new = _corrected(str(OTHER.user_name), str(OTHER.hardware_id))
    failed = _device(DeviceState.FAILED)
    one, old = _attempts(_state((_SENT, 1), (_TAKEN, 1), (failed, 2), (_OVER, 2), (new, 3)))
    assert (one.user_name, one.hardware_id) == (OTHER.user_name, OTHER.hardware_id)
    assert one.corrected_to == ""
    assert (old.hardware_id, old.result) == (PHONE.hardware_id, Result.FAILED)
    assert old.user_name.casefold() == PHONE.user_name.casefold()
    assert old.corrected_to == f"{OTHER.user_name} on {OTHER.hardware_id}"


def test_a_phone_whose_account_was_corrected_is_told_of_once() -> None:
    new = _corrected(str(OTHER.user_name), str(PHONE.hardware_id))
    failed = _device(DeviceState.FAILED)
    (one,) = _attempts(_state((_SENT, 1), (_TAKEN, 1), (failed, 2), (_OVER, 2), (new, 3)))
    assert one.user_name == OTHER.user_name


class _Host:
    """Profiles of a host, each with a journal."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: list[JournalOfRuns] = []
        self.tenant = HostTenant("Contoso", folder, self.path("own"))

    def path(self, profile: str) -> Path:
        return self._folder / profile / "journal.db"

    def profile(self, name: str) -> JournalOfRuns:
        """Its journal, made anew."""
        self.path(name).parent.mkdir()
        self._open.append(made := JournalOfRuns(self.path(name)))
        return made

    def close(self) -> None:
        for one in self._open:
            one.close()


@pytest.fixture
def host(tmp_path: Path) -> Iterator[_Host]:
    made = _Host(tmp_path)
    yield made
    made.close()


_NAME, _ID, _ID2 = "contoso.example", "6a2b" + "0" * 28, "7b3c" + "0" * 28
_GUID, _GUID2 = (f"{i[:8]}-{i[8:12]}-{i[12:16]}-{i[16:20]}-{i[20:]}" for i in (_ID, _ID2))


def test_runs_of_all_profiles_are_told_of_with_their_profile(host: _Host) -> None:
    host.profile("own").plan("r1", [PHONE, OTHER], tenant="Fabrikam")  # as it was called then
    host.profile("beside").plan("r2", [PHONE], tenant="CONTOSO")
    host.profile("elsewhere").plan("r3", [PHONE], tenant="Fabrikam")
    found, source = read_history(host.tenant, NOW)
    assert [one.where for one in found] == ["run r1", "run r1", "run r2 of profile beside"]
    assert (source.source, source.read_at, source.rows) == ("history", NOW, 3)
    assert (source.error, source.partial) == ("", True)
    assert [state.run for state in read_states(host.tenant)] == ["r1", "r2"]


@pytest.mark.parametrize(
    ("ours", "theirs", "same"),
    [(_GUID, _NAME, True), (_NAME, _GUID, True), (_GUID, _GUID2, False), (_NAME, "b.com", False)],
)
def test_a_tenant_may_be_named_by_its_id(host: _Host, ours: str, theirs: str, same: bool) -> None:
    host.profile("beside").plan("r2", [PHONE], tenant=theirs)
    tenant = HostTenant(ours, host.tenant.folder, host.tenant.journal)
    assert len(read_history(tenant, NOW)[0]) == same
    assert len(list(read_states(tenant))) == same


def test_a_run_of_another_profile_without_a_plan_may_be_of_the_tenant(host: _Host) -> None:
    host.profile("beside").write("r2", [PHONE], [Note(level="info", text="")])
    assert [one.result for one in read_history(host.tenant, NOW)[0]] == [Result.WAITS]


def test_a_run_that_a_process_works_on_is_live(host: _Host) -> None:
    host.profile("own").plan("r1", [PHONE])
    (waits,), _ = read_history(host.tenant, NOW)
    assert waits.result is Result.WAITS
    path = lock_path(host.path("own"), "r1")
    path.parent.mkdir(exist_ok=True)
    with file_lock(path):
        (live,), _ = read_history(host.tenant, NOW)
    assert live.result is Result.LIVE


def test_a_host_without_journals_has_no_history(host: _Host) -> None:
    found, source = read_history(host.tenant, NOW, [PHONE])
    assert (found, source.error, source.partial, source.rows) == ([], "", False, 0)
    assert list(read_states(host.tenant)) == []


def test_a_journal_that_cannot_be_read_is_told_of_beside_the_others(host: _Host) -> None:
    for name in ("broken", "damaged"):
        host.path(name).parent.mkdir()
        host.path(name).write_bytes(b"no journal " * 500)
        host.path(name).chmod(0o600)
    _, source = read_history(host.tenant, NOW)
    assert source.error.count("; ") >= 1
    assert not source.partial
    host.profile("own").plan("r1", [PHONE])
    host.profile("zoo").plan("r2", [PHONE])
    found, source = read_history(host.tenant, NOW)
    assert [one.where for one in found] == ["run r1", "run r2 of profile zoo"]
    assert source.error
    assert source.partial
    with pytest.raises(JournalError):
        list(read_states(host.tenant))
    told: list[str] = []
    assert [state.run for state in read_states(host.tenant, told.append)] == ["r1", "r2"]
    assert len(told) == 2


def test_a_report_passes_over_other_profiles_journals_alone(host: _Host) -> None:
    """A report without the runs of its own profile would tell another story."""
    host.path("own").parent.mkdir()
    host.path("own").write_bytes(b"no journal " * 500)
    host.path("own").chmod(0o600)
    host.profile("zoo").plan("r2", [PHONE])
    told: list[str] = []
    with pytest.raises(JournalError):
        list(read_states(host.tenant, told.append))
    assert told == []


@pytest.mark.parametrize("profile", ["own", "beside"])
@pytest.mark.parametrize("state", ["succeeded", "unknown"])
def test_what_is_kept_of_a_forgotten_run_counts_for_the_list(
    host: _Host, profile: str, state: str
) -> None:
    runs = host.profile(profile)
    runs.plan("r1", [PHONE])
    kept = Remembered(PHONE.key, state, at(4), "r1")
    runs.journal.forget(Forgetting(at=NOW, runs=["r1"], remembered=[kept]))
    assert read_history(host.tenant, NOW)[0] == []
    found, source = read_history(host.tenant, NOW, [OTHER, PHONE])
    assert source.rows == 1
    assert found == [
        Attempt(
            user_name=str(PHONE.user_name),
            hardware_id=str(PHONE.hardware_id),
            result=Result(state),
            at=_when(4),
            where="run r1 (forgotten since)",
        )
    ]
