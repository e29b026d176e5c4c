"""An installation with a sign-in: emulated tenant and authority, over TLS with a CA of its own."""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from siptui.emulator.emulator import Emulator
from siptui.emulator.entra.beside import Beside, authority_beside
from siptui.emulator.entra.grants import EntraState
from siptui.emulator.scenario import Scenario
from siptui.runs import events as ev
from siptui.runs.journal.journal import Journal
from tests.support.emulator import serving
from tests.worker.installation import (
    Installation,
    none_left_at_work,
    profile_of,
    scenario_of,
)

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
        with Journal(self.journal, read_only=True) as journal:
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
    emulator = Emulator(scenario_of(scenario), speed=speed)
    keys = folder / "keys"
    keys.mkdir(parents=True)
    tenant_served = serving(emulator, until_ended=False)
    with tenant_served as running, authority_beside(emulator, keys) as beside:
        state = beside.state
        state.approve_after, state.interval, state.device_lifetime = 0, 1, LASTING
        state.issuer.lifetime = LASTING
        tenant = tenant or emulator.scenario.tenant.id
        env = profile_of(folder, running, beside.address, quick=quick, tenant=tenant) | {
            "SSL_CERT_FILE": str(beside.authority),
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
        }
        found = SignedInInstallation(folder, running, env, beside)
        with none_left_at_work(found):
            yield found
