"""These tests run on Windows alone; `python -m tests.windows` starts them, under Wine elsewhere."""

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.emulator import emulator_process
from tests.tui.conftest import pytest_pyfunc_call as pytest_pyfunc_call
from tests.windows.wine import ROOT
from tests.worker.installation import QUICK

collect_ignore_glob = [] if sys.platform == "win32" else ["test_*.py"]


@dataclass(frozen=True)
class Tenant:
    """An emulated tenant with a profile for it, as the README's first use has it.

    `list` is the device list of it in `folder`, `env` what commands need to find the profile; there
    is no sign-in yet.
    """

    folder: Path
    list: Path
    env: dict[str, str]


@pytest.fixture(scope="session")
def tenant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tenant]:
    """`siptui emulator` as a process, with its authority."""
    folder = tmp_path_factory.mktemp("erste Schritte é")
    found = folder / "phönes.csv"
    options = ("--scenario", "prerequisites", "--speed", "100", "--authority", "0", "--approve")
    files = ("--list", str(found), "--config", str(folder / "config.toml"))
    with emulator_process(*options, *files) as (_, process):
        assert process.stdout
        _authority, certificate = (process.stdout.readline().strip() for _ in range(2))
        yield Tenant(
            folder,
            found,
            {
                "SIPTUI_CONFIG_DIR": str(folder),
                "SIPTUI_STATE_DIR": str(folder / "state"),
                "SSL_CERT_FILE": certificate,
                "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
                "SIPTUI_QUICK": "2",
                "PYTHONPATH": os.pathsep.join((str(QUICK), str(ROOT))),
            },
        )
