"""The emulated authority beside an emulated tenant: same tenant, same operators, same clock."""

import contextlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from siptui.emulator.access import Caller
from siptui.emulator.emulator import Emulator
from siptui.emulator.entra import Entra
from siptui.emulator.entra_access import verified_by
from siptui.emulator.entra_grants import EntraState
from siptui.emulator.entra_server import served
from siptui.emulator.entra_tls import throwaway_certificates
from siptui.emulator.entra_tokens import (
    AUTHENTICATION_ADMINISTRATOR,
    TEAMS_ADMINISTRATOR,
    EntraUser,
)


@dataclass(frozen=True, slots=True)
class Beside:
    """A served authority: `[clouds.NAME]` needs `address`, `SSL_CERT_FILE` needs `authority`."""

    address: str
    authority: Path
    state: EntraState


def state_of(emulator: Emulator) -> EntraState:
    """The directory of the emulated tenant: its operator, and one without a role for bulk
    sign-in. Somebody must type the code, on the page that the authority serves."""
    tenant, auth = emulator.scenario.tenant, emulator.scenario.auth

    def user(upn: str, role: bool) -> EntraUser:
        wids = (AUTHENTICATION_ADMINISTRATOR if role else TEAMS_ADMINISTRATOR,)
        return EntraUser(upn, tenant.id, str(uuid.uuid5(uuid.NAMESPACE_DNS, upn)), wids=wids)

    users = [user(auth.user, auth.role), user(f"teams@{tenant.domain}", False)]
    return EntraState(
        tenants={tenant.id: (tenant.domain,)},
        users=users,
        clock=lambda: emulator.tenant.clock.date().timestamp(),
    )


@contextlib.contextmanager
def authority_beside(emulator: Emulator, folder: Path, port: int = 0) -> Iterator[Beside]:
    """Serve an authority for `emulator` while the block runs; its certificates go to `folder`.

    What it issues opens the tenant; other tokens are judged by the scenario as before.
    """
    state = state_of(emulator)
    by_authority, before = verified_by(state.issuer), emulator.access.verify
    listed = emulator.scenario.auth

    def verify(token: str, date: datetime) -> Caller | None:
        if token.startswith("eyJ"):
            return by_authority(token, date)
        if before is not None:
            return before(token, date)
        rule = next((rule for rule in listed.tokens if rule.token == token), None)
        if rule is not None:
            over = rule.expires is not None and emulator.tenant.clock.now() >= rule.expires
            return None if over else Caller(rule.user, rule.role)
        return Caller(listed.user, listed.role) if listed.accept == "any" else None

    files = throwaway_certificates(folder)
    emulator.access.verify = verify
    app = Entra(state).app()
    try:
        with served(app, certificate=files.certificate, key=files.key, port=port) as address:
            yield Beside(address, files.authority, state)
    finally:
        emulator.access.verify = before
