"""Where a row stands by what the sources say: attempts, inventory, what could not be read."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from siptui.domain.device import Device
from siptui.domain.hardware_id import HardwareId
from siptui.domain.region import Region
from siptui.domain.user_name import UserName
from siptui.gateway.errors import AccessDeniedError, ServiceFailedError, ThrottledError
from siptui.gateway.tenant_model import InventoryDevice
from siptui.preflight.check import Preflight
from siptui.preflight.facts import Facts
from siptui.preflight.finding import AccountFindings, Report
from siptui.runs.rollout.evidence import (
    Attempt,
    Evidence,
    Result,
    RowStanding,
    Seen,
    SourceRead,
    Standing,
)
from siptui.runs.rollout.reconcile import LAG, LONGEST, reconcile
from siptui.runs.rollout.tenant_reads import decided_batches, merged

NOW = datetime(2026, 11, 26, 20, tzinfo=UTC)
MAC = "00-04-F2-00-00-01"
U, V = "room@x.example", "lobby@x.example"
_SOON, _LONG_AGO = timedelta(minutes=2), LAG + timedelta(hours=1)


def device(mac: str = MAC, user: str = U) -> Device:
    return Device(2, UserName.read(user), HardwareId.parse(mac), Region.EMEA)


def attempt(
    result: Result, user: str = U, ago: timedelta = _SOON, batch_id: str = "", mac: str = MAC
) -> Attempt:
    return Attempt(user, mac, result, NOW - ago, "run 1", "me@x.example", batch_id)


def row(
    *attempts: Attempt,
    seen: Seen | None = None,
    batches: SourceRead | None = None,
    inventory: SourceRead | None = None,
    wanted: Device | None = None,
) -> RowStanding:
    by_id: dict[str, list[Attempt]] = {}
    for one in attempts:
        by_id.setdefault(one.hardware_id, []).append(one)
    sources = (
        SourceRead("history", NOW),
        batches or SourceRead("batches", NOW),
        inventory or SourceRead("inventory", NOW),
    )
    evidence = Evidence(by_id, {MAC: seen} if seen else {}, sources)
    return reconcile([wanted or device()], evidence, NOW)[0]


_IN, _OTHER, _OUT = Seen(U, True), Seen(V, True), Seen("", False)
_S, _F, _U, _L, _W = (
    *(Result.SUCCEEDED, Result.FAILED, Result.UNKNOWN),
    *(Result.LIVE, Result.WAITS),
)


@pytest.mark.parametrize(
    ("last", "ago", "seen", "standing"),
    [
        (None, _SOON, None, "to_do"),
        (None, _SOON, _OUT, "to_do"),
        (None, _SOON, _IN, "done"),
        (None, _SOON, _OTHER, "other"),
        (None, _SOON, Seen(V, None), "unknown"),
        (_W, _SOON, None, "to_do"),
        (_L, _SOON, _IN, "live"),
        (_U, _SOON, None, "unknown"),
        (_U, _SOON, _OUT, "unknown"),
        (_U, _LONG_AGO, _OUT, "unknown"),
        (_U, _SOON, _IN, "unknown"),  # perhaps from before
        (_U, _LONG_AGO, _IN, "done"),
        (_F, _SOON, None, "to_do"),
        (_F, _SOON, _OUT, "to_do"),
        (_F, _SOON, _IN, "unknown"),
        (_F, _LONG_AGO, _IN, "done"),
        (_F, _SOON, _OTHER, "other"),
        (_S, _SOON, None, "done"),
        (_S, _LONG_AGO, None, "done"),  # absence proves nothing
        (_S, _SOON, _IN, "done"),
        (_S, _SOON, _OUT, "done"),  # the inventory not yet
        (_S, _LONG_AGO, _OUT, "to_do"),  # it fell back
        (_S, _SOON, _OTHER, "unknown"),
        (_S, _LONG_AGO, _OTHER, "other"),
    ],
)
def test_a_row_by_its_last_attempt_and_the_inventory(
    last: Result | None, ago: timedelta, seen: Seen | None, standing: str
) -> None:
    attempts = [attempt(last, ago=ago)] if last else []
    found = row(*attempts, seen=seen)
    assert (found.standing, bool(found.why)) == (standing, True)
    assert found.again is (standing == "to_do" and last is _S)


@pytest.mark.parametrize(
    ("last", "ago", "seen", "standing"),
    [
        (_S, _SOON, _OUT, "done"),
        (_S, _LONG_AGO, _OUT, "unknown"),  # signed in just now, or out since
        (_S, LAG + LONGEST, _OUT, "to_do"),
        (_S, _LONG_AGO, _OTHER, "unknown"),
        (_S, LAG + LONGEST, _OTHER, "other"),
        (_F, _LONG_AGO, _IN, "unknown"),
        (_F, _LONG_AGO, _OUT, "to_do"),
    ],
)
def test_a_batch_that_tells_no_end_may_have_ended_just_now(
    last: Result, ago: timedelta, seen: Seen, standing: str
) -> None:
    told = replace(attempt(last, ago=ago, batch_id="b1"), end_known=False)
    assert row(told, seen=seen).standing == standing
    left = [attempt(_L, ago=ago, batch_id="B1")]  # its worker was killed meanwhile
    (ours,) = merged(left, [told], {"b1"})[MAC]
    assert row(ours, seen=seen).standing == standing


def test_an_inventory_that_fails_for_now_makes_nothing_new() -> None:
    for cause, standing in (
        (ServiceFailedError("503"), "unknown"),
        (ThrottledError("429"), "unknown"),
        (AccessDeniedError("403"), "to_do"),  # it will be so tomorrow, too
        (None, "to_do"),  # the cloud has none
    ):
        unread = SourceRead("inventory", NOW, error="unread", cause=cause)
        assert row(inventory=unread).standing == standing
        assert row(attempt(_S), inventory=unread).standing is Standing.DONE


def test_another_account_is_named_with_the_wanted_one() -> None:
    for found in (row(attempt(_S, V)), row(seen=_OTHER), row(attempt(_S, V), seen=_OTHER)):
        assert found.standing is Standing.OTHER
        assert V in found.why
    assert U in row(seen=_OTHER).why
    assert row(attempt(_S, V, _LONG_AGO), seen=_IN).standing is Standing.DONE


def test_the_newest_attempt_counts_and_what_waits_never_beats_it() -> None:
    old, new = attempt(_S, ago=_LONG_AGO), attempt(_F)
    assert row(old, new).standing is Standing.TO_DO
    assert row(new, old).standing is Standing.TO_DO
    assert row(attempt(_S), attempt(_W, ago=timedelta())).standing is Standing.DONE


def test_an_account_that_is_live_on_another_phone_makes_its_row_live() -> None:
    found = row(attempt(_L, mac="00-04-F2-00-00-09"))
    assert found.standing is Standing.LIVE
    assert "00-04-F2-00-00-09" in found.why


def test_what_is_to_do_names_the_phone_that_has_its_account() -> None:
    other = "00-04-F2-00-00-09"
    evidence = Evidence({}, {other: _IN}, (SourceRead("batches", NOW),))
    found, gone = reconcile([device()], evidence, NOW)
    assert (found.standing, gone.standing) == ("to_do", "gone")
    assert other in found.why
    port = device(f"{other}:002")  # an adapter is one phone there
    assert reconcile([port], evidence, NOW)[0].standing is Standing.DONE


def test_what_no_source_could_tell_is_unknown() -> None:
    dark = SourceRead("batches", NOW, error="403")
    part = SourceRead("batches", NOW, error="older ones", partial=True)
    no_list = SourceRead("inventory", NOW, error="403")
    assert row(batches=dark).standing is Standing.UNKNOWN
    assert row(batches=dark, seen=_OUT).standing is Standing.UNKNOWN
    assert row(batches=part).standing is Standing.TO_DO
    assert row(batches=part, inventory=no_list).standing is Standing.UNKNOWN
    assert row(inventory=no_list).standing is Standing.TO_DO
    assert row(attempt(_S), batches=dark, inventory=no_list).standing is Standing.DONE


def test_a_port_of_an_adapter_is_not_judged_by_another_port() -> None:
    port = device(f"{MAC}:002")
    assert row(seen=_OTHER, wanted=port).standing is Standing.TO_DO
    assert row(seen=_IN, wanted=port).standing is Standing.DONE


def test_the_service_ends_what_a_run_did_not_see_the_end_of() -> None:
    past = [attempt(_L, batch_id="B1"), attempt(_S, batch_id="B2", ago=_LONG_AGO)]
    assert decided_batches(past) == {"b2"}
    told = [attempt(_F, batch_id="b1")]
    assert [a.result for a in merged(past, told, {"b1", "b2"})[MAC]] == [_F, _S]
    assert [a.result for a in merged(past, [], {"b2"})[MAC]] == [_U, _S]  # it is forgotten
    assert [a.result for a in merged(past, [], None)[MAC]] == [_L, _S]


def test_what_the_list_lacks_is_gone_unless_it_is_of_another_part() -> None:
    evidence = Evidence(
        {"00-04-F2-00-00-02": [attempt(_S, mac="00-04-F2-00-00-02")]},
        {"00-04-F2-00-00-03": _OTHER},
        (SourceRead("batches", NOW),),
    )
    gone = reconcile([device()], evidence, NOW)[1:]
    assert [(g.standing, g.hardware_id[-2:], g.line) for g in gone] == [
        ("gone", "02", None),
        ("gone", "03", None),
    ]
    whole = {"00-04-F2-00-00-01", "00-04-F2-00-00-02", "00-04-F2-00-00-03"}
    assert reconcile([device()], evidence, NOW, listed=whole)[1:] == []


def test_what_was_read_of_thousands_is_not_written_out_by_the_way() -> None:
    """`asyncio.run` makes a `repr` of what its task returned, at ten thousand rows for 0.2 s."""
    phones = [f"00-04-F2-00-{n >> 8:02X}-{n & 255:02X}" for n in range(1_000)]
    attempts = {mac: [attempt(Result.SUCCEEDED, mac=mac)] for mac in phones}
    seen = {mac: Seen(U, True) for mac in phones}
    assert len(repr(Evidence(attempts, seen, (SourceRead("batches", NOW),)))) < 1_000
    read = Facts(devices={mac: InventoryDevice(mac) for mac in phones})
    accounts = tuple(AccountFindings(2, U, mac, ()) for mac in phones)
    assert len(repr(Preflight(read, Report((), accounts, NOW)))) < 1_000
