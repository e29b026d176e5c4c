"""What the refusals of the broker of Windows mean and what to try next.

The words are those of `Response_Status` in pymsalruntime, which msal puts into the text of its
answer and nowhere else: "CONTEXT. Status: Response_Status.Status_X, Error code: N, Tag: N"; or of
what pymsalruntime raises (seen with 0.20.7 where there is no broker): "ErrorTag: N, ErrorCode: N,
ErrorContext: CONTEXT, ErrorStatus: Response_Status.Status_X".
"""

import re
from collections.abc import Mapping
from typing import Any

from siptui.domain.errors import SiptuiError, Way
from siptui.domain.patterns import regex
from siptui.domain.text import visible
from siptui.identity.broker_place import again_by_broker
from siptui.identity.entra_errors import explained, scrubbed
from siptui.identity.errors import (
    AuthorityUnreachableError,
    BrokerUnavailableError,
    NotSignedInError,
    SignInCancelledError,
    SignInRefusedError,
)
from siptui.identity.registration import Registration

_STATUS = regex(r"Status: (?:Response_Status\.)?Status_(\w+)")
_CODE = regex(r"Error ?code: (-?\d+)", re.IGNORECASE)
_TAG = regex(r"Tag: (-?\d+)")
_NO_CONTEXT = regex(r"ErrorTag: -?\d+, ErrorCode: -?\d+, ErrorContext: |,? ?Error(?=Status: )")
_BY_ENTRA = regex(r"AADSTS\d")
_CALLED_OFF = frozenset(("UserCanceled", "ApplicationCanceled"))
_ASKS_A_PERSON = frozenset(
    (
        *("InteractionRequired", "AccountUnusable", "AccountNotFound", "UserSwitch"),
        *("AccountSwitch", "UserDataRemovalRequired", "KeyNotFound"),
    )
)
_PASSES = frozenset(
    (
        *("NoNetwork", "NetworkTemporarilyUnavailable", "ServerTemporarilyUnavailable"),
        "TransientError",
    )
)
#: Microsoft's page on WAM names the first for a redirect URI that is not registered.
_NOT_REGISTERED = frozenset(("ApiContractViolation", "IncorrectConfiguration"))
_NONE_HERE = frozenset(("RequiredBrokerMissing", "FallbackToNativeMsal"))


def refused_by_broker(answer: Mapping[str, Any], registration: Registration) -> SiptuiError:
    """The error to raise for an answer of msal's broker without a token."""
    said = visible(str(answer.get("error_description") or ""))
    if _BY_ENTRA.search(said):
        return explained(answer, by_broker=True)
    found = _STATUS.search(said)
    status = found.group(1) if found else ""
    where = f"{status or 'no reason given'}{_numbers(said)}"
    if status in _CALLED_OFF:
        return SignInCancelledError(
            "The sign-in was called off in the window of Windows.", way=Way.BROKER_AGAIN
        )
    if status in _ASKS_A_PERSON:
        return NotSignedInError(f"Windows asks for a new sign-in ({where}).", way=again_by_broker())
    if status in _PASSES:
        return AuthorityUnreachableError(
            f"The broker of Windows does not reach the sign-in service ({where}).",
            remedy="Check the network and the proxy of Windows, which the broker uses; try again "
            "in a few minutes.",
        )
    if status in _NOT_REGISTERED:
        return not_registered(registration, where)
    if status in _NONE_HERE:
        return BrokerUnavailableError(f"Windows has no sign-in broker here ({where}).")
    if status == "DeviceNotRegistered":
        return SignInRefusedError(
            f"This device is not registered in Entra, which the broker asks for ({where}).",
            code=status,
            way=Way.WITHOUT_BROKER,
        )
    context = scrubbed(_NO_CONTEXT.sub("", said).split("Status: ")[0]).strip(" .,")[:200]
    return SignInRefusedError(
        f"The broker of Windows refused ({where}).{f' It said: {context}.' if context else ''}",
        code=scrubbed(status)[:60] or "broker_error",
        way=Way.WITHOUT_BROKER,
    )


def not_registered(registration: Registration, where: str = "") -> SignInRefusedError:
    """The client has no redirect URI for the broker."""
    remedy = "Leave `client_id` out of the profile, or add to its registration"
    if not registration.own_client:
        remedy = "Set `client_id` in the profile to a client that has"
    return SignInRefusedError(
        f"{registration.client_name.capitalize()} may not sign in by the broker of Windows"
        f"{f' ({where})' if where else ''}.",
        remedy=f"{remedy}, as a redirect URI of mobile and desktop applications: "
        f"{redirect_uri(registration)}.",
        code="broker_redirect_uri",
        way=Way.WITHOUT_BROKER,
    )


def redirect_uri(registration: Registration) -> str:
    """What a client must have registered to sign in by the broker of Windows."""
    client = registration.own_client or "CLIENT_ID"
    return f"ms-appx-web://Microsoft.AAD.BrokerPlugin/{client}"


def _numbers(said: str) -> str:
    found = (("error", _CODE.search(said)), ("tag", _TAG.search(said)))
    return "".join(f", {name} {number.group(1)}" for name, number in found if number)
