"""Who is signed in on each phone, and who was: what the inventory shows, late perhaps.

Bulk sign-in signs a phone in when its item succeeds and out when the same account fails on it.
People sign phones in and out by hand, and a phone can lose its sign-in after a while.
"""

import bisect
import math

from msgspec import Struct, field


class _Phone(Struct):
    moments: list[float] = field(default_factory=list)
    users: list[str] = field(default_factory=list)


class PhoneSignIns:
    """The sign-ins of all phones by their hardware ids; nothing is signed in by `""`."""

    def __init__(self) -> None:
        self._phones: dict[str, _Phone] = {}

    def signed_in(self, phone: str, user: str, moment: float, lasts: float = math.inf) -> None:
        """`user` is signed in from `moment` on, for `lasts` seconds."""
        self._note(phone, user, moment)
        if math.isfinite(lasts):
            self._note(phone, "", moment + lasts)

    def signed_out(self, phone: str, moment: float, user: str = "") -> None:
        """No account is signed in from `moment` on; with `user` only where it was that one."""
        if not user or self.user(phone, moment).casefold() == user.casefold():
            self._note(phone, "", moment)

    def _note(self, phone: str, user: str, moment: float) -> None:
        found = self._phones.setdefault(phone, _Phone())
        at = bisect.bisect_right(found.moments, moment)
        found.moments.insert(at, moment)
        found.users.insert(at, user)
        if user:  # what was to end a sign-in before this one is over
            del found.moments[at + 1 :], found.users[at + 1 :]

    def user(self, phone: str, moment: float) -> str:
        """Who is signed in at `moment`, or nothing."""
        found = self._phones.get(phone)
        at = bisect.bisect_right(found.moments, moment) if found else 0
        return found.users[at - 1] if found and at else ""

    def phones(self) -> list[str]:
        """The phones that anything is known of."""
        return list(self._phones)
