"""`siptui fix` and `siptui fix --undo`, ended by SIGKILL while a change is on its way."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from siptui.preflight import fix_runner
from siptui.preflight.change_log import Record, Step
from tests.cli.test_preflight import failing, installed_with_graph, preflight, write
from tests.worker.installation import Installation, until

_SCENARIO = """
[lag]
policy = 20
[[accounts]]
match = "calling@contoso.com"
sip_calling = false
"""
_NAMES = ("calling", "fine")


@pytest.fixture
def tenant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    """A tenant in which one account lacks a policy; read back without delay."""
    monkeypatch.setattr(fix_runner, "PATIENCE", (0.1,) * 30)
    with installed_with_graph(tmp_path / "lab", _SCENARIO) as found:
        yield found


def _record(tenant: Installation) -> Record:
    return Record(tenant.journal.parent)


def _steps(tenant: Installation) -> list[Step]:
    return [one.step for one in _record(tenant).changes().values()]


def _killed(tenant: Installation, *args: str, at: Step, fault: dict[str, Any]) -> None:
    """Run a command and kill it once the record says `at` and the request is on its way."""
    tenant.emulator.tell("faults", call="grant", times=1, **fault)
    before = tenant.emulator.ask("ledger")["calls"].get("grant", 0)
    process = tenant.process(*args)
    until(lambda: at in _steps(tenant), f"the entry {at}")
    until(lambda: tenant.emulator.ask("ledger")["calls"].get("grant", 0) > before, "the request")
    process.kill()
    process.communicate()
    assert _steps(tenant)[-1] is at


_ACTED = {"kind": "slow", "moment": "after", "seconds": 6000}
_NEVER_ACTS = {"kind": "hang", "moment": "before", "seconds": 6000}


@pytest.mark.parametrize("fault", [_ACTED, _NEVER_ACTS], ids=["acted", "never"])
def test_an_undo_that_was_killed_is_undone_by_the_next(
    tenant: Installation, tmp_path: Path, fault: dict[str, Any]
) -> None:
    file = write(tmp_path, _NAMES)
    assert tenant.run("fix", file, "--region", "EMEA", "--yes").exit_code == 0
    (name,) = _record(tenant).changes()
    _killed(tenant, "fix", "--undo", name, "--yes", at=Step.UNDOING, fault=fault)
    assert "undo not finished" in tenant.run("fix", "--history").stdout
    done = tenant.run("fix", "--undo", name, "--yes", "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout) == {"id": name, "step": "undone"}
    assert failing(preflight(tenant, file)[1]) == {"calling": {"calling_policy"}}
    again = tenant.run("fix", "--undo", name, "--yes", "--json")
    assert again.exit_code == 2
    assert json.loads(again.stdout)["error"]["code"] == "cannot_undo"


def test_a_fix_that_was_killed_after_it_acted_can_be_undone(
    tenant: Installation, tmp_path: Path
) -> None:
    file = write(tmp_path, _NAMES)
    args = ("fix", file, "--region", "EMEA", "--yes")
    _killed(tenant, *args, at=Step.INTENDED, fault=_ACTED)
    (name,) = _record(tenant).changes()
    done = tenant.run("fix", "--undo", name, "--yes", "--json")
    assert done.exit_code == 0, done.output
    assert _steps(tenant) == [Step.UNDONE]
    assert failing(preflight(tenant, file)[1]) == {"calling": {"calling_policy"}}


def test_a_fix_that_never_happened_cannot_be_undone(tenant: Installation, tmp_path: Path) -> None:
    file = write(tmp_path, _NAMES)
    args = ("fix", file, "--region", "EMEA", "--yes")
    _killed(tenant, *args, at=Step.INTENDED, fault=_NEVER_ACTS)
    (name,) = _record(tenant).changes()
    calls = tenant.emulator.ask("ledger")["calls"]["grant"]
    done = tenant.run("fix", "--undo", name, "--yes", "--json")
    assert done.exit_code == 2
    assert json.loads(done.stdout)["error"]["code"] == "cannot_undo"
    assert tenant.emulator.ask("ledger")["calls"]["grant"] == calls
    assert tenant.run(*args).exit_code == 0  # and it can be made
    assert _steps(tenant)[-1] is Step.SEEN
    refused = tenant.run("fix", "--undo", name, "--yes", "--json")
    assert "given by" in json.loads(refused.stdout)["error"]["message"]
