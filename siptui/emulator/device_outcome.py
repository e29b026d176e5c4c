"""What the service says of one device of a batch.

The texts are those of the error table in Microsoft Learn, "Configure SIP Gateway", word for
word; the longer one about the public IP is not documented and was reported by users.
"""

from siptui.domain.hardware_id import HardwareId, HardwareIdError
from siptui.domain.outcome import Cause
from siptui.domain.region import Region
from siptui.emulator.account_rules import Account, Phone

TEXTS: dict[Cause, str] = {
    Cause.USER_NOT_FOUND: "User not found in tenant.",
    Cause.NO_PHONE_NUMBER: "User missing phone number assignment.",
    Cause.CALLING_POLICY: "User missing AllowSIPDevicesCalling policy assignment",
    Cause.IP_PHONE_POLICY: "User missing CAP policy assignment.",
    Cause.DEVICE_NOT_FOUND: "Device not found in records.",
    Cause.TAG_MISSING: "BulkSignIn Tag missing for the device",
    Cause.OFFLINE: "Device is offline.",
    Cause.IP_NOT_TRUSTED: "Public IP not configured as Trusted IP.",
    Cause.DEADLINE_EXPIRED: "Bulk Sign-in deadline expired.",
    Cause.DUPLICATE_DEVICE: "Duplicate devices found for bulk sign-in.",
    Cause.HARDWARE_ID_FORMAT: "Input hardware-ID is of wrong format",
    Cause.AD_CONFIGURATION: "On-premises AD configuration failure.",
    Cause.AD_THROTTLING: "On-premises AD throttling detected",
    Cause.PASSWORD_WRITEBACK: (
        "The Password writeback service failed to set a password on the tenant's local directory."
    ),
}
#: Prerequisites without a text in that table. These are invented: it is not published what the
#: service says of them; they are here so that a run fails where a prerequisite is missing.
INVENTED: dict[str, str] = {
    "bulk_sign_in": "Bulk sign-in is not enabled for this tenant.",
    "disabled": "User account is disabled.",
    "licence": "User missing Teams Phone license.",
    "mfa": "User is required to use multi-factor authentication (AADSTS50076).",
    "administrator": "Insufficient privileges to reset the password of an administrator.",
    "access": "Sign-in was blocked by Conditional Access policies (AADSTS53003).",
}
WHITELIST = "Public IP IPv4 {ip} is not trusted. Please whitelist the public IP in TAC"


def canonical(hardware_id: str) -> str:
    """The hardware id in the service's own form, or as it came if it has none."""
    try:
        return HardwareId.parse(hardware_id)
    except HardwareIdError:
        return hardware_id.strip().upper()


def well_formed(hardware_id: str) -> bool:
    """Whether the service takes this form: hyphens, port as `:NNN`, either case."""
    try:
        return HardwareId.parse(hardware_id) == hardware_id.upper()
    except HardwareIdError:
        return False


def device_error(
    *,
    hardware_id: str,
    region: Region,
    account: Account,
    phone: Phone,
    moment: float,
    synced_before: int,
) -> str:
    """The error text of one device, or nothing where it was signed in.

    `synced_before` is how many accounts of the same batch the on-premises directory had to take
    before this one.
    """
    if not well_formed(hardware_id):
        return TEXTS[Cause.HARDWARE_ID_FORMAT]
    if cause := _phone_lacks(phone, region, moment):
        return _phone_text(cause, phone)
    if phone.error:
        return phone.error
    return _account_text(account, synced_before)


def _phone_lacks(phone: Phone, region: Region, moment: float) -> Cause | None:
    if not phone.known or phone.region not in (None, region):
        return Cause.DEVICE_NOT_FOUND
    if phone.duplicates:
        return Cause.DUPLICATE_DEVICE
    if not phone.tagged:
        return Cause.TAG_MISSING
    if phone.deadline is not None and moment >= phone.deadline:
        return Cause.DEADLINE_EXPIRED
    if not phone.online:
        return Cause.OFFLINE
    # Without a list of addresses (None) nothing speaks against it.
    return Cause.IP_NOT_TRUSTED if phone.trusted is False else None


def _phone_text(cause: Cause, phone: Phone) -> str:
    if cause is Cause.IP_NOT_TRUSTED and phone.trusted_words == "whitelist":
        return WHITELIST.format(ip=phone.public_ip)
    if cause is Cause.DUPLICATE_DEVICE:
        return f"{TEXTS[cause]} {', '.join(phone.duplicates)}"
    return TEXTS[cause]


def _account_text(account: Account, synced_before: int) -> str:
    if not account.exists:
        return TEXTS[Cause.USER_NOT_FOUND]
    if account.stopped:
        return account.stopped
    lacks = (
        (not account.number, Cause.NO_PHONE_NUMBER),
        (not account.sip_calling, Cause.CALLING_POLICY),
        (not account.common_area, Cause.IP_PHONE_POLICY),
        (account.on_premises == "misconfigured", Cause.AD_CONFIGURATION),
        (account.on_premises == "writeback", Cause.PASSWORD_WRITEBACK),
        (
            account.on_premises == "throttling" and synced_before >= account.throttle_above,
            Cause.AD_THROTTLING,
        ),
    )
    for lacking, cause in lacks:
        if lacking:
            return TEXTS[cause]
    return account.error
