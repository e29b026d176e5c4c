"""Forty rows of a tenant in which each account and phone that lacks something lacks one thing."""

from collections.abc import Sequence

from siptui.domain.device import Device
from siptui.domain.region import Region
from siptui.preflight.finding import Check, Report
from tests.preflight.tenant import EmulatedServices
from tests.runs.engine.engine_harness import device as numbered
from tests.support.replace import replace

#: One account each that lacks one thing, and the check that must tell; all others are healthy.
_LACKING = {
    "none": (Check.EXISTS, "exists = false"),
    "blocked": (Check.ENABLED, "enabled = false"),
    "numberless": (Check.PHONE_NUMBER, "number = false"),
    "calling": (Check.CALLING_POLICY, "sip_calling = false"),
    "caller": (Check.CALLING_POLICY, 'calling_policy = "Office"'),
    "phone": (Check.IP_PHONE_POLICY, "common_area = false"),
    "licence": (Check.LICENCE, "licence = false"),
    "mfa": (Check.MFA, 'mfa = "enforced"'),
    "chief": (Check.ADMINISTRATOR, "administrator = true"),
    "named": (Check.CONDITIONAL_ACCESS, ""),
}
_PHONES = {
    "00-04-F2-00-00-20": (Check.DEVICE, "online = false"),
    "00-04-F2-00-00-21": (Check.DEVICE, 'region = "NOAM"'),
    "00-04-F2-00-00-22": (Check.TRUSTED_IP, "trusted = false"),
}
SCENARIO = "\n".join(
    [
        "[lag]",
        "policy = 40",
        "replicas = 3",
        "bulk = 60",
        "[[calling_policies]]",
        'name = "Office"',
        "allow_sip_devices = false",
        "[[access_policies]]",
        'name = "One account"',
        'users = ["named@contoso.com"]',
        *(
            f'[[accounts]]\nmatch = "{name}@contoso.com"\n{rule}'
            for name, (_, rule) in _LACKING.items()
            if rule
        ),
        *(
            f'[[devices]]\nmatch = "{name}"\nlisted = true\n{rule}'
            for name, (_, rule) in _PHONES.items()
        ),
        "",
    ]
)


BARE = """
[tenant]
bulk_sign_in = "Disabled"
[lag]
policy = 40
bulk = 60
[[calling_policies]]
name = "SIPDevices"
allow_sip_devices = false
[[ip_phone_policies]]
name = "CommonAreaPhone"
sign_in_mode = "UserSignIn"
"""


def rows() -> list[Device]:
    """40 rows: the accounts that lack something, healthy ones, and on their phones what lacks."""
    names = [f"{name}@contoso.com" for name in _LACKING]
    listed = [numbered(n, user=name) for n, name in enumerate(names)]
    listed += [numbered(n) for n in range(len(listed), 40)]
    return [
        replace(device, extra={"PhoneNumber": f"+4930{device.line:07}"})
        if device.user_name.startswith("numberless")
        else device
        for device in listed
    ]


def fails(report: Report) -> dict[str, set[Check]]:
    """Rows with what fails of each."""
    return {
        account.hardware_id: {finding.check for finding in account.failures}
        for account in report.accounts
        if account.failures
    }


def expected(devices: Sequence[Device]) -> dict[str, set[Check]]:
    found = {
        str(device.hardware_id): {_LACKING[name][0]}
        for device, name in zip(devices, _LACKING, strict=False)
    }
    return found | {phone: {check} for phone, (check, _) in _PHONES.items()}


async def by_region(tenant: EmulatedServices, devices: Sequence[Device]) -> dict[str, str]:
    found: dict[str, str] = {}
    for region in Region:
        found |= await tenant.errors([d for d in devices if d.region is region])
    return found
