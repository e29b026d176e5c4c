"""The sign-in is lost in the middle of a run and somebody signs in again: the real msal over TLS,
a real worker, the emulated authority and tenant. The run ends right, and nothing is sent twice."""

import json
import ssl
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from siptui.domain.state import BatchState
from siptui.emulator.entra.tokens import EntraUser
from siptui.runs import events as ev
from siptui.runs.state import BatchRecord, needs_sign_in
from tests.transport import web
from tests.worker.installation import json_lines, until, write_list
from tests.worker.signed_in import LASTING, SignedInInstallation, signed_in_installation

_COUNT, _SIZE = 9, 3
_SCENARIO = "[timing]\ndevice = [60, 200]\n"


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[SignedInInstallation]:
    with signed_in_installation(tmp_path, _SCENARIO) as installation:
        yield installation


def _started(installation: SignedInInstallation, *more: str, count: int = _COUNT) -> str:
    """A run that has submitted something and has more to submit; its id."""
    file = write_list(installation.folder / "phones.csv", range(1, count + 1))
    options = ("--region", "EMEA", "--batch-size", str(_SIZE), "--slots", "1", *more)
    process = installation.process("run", str(file), *options, "--yes", "--json")
    run = str(until(installation.runs, "the run")[0])
    until(lambda: installation.state(run).batches[1].batch_id, "the first batch")
    process.kill()  # the terminal is gone; what follows is between worker and journal
    process.communicate()
    return run


def _refuse(installation: SignedInInstallation) -> None:
    installation.authority.forget_sessions()
    installation.authority.issuer.revoke()


def _waits(installation: SignedInInstallation, run: str) -> bool:
    return bool(needs_sign_in(installation.state(run)))


def _batches(installation: SignedInInstallation, run: str) -> list[BatchRecord]:
    return list(installation.state(run).batches.values())


def _ended_right(installation: SignedInInstallation, run: str, *, count: int = _COUNT) -> None:
    state = installation.over(run)
    assert state.finished is not None, state.stopped
    assert installation.differences(state) == []
    assert state.finished.succeeded == count
    assert set(installation.times().values()) == {1}
    assert len(installation.times()) == count


def _while_waiting(installation: SignedInInstallation, run: str) -> list[ev.Event]:
    """What happened between the loss of the sign-in and a new one."""
    found, waiting = [], False
    for event in installation.events(run):
        if isinstance(event, ev.Waiting) and event.why.startswith("sign-in needed"):
            waiting = True
        elif isinstance(event, ev.Waiting) and event.over:
            waiting = False  # the worker found the new sign-in before it was told
        elif isinstance(event, ev.Order) and event.what == "new_token":
            waiting = False
        elif waiting:
            found.append(event)
    return found


def _submitted_while_waiting(installation: SignedInInstallation, run: str) -> list[ev.Event]:
    return [e for e in _while_waiting(installation, run) if isinstance(e, ev.BatchSubmitting)]


def test_signed_in_again_in_the_middle_of_a_run(installation: SignedInInstallation) -> None:
    installation.sign_in("--store", "file")
    run = _started(installation)
    _refuse(installation)
    until(lambda: _waits(installation, run), "the wait for a sign-in")
    before = installation.times()
    lines = installation.sign_in("--store", "file")
    assert set(lines[0]) == {"user_code", "verification_uri", "expires_at"}
    _ended_right(installation, run)
    assert 0 < len(before) < _COUNT
    assert _submitted_while_waiting(installation, run) == []


def test_a_sign_in_kept_nowhere_reaches_the_worker_that_waits(
    installation: SignedInInstallation,
) -> None:
    installation.sign_in("--store", "file")
    run = _started(installation)
    out = installation.run("auth", "logout")
    assert out.exit_code == 0
    assert f"Run {run} is still worked on by process" in out.stderr
    _refuse(installation)
    until(lambda: _waits(installation, run), "the wait for a sign-in")
    installation.sign_in("--store", "memory")
    _ended_right(installation, run)
    assert not list(installation.folder.rglob("tokens.json"))
    assert not list(installation.folder.rglob("*.hand"))


@pytest.mark.slow
def test_following_goes_on_with_what_is_left_of_the_token(tmp_path: Path) -> None:
    with signed_in_installation(
        tmp_path, "[timing]\ndevice = [40, 160]\n", speed=60
    ) as installation:
        installation.authority.issuer.lifetime = 280  # msal renews what has five minutes left
        installation.sign_in("--store", "file")
        run = _started(installation, "--slots", "2", count=9)
        installation.authority.forget_sessions()
        until(lambda: _waits(installation, run), "the wait for a sign-in")
        until(
            lambda: not any(b.state is BatchState.RUNNING for b in _batches(installation, run)),
            "the end of what is live",
        )
        assert _waits(installation, run)
        installation.authority.issuer.lifetime = LASTING
        installation.sign_in("--store", "file")
        _ended_right(installation, run, count=9)
    while_waiting = _while_waiting(installation, run)
    assert any(isinstance(event, ev.BatchFinished) for event in while_waiting)
    assert not any(isinstance(event, ev.BatchSubmitting) for event in while_waiting)


def _token(installation: SignedInInstallation) -> str:
    """A token as another tool would give it."""
    user = installation.authority.user()
    issuer = installation.authority.issuer
    return issuer.access_token(user, "another-client", issuer.audience, installation.beside.address)


def test_a_new_token_in_a_variable_is_handed_over_by_resume(
    installation: SignedInInstallation,
) -> None:
    from siptui.app.session import select
    from siptui.app.worker_start import start_worker, worker_run_service
    from siptui.devicelist.reading import read
    from siptui.domain.region import Region

    environ = {**installation.env, "SIPTUI_ACCESS_TOKEN": _token(installation)}
    selected = select("lab", environ)
    found = read(
        write_list(installation.folder / "phones.csv", range(1, _COUNT + 1)), region=Region.EMEA
    )
    run_service = worker_run_service(selected)
    run = run_service.create(
        found.devices,
        file="phones.csv",
        sha256="",
        skipped=0,
        options=ev.Options(batch_size=_SIZE, slots=1),
    )
    run_service.close()
    start_worker(selected, run)
    until(lambda: installation.state(run).batches[1].batch_id, "the first batch")
    installation.authority.issuer.revoke()
    until(lambda: _waits(installation, run), "the wait for a sign-in")
    with installation.process(
        "resume",
        run,
        "--json",
        env={**installation.env, "SIPTUI_ACCESS_TOKEN": _token(installation)},
    ) as process:
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 0, out
    assert json_lines(out)[-1]["type"] == "run_finished"
    _ended_right(installation, run)


@pytest.mark.slow
def test_the_file_of_a_token_is_read_again(installation: SignedInInstallation) -> None:
    given = installation.folder / "token"
    given.write_text(_token(installation))
    installation.env["SIPTUI_ACCESS_TOKEN_FILE"] = str(given)
    run = _started(installation)
    installation.authority.issuer.revoke()
    until(lambda: _waits(installation, run), "the wait for a sign-in")
    given.write_text(_token(installation))
    _ended_right(installation, run)
    assert isinstance(installation.events(run)[-1], ev.RunFinished)
    assert any(isinstance(e, ev.Waiting) and e.over for e in installation.events(run))


def _refused_login(installation: SignedInInstallation, act: Callable[[str], None]) -> str:
    """A sign-in by code with which `act` does something; the code of the error it ends with."""
    args = ("auth", "login", "--json", "--no-input", "--store", "file")
    with installation.process(*args) as process:
        assert process.stdout
        act(json.loads(process.stdout.readline())["user_code"])
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 4, out
    return str(json.loads(out)["error"]["code"])


def _by_browser(installation: SignedInInstallation) -> None:
    """A sign-in by browser and PKCE; the address it ended at is pasted."""
    args = ("auth", "login", "--method", "paste", "--json", "--store", "file")
    with installation.process(*args, stdin=subprocess.PIPE) as process:
        assert process.stdout
        url = json.loads(process.stdout.readline())["url"]
        trusted = ssl.create_default_context(cafile=installation.env["SSL_CERT_FILE"])
        with web.Client(verify=trusted, trust_env=False) as browser:
            ended_at = browser.get(url).headers["location"]
        out, _ = process.communicate(f"{ended_at}\n", timeout=60)
    assert process.returncode == 0, out


def test_sign_ins_that_fail_leave_the_run_waiting_and_a_browser_helps(
    installation: SignedInInstallation,
) -> None:
    state = installation.authority
    other = "22222222-2222-4222-8222-222222222222"
    installation.sign_in("--store", "file")
    run = _started(installation)
    _refuse(installation)
    until(lambda: _waits(installation, run), "the wait for a sign-in")
    state.approve_after = None
    state.tenants[other] = ("elsewhere.example",)
    state.users.append(EntraUser("guest@elsewhere.example", other, "oid-of-a-guest"))
    assert _refused_login(installation, state.decline) == "AADSTS70018"
    assert _refused_login(installation, state.expire) == "AADSTS70020"
    stranger = _refused_login(
        installation, lambda code: state.approve(code, "guest@elsewhere.example")
    )
    assert stranger == "wrong_tenant"
    assert _waits(installation, run)
    assert not installation.state(run).sign_ins
    _by_browser(installation)
    _ended_right(installation, run)
    assert _submitted_while_waiting(installation, run) == []


def test_a_script_with_a_token_of_a_variable_is_told_to_get_a_new_one(
    installation: SignedInInstallation,
) -> None:
    file = write_list(installation.folder / "phones.csv", range(1, _COUNT + 1))
    options = ("--region", "EMEA", "--batch-size", str(_SIZE), "--slots", "1", "--yes", "--json")
    given = {"SIPTUI_ACCESS_TOKEN": _token(installation)}
    with installation.process("run", str(file), *options, env=given) as process:
        run = str(until(installation.runs, "the run")[0])
        until(lambda: installation.state(run).batches[1].batch_id, "the first batch")
        installation.authority.issuer.revoke()
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 4, out
    assert json_lines(out)[-1]["type"] == "run_stopped"
    given = {"SIPTUI_ACCESS_TOKEN": _token(installation)}
    with installation.process("resume", run, "--yes", "--json", env=given) as process:
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 0, out
    _ended_right(installation, run)


def test_a_file_system_without_pipes_does_without_hand_over(
    installation: SignedInInstallation,
) -> None:
    installation.sign_in("--store", "file")
    blocked = installation.folder / "state" / "lab" / "held"
    run = _started(installation)
    installation.kill(run)
    (blocked / f"{run}.hand").unlink()
    (blocked / f"{run}.hand").mkdir()  # where a folder stands, no pipe can be made
    with installation.process("resume", run, "--yes", "--json") as process:
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 0, out
    _ended_right(installation, run)
