"""What a check found: one line, with what to do about it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from functools import cached_property

from msgspec import Struct, field

from siptui.domain.device import DeviceKey


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


class Lacking(StrEnum):
    """What the operator has to name before more can be checked or fixed. How, each interface
    says in its own way."""

    PUBLIC_ADDRESS = "public_address"  # of the phones


class Finding(Struct, frozen=True):
    """One check of one thing.

    `detail` says what was seen, or why nothing could be (with the role or permission missing);
    `remedy` what to do; `powershell` the line that does the same by hand. `lead_time_hours` is
    how long a change may take to work where that is documented, `since` when the change was
    made if that is known. A `warning` passes, but should be looked at; so does what could not be
    checked in full, for something is `lacking`.
    """

    check: Check
    result: Result
    detail: str
    remedy: str = ""
    powershell: str = ""
    lead_time_hours: int | None = None
    since: datetime | None = None
    warning: bool = False
    lacking: Lacking | None = None


class AccountFindings(Struct, frozen=True):
    """What was found of one row: its account and its device.

    `personal`: the account is known to have no common area phone policy of its own (`Global` is
    that of all accounts), so nothing shows that it is a shared one; its password must not be
    reset unless the operator names it. `None` where that could not be read.
    """

    line: int
    user_name: str
    hardware_id: str
    findings: tuple[Finding, ...]
    personal: bool | None = None

    @property
    def key(self) -> DeviceKey:
        """What this row is matched to its device by: `Device.key`."""
        return (self.user_name.casefold(), self.hardware_id)

    def of(self, check: Check) -> Finding | None:
        """The finding of one check, if it was made."""
        return next((finding for finding in self.findings if finding.check is check), None)

    @property
    def failures(self) -> tuple[Finding, ...]:
        """What fails."""
        return tuple(finding for finding in self.findings if finding.result is Result.FAIL)

    @property
    def result(self) -> Result:
        """The worst of them: a failure before what could not be checked."""
        results = {finding.result for finding in self.findings}
        for result in (Result.FAIL, Result.UNKNOWN):
            if result in results:
                return result
        return Result.PASS


class Report(Struct, frozen=True, dict=True):
    """A whole preflight, made at `made`.

    `calls` counts requests by service, tries again included; `notes` are sentences for people
    about the whole. `not_now` is why it could not be read of some accounts whether they are
    personal, where that was not refused and may be had at another time; else nothing.
    """

    tenant: tuple[Finding, ...]
    accounts: tuple[AccountFindings, ...]
    made: datetime
    calls: Mapping[str, int] = field(default_factory=dict)
    notes: Sequence[str] = ()
    not_now: str = ""

    def __repr__(self) -> str:
        # Without the thousands of accounts: `asyncio.run` writes out what its task returned.
        return f"{type(self).__name__}(tenant={self.tenant!r}, made={self.made})"

    @cached_property
    def by_key(self) -> Mapping[DeviceKey, AccountFindings]:
        """The rows by `Device.key`."""
        return {account.key: account for account in self.accounts}

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
        """The rows whose accounts may be a person's own: without a common area policy of theirs."""
        return tuple(account for account in self.accounts if account.personal)

    @property
    def maybe_personal(self) -> tuple[AccountFindings, ...]:
        """The rows of which it could not be read whether they are shared accounts."""
        return tuple(
            account
            for account in self.accounts
            if account.personal is None
            and (exists := account.of(Check.EXISTS)) is not None
            and exists.result is not Result.FAIL
        )
