"""What each answer to a submit means for the batch."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siptui.gateway import errors
from siptui.gateway.errors import (
    AccessDeniedError,
    AnswerLostError,
    AnswerUnreadableError,
    Fate,
    GatewayError,
    NotReachedError,
    RejectedError,
    ServiceFailedError,
    ThrottledError,
    TokenRefusedError,
)
from siptui.gateway.protocol import BatchAccepted as Answer
from siptui.runs.engine.submit_outcome import accepted, refused_or_lost
from siptui.runs.events import (
    BatchAccepted,
    BatchDeferred,
    BatchInDoubt,
    BatchRejected,
    Event,
    Note,
    Options,
)
from tests.runs.engine.engine_harness import devices
from tests.runs.state_builder import StateBuilder

LATER = "2026-03-02T09:05:00.000Z"


def _sent(known: tuple[str, ...] = ()) -> StateBuilder:
    """Batch 2 of three devices is live as ID-2, batch 1 on its way."""
    builder = StateBuilder(devices(6), Options(batch_size=3)).running(2)
    return builder.submitting(1, known=known)


def _answered(answer: Answer, known: tuple[str, ...] = ()) -> list[Event]:
    builder = _sent(known)
    return accepted(builder.state, builder.state.batches[1], answer)


def _failed(error: GatewayError, deferrals: int = 0) -> Event:
    batch = _sent().state.batches[1]
    batch.deferrals = deferrals
    return refused_or_lost(batch, error, LATER)


@pytest.mark.parametrize("count", [None, 3])
def test_a_new_id_is_that_of_the_batch(count: int | None) -> None:
    expected = BatchAccepted(batch=1, batch_id="New", count=count, correlation_id="c-1")
    assert _answered(Answer("New", count, "c-1")) == [expected]


@pytest.mark.parametrize("count", [0, 2, 4])
def test_another_count_of_devices_is_told(count: int) -> None:
    batch, note = _answered(Answer("New", count, ""), known=("Before",))
    assert batch == BatchAccepted(batch=1, batch_id="New", count=count)
    assert isinstance(note, Note)
    assert (note.level, note.batch) == ("warning", 1)


@pytest.mark.parametrize("batch_id", ["ID-2", "id-2", "Id-2", "BEFORE", "before"])
def test_an_id_that_was_given_before_leaves_the_batch_in_doubt(batch_id: str) -> None:
    (event,) = _answered(Answer(batch_id, 3, ""), known=("Before",))
    assert isinstance(event, BatchInDoubt)
    assert event.batch == 1


_MAYBE_ACCEPTED = [GatewayError, AnswerLostError, AnswerUnreadableError, ServiceFailedError]
_NOT_ACCEPTED = [NotReachedError, ThrottledError]
_NO_SLOT = [
    "Too many concurrent requests",
    "CONFLICT",
    "The device is in another batch",
    "AnotherBatch",
    "another_batch has it",
    "The batch limit was reached",
    "A batch is in progress",
    "There is a batch that is active",
    "a batch is running",
    "too many batches",
    "TooManyBatches",
    "the limit of batches",
    "the maximum number of batches",
    "max batches",
]
_TOO_BIG = [
    "The batch limit is 100",
    "too many items in the batch",
    "item over the batch limit",
    "too many devices per batch",
    "the limit of device per batch",
    "a batch has a limit of rows",
    "The batch has one ROW over the limit",
]


@given(
    st.sampled_from(_MAYBE_ACCEPTED),
    st.sampled_from([*_NO_SLOT, *_TOO_BIG, "Odd"]),
    st.integers(0, 40),
)
def test_what_the_service_may_have_accepted_is_in_doubt(
    kind: type[GatewayError], text: str, deferrals: int
) -> None:
    event = _failed(kind(text, status=503, retry_after=5.0), deferrals)
    assert isinstance(event, BatchInDoubt)
    assert (event.batch, event.why) == (1, text)


@given(st.sampled_from(_NOT_ACCEPTED), st.sampled_from([*_TOO_BIG, "Odd"]), st.integers(0, 40))
def test_what_was_surely_not_accepted_goes_out_later(
    kind: type[GatewayError], text: str, deferrals: int
) -> None:
    assert _failed(kind(text), deferrals) == BatchDeferred(batch=1, why=text, until=LATER)


@pytest.mark.parametrize("text", _NO_SLOT)
@pytest.mark.parametrize("place", ["message", "code", "raw"])
def test_a_refusal_for_want_of_a_slot_goes_out_later_thirty_times(text: str, place: str) -> None:
    said = {"message": "no", "code": "x", "raw": ""} | {place: text}
    error = RejectedError(said["message"], status=400, code=said["code"], raw=said["raw"])
    assert _failed(error) == BatchDeferred(batch=1, why=said["message"], until=LATER)
    assert isinstance(_failed(error, 29), BatchDeferred)
    assert isinstance(_failed(error, 30), BatchRejected)


@pytest.mark.parametrize("text", [*_TOO_BIG, "Bad request", "a batch", "too many digits", ""])
def test_any_other_refusal_is_final(text: str) -> None:
    error = RejectedError(text, remedy="See.", code="bad", status=400, correlation_id="c-2")
    assert _failed(error) == BatchRejected(
        batch=1,
        status=400,
        code="bad",
        message=text,
        remedy="See.",
        correlation_id="c-2",
        requeued=False,
    )


@pytest.mark.parametrize("kind", [TokenRefusedError, AccessDeniedError])
@pytest.mark.parametrize("text", ["no", _NO_SLOT[0]])
def test_without_sign_in_or_role_the_devices_go_back(kind: type[GatewayError], text: str) -> None:
    event = _failed(kind(text, status=401))
    assert isinstance(event, BatchRejected)
    assert event.requeued


def test_each_error_is_one_of_the_kinds_that_were_tried() -> None:
    refused = {RejectedError, TokenRefusedError, AccessDeniedError}
    kinds = [v for v in vars(errors).values() if isinstance(v, type)]
    fates = {kind: kind.fate for kind in kinds if issubclass(kind, GatewayError)}
    assert {k for k, fate in fates.items() if fate is Fate.UNKNOWN} == set(_MAYBE_ACCEPTED)
    assert {k for k, fate in fates.items() if fate is Fate.NOT_SENT} == set(_NOT_ACCEPTED)
    assert {k for k, fate in fates.items() if fate is Fate.REFUSED} == refused
