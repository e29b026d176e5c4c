"""What a check found: one line, with what to do about it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Check(StrEnum):
    """What is looked at. Stable words, for `--json`, filters and `--only`."""

    BULK_SIGN_IN = "bulk_sign_in"
    TRUSTED_IP = "trusted_ip"
    CALLING_POLICY = "calling_policy"
    IP_PHONE_POLICY = "ip_phone_policy"
    OPERATOR_ROLES = "operator_roles"
    CONDITIONAL_ACCESS = "conditional_access"
    NETWORK_SITES = "network_sites"
    EXISTS = "exists"
    ENABLED = "enabled"
    PHONE_NUMBER = "phone_number"
    LICENCE = "licence"
    MFA = "mfa"
    AD_SYNCED = "ad_synced"
    ADMINISTRATOR = "administrator"
    DEVICE = "device"


class Result(StrEnum):
    """How a check came out. `UNKNOWN`: it could not be made, or says nothing for certain."""

    PASS = "pass"  # noqa: S105 - the word of a result
    FAIL = "fail"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check of one thing.

    `detail` says what was seen, or why nothing could be (with the role or permission missing);
    `remedy` what to do; `powershell` the line that does the same by hand. `lead_time_hours` is
    how long a change may take to work where that is documented, `since` when the change was
    made if that is known. A `warning` passes, but somebody should look.
    """

    check: Check
    result: Result
    detail: str
    remedy: str = ""
    powershell: str = ""
    lead_time_hours: int | None = None
    since: datetime | None = None
    warning: bool = False


@dataclass(frozen=True, slots=True)
class AccountFindings:
    """What was found of one row: its account and its device.

    `personal`: nothing shows that this is a shared account (no common area phone policy); its
    password must not be reset unless the operator names it.
    """

    line: int
    user_name: str
    hardware_id: str
    findings: tuple[Finding, ...]
    personal: bool = False

    @property
    def result(self) -> Result:
        """The worst of them: a failure before what could not be checked."""
        results = {finding.result for finding in self.findings}
        for result in (Result.FAIL, Result.UNKNOWN):
            if result in results:
                return result
        return Result.PASS


@dataclass(frozen=True, slots=True)
class Report:
    """A whole preflight. `calls` counts requests by source; `notes` are for people."""

    tenant: tuple[Finding, ...]
    accounts: tuple[AccountFindings, ...]
    made: datetime
    calls: dict[str, int] = field(default_factory=dict)
    notes: Sequence[str] = ()

    def counts(self) -> dict[Result, int]:
        """How many findings came out each way, the tenant's and the accounts'."""
        found = [*self.tenant, *(f for account in self.accounts for f in account.findings)]
        return {result: sum(f.result is result for f in found) for result in Result}

    @property
    def failed(self) -> bool:
        """Whether anything fails."""
        return self.counts()[Result.FAIL] > 0

    @property
    def personal(self) -> tuple[AccountFindings, ...]:
        """The rows whose accounts may be somebody's own."""
        return tuple(account for account in self.accounts if account.personal)
