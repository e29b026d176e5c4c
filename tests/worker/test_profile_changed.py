"""A profile that becomes another tenant's, or another service's, between a decision and its submit:
nothing goes where it was not decided to go."""

import sys
import time
from pathlib import Path

import pytest

from tests.worker.installation import LONG_OVER, Installation, installed, until, write_list

if sys.platform != "win32":
    from tests.worker.terminal import Terminal

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX terminal")


_TENANT = ('tenant = "contoso.example"', 'tenant = "fabrikam.example"')


def _edit(installation: Installation, old: str, new: str) -> None:
    config = installation.folder / "config" / "config.toml"
    text = config.read_text()
    assert old in text
    config.write_text(text.replace(old, new))


def _asked(installation: Installation, *words: str) -> "Terminal":
    terminal = Terminal(installation, *words)
    while not terminal.shows("to go on"):
        assert terminal.process.poll() is None, terminal.shown
        time.sleep(0.02)
    return terminal


@pytest.mark.parametrize(
    ("old", "new"),
    [_TENANT, ('cloud = "lab"', 'cloud = "other"')],
)
def test_a_profile_that_changes_while_the_question_waits_submits_nothing(
    tmp_path: Path, old: str, new: str
) -> None:
    with installed(tmp_path, "healthy") as lab, installed(tmp_path / "other", "healthy") as other:
        cloud = f'authority = "https://localhost:1"\nadmin_api = "{other.emulator.url}"\n'
        _edit(lab, "[clouds.lab]", f"[clouds.other]\n{cloud}[clouds.lab]")
        file = write_list(tmp_path / "list.csv", [1, 2])
        terminal = _asked(lab, "run", str(file), "--region", "EMEA")
        try:
            _edit(lab, old, new)
            terminal.types("2\r")
            assert terminal.ends() != 0
            assert terminal.shows("was changed after this was decided")
        finally:
            terminal.close()
        assert not lab.times()
        assert not other.times()
        _edit(lab, new, old)
        (run,) = lab.runs()
        assert lab.run("resume", run, "--yes").exit_code == 0
        assert set(lab.times().values()) == {1}


def test_a_run_goes_on_in_its_own_tenant_alone(tmp_path: Path) -> None:
    slow = "[timing]\ndevice = [20, 40]\n"
    with installed(tmp_path, slow) as lab:
        lab.emulator.tell("devices", match="*", slow=100)
        file = write_list(tmp_path / "list.csv", range(4))
        how = ("--region", "EMEA", "--yes", "--batch-size", "2", "--slots", "1")
        viewer = lab.process("run", str(file), *how)
        (run,) = until(lab.runs, "the run")
        until(lambda: lab.state(run).batches[1].batch_id, "the first batch")
        viewer.kill()
        viewer.communicate()
        lab.kill(run)
        lab.emulator.tell("devices", match="*", slow=1)
        lab.emulator.forward(LONG_OVER)
        _edit(lab, *_TENANT)
        for command in (("resume", run, "--yes"), ("resume", run, "--yes", "--foreground")):
            done = lab.run(*command)
            assert done.exit_code != 0, done.output
            said = " ".join(done.output.split())
            assert "is for the tenant contoso.example, and the profile" in said
            assert len(lab.times()) == 2
        _edit(lab, *reversed(_TENANT))
        assert lab.run("resume", run, "--yes").exit_code == 0
        assert set(lab.times().values()) == {1}
        assert len(lab.times()) == 4
