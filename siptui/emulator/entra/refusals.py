"""What the emulated authority says when it refuses: AADSTS codes with the words around them."""

import uuid
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct


class Refusal(Struct, frozen=True):
    """One way of saying no. `error` is the OAuth word, `suberror` Entra's hint for clients."""

    code: int
    error: str
    text: str
    suberror: str = ""
    status: int = 400


#: Code → words. Error words and texts follow Microsoft's list "AADSTS error codes" in substance.
REFUSALS = {
    refusal.code: refusal
    for refusal in (
        Refusal(16000, "interaction_required", "Several accounts match; one must be chosen."),
        Refusal(50005, "invalid_grant", "The device platform is not supported for this app."),
        Refusal(50011, "invalid_request", "The redirect URI is not registered for this client."),
        Refusal(50034, "invalid_grant", "The user account does not exist in the directory."),
        Refusal(50059, "invalid_request", "No tenant-identifying information was found."),
        Refusal(50076, "invalid_grant", "Multi-factor authentication is required.", "basic_action"),
        Refusal(50079, "invalid_grant", "Multi-factor authentication must be set up."),
        Refusal(50097, "invalid_grant", "Device authentication is required."),
        Refusal(50105, "invalid_grant", "The user is not assigned to a role for the app."),
        Refusal(50126, "invalid_grant", "Invalid user name or password."),
        Refusal(50158, "interaction_required", "An external security challenge was not met."),
        Refusal(
            50173, "invalid_grant", "The grant was revoked: the password changed.", "bad_token"
        ),
        Refusal(53000, "interaction_required", "The device is not compliant.", "message_only"),
        Refusal(53001, "interaction_required", "The device is not domain joined.", "message_only"),
        Refusal(
            53003, "invalid_grant", "Access was blocked by Conditional Access.", "message_only"
        ),
        Refusal(
            65001,
            "invalid_grant",
            "The user or an administrator has not consented.",
            "consent_required",
        ),
        Refusal(70000, "invalid_grant", "The grant is invalid or malformed."),
        Refusal(70008, "invalid_grant", "The code or refresh token has expired.", "token_expired"),
        Refusal(70011, "invalid_scope", "The scope is not valid."),
        Refusal(70016, "authorization_pending", "Authorization is pending. Continue polling."),
        Refusal(70018, "authorization_declined", "The end user declined the request."),
        Refusal(70019, "bad_verification_code", "The verification code is not valid."),
        Refusal(70020, "expired_token", "The verification code has expired."),
        Refusal(70043, "invalid_grant", "The refresh token expired by sign-in frequency."),
        Refusal(90002, "invalid_tenant", "The tenant was not found."),
        Refusal(90033, "temporarily_unavailable", "A transient error has occurred.", "", 503),
        Refusal(500011, "invalid_resource", "The resource was not found in the tenant."),
        Refusal(500113, "invalid_request", "No reply address is registered."),
        Refusal(501481, "invalid_grant", "The code verifier does not match the challenge."),
        Refusal(530035, "invalid_grant", "Access was blocked by security defaults."),
        Refusal(700016, "unauthorized_client", "The application was not found in the directory."),
        Refusal(
            700082, "invalid_grant", "The refresh token expired from inactivity.", "token_expired"
        ),
        Refusal(
            7000218, "invalid_client", "The request must contain a client secret or assertion."
        ),
    )
}


def refusal_body(refusal: Refusal, now: float, base: str) -> dict[str, Any]:
    """The JSON body of a refusal as the token endpoint sends it."""
    moment = datetime.fromtimestamp(now, UTC)
    trace, correlation = str(uuid.uuid4()), str(uuid.uuid4())
    stamp = moment.strftime("%Y-%m-%d %H:%M:%SZ")
    body = {
        "error": refusal.error,
        "error_description": (
            f"AADSTS{refusal.code}: {refusal.text} Trace ID: {trace} "
            f"Correlation ID: {correlation} Timestamp: {stamp}"
        ),
        "error_codes": [refusal.code],
        "timestamp": stamp,
        "trace_id": trace,
        "correlation_id": correlation,
        "error_uri": f"{base}/error?code={refusal.code}",
    }
    if refusal.suberror:
        body["suberror"] = refusal.suberror
    return body
