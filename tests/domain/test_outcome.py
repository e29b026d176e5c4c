import pytest
from hypothesis import given
from hypothesis import strategies as st

from siptui.domain.outcome import OUTCOMES, UNKNOWN, Cause, Retry, explain

TEXTS = [
    ("User not found in tenant.", Cause.USER_NOT_FOUND, Retry.FIX_DATA),
    ("User missing phone number assignment.", Cause.NO_PHONE_NUMBER, Retry.FIX_TENANT),
    (
        "User missing AllowSIPDevicesCalling policy assignment",
        Cause.CALLING_POLICY,
        Retry.FIX_TENANT,
    ),
    ("User missing CAP policy assignment.", Cause.IP_PHONE_POLICY, Retry.FIX_TENANT),
    ("Device not found in records.", Cause.DEVICE_NOT_FOUND, Retry.PHYSICAL),
    ("BulkSignIn Tag missing for the device", Cause.TAG_MISSING, Retry.FIX_TENANT),
    ("Device is offline.", Cause.OFFLINE, Retry.PHYSICAL),
    ("Public IP not configured as Trusted IP.", Cause.IP_NOT_TRUSTED, Retry.FIX_TENANT),
    ("Bulk Sign-in deadline expired.", Cause.DEADLINE_EXPIRED, Retry.NEVER),
    ("Duplicate devices found for bulk sign-in.", Cause.DUPLICATE_DEVICE, Retry.FIX_DATA),
    ("Input hardware-ID is of wrong format", Cause.HARDWARE_ID_FORMAT, Retry.FIX_DATA),
    ("On-premises AD configuration failure.", Cause.AD_CONFIGURATION, Retry.FIX_TENANT),
    ("On-premises AD throttling detected", Cause.AD_THROTTLING, Retry.WAIT),
    (
        "The Password writeback service failed to set a password on the tenant's local directory.",
        Cause.PASSWORD_WRITEBACK,
        Retry.FIX_TENANT,
    ),
    (
        "Public IP IPv4 203.0.113.7 is not trusted. Please whitelist the public IP in TAC",
        Cause.IP_NOT_TRUSTED,
        Retry.FIX_TENANT,
    ),
]


@pytest.mark.parametrize(("text", "cause", "retry"), TEXTS)
def test_a_known_text_has_its_cause_whatever_is_around_it(
    text: str, cause: Cause, retry: Retry
) -> None:
    for spelled in (text, text.rstrip("."), text.upper(), f"Error 17: {text} (192.0.2.1)"):
        found = explain(spelled)
        assert (found.cause, found.retry) == (cause, retry)
    assert OUTCOMES[cause].remedy


def test_each_documented_text_has_a_cause_of_its_own() -> None:
    assert len({cause for _, cause, _ in TEXTS[:14]}) == 14


def test_every_cause_is_explained() -> None:
    assert set(OUTCOMES) == set(Cause)


@given(st.text())
def test_other_texts_are_not_interpreted(text: str) -> None:
    assert explain(text) is UNKNOWN
    assert UNKNOWN.retry is Retry.OPERATOR
