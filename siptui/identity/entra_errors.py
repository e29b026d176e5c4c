"""What Entra's refusals mean and what to try next.

Codes and their meaning: Microsoft's page "Microsoft Entra authentication and authorization error
codes"; which of them a blocked device code meets: "Conditional Access: Authentication flows".
"""

import re
from collections.abc import Mapping
from typing import Any

from siptui.domain.errors import Way
from siptui.domain.guid import is_guid
from siptui.domain.patterns import regex
from siptui.domain.text import visible
from siptui.identity.broker_place import again_by_broker, way_by_broker
from siptui.identity.errors import (
    AuthorityUnreachableError,
    CodeExpiredError,
    SignInCancelledError,
    SignInRefusedError,
)

_CONSENT = (
    "Ask a tenant administrator to grant consent to the client, or set `client_id` in the profile "
    "to a client that has it."
)
_CLIENT = (
    "Check `client_id` in the profile: it must be a public client registered in this tenant; "
    "leave it out to use the Teams module's."
)
_TENANT = "Check `tenant` and `cloud` in the profile."
_LATER = "Try again in a few minutes."

#: What happened, what to do, how to sign in next.
Explanation = tuple[str, str] | tuple[str, str, Way]
#: By Entra's code.
EXPLANATIONS: dict[int, Explanation] = {
    16000: ("Several accounts are signed in and none was chosen.", "", Way.AGAIN),
    50005: ("Conditional Access does not allow sign-in from this device platform.", "", Way.DEVICE),
    50011: (
        "The client does not allow the browser to come back to http://localhost.",
        "Add http://localhost as a redirect URI of a public client, or use --method device.",
    ),
    50020: ("The account is not a member of this tenant.", f"Use another account. {_TENANT}"),
    50034: ("The account does not exist in this tenant.", f"Use another account. {_TENANT}"),
    50053: ("The account is locked, or this address is blocked.", _LATER),
    50055: ("The password has expired.", "Set a new one in the browser.", Way.AGAIN),
    50057: ("The account is disabled.", "Use another account."),
    50058: ("The session in the browser has ended.", "", Way.AGAIN),
    50059: ("The tenant is not known.", _TENANT),
    50072: (
        "Multi-factor authentication must be set up for this account first.",
        "Open https://aka.ms/mfasetup in a browser.",
        Way.AGAIN,
    ),
    50074: ("Multi-factor authentication is required.", "", Way.AGAIN),
    50076: ("Multi-factor authentication is required.", "", Way.AGAIN),
    50078: ("Multi-factor authentication has expired.", "", Way.AGAIN),
    50079: (
        "Multi-factor authentication must be set up for this account first.",
        "Open https://aka.ms/mfasetup in a browser.",
        Way.AGAIN,
    ),
    50097: (
        "Conditional Access asks for a registered device, which a code from another "
        "device cannot show.",
        "",
        Way.DEVICE,
    ),
    50105: (
        "The account is not assigned to the client.",
        "Ask an administrator to assign it to the application.",
    ),
    50126: ("The user name or password was wrong.", "", Way.AGAIN),
    50129: ("Conditional Access asks for a device joined to the workplace.", "", Way.DEVICE),
    50131: ("Conditional Access refused this device or place.", "", Way.DEVICE),
    50132: ("The session was revoked or the password has changed.", "", Way.AGAIN),
    50133: ("The session was revoked or the password has changed.", "", Way.AGAIN),
    50140: ("The question whether to stay signed in was not answered.", "", Way.AGAIN),
    50158: ("Conditional Access asks for a check by another provider.", "", Way.BROWSER),
    50173: (
        "The password has changed, or the sign-ins of this account were revoked.",
        "",
        Way.AGAIN,
    ),
    50194: ("The client may be used in its own tenant only.", _CLIENT),
    53000: ("Conditional Access asks for a device that complies with policy.", "", Way.DEVICE),
    53001: ("Conditional Access asks for a device joined to the domain.", "", Way.DEVICE),
    53002: ("Conditional Access does not approve this client.", _CLIENT),
    53003: (
        "Conditional Access blocks this sign-in; often it blocks device codes.",
        "",
        Way.BROWSER_FIRST,
    ),
    53004: (
        "Multi-factor authentication must be set up first, and this sign-in looks risky.",
        "Set it up from a place you usually sign in from.",
        Way.AGAIN,
    ),
    53011: ("The account is blocked because of risk.", "Ask a security administrator."),
    65001: ("No one has consented to the client reading the Teams admin API.", _CONSENT),
    65004: ("The request for consent was declined.", _CONSENT),
    65005: ("The client does not list the Teams admin API.", _CONSENT),
    70000: ("The sign-in was used up, or was made for another client.", "", Way.AGAIN),
    70008: ("The sign-in has expired.", "", Way.AGAIN),
    70011: ("The client may not ask for the Teams admin API.", _CLIENT),
    70016: ("The code has not been entered yet.", "Enter it, or ask for a new one."),
    70018: ("The request was declined in the browser.", "", Way.NEW_CODE),
    70019: ("The code is not, or no longer, known.", "", Way.NEW_CODE),
    70020: ("The code has expired.", "", Way.NEW_CODE),
    70043: ("The tenant's rule on how often to sign in has ended this sign-in.", "", Way.AGAIN),
    70044: ("The tenant's rule on how often to sign in has ended this sign-in.", "", Way.AGAIN),
    75011: ("The account signed in in another way than the tenant asks for.", "", Way.AGAIN),
    90002: ("The tenant does not exist in this cloud.", _TENANT),
    90033: ("The sign-in service has a passing problem.", _LATER),
    90072: ("The account is not a member of this tenant.", f"Use another account. {_TENANT}"),
    90094: ("An administrator must consent to the client.", _CONSENT),
    399218: ("The sign-in asks for something this terminal cannot do.", "", Way.BROWSER),
    500011: (
        "The Teams admin API is not known in this tenant.",
        f"Check that the tenant has Teams. {_TENANT}",
    ),
    500133: ("The sign-in has expired.", "", Way.AGAIN),
    501481: ("The answer belongs to another sign-in.", "", Way.AGAIN),
    530032: ("A security policy of the tenant blocks this sign-in.", "", Way.BROWSER),
    530034: (
        "The delegated administrator is blocked because of risk.",
        "Ask a security administrator.",
    ),
    530035: ("The tenant's security defaults block this sign-in.", "", Way.BROWSER),
    700016: ("The client is not known in this tenant.", _CLIENT),
    700082: ("The sign-in was not used for too long.", "", Way.AGAIN),
    700084: ("The sign-in has reached its greatest age.", "", Way.AGAIN),
    7000014: ("The account or client is not allowed to use this flow.", "", Way.BROWSER),
    7000112: ("The client is disabled in this tenant.", _CLIENT),
    7000218: (
        "The client is not registered as a public client.",
        'Set "Allow public client flows" to Yes at its registration, or leave `client_id` '
        "out of the profile.",
    ),
}

#: What needs no look into the tenant's log: the operator did it, or left it undone.
_BY_THE_OPERATOR = frozenset({50126, 65004, 70016, 70018, 70019, 70020})

#: What the state of a device, which the broker shows, may be the answer to.
_MET_BY_BROKER = frozenset({Way.DEVICE, Way.BROWSER, Way.BROWSER_FIRST})
_ANEW = frozenset({Way.AGAIN, Way.NEW_CODE})

#: OAuth words for answers without a known code.
_WORDS: dict[str, Explanation] = {
    "access_denied": ("The request was declined in the browser.", "", Way.AGAIN),
    "authorization_declined": EXPLANATIONS[70018],
    "bad_verification_code": EXPLANATIONS[70019],
    "consent_required": EXPLANATIONS[65001],
    "expired_token": EXPLANATIONS[70020],
    "interaction_required": ("The tenant asks for a new sign-in.", "", Way.AGAIN),
    "invalid_grant": ("The sign-in is no longer good.", "", Way.AGAIN),
    "login_required": ("The tenant asks for a new sign-in.", "", Way.AGAIN),
    "temporarily_unavailable": EXPLANATIONS[90033],
    "unauthorized_client": ("The client may not sign in this way.", _CLIENT),
}
_IN_TEXT = regex(r"AADSTS(\d{4,7})\b")
#: What Entra adds for its support; kept apart, the sentence is enough for people.
_TRAILER = regex(r"\s*(?:\\x0d\\x0a|\s)*(?:Trace ID|Correlation ID|Timestamp):.*", re.DOTALL)
#: Anything that could be a token, a code or a secret: long runs without a blank.
_SECRET = regex(r"[A-Za-z0-9_\-.~+/=%]{25,}")


def explained(
    answer: Mapping[str, Any], *, by_broker: bool = False
) -> SignInRefusedError | AuthorityUnreachableError:
    """The error to raise for an error answer of the authority (`error`, `error_codes`, …).

    What asks for the state of a device, or blocks a way to sign in, names the system's broker as
    the next way where there is one, unless it was `by_broker`.
    """
    word = visible(str(answer.get("error") or "sign_in_refused"))
    said = visible(str(answer.get("error_description") or ""))
    number = _code_of(answer, said)
    code = f"AADSTS{number}" if number else scrubbed(word)[:60]
    if number in EXPLANATIONS:
        message, remedy, *ways = EXPLANATIONS[number]
    elif number // 1000 in (53, 530):
        message, remedy, *ways = "A policy of the tenant blocks it.", "", Way.BROWSER_FIRST
    elif word in _WORDS:
        message, remedy, *ways = _WORDS[word]
    else:
        message, remedy, *ways = "The sign-in service refused.", "", Way.AGAIN
    said = scrubbed(_TRAILER.sub("", said))[:300]
    if said and number not in EXPLANATIONS:
        message = f"{message} It said: {said}"
    elif number:
        message = f"{message} ({code})"
    if number == 90033 or word == "temporarily_unavailable":
        return AuthorityUnreachableError(message, remedy=remedy, code=code)
    kind = CodeExpiredError if number == 70020 or word == "expired_token" else SignInRefusedError
    correlation = str(answer.get("correlation_id") or "")
    telling = is_guid(correlation) and number not in _BY_THE_OPERATOR
    return kind(
        message,
        remedy=remedy,
        code=code,
        way=_way(next(iter(ways), None), by_broker),
        correlation_id=correlation if telling else "",
    )


def _way(way: Way | None, by_broker: bool) -> Way | None:
    if by_broker:
        return again_by_broker() if way in _ANEW else way
    return (way_by_broker() if way in _MET_BY_BROKER else None) or way


def cancelled() -> SignInCancelledError:
    """The operator called the sign-in off."""
    return SignInCancelledError("The sign-in was called off.", way=Way.AGAIN)


def scrubbed(text: str) -> str:
    """`text` without anything that could be a token, a code or a secret. GUIDs stay."""
    return _SECRET.sub(lambda run: run.group() if is_guid(run.group()) else "(left out)", text)


def _code_of(answer: Mapping[str, Any], said: str) -> int:
    codes = answer.get("error_codes")
    numbers = [code for code in codes if isinstance(code, int)] if isinstance(codes, list) else []
    if match := _IN_TEXT.search(said):
        numbers.append(int(match.group(1)))
    return next((number for number in numbers if number in EXPLANATIONS), (numbers or [0])[0])
