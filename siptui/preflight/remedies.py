"""What to do about each check: the remedy, the PowerShell line, how long it takes to work.

Lines and times are those of Microsoft Learn, "Configure SIP Gateway", and of the MicrosoftTeams
module's reference.
"""

import re

from msgspec import Struct

from siptui.gateway.tenant_model import CallingPolicy, IPPhonePolicy, NumberType, TrustedIP
from siptui.preflight.finding import Check

#: How long trusted addresses and calling policies may take to work, in hours (same page).
LEAD_HOURS = 24
#: Names for policies that have to be made: those of the documentation.
CALLING_POLICY_NAME = "SIPDevices"
IP_PHONE_POLICY_NAME = "CommonAreaPhone"


#: Kinds of account that are no ordinary user (Microsoft Learn, Get-CsOnlineUser: AccountType),
#: casefolded: what one is, and what to do.
KINDS = {
    "guest": (
        "It is a guest: the account belongs to another organisation.",
        "Take it off the list, or make an account of this tenant for the phone.",
    ),
    "resourceaccount": (
        "It is a resource account, as for auto attendants and call queues.",
        "Make an ordinary account for the phone, with a licence such as Microsoft Teams Shared "
        "Devices.",
    ),
    "sfbonpremuser": (
        "It is homed on Skype for Business Server.",
        "Move it to Teams (Move-CsUser), or make another account for the phone.",
    ),
    "ineligibleuser": (
        "Teams counts it as not eligible for Teams.",
        "Look at its licences.",
    ),
}


class Remedy(Struct, frozen=True):
    """What to do. `lead_time_hours` only where it is documented."""

    text: str
    powershell: str = ""
    lead_time_hours: int | None = None


def quoted(text: str) -> str:
    """`text` as one literal argument of PowerShell in printable ASCII, whatever is in it.

    Other characters are given by their number: PowerShell takes typographic quotes for quotes, and
    Windows PowerShell 5.1 may read a script in another encoding than it was written in.
    """
    parts = [part for part in re.split(r"([^ -~]+)", text) if part]
    if all(_is_plain(part) for part in parts):
        return _literal(text)
    # The first operand is a text, so that all are joined as texts.
    operands = [] if _is_plain(parts[0]) else ["''"]
    for part in parts:
        operands += [_literal(part)] if _is_plain(part) else _characters(part)
    return f"({' + '.join(operands)})"


def _is_plain(part: str) -> bool:
    return part.isascii() and part.isprintable()


def _literal(text: str) -> str:
    doubled = text.replace("'", "''")
    return f"'{doubled}'"


def _characters(text: str) -> list[str]:
    """The UTF-16 units of `text`, which is what a [char] holds."""
    units = text.encode("utf-16-be", "surrogatepass")
    return [f"[char]0x{units[i]:02X}{units[i + 1]:02X}" for i in range(0, len(units), 2)]


def enable_bulk_sign_in(enabled: bool = True) -> str:
    """Set `BulkSignIn`."""
    word = "Enabled" if enabled else "Disabled"
    return f"Set-CsTeamsSipDevicesConfiguration -Identity Global -BulkSignIn {quoted(word)}"


def add_trusted_ip(trusted: TrustedIP) -> str:
    """Add a trusted address."""
    bits = "" if trusted.mask_bits is None else f" -MaskBits {trusted.mask_bits}"
    about = trusted.description or "SIP phones"
    return (
        f"New-CsTenantTrustedIPAddress -IPAddress {quoted(trusted.address)}{bits} "
        f"-Description {quoted(about)}"
    )


def create_calling_policy(policy: CallingPolicy) -> str:
    """Make a calling policy."""
    allow = "$true" if policy.allow_sip_devices else "$false"
    return (
        f"New-CsTeamsCallingPolicy -Identity {quoted(policy.name)} "
        f"-AllowSIPDevicesCalling {allow} -AllowCallRedirect {quoted(policy.call_redirect)}"
    )


def create_ip_phone_policy(policy: IPPhonePolicy) -> str:
    """Make an IP-phone policy."""
    return (
        f"New-CsTeamsIPPhonePolicy -Identity {quoted(policy.name)} "
        f"-SignInMode {quoted(policy.sign_in_mode)}"
    )


def grant_calling_policy(user: str, policy: str) -> str:
    """Assign a calling policy; `$null` takes the assignment away."""
    name = quoted(policy) if policy else "$null"
    return f"Grant-CsTeamsCallingPolicy -Identity {quoted(user)} -PolicyName {name}"


def grant_ip_phone_policy(user: str, policy: str) -> str:
    """Assign an IP-phone policy; `$null` takes the assignment away."""
    name = quoted(policy) if policy else "$null"
    return f"Grant-CsTeamsIPPhonePolicy -Identity {quoted(user)} -PolicyName {name}"


def assign_number(user: str, number: str, kind: NumberType) -> str:
    """Assign a phone number."""
    return (
        f"Set-CsPhoneNumberAssignment -Identity {quoted(user)} "
        f"-PhoneNumber {quoted(number)} -PhoneNumberType {kind}"
    )


def remedy(check: Check, user: str = "", *, policy: str = "") -> Remedy:
    """What to do where `check` failed, for the account `user` if it is one of an account.

    `policy` is the name of one that fits, where the tenant has one.
    """
    who = user or "<user>"
    match check:
        case Check.BULK_SIGN_IN:
            return Remedy("Enable bulk sign-in for the tenant.", enable_bulk_sign_in())
        case Check.TRUSTED_IP:
            return Remedy(
                "Add the phones' public address to the trusted IPs; it may take up to 24 hours.",
                "New-CsTenantTrustedIPAddress -IPAddress <address> -MaskBits 32 "
                "-Description <site>",
                LEAD_HOURS,
            )
        case Check.CALLING_POLICY if user:
            return Remedy(
                "Assign a calling policy that allows SIP devices; it may take up to 24 hours.",
                grant_calling_policy(who, policy or CALLING_POLICY_NAME),
                LEAD_HOURS,
            )
        case Check.CALLING_POLICY:
            return Remedy(
                "Make a calling policy that allows SIP devices and call redirection, and assign "
                "it; it may take up to 24 hours.",
                create_calling_policy(CallingPolicy(CALLING_POLICY_NAME, True, "Enabled")),
                LEAD_HOURS,
            )
        case Check.IP_PHONE_POLICY if user:
            return Remedy(
                "If this is a shared account, assign an IP-phone policy that signs in as a "
                "common area phone. If it is a person's, take it off the list.",
                grant_ip_phone_policy(who, policy or IP_PHONE_POLICY_NAME),
            )
        case Check.IP_PHONE_POLICY:
            return Remedy(
                "Make an IP-phone policy that signs in as a common area phone, and assign it.",
                create_ip_phone_policy(
                    IPPhonePolicy(IP_PHONE_POLICY_NAME, "CommonAreaPhoneSignIn")
                ),
            )
        case Check.PHONE_NUMBER:
            return Remedy(
                "Assign a phone number; it works within minutes.",
                f"Set-CsPhoneNumberAssignment -Identity {quoted(who)} -PhoneNumber <number> "
                "-PhoneNumberType DirectRouting",
            )
        case Check.EXISTS:
            return Remedy(
                "Correct the user name in the list, or make the account.",
                f"Get-CsOnlineUser -Identity {quoted(who)}",
            )
        case Check.ENABLED:
            return Remedy(
                "Unblock the account.", f"Update-MgUser -UserId {quoted(who)} -AccountEnabled:$true"
            )
        case Check.LICENCE:
            return Remedy(
                "Assign a licence with Teams Phone, such as Microsoft Teams Shared Devices.",
                f"Set-MgUserLicense -UserId {quoted(who)} "
                "-AddLicenses @{SkuId='295a8eb0-f78d-45c7-8b5b-1eed5ed02dff'} -RemoveLicenses @()",
            )
        case Check.MFA:
            return Remedy(
                "Turn per-user multifactor authentication off for this account.",
                "Invoke-MgGraphRequest -Method PATCH -Uri "
                + quoted(
                    f"https://graph.microsoft.com/beta/users/{who}/authentication/requirements"
                )
                + " -Body @{perUserMfaState='disabled'}",
            )
        case Check.AD_SYNCED:
            return Remedy(
                "The on-premises directory must take the new password: password write-back on, "
                "minimum password age 0, neither “must change” nor “cannot change password”.",
                "Set-ADUser -Identity <account> -ChangePasswordAtLogon $false "
                "-CannotChangePassword $false",
            )
        case Check.ADMINISTRATOR:
            return Remedy(
                "Take the directory role off the account, or have a Privileged Authentication "
                "Administrator or Global Administrator submit it."
            )
        case Check.OPERATOR_ROLES:
            return Remedy(
                "Ask for the role Authentication Administrator, or activate it if you hold it "
                "eligible only, and sign in again."
            )
        case Check.CONDITIONAL_ACCESS:
            return Remedy(
                "Leave the accounts out of the policy, or its demands for the three SIP Gateway "
                "apps (by an application filter) or for Microsoft Teams, or for the phones' "
                "public addresses together with those of SIP Gateway."
            )
        case Check.NETWORK_SITES:
            return Remedy("Nothing need be done.")
        case Check.DEVICE:
            return Remedy(
                "Look at the phone: its power, its network, its provisioning URL and the region."
            )
