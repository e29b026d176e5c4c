"""Who may call: bearer tokens of the scenario, or of an authority beside the tenant."""

from collections.abc import Callable, Iterable
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from siptui.domain.roles import BULK, OPERATOR, OVER_ADMINISTRATORS, WITHOUT_BULK
from siptui.emulator.role_changes import HeldRoles
from siptui.emulator.scenario import AuthTable, TokenRule
from siptui.emulator.scenario_tables import RoleChange


class Caller(Struct, frozen=True):
    """A caller with a valid token.

    `roles` are names of directory roles. `permissions` are those of Graph (None: all);
    `audience` is what the token is for (empty: anything, as a word that is no real token).
    """

    user: str
    roles: frozenset[str] = frozenset(OPERATOR)
    permissions: frozenset[str] | None = None
    audience: str = ""

    @property
    def role(self) -> bool:
        """Whether one of the roles may do bulk sign-in."""
        return bool(self.roles & BULK)

    @property
    def strong(self) -> bool:
        """Whether one of the roles may reset an administrator's password."""
        return bool(self.roles & OVER_ADMINISTRATORS)


def roles_of(rule: AuthTable | TokenRule) -> tuple[str, ...]:
    """The roles that a scenario's table stands for."""
    if rule.roles is not None:
        return rule.roles
    return OPERATOR if rule.role else WITHOUT_BULK


def caller_of(rule: AuthTable | TokenRule) -> Caller:
    """Who calls, by a scenario's table."""
    permissions = None if rule.graph is None else frozenset(rule.graph)
    return Caller(rule.user, frozenset(roles_of(rule)), permissions)


#: Says who a token belongs to at a date, or None when it is not, or no longer, good.
Verify = Callable[[str, datetime], Caller | None]


class Access:
    """The door. `verify`, where set, decides instead of the scenario's `[auth]`.

    `roles` are what accounts hold by now, by the scenario's `[[roles]]` and later changes.
    `revoke` makes every token seen so far worthless, as when an administrator ends all sessions.
    """

    def __init__(self, auth: AuthTable, changes: Iterable[RoleChange] = ()) -> None:
        self._auth = auth
        self._rules = {rule.token: rule for rule in auth.tokens}
        self._seen: set[str] = set()
        self._revoked: set[str] = set()
        self.roles = HeldRoles(changes, auth.user)
        self.verify: Verify | None = None

    def caller(self, authorization: str, now: float, date: datetime) -> Caller | None:
        """Who calls with this Authorization header; None means 401."""
        found = self._known(authorization, now, date)
        held = self.roles.held(found.user, now) if found else None
        if found is None or held is None:
            return found
        named = authorization.partition(" ")[2].strip().startswith("eyJ")
        return replace(found, roles=found.roles & held if named else held)

    def _known(self, authorization: str, now: float, date: datetime) -> Caller | None:
        scheme, _, token = authorization.strip().partition(" ")
        token = token.strip()
        if scheme.casefold() != "bearer" or not token or token in self._revoked:
            return None
        self._seen.add(token)
        if self.verify is not None:
            return self.verify(token, date)
        rule = self._rules.get(token)
        if rule is not None:
            expired = rule.expires is not None and now >= rule.expires
            return None if expired else caller_of(rule)
        if self._auth.accept == "any":
            return caller_of(self._auth)
        return None

    def revoke(self) -> None:
        """Refuse every token that was used so far."""
        self._revoked |= self._seen
