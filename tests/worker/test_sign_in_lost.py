"""The sign-in is lost in the middle of a run and somebody signs in again: the real msal over TLS,
a real worker, the emulated authority and tenant. The run ends right, and nothing is sent twice."""

import json
import ssl
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from siptui.domain.state import BatchState
from siptui.emulator.entra_tokens import EntraUser
from siptui.runs import events as ev
from siptui.runs.state import BatchRecord
from siptui.tui.need import needs_sign_in
from tests.worker.lab import json_lines, until, write_list
from tests.worker.signed import LASTING, SignedLab, signed_lab

_COUNT, _SIZE = 9, 3
_SCENARIO = "[timing]\ndevice = [60, 200]\n"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[SignedLab]:
    with signed_lab(tmp_path, _SCENARIO) as place:
        yield place


def _started(place: SignedLab, *more: str, count: int = _COUNT) -> str:
    """A run that has submitted something and has more to submit; its id."""
    file = write_list(place.folder / "phones.csv", range(1, count + 1))
    options = ("--region", "EMEA", "--batch-size", str(_SIZE), "--slots", "1", *more)
    process = place.process("run", str(file), *options, "--yes", "--json")
    run = str(until(place.runs, "the run")[0])
    until(lambda: place.state(run).batches[1].batch_id, "the first batch")
    process.kill()  # the terminal is gone; what follows is between worker and journal
    process.communicate()
    return run


def _refuse(place: SignedLab) -> None:
    place.authority.forget_sessions()
    place.authority.issuer.revoke()


def _waits(place: SignedLab, run: str) -> bool:
    return bool(needs_sign_in(place.state(run)))


def _batches(place: SignedLab, run: str) -> list[BatchRecord]:
    return list(place.state(run).batches.values())


def _ended_right(place: SignedLab, run: str, *, count: int = _COUNT) -> None:
    state = place.over(run)
    assert state.finished is not None, state.stopped
    assert place.differences(state) == []
    assert state.finished.succeeded == count
    assert set(place.times().values()) == {1}
    assert len(place.times()) == count


def _while_waiting(place: SignedLab, run: str) -> list[ev.Event]:
    """What happened between the loss of the sign-in and a new one."""
    found, waiting = [], False
    for event in place.events(run):
        if isinstance(event, ev.Waiting) and event.why.startswith("sign-in needed"):
            waiting = True
        elif isinstance(event, ev.Waiting) and event.over:
            waiting = False  # the worker found the new sign-in before it was told
        elif isinstance(event, ev.Order) and event.what == "new_token":
            waiting = False
        elif waiting:
            found.append(event)
    return found


def _submitted_while_waiting(place: SignedLab, run: str) -> list[ev.Event]:
    return [e for e in _while_waiting(place, run) if isinstance(e, ev.BatchSubmitting)]


def test_signed_in_again_in_the_middle_of_a_run(place: SignedLab) -> None:
    place.sign_in("--store", "file")
    run = _started(place)
    _refuse(place)
    until(lambda: _waits(place, run), "the wait for a sign-in")
    before = place.times()
    lines = place.sign_in("--store", "file")
    assert set(lines[0]) == {"user_code", "verification_uri", "expires_at"}
    _ended_right(place, run)
    assert 0 < len(before) < _COUNT
    assert _submitted_while_waiting(place, run) == []


def test_a_sign_in_kept_nowhere_reaches_the_worker_that_waits(place: SignedLab) -> None:
    place.sign_in("--store", "file")
    run = _started(place)
    out = place.run("auth", "logout")
    assert out.exit_code == 0
    assert f"Run {run} is still worked on by process" in out.stderr
    _refuse(place)
    until(lambda: _waits(place, run), "the wait for a sign-in")
    place.sign_in("--store", "memory")
    _ended_right(place, run)
    assert not list(place.folder.rglob("tokens.json"))
    assert not list(place.folder.rglob("*.hand"))


def test_following_goes_on_with_what_is_left_of_the_token(tmp_path: Path) -> None:
    with signed_lab(tmp_path, "[timing]\ndevice = [40, 160]\n", speed=60) as place:
        place.authority.issuer.lifetime = 280  # msal renews what has five minutes left
        place.sign_in("--store", "file")
        run = _started(place, "--slots", "2", count=9)
        place.authority.forget_sessions()
        until(lambda: _waits(place, run), "the wait for a sign-in")
        until(
            lambda: not any(b.state is BatchState.RUNNING for b in _batches(place, run)),
            "the end of what is live",
        )
        assert _waits(place, run)
        place.authority.issuer.lifetime = LASTING
        place.sign_in("--store", "file")
        _ended_right(place, run, count=9)
    while_waiting = _while_waiting(place, run)
    assert any(isinstance(event, ev.BatchFinished) for event in while_waiting)
    assert not any(isinstance(event, ev.BatchSubmitting) for event in while_waiting)


def _token(place: SignedLab) -> str:
    """A token as another tool would give it."""
    user = place.authority.user()
    issuer = place.authority.issuer
    return issuer.access_token(user, "another-client", issuer.audience, place.beside.address)


def test_a_new_token_in_a_variable_is_handed_over_by_resume(place: SignedLab) -> None:
    from siptui.commands.launch import start_worker, worker_desk
    from siptui.commands.session import select
    from siptui.devicelist.reading import read
    from siptui.domain.region import Region

    environ = {**place.env, "SIPTUI_ACCESS_TOKEN": _token(place)}
    selected = select("lab", environ)
    found = read(write_list(place.folder / "phones.csv", range(1, _COUNT + 1)), region=Region.EMEA)
    desk = worker_desk(selected)
    run = desk.create(
        found.devices,
        file="phones.csv",
        sha256="",
        skipped=0,
        options=ev.Options(batch_size=_SIZE, slots=1),
    )
    desk.close()
    start_worker(selected, run)
    until(lambda: place.state(run).batches[1].batch_id, "the first batch")
    place.authority.issuer.revoke()
    until(lambda: _waits(place, run), "the wait for a sign-in")
    with place.process(
        "resume", run, "--json", env={**place.env, "SIPTUI_ACCESS_TOKEN": _token(place)}
    ) as process:
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 0, out
    assert json_lines(out)[-1]["type"] == "run_finished"
    _ended_right(place, run)


def test_the_file_of_a_token_is_read_again(place: SignedLab) -> None:
    given = place.folder / "token"
    given.write_text(_token(place))
    place.env["SIPTUI_ACCESS_TOKEN_FILE"] = str(given)
    run = _started(place)
    place.authority.issuer.revoke()
    until(lambda: _waits(place, run), "the wait for a sign-in")
    given.write_text(_token(place))
    _ended_right(place, run)
    assert isinstance(place.events(run)[-1], ev.RunFinished)
    assert any(isinstance(e, ev.Waiting) and e.over for e in place.events(run))


def _refused_login(place: SignedLab, act: Callable[[str], None]) -> str:
    """A sign-in by code with which `act` does something; the code of the error it ends with."""
    args = ("auth", "login", "--json", "--no-input", "--store", "file")
    with place.process(*args) as process:
        assert process.stdout
        act(json.loads(process.stdout.readline())["user_code"])
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 4, out
    return str(json.loads(out)["error"]["code"])


def _by_browser(place: SignedLab) -> None:
    """A sign-in by browser and PKCE; the address it ended at is pasted."""
    args = ("auth", "login", "--method", "paste", "--json", "--store", "file")
    with place.process(*args, stdin=subprocess.PIPE) as process:
        assert process.stdout
        url = json.loads(process.stdout.readline())["url"]
        trusted = ssl.create_default_context(cafile=place.env["SSL_CERT_FILE"])
        with httpx.Client(verify=trusted, trust_env=False) as browser:
            ended_at = browser.get(url).headers["location"]
        out, _ = process.communicate(f"{ended_at}\n", timeout=60)
    assert process.returncode == 0, out


def test_sign_ins_that_fail_leave_the_run_waiting_and_a_browser_helps(place: SignedLab) -> None:
    state = place.authority
    other = "22222222-2222-4222-8222-222222222222"
    place.sign_in("--store", "file")
    run = _started(place)
    _refuse(place)
    until(lambda: _waits(place, run), "the wait for a sign-in")
    state.approve_after = None
    state.tenants[other] = ("elsewhere.example",)
    state.users.append(EntraUser("guest@elsewhere.example", other, "oid-of-a-guest"))
    assert _refused_login(place, state.decline) == "AADSTS70018"
    assert _refused_login(place, state.expire) == "AADSTS70020"
    stranger = _refused_login(place, lambda code: state.approve(code, "guest@elsewhere.example"))
    assert stranger == "wrong_tenant"
    assert _waits(place, run)
    assert not place.state(run).sign_ins
    _by_browser(place)
    _ended_right(place, run)
    assert _submitted_while_waiting(place, run) == []


def test_a_script_with_a_token_of_a_variable_is_told_to_get_a_new_one(place: SignedLab) -> None:
    file = write_list(place.folder / "phones.csv", range(1, _COUNT + 1))
    options = ("--region", "EMEA", "--batch-size", str(_SIZE), "--slots", "1", "--yes", "--json")
    given = {"SIPTUI_ACCESS_TOKEN": _token(place)}
    with place.process("run", str(file), *options, env=given) as process:
        run = str(until(place.runs, "the run")[0])
        until(lambda: place.state(run).batches[1].batch_id, "the first batch")
        place.authority.issuer.revoke()
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 4, out
    assert json_lines(out)[-1]["type"] == "run_stopped"
    given = {"SIPTUI_ACCESS_TOKEN": _token(place)}
    with place.process("resume", run, "--yes", "--json", env=given) as process:
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 0, out
    _ended_right(place, run)


def test_a_file_system_without_pipes_does_without_hand_over(place: SignedLab) -> None:
    place.sign_in("--store", "file")
    blocked = place.folder / "state" / "lab" / "held"
    run = _started(place)
    place.kill(run)
    (blocked / f"{run}.hand").unlink()
    (blocked / f"{run}.hand").mkdir()  # where a folder stands, no pipe can be made
    with place.process("resume", run, "--yes", "--json") as process:
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 0, out
    _ended_right(place, run)
