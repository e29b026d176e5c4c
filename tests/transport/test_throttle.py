"""The wait that a service asked for: shared, bounded, lifted, and safe from damage."""

import asyncio
import gc
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from siptui.host.errors import InUseError
from siptui.transport.retry import MAX_HONOURED
from siptui.transport.throttle import Throttle
from tests.support import emulated_time


def _left(throttle: Throttle) -> float:
    wait = throttle.current()
    return wait.left if wait else 0.0


def _passed() -> float:
    return (emulated_time.now() - emulated_time.START).total_seconds()


def test_all_who_share_the_file_wait(tmp_path: Path) -> None:
    async def main() -> None:
        path = tmp_path / "waits" / "x.json"
        one, other = Throttle(path, emulated_time.now), Throttle(path, emulated_time.now)
        assert other.current() is None
        one.told(60, "slow down")
        wait = other.current()
        assert wait is not None
        assert (wait.why, wait.asked, round(wait.left)) == ("slow down", 60, 60)
        other.told(10, "shorter")
        assert _left(one) == 60
        other.told(90, "longer")
        assert round(_left(one)) == 90
        await asyncio.sleep(50)
        restarted = Throttle(path, emulated_time.now)
        assert round(_left(restarted), 1) == 40
        await restarted.passed()
        assert round(_passed()) == 90
        assert (one.current(), other.current()) == (None, None)

    emulated_time.run(main())


def test_an_order_ends_it_for_all(tmp_path: Path) -> None:
    async def main() -> None:
        path = tmp_path / "x.json"
        one, other = Throttle(path, emulated_time.now), Throttle(path, emulated_time.now)
        one.told(600, "slow down")
        waiting = [asyncio.create_task(t.passed()) for t in (one, other)]
        await asyncio.sleep(5)
        one.lift()
        await asyncio.gather(*waiting)
        assert _passed() < 10
        assert Throttle(path, emulated_time.now).current() is None

    emulated_time.run(main())


@pytest.mark.parametrize("path", [None, "x.json"])
def test_no_wait_is_longer_than_is_honoured(tmp_path: Path, path: str | None) -> None:
    async def main() -> None:
        throttle = Throttle(tmp_path / path if path else None, emulated_time.now)
        for asked in (1e9, 2.5e11):
            throttle.told(asked, "slow down")
            wait = throttle.current()
            assert wait is not None
            assert (wait.left, wait.asked) == (MAX_HONOURED, 1e9)

    emulated_time.run(main())


@pytest.mark.parametrize("hours", [-24, -1, 0])
def test_a_clock_that_was_set_back_makes_no_wait_longer(tmp_path: Path, hours: int) -> None:
    async def main() -> None:
        path = tmp_path / "x.json"
        Throttle(path, emulated_time.now).told(60, "slow down")
        back = timedelta(hours=hours)
        other = Throttle(path, lambda: emulated_time.now() + back)
        assert round(_left(other)) == 60
        await asyncio.sleep(61)
        assert other.current() is None

    emulated_time.run(main())


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00" * 100,
        b"[]",
        b'{"until": 5}',
        b'{"until": "2026-03-02T09:00:00", "seconds": 60, "asked": 60, "why": ""}',
        b'{"until": "2026-03-02T09:00:00Z", "seconds": NaN, "asked": 1, "why": ""}',
        b'{"seconds": 60, "asked": 60, "why": ""}',
        b'{"until": "2026-03-02T09:00:00Z", "seconds": Infinity, "asked": Infinity, "why": ""}',
        b'{"until": "9999-12-31T23:59:59-12:00", "seconds": 1e300, "asked": 1, "why": ""}',
    ],
)
def test_what_cannot_be_read_stops_nobody_for_long(tmp_path: Path, content: bytes) -> None:
    async def main() -> None:
        path = tmp_path / "x.json"
        path.write_bytes(content)
        path.chmod(0o600)
        throttle = Throttle(path, emulated_time.now)
        assert round(_left(throttle)) <= MAX_HONOURED
        throttle.told(1000, "slow down")
        assert round(_left(Throttle(path, emulated_time.now))) == MAX_HONOURED

    emulated_time.run(main())


@pytest.mark.parametrize(
    ("seconds", "asked", "waits"),
    [
        ("60", "60", True),
        ("NaN", "60", False),
        ("60", "NaN", False),
        ("Infinity", "60", False),
        ("60", "Infinity", False),
    ],
)
def test_a_wait_of_no_number_is_none(tmp_path: Path, seconds: str, asked: str, waits: bool) -> None:
    async def main() -> None:
        path = tmp_path / "x.json"
        until = (emulated_time.now() + timedelta(seconds=60)).isoformat()
        path.write_text(
            f'{{"until": "{until}", "seconds": {seconds}, "asked": {asked}, "why": "slow down"}}'
        )
        path.chmod(0o600)
        assert (Throttle(path, emulated_time.now).current() is not None) is waits

    emulated_time.run(main())


@pytest.mark.parametrize("trouble", ["no folder", "a folder for a file"])
def test_where_nothing_can_be_written_this_process_waits(tmp_path: Path, trouble: str) -> None:
    async def main() -> None:
        if trouble == "no folder":
            (tmp_path / "file").write_text("")
        else:
            (tmp_path / "file" / "x.json").mkdir(parents=True)
        throttle = Throttle(tmp_path / "file" / "x.json", emulated_time.now)
        throttle.told(60, "slow down")
        assert _left(throttle) == 60

    emulated_time.run(main())


@pytest.mark.parametrize("path", [None, "x.json"])
@pytest.mark.parametrize("seconds", [-1, 0])
def test_to_be_told_of_no_wait_is_none(tmp_path: Path, path: str | None, seconds: float) -> None:
    async def main() -> None:
        throttle = Throttle(tmp_path / "new" / path if path else None, emulated_time.now)
        throttle.told(seconds, "now")
        assert throttle.current() is None
        assert not (tmp_path / "new").exists()
        throttle.told(0.5, "a moment")
        assert _left(throttle) == pytest.approx(0.5)
        await asyncio.sleep(0.5)
        assert throttle.current() is None

    emulated_time.run(main())


def test_a_wait_that_ends_while_the_clock_stands_at_its_beginning_is_none() -> None:
    """The loop of a process that begins now may begin at 0."""

    async def main() -> None:
        assert asyncio.get_running_loop().time() < 0.5
        assert Throttle().current() is None
        Throttle().lift()

    emulated_time.run(main())


def test_one_that_was_told_later_does_not_cut_the_wait_of_another_short(tmp_path: Path) -> None:
    """It has not looked at the file since."""

    async def main() -> None:
        path = tmp_path / "x.json"
        one, other = Throttle(path, emulated_time.now), Throttle(path, emulated_time.now)
        assert other.current() is None
        one.told(600, "long")
        other.told(10, "short")
        for throttle in (one, other, Throttle(path, emulated_time.now)):
            assert round(_left(throttle)) == 600

    emulated_time.run(main())


def test_what_was_lifted_by_another_process_is_over_here(tmp_path: Path) -> None:
    async def main() -> None:
        path = tmp_path / "x.json"
        one, other = Throttle(path, emulated_time.now), Throttle(path, emulated_time.now)
        one.told(600, "slow down")
        assert _left(other) > 599
        one.lift()
        one.lift()  # there is nothing more to lift
        assert (one.current(), other.current()) == (None, None)
        one.told(600, "slow down")  # the same words, the same length
        assert _left(other) > 599

    emulated_time.run(main())


def test_an_order_ends_the_pauses_of_this_process_at_once() -> None:
    async def main() -> None:
        throttle = Throttle()
        throttle.told(600, "slow down")
        pauses = [asyncio.create_task(throttle.pause(60)) for _ in range(3)]
        await asyncio.sleep(1)
        pauses[0].cancel()
        throttle.lift()
        await asyncio.gather(*pauses, return_exceptions=True)
        assert _passed() == 1
        await asyncio.create_task(throttle.pause(5))
        throttle.lift()
        assert _passed() == 6

    emulated_time.run(main())


def test_a_wait_that_another_process_lifts_is_left_within_two_seconds(tmp_path: Path) -> None:
    async def main() -> None:
        path = tmp_path / "x.json"
        one, other = Throttle(path, emulated_time.now), Throttle(path, emulated_time.now)
        one.told(600, "slow down")
        waiting = asyncio.create_task(other.passed())
        await asyncio.sleep(6.5)
        one.lift()
        await waiting
        assert _passed() == 8

    emulated_time.run(main())


def test_a_wait_whose_file_cannot_be_removed_is_over_where_it_was_lifted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As on Windows while another program has the file open."""

    def refused(path: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "in use", str(path))

    async def main() -> None:
        path = tmp_path / "x.json"
        one, other = Throttle(path, emulated_time.now), Throttle(path, emulated_time.now)
        one.told(600, "slow down")
        with monkeypatch.context() as patched:
            patched.setattr(Path, "unlink", refused)
            one.lift()
            assert "PermissionError" in caplog.text
            assert one.current() is None
            assert _left(other) > 599
            one.told(700, "slower")  # what is said later holds again
            assert _left(one) > 699
            other.lift()  # which has not looked since
            assert other.current() is None

    emulated_time.run(main())


def test_a_file_that_another_program_keeps_to_itself_is_read_at_the_next_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a scanner for viruses does on Windows; what was known still holds meanwhile."""

    def refused(path: Path) -> bytes:
        raise InUseError("in use")

    async def main() -> None:
        path = tmp_path / "x.json"
        one, other = Throttle(path, emulated_time.now), Throttle(path, emulated_time.now)
        one.told(60, "slow down")
        assert round(_left(other)) == 60
        one.told(600, "slower")
        late = Throttle(path, emulated_time.now)
        with monkeypatch.context() as patched:
            patched.setattr("siptui.transport.throttle.read_private", refused)
            assert round(_left(other)) == 60
            assert late.current() is None
        assert round(_left(other)) == round(_left(late)) == 600

    emulated_time.run(main())


def test_to_lift_what_is_no_wait_is_nothing_to_speak_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    throttle = Throttle(tmp_path / "x.json")
    throttle.lift()
    assert throttle.current() is None
    assert caplog.text == ""


def test_pauses_that_are_over_leave_nothing_behind() -> None:
    """A worker that waits for days makes one every two seconds."""

    def futures() -> int:
        gc.collect()
        return sum(isinstance(one, asyncio.Future) for one in gc.get_objects())

    async def main() -> None:
        throttle = Throttle()
        before = futures()
        for _ in range(50):
            await throttle.pause(2)
        assert futures() < before + 10

    emulated_time.run(main())


@pytest.mark.parametrize("trouble", ["a folder", "open to others"])
def test_a_file_that_cannot_be_read_is_no_wait(tmp_path: Path, trouble: str) -> None:
    async def main() -> None:
        path = tmp_path / "x.json"
        if trouble == "a folder":
            path.mkdir()
        else:
            Throttle(path, emulated_time.now).told(60, "slow down")
            path.chmod(0o666)
        assert Throttle(path, emulated_time.now).current() is None

    emulated_time.run(main())


_TELLER = """
import sys
from pathlib import Path
from siptui.transport.throttle import Throttle
throttle = Throttle(Path(sys.argv[1]))
for seconds in range(1, 60):
    throttle.told(seconds * int(sys.argv[2]), "slow down")
"""


def test_of_many_processes_the_longest_wait_counts(tmp_path: Path) -> None:
    path = tmp_path / "waits" / "x.json"
    tellers = [
        subprocess.Popen([sys.executable, "-c", _TELLER, str(path), str(factor)])
        for factor in (1, 2, 3, 4)
    ]
    assert [teller.wait(60) for teller in tellers] == [0] * 4
    until = datetime.fromisoformat(json.loads(path.read_bytes())["until"])
    wait = Throttle(path).current()
    assert wait is not None
    assert wait.asked == 59 * 4
    assert abs((until - datetime.now(UTC)).total_seconds() - wait.left) < 5
    assert {p.name for p in path.parent.iterdir()} == {"x.json", "x.lock"}
    assert path.stat().st_mode & 0o777 == 0o600
