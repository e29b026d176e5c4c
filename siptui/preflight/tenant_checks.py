"""What holds for the tenant as a whole and for the operator. Pure: facts in, findings out.

A check fails only where what was read leaves no doubt; what was not read is `unknown`.
"""

from collections.abc import Callable, Sequence

from msgspec.structs import replace

from siptui.domain.public_address import Network, shown
from siptui.domain.text import plural
from siptui.gateway.tenant_model import UNREADABLE, TrustedIP
from siptui.preflight import remedies, roles
from siptui.preflight.facts import Missing, TenantFacts
from siptui.preflight.finding import Check, Finding, Lacking, Result
from siptui.preflight.policies import fitting_calling, fitting_ip_phone, redirects
from siptui.preflight.public_ip import network_of, uncovered


def finding(check: Check, result: Result, detail: str, *, warning: bool = False) -> Finding:
    """A finding of the tenant, with its remedy where it fails."""
    what = remedies.remedy(check) if result is Result.FAIL or warning else remedies.Remedy("")
    return Finding(
        check,
        result,
        detail,
        remedy=what.text,
        powershell=what.powershell,
        lead_time_hours=what.lead_time_hours,
        warning=warning,
    )


def missing(check: Check, why: Missing) -> Finding:
    """A check that could not be made: why, and what to ask for."""
    return Finding(
        check,
        Result.UNKNOWN,
        f"Could not check: {why.reason}",
        remedy=why.what_to_do,
    )


def tenant_findings(
    facts: TenantFacts, public_ips: Sequence[Network] = (), *, listed: bool = False
) -> tuple[Finding, ...]:
    """One finding for each check of the tenant, but Conditional Access, which needs accounts.
    `listed`: the list names addresses, which are checked row by row."""
    checks: tuple[Callable[[TenantFacts], Finding], ...] = (
        bulk_sign_in,
        lambda facts: trusted_ip(facts, public_ips, listed=listed),
        calling_policy,
        ip_phone_policy,
        operator_roles,
        network_sites,
    )
    return tuple(check(facts) for check in checks)


def bulk_sign_in(facts: TenantFacts) -> Finding:
    """`BulkSignIn` in TeamsSipDevicesConfiguration."""
    check, word = Check.BULK_SIGN_IN, facts.bulk_sign_in
    if isinstance(word, Missing):
        return missing(check, word)
    if word.casefold() == "enabled":
        return finding(check, Result.PASS, "BulkSignIn is Enabled.")
    if word.casefold() == "disabled":
        return finding(check, Result.FAIL, "BulkSignIn is Disabled: every batch is refused.")
    if not word:
        return finding(check, Result.UNKNOWN, "The configuration says nothing of BulkSignIn.")
    return finding(check, Result.UNKNOWN, f"BulkSignIn is “{word}”, a word not known here.")


def trusted_ip(
    facts: TenantFacts, public_ips: Sequence[Network] = (), *, listed: bool = False
) -> Finding:
    """Trusted addresses exist and, where the phones' own are given, contain them."""
    check, trusted = Check.TRUSTED_IP, facts.trusted_ips
    if isinstance(trusted, Missing):
        return missing(check, trusted)
    if not trusted:
        return finding(check, Result.FAIL, "The tenant has no trusted IP address.")
    unread = sum(network_of(one) is None for one in trusted)
    odd = f" {unread} of them cannot be read as addresses." if unread else ""
    count = f"{len(trusted):,} trusted IP address{'es' if len(trusted) > 1 else ''}"
    if listed and not public_ips:
        return finding(
            check, Result.PASS, f"{count}.{odd} The list's own addresses are checked row by row."
        )
    if not public_ips:
        return Finding(
            check,
            Result.PASS,
            f"{count}.{odd} Whether the phones' own is among them is not known.",
            warning=True,
            lacking=Lacking.PUBLIC_ADDRESS,
        )
    lacking = uncovered(trusted, public_ips)
    if lacking and unread:
        names = ", ".join(map(shown, lacking))
        return finding(check, Result.UNKNOWN, f"{count}, without {names} as far as seen.{odd}")
    if lacking:
        names = ", ".join(map(shown, lacking))
        lines = [
            remedies.add_trusted_ip(TrustedIP(str(network.network_address), network.prefixlen))
            for network in lacking
        ]
        failed = finding(check, Result.FAIL, f"{names}: not among the trusted IPs ({count}).")
        return replace(failed, powershell="; ".join(lines))
    named = ", ".join(map(shown, public_ips))
    six = any(network.version == 6 for network in public_ips)
    only4 = " SIP Gateway speaks IPv4 only." if six else ""
    return finding(check, Result.PASS, f"{named} is trusted ({count}).{only4}", warning=six)


def calling_policy(facts: TenantFacts) -> Finding:
    """There is a calling policy that allows SIP devices, and better one that redirects calls."""
    check, policies = Check.CALLING_POLICY, facts.calling_policies
    if isinstance(policies, Missing):
        return missing(check, policies)
    allowing = [policy for policy in policies if policy.allow_sip_devices]
    if not allowing:
        if any(policy.allow_sip_devices is None for policy in policies) or not policies:
            return finding(
                check, Result.UNKNOWN, "The calling policies do not say AllowSIPDevicesCalling."
            )
        return finding(
            check, Result.FAIL, f"None of {len(policies)} calling policies allows SIP devices."
        )
    best = fitting_calling(allowing) or allowing[0]
    if not any(redirects(policy) for policy in allowing):
        return finding(
            check,
            Result.PASS,
            f"“{best.name}” allows SIP devices, but none that does enables AllowCallRedirect: "
            "forwarding will not work on the phones.",
            warning=True,
        )
    return finding(check, Result.PASS, f"“{best.name}” allows SIP devices.")


def ip_phone_policy(facts: TenantFacts) -> Finding:
    """There is an IP-phone policy that signs in as a common area phone."""
    check, policies = Check.IP_PHONE_POLICY, facts.ip_phone_policies
    if isinstance(policies, Missing):
        return missing(check, policies)
    common = [policy for policy in policies if policy.common_area]
    if common:
        best = fitting_ip_phone(common) or common[0]
        return finding(check, Result.PASS, f"“{best.name}” signs in as a common area phone.")
    if not policies or any(not policy.sign_in_mode for policy in policies):
        return finding(check, Result.UNKNOWN, "The IP-phone policies do not say their SignInMode.")
    return finding(
        check,
        Result.FAIL,
        f"None of {len(policies)} IP-phone policies signs in as a common area phone.",
    )


def operator_roles(facts: TenantFacts) -> Finding:
    """The operator may do bulk sign-in."""
    check, held = Check.OPERATOR_ROLES, facts.own_roles
    if isinstance(held, Missing):
        return missing(check, held)
    mine = [name for role, name in roles.BULK_SIGN_IN.items() if role in held]
    if mine:
        weak = roles.only_weak(held)
        return finding(
            check,
            Result.PASS,
            f"You are {mine[0]}"
            + (", which does not cover accounts that are administrators." if weak else "."),
        )
    if not held or UNREADABLE in held:
        # Without more rights Graph may hide roles, and eligible ones it never shows.
        lacking = "that can be read" if held else "of yours"
        return finding(check, Result.UNKNOWN, f"Graph shows no directory role {lacking}.")
    return finding(
        check,
        Result.FAIL,
        "None of your active roles may do bulk sign-in "
        f"({', '.join(roles.BULK_SIGN_IN.values())} may).",
    )


def network_sites(facts: TenantFacts) -> Finding:
    """Network sites and subnets, as a note: whether bulk sign-in needs them is not documented."""
    check, places = Check.NETWORK_SITES, facts.network_places
    if isinstance(places, Missing):
        return missing(check, places)
    sites = len({place.site for place in places if place.site})
    subnets = sum(bool(place.subnet) for place in places)
    return finding(
        check,
        Result.PASS,
        f"{plural(sites, 'network site')} with {plural(subnets, 'subnet')} "
        "(a note: none seem to be needed).",
    )
