"""The emulated tenant accepts what the emulated authority issued."""

from datetime import datetime

from siptui.emulator.access import Caller, Verify
from siptui.emulator.entra_tokens import (
    AUTHENTICATION_ADMINISTRATOR,
    GLOBAL_ADMINISTRATOR,
    PRIVILEGED_AUTHENTICATION_ADMINISTRATOR,
    Issuer,
)

_BULK = {
    GLOBAL_ADMINISTRATOR,
    PRIVILEGED_AUTHENTICATION_ADMINISTRATOR,
    AUTHENTICATION_ADMINISTRATOR,
}


def verified_by(issuer: Issuer) -> Verify:
    """For `Access.verify`: who a token of `issuer` belongs to, and whether a role is in it that
    may bulk sign in. Whether it has run out is decided by the tenant's date."""

    def verify(token: str, date: datetime) -> Caller | None:
        claims = issuer.check(token, date.timestamp())
        if claims is None:
            return None
        return Caller(claims["upn"], not _BULK.isdisjoint(claims["wids"]))

    return verify
