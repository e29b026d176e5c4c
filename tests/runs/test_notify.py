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
from siptui.runs.journal import Journal
from siptui.runs.notify import Herald, run_command, told
from siptui.runs.office import Office
from siptui.runs.worker import work_on
from tests.runs.engine_harness import devices

KEEP = (sys.executable, "-c", "import sys; open(sys.argv[1], 'a').write(sys.stdin.read())")


def _office(folder: Path) -> Office:
    return Office(folder / "j.sqlite", tenant="Contoso", start_work=lambda _: None)


def _run(office: Office) -> str:
    return office.create(
        devices(3), file="/lists/lobby.csv", sha256="0" * 64, skipped=0, options=ev.Options()
    )


def _told(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


async def _ended(folder: Path) -> list[dict[str, object]]:
    office, out = _office(folder), folder / "told"
    run = _run(office)
    with Journal(folder / "j.sqlite") as journal:
        herald = Herald(journal, run, (*KEEP, str(out)))
        at = datetime.now(UTC)
        journal.append(run, [ev.Note(level="info", text="nothing to tell")], at)
        journal.append(run, [ev.BatchUnsettled(batch=1, why="two match", candidates=[])], at)
        journal.append(
            run, [ev.RunFinished(succeeded=2, failed=1, unknown=0, skipped=0, seconds=9.0)], at
        )
        await herald.finish()
        await herald.finish()  # nothing is told twice
    office.close()
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
        raise SignInNeededError("nobody is signed in", remedy="Sign in.")

    async def __aexit__(self, *_: object) -> None:
        return None


def test_a_run_that_stops_at_once_is_told_by_whoever_works_on_it(tmp_path: Path) -> None:
    office, out = _office(tmp_path), tmp_path / "told"
    run = _run(office)
    how = {"host": office.host, "notify": (*KEEP, str(out))}
    asyncio.run(work_on(tmp_path / "j.sqlite", run, _Refused, **how))
    (end,) = _told(out)
    assert end["type"] == "run_stopped"
    assert "nobody is signed in" in str(end["text"])
    office.close()


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
    assert not told(ev.Waiting(why="sign-in needed: x", over=True))
    assert told(ev.Waiting(why="sign-in needed: the token was refused"))
