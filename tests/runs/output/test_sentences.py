"""One sentence for each event, and the console, the command line and messages show that one."""

from typing import get_args

import pytest

from siptui.cli.follow_run import for_people
from siptui.domain.region import Region
from siptui.runs import events as ev
from siptui.runs.notify import told
from siptui.runs.output.sentences import sentence
from siptui.runs.state import RunState
from siptui.tui.sentences import log_line
from tests.runs.engine.engine_harness import devices

AT = "2026-03-02T08:00:00.000Z"
RUN = RunState("20260302-080000-abcd", devices(3))
SHOWN: list[ev.AnyEvent] = [
    ev.BatchSubmitting(batch=1, region=Region.EMEA, devices=1200),
    ev.BatchAccepted(batch=1, batch_id="short", adopted=True),
    ev.BatchDeferred(batch=1, why="There is no free place.", until="2026-03-02T08:05:00.000Z"),
    ev.BatchRejected(batch=1, message="Not so.", status=400, code="BadRequest", remedy="Do so."),
    ev.BatchInDoubt(batch=1, why="The answer was lost."),
    ev.BatchUnsettled(batch=1, why="two match", candidates=[]),
    ev.BatchFinished(batch=1, batch_id="short", succeeded=1, failed=2, unknown=3),
    ev.BatchGivenUp(batch=1, batch_id="short", unknown=2),
    ev.GroupStopped(column="Site", group="Bonn", bad=2, tried=3, left=9),
    ev.DevicesSignedIn(devices=[0, 1], batch_id="short", run="another"),
    ev.DevicesHeld(devices=[2], batch=1, why="personal"),
    ev.DeviceCorrected(
        device=0,
        user_name="b@contoso.com",
        hardware_id="00-04-F2-00-00-01",
        old_user_name="a@contoso.com",
        old_hardware_id="00-04-F2-00-00-01",
    ),
    ev.Waiting(why="sign-in needed: It was revoked.", kind=ev.SIGN_IN),
    ev.Waiting(why="your role has ended; activate it", kind=ev.ROLE),
    ev.Waiting(why="Too many requests.", until="2026-03-02T08:05:00.000Z", kind=ev.SERVICE),
    ev.Note(level="warning", text="The list changed.", batch=1),
    ev.RunStopped(code="access_denied", message="Not allowed.", remedy="Ask for the role."),
]


@pytest.mark.parametrize("event", SHOWN, ids=lambda event: type(event).__name__)
def test_the_console_and_the_command_line_say_the_same(event: ev.AnyEvent) -> None:
    stored = ev.Stored(1, AT, event)
    said = sentence(stored, RUN)
    line = log_line(stored, RUN)
    assert said is not None
    assert line is not None
    assert line[1][0] == said.whole
    text = "\n".join(for_people(RUN, stored, set()))
    assert said.text in text
    assert said.remedy in text


def test_a_message_is_the_sentence_as_a_sentence() -> None:
    stopped = ev.RunStopped(code="access_denied", message="Not allowed.", remedy="Ask for it.")
    assert told(stopped) == "Run stopped: Not allowed. Ask for it."
    assert told(ev.BatchUnsettled(batch=2, why="two match", candidates=[])) == (
        "Batch 2 unsettled: two match; your decision."
    )


def test_ids_are_shortened_for_a_narrow_log_alone() -> None:
    stored = ev.Stored(1, AT, ev.BatchAccepted(batch=1, batch_id="0123456789abcdef"))
    whole, short = sentence(stored), sentence(stored, short=True)
    assert whole is not None
    assert short is not None
    assert whole.text.endswith("0123456789abcdef")
    assert short.text.endswith("0123…cdef")


def test_every_event_but_that_of_the_table_has_a_sentence() -> None:
    planned = {"file": "f", "sha256": "", "tenant": "t", "devices": 3, "skipped": 1, "batches": 1}
    others: list[ev.AnyEvent] = [
        ev.RunPlanned(**planned, actor=ev.Actor()),
        ev.OptionsChanged(options=ev.Options()),
        ev.BatchPlanned(batch=4, region=Region.EMEA, devices=[1], attempt=2),
        ev.Order(what="pause", actor=ev.Actor(os_user="anna", host="jump1"), how="P"),
        ev.WorkerStarted(pid=1),
        ev.DevicesForgotten(devices=[2], actor=ev.Actor(os_user="anna")),
        ev.RunFinished(succeeded=1, failed=0, unknown=0, skipped=0, seconds=1.0),
    ]
    assert {type(e) for e in (*SHOWN, *others)} | {ev.DeviceChanged} == set(get_args(ev.AnyEvent))
    assert all(sentence(ev.Stored(1, AT, event), RUN) for event in (*SHOWN, *others))
