"""The emulated tenant accepts what the emulated authority issued."""

from datetime import datetime

from siptui.domain.roles import names_of
from siptui.emulator.access import Caller, Verify
from siptui.emulator.entra.tokens import Issuer


def verified_by(issuer: Issuer) -> Verify:
    """For `Access.verify`: who a token of `issuer` belongs to, with which roles, and what it is
    for. Whether it has run out is decided by the tenant's date."""

    def verify(token: str, date: datetime) -> Caller | None:
        claims = issuer.check(token, date.timestamp(), any_audience=True)
        if claims is None:
            return None
        roles = names_of(claims["wids"])
        return Caller(claims["upn"], roles, audience=claims["aud"])

    return verify
