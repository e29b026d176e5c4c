"""An installation with a sign-in: emulated tenant and authority, over TLS with a CA of its own."""

import contextlib
import json
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from siptui.emulator.emulator import Emulator
from siptui.emulator.entra.beside import Beside, authority_beside
from siptui.emulator.entra.grants import EntraState
from siptui.emulator.scenario import Scenario, read_scenario
from siptui.runs import events as ev
from siptui.runs.journal.journal import Journal
from tests.support.emulator import serving
from tests.worker.installation import QUICK, Installation

LASTING = 10**6  # seconds: longer than any emulated run


@dataclass(frozen=True)
class SignedInInstallation(Installation):
    """An installation whose operator signs in.

    Codes are approved at once unless a test says otherwise.
    """

    beside: Beside

    @property
    def authority(self) -> EntraState:
        """The emulated authority, to play with."""
        return self.beside.state

    def sign_in(self, *args: str) -> list[dict[str, Any]]:
        """`siptui auth login --json ARGS` as a process; its lines."""
        with self.process("auth", "login", "--json", "--no-input", *args) as process:
            out, _ = process.communicate(timeout=60)
        assert process.returncode == 0, out
        return [json.loads(line) for line in out.splitlines()]

    def events(self, run: str) -> list[ev.Event]:
        """What the journal holds of the run."""
        with Journal(self.journal) as journal:
            return [stored.event for stored in journal.read(run)]


@contextlib.contextmanager
def signed_in_installation(
    folder: Path,
    scenario: Scenario | str = "healthy",
    *,
    speed: float = 600,
    quick: float = 10,
    tenant: str = "",
) -> Iterator[SignedInInstallation]:
    """An installation in `folder`. Its profile names `tenant` instead of the emulated tenant."""
    if isinstance(scenario, str) and "\n" in scenario:
        scenario = read_scenario(scenario, "test")
    emulator = Emulator(scenario, speed=speed)
    keys = folder / "keys"
    keys.mkdir(parents=True)
    with serving(emulator) as running, authority_beside(emulator, keys) as beside:
        state = beside.state
        state.approve_after, state.interval, state.device_lifetime = 0, 1, LASTING
        state.issuer.lifetime = LASTING
        config = folder / "config" / "config.toml"
        config.parent.mkdir(parents=True)
        config.write_text(
            f'[profiles.lab]\ntenant = "{tenant or emulator.scenario.tenant.id}"\ncloud = "lab"\n'
            f'[clouds.lab]\nauthority = "{beside.address}"\nadmin_api = "{running.url}"\n'
        )
        env = {
            "SIPTUI_CONFIG_DIR": str(config.parent),
            "SIPTUI_STATE_DIR": str(folder / "state"),
            "SIPTUI_QUICK": str(quick),
            "SSL_CERT_FILE": str(beside.authority),
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
            "PYTHONPATH": str(QUICK),
        }
        found = SignedInInstallation(folder, running, env, beside)
        try:
            yield found
        finally:
            for run in found.runs():
                if holder := found.holder(run):
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(holder.pid, signal.SIGKILL)
