"""Where a row stands by what the sources say: attempts, inventory, what could not be read."""

from collections.abc import Callable
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
from tests.support.replace import replace

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
        (_S, LAG, _OUT, "to_do"),
        (_F, LAG, _IN, "done"),
        # It names an account, but none that is signed in.
        (None, _SOON, Seen(U, False), "to_do"),
        (None, _SOON, Seen(V, False), "to_do"),
        (_U, _LONG_AGO, Seen(U, False), "unknown"),
        (_U, _LONG_AGO, Seen(U, None), "unknown"),
        (_F, _SOON, Seen(U, False), "to_do"),
        (_F, _LONG_AGO, Seen(V, False), "to_do"),
        (_F, _LONG_AGO, Seen(V, None), "to_do"),
        (_S, _LONG_AGO, Seen(U, False), "to_do"),
        # It does not say as whom, or whether.
        (None, _SOON, Seen("", True), "unknown"),
        (None, _SOON, Seen("", None), "to_do"),
        (_F, _LONG_AGO, Seen("", True), "to_do"),
        (_U, _LONG_AGO, Seen("", True), "unknown"),
        (_S, _LONG_AGO, Seen("", True), "done"),
        (_S, _LONG_AGO, Seen("", None), "done"),
        (_S, _LONG_AGO, Seen(U, None), "done"),
        (_S, _LONG_AGO, Seen(V, None), "done"),
    ],
)
@pytest.mark.parametrize("spelled", [str.lower, str.upper, str.title])
def test_a_row_by_its_last_attempt_and_the_inventory(
    last: Result | None,
    ago: timedelta,
    seen: Seen | None,
    standing: str,
    spelled: Callable[[str], str],
) -> None:
    """However each of them spells the account."""
    attempts = [attempt(last, ago=ago)] if last else []
    for found in (
        row(*attempts, seen=seen, wanted=device(user=spelled(U))),
        row(*(replace(one, user_name=spelled(U)) for one in attempts), seen=seen),
        row(*attempts, seen=seen and replace(seen, user_name=spelled(seen.user_name))),
    ):
        assert (found.standing, bool(found.why)) == (standing, True)
        assert found.again is (standing == "to_do" and last is _S)


def test_a_row_says_since_when_by_whom_and_what_the_list_has_besides() -> None:
    for result in Result:
        one = attempt(result)
        found = row(one, wanted=replace(device(), extra={"Site": "Bonn"}))
        assert (found.since, found.by) == (one.at, "me@x.example")
        assert (found.line, found.hardware_id, found.region) == (2, MAC, "EMEA")
        assert found.extra == {"Site": "Bonn"}
        assert "run 1" in found.why
    new = row()
    assert (new.since, new.by) == (None, "")


def test_what_has_no_time_may_have_been_just_now() -> None:
    timeless = replace(attempt(_F), at=None)
    assert row(timeless, seen=_IN).standing is Standing.UNKNOWN
    assert row(replace(timeless, end_known=False), seen=_IN).standing is Standing.UNKNOWN
    assert row(replace(timeless, result=_S), seen=_OUT).standing is Standing.DONE
    # Of two the one with a time is the newer one.
    old = attempt(_S, ago=_LONG_AGO)
    assert row(timeless, old).standing is row(old, timeless).standing is Standing.DONE


def test_the_one_that_was_submitted_last_counts_whenever_it_was_heard_of() -> None:
    heard_late = replace(attempt(_F), began=NOW - 3 * _LONG_AGO)
    then = replace(attempt(_S, ago=_LONG_AGO), began=NOW - 2 * _LONG_AGO)
    assert row(heard_late, then).standing is Standing.DONE
    assert row(then, heard_late).standing is Standing.DONE


def test_a_corrected_phone_is_this_one_for_the_account_that_it_had() -> None:
    corrected = replace(attempt(_S), corrected_to="room@x.example on 00-04-F2-00-00-09")
    for user in (U, U.upper()):
        found = row(corrected, seen=_OUT, wanted=device(user=user))
        assert found.standing is Standing.OTHER
        assert corrected.corrected_to in found.why
        assert row(replace(corrected, result=_L), wanted=device(user=user)).standing == "live"
    upper = replace(corrected, user_name=U.upper())
    assert row(upper).standing is Standing.OTHER
    assert row(corrected, wanted=device(user=V)).standing is Standing.TO_DO
    # The account that it had is free for other phones.
    moved = replace(corrected, result=_L, hardware_id="00-04-F2-00-00-08")
    assert row(moved).standing is Standing.TO_DO


def test_a_phone_that_is_live_as_another_account_is_live() -> None:
    found = row(attempt(_S), attempt(_L, V, ago=_LONG_AGO), seen=_IN)
    assert found.standing is Standing.LIVE
    assert V in found.why
    assert V not in row(attempt(_L)).why


@pytest.mark.parametrize("spelled", [str.lower, str.upper])
def test_what_was_signed_in_as_another_account(spelled: Callable[[str], str]) -> None:
    other = Seen(spelled(V), True)
    third = Seen("third@x.example", True)
    for ago, seen, standing in (
        (_SOON, _IN, "unknown"),  # perhaps from before
        (_LONG_AGO, _IN, "done"),
        (_SOON, other, "other"),
        (_LONG_AGO, other, "other"),
        (_SOON, third, "unknown"),
        (_LONG_AGO, third, "other"),
        (_SOON, _OUT, "other"),
        (_LONG_AGO, _OUT, "to_do"),
    ):
        for user in (V, spelled(V)):
            found = row(attempt(_S, user, ago), seen=seen)
            assert (found.standing, found.again) == (standing, False)


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


def test_a_source_of_which_a_part_came_was_read() -> None:
    failed = SourceRead("batches", NOW, error="503")
    assert not failed.read
    assert replace(failed, partial=True).read
    assert SourceRead("batches", NOW).read


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
    for user in (U, U.upper()):
        found = row(attempt(_L, user, mac="00-04-F2-00-00-09"))
        assert found.standing is Standing.LIVE
        assert "00-04-F2-00-00-09" in found.why


def test_what_is_to_do_names_the_phone_that_has_its_account() -> None:
    other = "00-04-F2-00-00-09"
    evidence = Evidence({}, {other: _IN}, (SourceRead("batches", NOW),))
    found, gone = reconcile([device()], evidence, NOW)
    assert (found.standing, gone.standing) == ("to_do", "gone")
    assert other in found.why
    assert other in reconcile([device(user=U.upper())], evidence, NOW)[0].why
    port = device(f"{other}:002")  # an adapter is one phone there
    assert reconcile([port], evidence, NOW)[0].standing is Standing.DONE
    # Where it is not to be submitted, or no account is signed in there, there is nothing to say.
    done = replace(evidence, attempts={MAC: [attempt(_S)]})
    assert other not in reconcile([device()], done, NOW)[0].why
    out = replace(evidence, seen={other: Seen(U, False)})
    assert other not in reconcile([device()], out, NOW)[0].why
    upper = replace(evidence, seen={other: Seen(U.upper(), True)})
    assert other in reconcile([device()], upper, NOW)[0].why


def test_another_port_of_its_own_adapter_is_not_another_phone() -> None:
    evidence = Evidence({}, {f"{MAC}:001": _IN}, (SourceRead("batches", NOW),))
    found, _ = reconcile([device(f"{MAC}:002")], evidence, NOW)
    assert found.standing is Standing.TO_DO
    assert MAC not in found.why


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
    assert reconcile([device()], Evidence({}, {}, ()), NOW)[0].standing is Standing.UNKNOWN


def test_batches_that_may_be_missing_make_no_phone_new() -> None:
    noted = SourceRead("batches", NOW, note="12 are too long ago")
    assert row(batches=noted).standing is Standing.UNKNOWN
    assert row(batches=replace(noted, partial=True)).standing is Standing.TO_DO


def test_a_port_of_an_adapter_is_not_judged_by_another_port() -> None:
    port = device(f"{MAC}:002")
    assert row(seen=_OTHER, wanted=port).standing is Standing.TO_DO
    assert row(seen=_IN, wanted=port).standing is Standing.DONE
    assert row(seen=_IN, wanted=device(f"{MAC}:002", U.upper())).standing is Standing.DONE
    assert row(seen=Seen(U.upper(), True), wanted=port).standing is Standing.DONE
    was_in = attempt(_S, ago=_LONG_AGO, mac=f"{MAC}:002")
    assert row(was_in, seen=Seen(U, False), wanted=port).standing is Standing.DONE


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


def _gone(*attempts: Attempt, seen: Seen | None = None) -> list[RowStanding]:
    """What is gone of a list without the phone that these are about."""
    evidence = Evidence({MAC: attempts}, {MAC: seen} if seen else {}, (SourceRead("batches", NOW),))
    return reconcile([device("00-04-F2-00-00-09", V)], evidence, NOW)[1:]


def test_an_adapter_is_in_the_list_with_any_of_its_ports() -> None:
    ids = (MAC, f"{MAC}:002")
    evidence = Evidence({}, dict.fromkeys(ids, _IN), (SourceRead("batches", NOW),))
    assert reconcile([device(f"{MAC}:002")], evidence, NOW)[1:] == []


def test_what_is_gone_is_what_runs_of_this_host_did() -> None:
    ours = attempt(_S, batch_id="b1")
    (gone,) = _gone(ours)
    assert (gone.since, gone.by, gone.user_name) == (ours.at, ours.by, U)
    assert gone.why == f"not in the list; signed in by {ours.where}"
    (failed,) = _gone(replace(ours, result=Result.FAILED))
    assert failed.why == f"not in the list; {Result.FAILED} in {ours.where}"
    assert _gone(replace(ours, where="run 1 of profile other"))
    assert _gone(replace(ours, batch_id=""))
    assert _gone(replace(ours, where="batch b1")) == []
    assert _gone(replace(ours, corrected_to="elsewhere")) == []
    assert _gone(attempt(_W)) == []
    assert _gone() == []


def test_of_what_is_gone_the_inventory_says_more_than_a_run() -> None:
    (gone,) = _gone(attempt(_S), seen=_OTHER)
    assert (gone.user_name, gone.since) == (V, None)
    assert gone.why == f"not in the list; signed in as {V} in the inventory"
    (gone,) = _gone(seen=Seen("", False))
    assert gone.why == "not in the list; in the inventory, not signed in"
    (gone,) = _gone(seen=Seen("", None))  # what is not told is not called so
    assert gone.why == "not in the list; in the inventory, which does not say who is signed in"


def test_what_was_read_of_thousands_is_not_written_out_by_the_way() -> None:
    """`asyncio.run` makes a `repr` of what its task returned, at ten thousand rows for 0.2 s."""
    phones = [f"00-04-F2-00-{n >> 8:02X}-{n & 255:02X}" for n in range(1_000)]
    attempts = {mac: [attempt(Result.SUCCEEDED, mac=mac)] for mac in phones}
    seen = {mac: Seen(U, True) for mac in phones}
    assert len(repr(Evidence(attempts, seen, (SourceRead("batches", NOW),)))) < 1_000
    read = Facts(devices={mac: InventoryDevice(mac) for mac in phones})
    accounts = tuple(AccountFindings(2, U, mac, ()) for mac in phones)
    assert len(repr(Preflight(read, Report((), accounts, NOW)))) < 1_000
