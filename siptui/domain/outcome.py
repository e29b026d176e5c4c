"""What a device's error means: the service's text → cause → remedy → whether to try again.

The texts are those of the error table in Microsoft Learn, "Configure SIP Gateway"; they are
looked for inside the answer without regard to case or a final dot. A text that is not known is
kept as it is and never interpreted.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from siptui.domain.patterns import regex

DOCS = "https://learn.microsoft.com/microsoftteams/sip-gateway-configure"


class Cause(StrEnum):
    """Why a device was not signed in. Stable words, for `--json`, filters and `--cause`."""

    USER_NOT_FOUND = "user_not_found"
    NO_PHONE_NUMBER = "no_phone_number"
    CALLING_POLICY = "calling_policy"
    IP_PHONE_POLICY = "ip_phone_policy"
    DEVICE_NOT_FOUND = "device_not_found"
    TAG_MISSING = "tag_missing"
    OFFLINE = "offline"
    IP_NOT_TRUSTED = "ip_not_trusted"
    DEADLINE_EXPIRED = "deadline_expired"
    DUPLICATE_DEVICE = "duplicate_device"
    HARDWARE_ID_FORMAT = "hardware_id_format"
    AD_CONFIGURATION = "ad_configuration"
    AD_THROTTLING = "ad_throttling"
    PASSWORD_WRITEBACK = "password_writeback"  # noqa: S105 - the name of a cause
    BATCH_REJECTED = "batch_rejected"
    ANSWER_LOST = "answer_lost"
    NO_RESULT = "no_result"
    GIVEN_UP = "given_up"
    UNKNOWN = "unknown"


class Retry(StrEnum):
    """When trying again can help."""

    FIX_DATA = "fix_data"  # after the list is corrected
    FIX_TENANT = "fix_tenant"  # after the tenant or the account was changed
    PHYSICAL = "physical"  # after a person went to the phone
    WAIT = "wait"  # no action: later, in smaller batches
    NEVER = "never"  # trying again cannot help
    OPERATOR = "operator"  # not known; the operator decides


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is known about one cause.

    `short` fits a table column. `powershell` is a line in which `{user}` stands for the user
    name, or nothing. `lead_time_hours` is how long a change may take to work, if documented.
    `password_kept`: by such a failure no password was reset, for certain. `misspelt`: a wrong
    user name or hardware id in the list leads to it.
    """

    cause: Cause
    short: str
    meaning: str
    remedy: str
    retry: Retry
    powershell: str = ""
    lead_time_hours: int | None = None
    docs: str = DOCS
    password_kept: bool = False
    misspelt: bool = False


_TABLE: tuple[tuple[str, Outcome], ...] = (
    (
        r"user not found in tenant",
        Outcome(
            Cause.USER_NOT_FOUND,
            "user not found",
            "The tenant has no account of this name.",
            "Correct the user name in the list and retry.",
            Retry.FIX_DATA,
            "Get-CsOnlineUser -Identity {user}",
            password_kept=True,
            misspelt=True,
        ),
    ),
    (
        r"missing phone number assignment",
        Outcome(
            Cause.NO_PHONE_NUMBER,
            "no phone number",
            "The account has no phone number.",
            "Assign a number, then retry. It takes effect within minutes.",
            Retry.FIX_TENANT,
            "Set-CsPhoneNumberAssignment -Identity {user} -PhoneNumber <number> "
            "-PhoneNumberType DirectRouting",
        ),
    ),
    (
        r"missing allowsipdevicescalling policy",
        Outcome(
            Cause.CALLING_POLICY,
            "calling policy",
            "The account's calling policy does not allow SIP devices.",
            "Grant a calling policy with AllowSIPDevicesCalling, then retry; "
            "it may take up to 24 hours to take effect.",
            Retry.FIX_TENANT,
            "Grant-CsTeamsCallingPolicy -Identity {user} -PolicyName <policy>",
            24,
        ),
    ),
    (
        r"missing cap policy assignment",
        Outcome(
            Cause.IP_PHONE_POLICY,
            "no common area policy",
            "The account has no common area phone policy.",
            "Grant an IP-phone policy that signs in as a common area phone, then retry.",
            Retry.FIX_TENANT,
            "Grant-CsTeamsIPPhonePolicy -Identity {user} -PolicyName CommonAreaPhone",
        ),
    ),
    (
        r"device not found in records",
        Outcome(
            Cause.DEVICE_NOT_FOUND,
            "device not found",
            "The region knows no such device: it was never provisioned, or lives elsewhere.",
            "Check hardware id, region and the phone's provisioning URL, restart it, then retry.",
            Retry.PHYSICAL,
            misspelt=True,
        ),
    ),
    (
        r"bulksignin tag missing",
        Outcome(
            Cause.TAG_MISSING,
            "tenant tag missing",
            "The phone was provisioned without the tenant id in its provisioning URL.",
            "Put the tenant id into the provisioning URL, restart the phone, then retry.",
            Retry.FIX_TENANT,
        ),
    ),
    (
        r"device is offline",
        Outcome(
            Cause.OFFLINE,
            "offline",
            "The service cannot reach the phone.",
            "Check its power and network, then retry.",
            Retry.PHYSICAL,
        ),
    ),
    (
        r"public ip not configured as trusted ip|public ip\b.*not trusted|whitelist the public ip",
        Outcome(
            Cause.IP_NOT_TRUSTED,
            "public IP not trusted",
            "The phone's public IP address is not among the tenant's trusted IPs, "
            "or the tenant id in its provisioning URL is wrong.",
            "Add the address to the trusted IPs; it may take up to 24 hours. Then retry.",
            Retry.FIX_TENANT,
            "New-CsTenantTrustedIPAddress -IPAddress <address> -MaskBits 32 -Description <site>",
            24,
        ),
    ),
    (
        r"bulk sign-?in deadline expired",
        Outcome(
            Cause.DEADLINE_EXPIRED,
            "deadline expired",
            "Over 72 hours since the phone was onboarded, or over 168 since it was signed out.",
            "Reset the phone to factory settings and provision it again; no cure is documented.",
            Retry.NEVER,
        ),
    ),
    (
        r"duplicate devices found",
        Outcome(
            Cause.DUPLICATE_DEVICE,
            "duplicate device",
            "The service knows more than one device with this hardware id.",
            "Find the duplicates by the addresses in the answer, take one off, then retry.",
            Retry.FIX_DATA,
        ),
    ),
    (
        r"hardware-?\s?id is of wrong format",
        Outcome(
            Cause.HARDWARE_ID_FORMAT,
            "hardware id format",
            "The service does not accept the form of this hardware id.",
            "Correct the hardware id in the list and retry.",
            Retry.FIX_DATA,
            misspelt=True,
        ),
    ),
    (
        r"on-premises ad configuration failure",
        Outcome(
            Cause.AD_CONFIGURATION,
            "on-premises AD",
            "The account is synchronised from an on-premises directory that refused the change.",
            "Have the directory's password write-back checked, then retry.",
            Retry.FIX_TENANT,
        ),
    ),
    (
        r"on-premises ad throttling",
        Outcome(
            Cause.AD_THROTTLING,
            "AD throttling",
            "The on-premises directory had too many password changes at once.",
            "Wait, then retry in smaller batches.",
            Retry.WAIT,
        ),
    ),
    (
        r"password writeback service failed",
        Outcome(
            Cause.PASSWORD_WRITEBACK,
            "password write-back",
            "The on-premises directory refused the new password.",
            "Clear “must change” and “cannot change password” on the account and "
            "allow a minimum password age of 0, then retry.",
            Retry.FIX_TENANT,
        ),
    ),
)
_PATTERNS = tuple((regex(pattern, re.IGNORECASE), outcome) for pattern, outcome in _TABLE)

UNKNOWN = Outcome(
    Cause.UNKNOWN,
    "unknown error",
    "siptui does not know this error text.",
    "Read the service's own words; retry when you know what they mean.",
    Retry.OPERATOR,
)
BATCH_REJECTED = Outcome(
    Cause.BATCH_REJECTED,
    "batch rejected",
    "The service refused the batch as a whole; nothing was submitted.",
    "Read the service's own words, correct what they name, then retry.",
    Retry.OPERATOR,
    password_kept=True,
)
ANSWER_LOST = Outcome(
    Cause.ANSWER_LOST,
    "answer lost",
    "The answer to the submit was lost; whether the service acted is not known.",
    "Look at the phone and at the tenant's batches before you submit it again.",
    Retry.OPERATOR,
)
NO_RESULT = Outcome(
    Cause.NO_RESULT,
    "no result",
    "The batch ended without a word, or with an unknown word, about this device.",
    "Look at the phone before you submit it again.",
    Retry.OPERATOR,
)
GIVEN_UP = Outcome(
    Cause.GIVEN_UP,
    "given up",
    "Its batch never ended and was given up by an operator; the service may still sign "
    "the phone in.",
    "Look at the phone and at “siptui batches” before you submit it again.",
    Retry.OPERATOR,
)
OUTCOMES: dict[Cause, Outcome] = {
    outcome.cause: outcome
    for outcome in (
        *(outcome for _, outcome in _TABLE),
        UNKNOWN,
        BATCH_REJECTED,
        ANSWER_LOST,
        NO_RESULT,
        GIVEN_UP,
    )
}


def explain(error: str) -> Outcome:
    """What the service's error text `error` means; `UNKNOWN` for one it does not know."""
    for pattern, outcome in _PATTERNS:
        if pattern.search(error):
            return outcome
    return UNKNOWN
