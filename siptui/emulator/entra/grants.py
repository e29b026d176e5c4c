"""What the emulated authority remembers: device codes, authorization codes, refresh tokens."""

import dataclasses
import secrets
import string
import time
from collections import Counter
from typing import Literal

from msgspec import Struct

from siptui.emulator.entra.refusals import REFUSALS, Refusal
from siptui.emulator.entra.tokens import TEAMS_MODULE, Clock, EntraUser, Issuer, pkce

#: Where a refusal strikes. `sign_in` is every grant that a person stands behind.
Stage = Literal["discovery", "device_start", "device", "browser", "refresh", "sign_in"]

#: No vowels and nothing that looks like something else, as in Entra's own codes.
_CODE_LETTERS = "BCDFGHJKLMNPQRSTVWXYZ23456789"


class RefusedError(Exception):
    """This request is refused."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.text)
        self.refusal = refusal


class DeviceGrant(Struct):
    """A device code on its way to being approved."""

    user_code: str
    device_code: str
    client_id: str
    scope: str
    expires_at: float
    interval: int
    polls: int = 0
    last_poll: float | None = None
    slow_downs: int = 0
    user: EntraUser | None = None
    declined: bool = False


class CodeGrant(Struct, frozen=True):
    """An authorization code: good once, for the client, address and challenge it was made for."""

    client_id: str
    redirect_uri: str
    challenge: str
    scope: str
    nonce: str
    user: EntraUser
    expires_at: float


class RefreshGrant(Struct, frozen=True):
    """What a refresh token stands for."""

    client_id: str
    user: EntraUser
    by: Literal["device", "browser"]


@dataclasses.dataclass
class EntraState:
    """The emulated directory and everything handed out. All attributes may be changed by tests.

    `tenants` maps a tenant's GUID to its domains. `approve_after` is the number of polls after
    which "the operator" approves a device code; none means that a person must. `endpoints_at`
    is another address that the metadata names for all requests. Times are seconds of `clock`.
    """

    tenants: dict[str, tuple[str, ...]]
    users: list[EntraUser]
    clock: Clock = time.time
    clients: set[str] = dataclasses.field(default_factory=lambda: {TEAMS_MODULE})
    resources: set[str] = dataclasses.field(default_factory=set)
    approve_after: int | None = None
    device_lifetime: int = 900
    interval: int = 5
    slow_downs: int = 0
    single_use_refresh: bool = False
    endpoints_at: str = ""
    devices: dict[str, DeviceGrant] = dataclasses.field(default_factory=dict)
    codes: dict[str, CodeGrant] = dataclasses.field(default_factory=dict)
    refreshes: dict[str, RefreshGrant] = dataclasses.field(default_factory=dict)
    requests: Counter[str] = dataclasses.field(default_factory=Counter)
    _refusing: dict[str, list[tuple[Refusal, int | None]]] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        self.issuer = Issuer(clock=self.clock)
        self.resources.add(self.issuer.audience)

    def refuse(self, stage: Stage, code: int, *, times: int | None = None) -> None:
        """Refuse with AADSTS `code` at `stage`, `times` times or until `allow`."""
        self._refusing.setdefault(stage, []).append((REFUSALS[code], times))

    def allow(self) -> None:
        """Take back every refusal."""
        self._refusing.clear()

    def pass_or_refuse(self, *stages: Stage) -> None:
        """Raise `RefusedError` if one of `stages` is set to refuse now."""
        for stage in stages:
            queue = self._refusing.get(stage)
            if not queue:
                continue
            refusal, times = queue[0]
            if times is not None:
                if times <= 1:
                    queue.pop(0)
                else:
                    queue[0] = (refusal, times - 1)
            raise RefusedError(refusal)

    def tenant_of(self, segment: str) -> str:
        """The GUID that a tenant segment of a URL (GUID, domain, `organizations`) stands for."""
        wanted = segment.casefold()
        if wanted in ("organizations", "common") and self.users:
            return self.users[0].tenant
        for guid, domains in self.tenants.items():
            if wanted == guid.casefold() or wanted in (name.casefold() for name in domains):
                return guid
        raise RefusedError(REFUSALS[90002])

    def user(self, upn: str = "") -> EntraUser:
        """The user of that name, or the first one."""
        for user in self.users:
            if not upn or user.upn.casefold() == upn.casefold():
                return user
        raise RefusedError(REFUSALS[50034])

    def known_client(self, client_id: str) -> str:
        """`client_id` if it is registered."""
        if client_id.casefold() not in (known.casefold() for known in self.clients):
            raise RefusedError(REFUSALS[700016])
        return client_id

    # Device code (RFC 8628)

    def start_device(self, client_id: str, scope: str) -> DeviceGrant:
        """A new pair of codes."""
        self.pass_or_refuse("device_start")
        self.known_client(client_id)
        grant = DeviceGrant(
            user_code="".join(secrets.choice(_CODE_LETTERS) for _ in range(9)),
            device_code=secrets.token_urlsafe(48),
            client_id=client_id,
            scope=scope,
            expires_at=self.clock() + self.device_lifetime,
            interval=self.interval,
            slow_downs=self.slow_downs,
        )
        self.devices[grant.device_code] = grant
        return grant

    def approve(self, user_code: str, upn: str = "") -> None:
        """A person typed the code and signed in. Raises `RefusedError` if there is no such code."""
        self._device_of(user_code).user = self.user(upn)

    def decline(self, user_code: str) -> None:
        """A person typed the code and refused."""
        self._device_of(user_code).declined = True

    def expire(self, user_code: str) -> None:
        """The code's time is over."""
        self._device_of(user_code).expires_at = self.clock() - 1

    def _device_of(self, user_code: str) -> DeviceGrant:
        wanted = user_code.strip().upper().translate(str.maketrans("", "", "- "))
        for grant in self.devices.values():
            if wanted and grant.user_code == wanted:
                return grant
        raise RefusedError(REFUSALS[70019])

    def poll_device(self, device_code: str, client_id: str) -> tuple[EntraUser, str]:
        """The user who approved and the scope asked for; `RefusedError` until then."""
        grant = self.devices.get(device_code)
        if grant is None or grant.client_id != client_id:
            raise RefusedError(REFUSALS[70019])
        now = self.clock()
        soon = grant.last_poll is not None and now < grant.last_poll + grant.interval - 1
        grant.polls, grant.last_poll = grant.polls + 1, now
        if now >= grant.expires_at:
            raise RefusedError(REFUSALS[70020])
        if grant.declined:
            raise RefusedError(REFUSALS[70018])
        if soon or grant.slow_downs:
            grant.slow_downs = max(0, grant.slow_downs - 1)
            grant.interval += 5
            raise RefusedError(Refusal(70016, "slow_down", "Polled too often. Slow down."))
        patience = self.approve_after
        if grant.user is None and patience is not None and grant.polls > patience:
            grant.user = self.user()
        if grant.user is None:
            raise RefusedError(REFUSALS[70016])
        self.pass_or_refuse("device", "sign_in")
        del self.devices[device_code]
        return grant.user, grant.scope

    # Authorization code with PKCE (RFC 6749, 7636)

    def start_code(
        self, client_id: str, redirect_uri: str, challenge: str, scope: str, nonce: str, upn: str
    ) -> str:
        """An authorization code for a user who signed in in the browser."""
        self.pass_or_refuse("browser", "sign_in")
        code = "0.A" + "".join(secrets.choice(string.ascii_letters) for _ in range(60))
        self.codes[code] = CodeGrant(
            self.known_client(client_id),
            redirect_uri,
            challenge,
            scope,
            nonce,
            self.user(upn),
            self.clock() + 600,
        )
        return code

    def redeem_code(self, code: str, client_id: str, redirect_uri: str, verifier: str) -> CodeGrant:
        """What the code stands for; it is spent whatever comes out."""
        grant = self.codes.pop(code, None)
        if grant is None or grant.client_id != client_id or grant.redirect_uri != redirect_uri:
            raise RefusedError(REFUSALS[70000])
        if self.clock() >= grant.expires_at:
            raise RefusedError(REFUSALS[70008])
        if not grant.challenge or pkce(verifier) != grant.challenge:
            raise RefusedError(REFUSALS[501481])
        return grant

    # Refresh tokens

    def new_refresh(self, grant: RefreshGrant) -> str:
        """A refresh token for `grant`."""
        token = "1.A" + secrets.token_urlsafe(64)
        self.refreshes[token] = grant
        return token

    def redeem_refresh(self, token: str, client_id: str) -> RefreshGrant:
        """What the refresh token stands for; it goes on working unless `single_use_refresh`."""
        self.pass_or_refuse("refresh")
        grant = self.refreshes.get(token)
        if grant is None or grant.client_id != client_id:
            raise RefusedError(REFUSALS[70000])
        if self.single_use_refresh:
            del self.refreshes[token]
        return grant

    def forget_sessions(self) -> None:
        """Every refresh token is refused from now on, as after a change of password."""
        self.refreshes.clear()
