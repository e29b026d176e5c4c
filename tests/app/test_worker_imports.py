"""A worker imports nothing once it submits: a new version may be installed while it works."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from siptui.runs import events as ev
from siptui.runs.journal.journal import Journal
from siptui.runs.state import needs_sign_in
from tests.worker.installation import until, write_list
from tests.worker.signed_in import SignedInInstallation, signed_in_installation

_SEEN = Path(__file__).with_name("imports_seen")
_SCENARIO = """
[timing]
device = [60, 200]
[lag]
summaries = 20
[[faults]]
call = "createbatch"
kind = "cut"
moment = "after"
nth = 2
[[faults]]
call = "createbatch"
kind = "status"
status = 429
retry_after = 20
nth = 3
[[faults]]
call = "batchstatus"
kind = "html"
every = 7
"""


def _late(installation: SignedInInstallation, run: str, seen: Path) -> list[str]:
    """The modules that the run's worker imported after it had noted its first submit."""
    with Journal(installation.journal) as journal:
        (first, *_) = [s for s in journal.read(run) if isinstance(s.event, ev.BatchSubmitting)]
    moment = datetime.fromisoformat(first.at).timestamp()
    lines = (line.split() for line in seen.read_text().splitlines())
    return [name for at, name in lines if float(at) > moment]


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[SignedInInstallation]:
    """A tenant that loses an answer, is busy once, and refuses tokens when told to."""
    with signed_in_installation(tmp_path, _SCENARIO, quick=30) as installation:
        yield installation


def test_a_worker_imports_nothing_after_its_first_submit(
    installation: SignedInInstallation,
) -> None:
    seen = installation.folder / "imports"
    env = {"PYTHONPATH": str(_SEEN), "SIPTUI_IMPORTS_SEEN": str(seen)}
    installation.sign_in("--store", "file")
    file = write_list(installation.folder / "phones.csv", range(1, 13))
    options = ("--region", "EMEA", "--batch-size", "3", "--slots", "1", "--yes", "--json")
    process = installation.process("run", str(file), *options, env=env)
    run = str(until(installation.runs, "the run")[0])
    until(lambda: installation.state(run).batches[1].batch_id, "the first batch")
    installation.authority.issuer.revoke()  # the worker renews its token
    until(lambda: installation.state(run).batches[2].batch_id, "the second batch")
    installation.authority.forget_sessions()
    installation.authority.issuer.revoke()  # and waits for a new sign-in
    until(lambda: needs_sign_in(installation.state(run)), "the wait for a sign-in")
    installation.sign_in("--store", "memory")  # which is handed over through a pipe
    process.communicate(timeout=120)
    state = installation.over(run)
    assert state.finished is not None, state.stopped
    assert set(installation.times().values()) == {1}
    kinds = {type(event) for event in installation.events(run)}
    assert {ev.BatchInDoubt, ev.BatchDeferred, ev.Waiting} <= kinds
    assert _late(installation, run, seen) == []
