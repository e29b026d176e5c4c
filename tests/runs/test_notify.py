"""The operator's command: what it is told, and that it is never in the way."""

import asyncio
import json
import sys
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from siptui.domain.errors import SignInNeededError
from siptui.gateway.protocol import BulkSignIn
from siptui.runs import events as ev
from siptui.runs.journal.codec import known_event
from siptui.runs.journal.journal import Journal
from siptui.runs.notify import Notifier, run_command, told
from siptui.runs.service import RunService
from siptui.runs.worker import work_on
from tests.runs.engine.engine_harness import devices
from tests.worker.installation import until

KEEP = (sys.executable, "-c", "import sys; open(sys.argv[1], 'a').write(sys.stdin.read())")


def _run_service(folder: Path) -> RunService:
    return RunService(folder / "j.sqlite", tenant="Contoso", start_work=lambda _: None)


def _run(run_service: RunService) -> str:
    return run_service.create(
        devices(3), file="/lists/lobby.csv", sha256="0" * 64, skipped=0, options=ev.Options()
    )


def _told(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


async def _ended(folder: Path) -> list[dict[str, object]]:
    run_service, out = _run_service(folder), folder / "told"
    run = _run(run_service)
    with Journal(folder / "j.sqlite") as journal:
        notifier = Notifier(journal, run, (*KEEP, str(out)))
        at = datetime.now(UTC)
        journal.append(run, [ev.Note(level="info", text="nothing to tell")], at)
        journal.append(run, [ev.BatchUnsettled(batch=1, why="two match", candidates=[])], at)
        journal.append(
            run, [ev.RunFinished(succeeded=2, failed=1, unknown=0, skipped=0, seconds=9.0)], at
        )
        await notifier.finish()
        await notifier.finish()  # nothing is told twice
    run_service.close()
    return _told(out)


def test_what_needs_somebody_and_the_end_are_told_once(tmp_path: Path) -> None:
    doubt, end = asyncio.run(_ended(tmp_path))
    assert doubt["type"] == "batch_in_doubt"
    assert "your decision" in str(doubt["text"])
    assert end["type"] == "run_finished"
    assert end["failed"] == 1
    assert end["file"] == "/lists/lobby.csv"
    assert end["tenant"] == "Contoso"
    assert end["text"] == "Run ended: 2 signed in, 1 failed, 0 unknown."


class _Refused(AbstractAsyncContextManager[BulkSignIn]):
    async def __aenter__(self) -> BulkSignIn:
        raise SignInNeededError("no one is signed in", remedy="Sign in.")

    async def __aexit__(self, *_: object) -> None:
        return None


def test_a_run_that_stops_at_once_is_told_by_whoever_works_on_it(tmp_path: Path) -> None:
    run_service, out = _run_service(tmp_path), tmp_path / "told"
    run = _run(run_service)
    how = {"host": run_service.host, "notify": (*KEEP, str(out))}
    asyncio.run(work_on(tmp_path / "j.sqlite", run, _Refused, **how))
    (end,) = _told(out)  # once, whatever looks the worker takes on its way out
    assert end["type"] == "run_stopped"
    assert "no one is signed in" in str(end["text"])
    run_service.close()


def test_a_stop_that_was_told_past_the_journal_is_not_told_again_from_it(tmp_path: Path) -> None:
    """The journal was away when the run stopped, and holds the same stop once it is back."""
    run_service, out = _run_service(tmp_path), tmp_path / "told"
    run = _run(run_service)
    stopped = ev.RunStopped(code="journal_gone", message="The journal is gone.", remedy="Look.")

    async def go() -> None:
        with Journal(tmp_path / "j.sqlite") as journal:
            notifier = Notifier(journal, run, (*KEEP, str(out)))
            await notifier.tell(stopped)
            journal.append(run, [stopped], datetime.now(UTC))
            await notifier.flush()
            await notifier.finish()

    asyncio.run(go())
    assert [line["type"] for line in _told(out)] == ["run_stopped"]
    run_service.close()


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (("/nowhere/at-all",), "No such file"),
        ((sys.executable, "-c", "raise SystemExit(3)"), "code 3"),
        ((sys.executable, "-c", "import time; time.sleep(60)"), "longer than"),
        ((sys.executable, "-c", "import os; os.close(0); import time; time.sleep(60)"), "longer"),
    ],
)
def test_a_command_that_goes_wrong_says_why_and_is_ended(
    command: tuple[str, ...], why: str
) -> None:
    assert why in asyncio.run(run_command(command, {"text": "x" * 100_000}, limit=0.3))


def test_a_command_is_handed_no_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIPTUI_ACCESS_TOKEN", "secret")
    monkeypatch.setenv("SIPTUI_ACCESS_TOKEN_COMMAND", "secret")
    monkeypatch.setenv("SIPTUI_GRAPH_TOKEN", "secret")
    monkeypatch.setenv("SIPTUI_DEVICES_TOKEN_FILE", "secret")
    out = tmp_path / "told"
    code = "import os, sys; open(sys.argv[1], 'w').write(repr(dict(os.environ)))"
    assert asyncio.run(run_command((sys.executable, "-c", code, str(out)), {})) == ""
    assert "secret" not in out.read_text()


def test_what_goes_by_itself_is_not_told() -> None:
    assert not told(ev.Waiting(why="throttled"))
    assert not told(ev.Waiting(why="x", kind=ev.SIGN_IN, over=True))
    assert told(ev.Waiting(why="the token was refused", kind=ev.SIGN_IN))


def test_a_wait_is_for_a_sign_in_by_its_kind_and_in_journals_of_before_by_its_words() -> None:
    asked = "sign-in needed: says the proxy, with status 503"
    assert not told(ev.Waiting(why=asked, kind=ev.SERVICE))
    before = known_event(1, "", '{"type": "waiting", "why": "sign-in needed: it was revoked"}')
    assert isinstance(before.event, ev.Waiting)
    assert before.event.for_sign_in
    assert told(before.event)


def _noted(folder: Path, run: str) -> list[str]:
    with Journal(folder / "j.sqlite") as journal:
        return [s.event.text for s in journal.read(run) if isinstance(s.event, ev.Note)]


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (("/nowhere/tell-secret", "s3cret"), "tell-secret): it is not there"),
        (("no-such-program-here", "s3cret"), "no-such-program-here): it is not there"),
        ((sys.executable, "-c", "raise SystemExit(3)"), "it ended with code 3"),
    ],
)
def test_a_command_that_goes_wrong_is_told_in_the_run(
    tmp_path: Path, command: tuple[str, ...], why: str
) -> None:
    run_service = _run_service(tmp_path)
    run = _run(run_service)
    how = {"host": run_service.host, "notify": command}
    asyncio.run(work_on(tmp_path / "j.sqlite", run, _Refused, **how))
    noted = _noted(tmp_path, run)
    assert len([text for text in noted if why in text]) == 1
    assert not [text for text in noted if "s3cret" in text]
    run_service.close()


def test_a_command_that_hangs_holds_neither_the_run_nor_the_news_behind_it(tmp_path: Path) -> None:
    """The run is let go before anything is waited for, and the end is told beside the hanging."""
    run_service, out = _run_service(tmp_path), tmp_path / "told"
    run = _run(run_service)
    hang = (
        "import sys, time; text = sys.stdin.read(); "
        f"open({str(out)!r}, 'a').write(text); "
        "time.sleep(0 if 'run_stopped' in text else 600)"
    )

    async def go() -> list[str]:
        let_go: list[str] = []

        def release() -> None:
            let_go.append("at once")
            with Journal(tmp_path / "j.sqlite") as journal:
                let_go.extend(e.event.code for e in journal.read(run) if hasattr(e.event, "code"))

        run_service._journal.append(
            run, [ev.BatchUnsettled(batch=1, why="two match", candidates=[])], datetime.now(UTC)
        )
        how = {"host": run_service.host, "notify": (sys.executable, "-c", hang), "release": release}
        await work_on(tmp_path / "j.sqlite", run, _Late, **how)
        return let_go

    assert asyncio.run(asyncio.wait_for(go(), 25)) == ["at once", "sign_in_needed"]
    assert {line["type"] for line in _told(out)} == {"run_stopped"}
    run_service.close()


class _Late(_Refused):
    """Refused a moment later."""

    async def __aenter__(self) -> BulkSignIn:
        await asyncio.sleep(0.1)
        return await super().__aenter__()


def test_who_stops_waiting_leaves_the_command_to_itself(tmp_path: Path) -> None:
    out = tmp_path / "told"
    code = "import sys, time; time.sleep(0.5); open(sys.argv[1], 'w').write(sys.stdin.read())"

    async def go() -> None:
        command = (sys.executable, "-c", code, str(out))
        task = asyncio.ensure_future(run_command(command, {"text": "x" * 200_000}))
        await asyncio.sleep(0.1)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(go())
    until(lambda: out.exists() and out.stat().st_size > 200_000, "the end of the command")
