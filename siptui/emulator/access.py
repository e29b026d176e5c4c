"""Who may call: bearer tokens of the scenario, or of an authority beside the tenant."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from siptui.emulator.scenario import AuthTable


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody whose token is good. `role`: may do bulk sign-in."""

    user: str
    role: bool = True


#: Says who a token belongs to at a date, or None when it is not, or no longer, good.
Verify = Callable[[str, datetime], Caller | None]


class Access:
    """The door. `verify`, where set, decides instead of the scenario's `[auth]`.

    `revoke` makes every token seen so far worthless, as when an administrator ends all sessions.
    """

    def __init__(self, auth: AuthTable) -> None:
        self._auth = auth
        self._rules = {rule.token: rule for rule in auth.tokens}
        self._seen: set[str] = set()
        self._revoked: set[str] = set()
        self.verify: Verify | None = None

    def caller(self, authorization: str, now: float, date: datetime) -> Caller | None:
        """Who calls with this Authorization header; None means 401."""
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
            return None if expired else Caller(rule.user, rule.role)
        if self._auth.accept == "any":
            return Caller(self._auth.user, self._auth.role)
        return None

    def revoke(self) -> None:
        """Refuse every token that was used so far."""
        self._revoked |= self._seen
