"""Roles that end and come back, as with Privileged Identity Management (PIM).

Inferred, not seen of bulk sign-in outside Microsoft: a role that has ended opens nothing any
more, whatever the token says; one that was activated counts only in tokens made after it, since a
token names the roles of its moment (`wids`). A token that is a plain word names none.
"""

from collections.abc import Iterable

from siptui.emulator.scenario_tables import RoleChange


class HeldRoles:
    """Which roles accounts hold by `changes`, at moments that count from the tenant's beginning."""

    def __init__(self, changes: Iterable[RoleChange], operator: str) -> None:
        self._operator = operator.casefold()
        self._changes: dict[str, list[tuple[float, frozenset[str]]]] = {}
        for change in changes:
            self.add(change, 0.0)

    def add(self, change: RoleChange, now: float) -> None:
        """From `change.at` seconds after `now` on the account holds these roles and no others."""
        known = self._changes.setdefault(change.user.casefold() or self._operator, [])
        known.append((now + change.at, frozenset(change.roles)))
        known.sort(key=lambda one: one[0])

    def held(self, user: str, now: float) -> frozenset[str] | None:
        """The roles of `user`, or None as long as no change was made."""
        past = [roles for at, roles in self._changes.get(user.casefold(), ()) if at <= now]
        return past[-1] if past else None

    def end(self, user: str, role: str, now: float) -> float | None:
        """When `user` no longer holds `role`, which is held now; None where that is not known."""
        coming = [one for one in self._changes.get(user.casefold(), ()) if one[0] > now]
        return next((at for at, roles in coming if role not in roles), None)
