"""As what the inventory has a phone, and how long it is looked at: each rule by itself."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from siptui.domain.device import Device
from siptui.domain.errors import SiptuiError
from siptui.domain.hardware_id import HardwareId
from siptui.runs.rollout.evidence import Seen, SourceRead
from siptui.runs.rollout.verify import Sight, Verification, seen_as
from tests.runs.engine.engine_harness import device, devices
from tests.support import emulated_time
from tests.support.replace import replace

NOW = datetime(2026, 3, 2, tzinfo=UTC)
PHONE = device(0, user="Room0@contoso.example")
PORT = replace(PHONE, hardware_id=HardwareId.parse(f"{PHONE.hardware_id}:002"))
MAC, AT_PORT = str(PHONE.hardware_id), str(PORT.hardware_id)
MINE, OTHER = Seen("rOOM0@contoso.example", True), Seen("other@contoso.example", True)


@pytest.mark.parametrize(
    ("phone", "seen", "sight"),
    [
        (PHONE, {}, Sight.NOT_YET),
        (PHONE, {MAC: MINE}, Sight.SIGNED_IN),
        (PHONE, {MAC: OTHER}, Sight.OTHER),
        (PHONE, {MAC: Seen(MINE.user_name, False)}, Sight.NOT_YET),
        (PHONE, {MAC: Seen(MINE.user_name, None)}, Sight.NOT_YET),
        (PHONE, {MAC: Seen("", True)}, Sight.NOT_YET),
        (PHONE, {AT_PORT: MINE}, Sight.NOT_YET),
        (PORT, {AT_PORT: MINE}, Sight.SIGNED_IN),
        (PORT, {MAC: MINE}, Sight.SIGNED_IN),
        (PORT, {AT_PORT: MINE, MAC: OTHER}, Sight.SIGNED_IN),
        (PORT, {MAC: OTHER}, Sight.NOT_YET),  # perhaps that of another port
    ],
)
def test_as_what_a_phone_is_seen(phone: Device, seen: Mapping[str, Seen], sight: Sight) -> None:
    who = seen.get(str(phone.hardware_id)) or seen.get(phone.hardware_id.mac)
    name = who.user_name if who is not None and sight is not Sight.NOT_YET else ""
    assert seen_as(phone, seen) == (sight, name)


class Looks:
    """Looks whose answers are given; the last one counts from then on."""

    def __init__(self, *answers: tuple[list[Device], SourceRead], takes: float = 0.0) -> None:
        self._answers = iter(answers)
        self._last = answers[-1]
        self._takes = takes
        self.at: list[float] = []

    async def __call__(self) -> tuple[Mapping[str, Seen], SourceRead]:
        self.at.append(asyncio.get_running_loop().time())
        await asyncio.sleep(self._takes)
        phones, source = next(self._answers, self._last)
        return {str(d.hardware_id): Seen(str(d.user_name), True) for d in phones}, source


ALL_READ = SourceRead("inventory", NOW)
FAILED = SourceRead("inventory", NOW, error="Away.", cause=SiptuiError("Away."))
NONE_THERE = SourceRead("inventory", NOW, error="There is no inventory.")


def _follow(looks: Looks, seconds: float, wanted: int = 2) -> tuple[Verification, list[float]]:
    """What was seen, and when it was looked at."""
    found, told = Verification(devices(wanted)), 0

    def looked() -> None:
        nonlocal told
        told += 1

    emulated_time.run(found.follow(looks, seconds, looked), limit=3600)
    assert told == found.looks == len(looks.at)
    return found, [round(at - looks.at[0], 3) for at in looks.at]


def test_it_is_looked_at_until_all_are_seen() -> None:
    one, both = devices(1), devices(2)
    found, times = _follow(Looks((one, ALL_READ), (one, ALL_READ), (both, ALL_READ)), 600)
    assert (found.complete, found.signed_in(), times) == (True, both, [0, 15, 30])


def test_it_is_looked_at_for_so_long_and_more_often_for_a_short_while() -> None:
    found, times = _follow(Looks((devices(1), ALL_READ)), 100)
    assert (found.complete, found.signed_in()) == (False, devices(1))
    assert times == [10.0 * n for n in range(11)]
    _, times = _follow(Looks(([], ALL_READ)), 155)
    assert times == [*(15.0 * n for n in range(11)), 155.0]
    _, times = _follow(Looks(([], ALL_READ), takes=9.99), 100)
    assert times == [0, 19.99, 39.98, 59.97, 79.96, 99.95]
    _, times = _follow(Looks(([], ALL_READ), takes=11.9), 100)
    assert times == [0, 21.9, 43.8, 65.7, 87.6, 100]


def test_what_was_seen_stays_when_a_look_fails() -> None:
    found, times = _follow(Looks((devices(1), ALL_READ), (devices(2), FAILED)), 20)
    assert (found.signed_in(), found.source) == (devices(1), FAILED)
    assert len(times) == 11
    found, times = _follow(Looks(([], NONE_THERE)), 600)
    assert (found.complete, times) == (False, [0])


def test_without_phones_nothing_is_looked_at() -> None:
    looks = Looks(([], ALL_READ))
    found = Verification([])
    emulated_time.run(found.follow(looks, 600, lambda: None))
    assert (found.complete, found.looks, looks.at) == (True, 0, [])
