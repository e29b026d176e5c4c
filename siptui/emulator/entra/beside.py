"""The emulated authority beside an emulated tenant: same tenant, same operators, same clock."""

import contextlib
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from siptui.domain.roles import ROLE_IDS, WITHOUT_BULK, names_of
from siptui.emulator.access import Caller, Verify, caller_of, roles_of
from siptui.emulator.accounts import object_id
from siptui.emulator.emulator import Emulator
from siptui.emulator.entra.app import Entra
from siptui.emulator.entra.grants import EntraState
from siptui.emulator.entra.server import served
from siptui.emulator.entra.tls import throwaway_certificates
from siptui.emulator.entra.tokens import EntraUser, Issuer
from siptui.emulator.own_host import OwnHost

#: What tokens are issued for besides the admin API; the emulator's own address, which stands for
#: Graph's, is added once it is known.
RESOURCES = ("https://graph.microsoft.com", "https://devicemgmt.teams.microsoft.com")


class Beside(Struct, frozen=True):
    """A served authority: `[clouds.NAME]` needs `address`, `SSL_CERT_FILE` needs `authority`."""

    address: str
    authority: Path
    state: EntraState


def state_of(emulator: Emulator) -> EntraState:
    """The directory of the emulated tenant: its operator, one of Teams without a role for bulk
    sign-in, and one with such a role and none of Teams. A person must type the code, on the page
    that the authority serves."""
    tenant, auth = emulator.scenario.tenant, emulator.scenario.auth

    def user(upn: str, roles: Iterable[str]) -> EntraUser:
        wids = tuple(ROLE_IDS[name] for name in roles)
        return EntraUser(upn, tenant.id, object_id(upn), wids=wids)

    users = [
        user(auth.user, roles_of(auth)),
        user(f"teams@{tenant.domain}", WITHOUT_BULK),
        user(f"authentication@{tenant.domain}", ("Authentication Administrator",)),
    ]

    def wids_of(one: EntraUser) -> tuple[str, ...]:
        held = emulator.access.roles.held(one.upn, emulator.tenant.clock.now())
        return one.wids if held is None else tuple(ROLE_IDS[name] for name in sorted(held))

    state = EntraState(
        tenants={tenant.id: (tenant.domain,)},
        users=users,
        clock=lambda: emulator.tenant.clock.date().timestamp(),
        resources=set(RESOURCES),
    )
    state.issuer.wids_of = wids_of
    return state


def verified_by(issuer: Issuer) -> Verify:
    """For `Access.verify`: who a token of `issuer` belongs to, with which roles, and what it is
    for. Whether it has run out is decided by the tenant's date."""

    def verify(token: str, date: datetime) -> Caller | None:
        claims = issuer.check(token, date.timestamp(), any_audience=True)
        if claims is None:
            return None
        return Caller(claims["upn"], frozenset(names_of(claims["wids"])), audience=claims["aud"])

    return verify


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
            return None if over else caller_of(rule)
        return caller_of(listed) if listed.accept == "any" else None

    files = throwaway_certificates(folder)
    emulator.access.verify = verify
    app = OwnHost(Entra(state).app())
    try:
        with served(app, certificate=files.certificate, key=files.key, port=port) as address:
            yield Beside(address, files.authority, state)
    finally:
        emulator.access.verify = before
