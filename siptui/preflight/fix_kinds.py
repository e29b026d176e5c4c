"""Each kind of fix as one object: its check, its words, what is sent for it, how it is taken back,
and how it is seen to stand.

A new kind is a class here, its word in `change_log.Kind`, and where `fix_plan` plans it.
"""

from siptui.domain.public_address import Network
from siptui.gateway.errors import NotReachedError
from siptui.gateway.tenant_model import (
    Assigned,
    CallingPolicy,
    Directory,
    IPPhonePolicy,
    NumberType,
    PolicyType,
    TeamsUser,
    TrustedIP,
)
from siptui.preflight import remedies
from siptui.preflight.change_log import Change, Kind
from siptui.preflight.policies import by_name, policy_key
from siptui.preflight.public_ip import network_of
from siptui.preflight.read import Sources

#: The sign-in mode of a common area phone (New-CsTeamsIPPhonePolicy: SignInMode).
COMMON_AREA = "CommonAreaPhoneSignIn"


class TenantFix:
    """A change of the tenant. All calls raise the gateway's errors."""

    #: How many hours it may take to work, where that is documented.
    lead_time_hours: int | None = None

    def title(self, change: Change) -> str:
        """What it does, as a sentence."""
        raise NotImplementedError

    def powershell(self, change: Change) -> str:
        """The line that does the same by hand."""
        raise NotImplementedError

    async def write(self, sources: Sources, change: Change) -> None:
        """Send it, once."""
        raise NotImplementedError

    async def take_back(self, sources: Sources, change: Change) -> None:
        """Send what puts things back as they were before, once."""
        raise NotImplementedError

    async def stands(self, sources: Sources, change: Change) -> bool:
        """Whether what it gave is there now."""
        raise NotImplementedError


class AccountFix:
    """A change of one account, whose state is read with the account. Errors as of `TenantFix`."""

    lead_time_hours: int | None = None

    def title(self, change: Change) -> str:
        """What it does, as a sentence."""
        raise NotImplementedError

    def powershell(self, change: Change) -> str:
        """The line that does the same by hand."""
        raise NotImplementedError

    async def write(self, sources: Sources, change: Change, user: TeamsUser) -> str:
        """Send it, once; where its progress can be read, or nothing."""
        raise NotImplementedError

    async def take_back(self, sources: Sources, change: Change, user: TeamsUser) -> None:
        """Send what puts things back as they were before, once."""
        raise NotImplementedError

    def stands(self, change: Change, user: TeamsUser) -> bool | None:
        """Whether `user` has what it gave; None where that could not be read."""
        raise NotImplementedError

    def before(self, user: TeamsUser) -> str | None:
        """What `user` has now, to be put back by an undo; None where an undo needs none."""
        return None


class EnableBulkSignIn(TenantFix):
    """Bulk sign-in of SIP devices, off by default."""

    def title(self, change: Change) -> str:
        return "Enable bulk sign-in for the tenant."

    def powershell(self, change: Change) -> str:
        return remedies.enable_bulk_sign_in()

    async def write(self, sources: Sources, change: Change) -> None:
        await sources.admin.set_bulk_sign_in(True)

    async def take_back(self, sources: Sources, change: Change) -> None:
        await sources.admin.set_bulk_sign_in(False)

    async def stands(self, sources: Sources, change: Change) -> bool:
        return (await sources.admin.bulk_sign_in()).casefold() == "enabled"


class AddTrustedIP(TenantFix):
    """A public address, or range, from which phones may sign in."""

    lead_time_hours = remedies.LEAD_HOURS

    @staticmethod
    def change(network: Network) -> Change:
        """The change that adds `network`."""
        address, bits = str(network.network_address), str(network.prefixlen)
        return Change(kind=Kind.ADD_TRUSTED_IP, target=address, value=bits)

    def title(self, change: Change) -> str:
        return f"Trust the public address {network_of(self._trusted(change))}."

    def powershell(self, change: Change) -> str:
        return remedies.add_trusted_ip(self._trusted(change))

    async def write(self, sources: Sources, change: Change) -> None:
        await sources.admin.add_trusted_ip(self._trusted(change))

    async def take_back(self, sources: Sources, change: Change) -> None:
        await sources.admin.delete_policy(PolicyType.TRUSTED_IP, change.target)

    async def stands(self, sources: Sources, change: Change) -> bool:
        listed = [network_of(one) for one in await sources.admin.trusted_ips()]
        return network_of(self._trusted(change)) in listed

    @staticmethod
    def _trusted(change: Change) -> TrustedIP:
        return TrustedIP(change.target, int(change.value), "SIP phones")


class CreateCallingPolicy(TenantFix):
    """A calling policy that allows SIP devices."""

    lead_time_hours = remedies.LEAD_HOURS

    def title(self, change: Change) -> str:
        return (
            f"Make the calling policy {change.target}, which allows SIP devices and call "
            "redirection."
        )

    def powershell(self, change: Change) -> str:
        return remedies.create_calling_policy(CallingPolicy(change.target, True, "Enabled"))

    async def write(self, sources: Sources, change: Change) -> None:
        await sources.admin.create_calling_policy(CallingPolicy(change.target, True, "Enabled"))

    async def take_back(self, sources: Sources, change: Change) -> None:
        await sources.admin.delete_policy(PolicyType.CALLING, change.target)

    async def stands(self, sources: Sources, change: Change) -> bool:
        policies = by_name(await sources.admin.calling_policies())
        found = policies.get(policy_key(change.target))
        return found is not None and found.allow_sip_devices is True


class CreateIPPhonePolicy(TenantFix):
    """An IP-phone policy that signs in as a common area phone."""

    def title(self, change: Change) -> str:
        return f"Make the IP-phone policy {change.target}, which signs in as a common area phone."

    def powershell(self, change: Change) -> str:
        return remedies.create_ip_phone_policy(IPPhonePolicy(change.target, change.value))

    async def write(self, sources: Sources, change: Change) -> None:
        await sources.admin.create_ip_phone_policy(IPPhonePolicy(change.target, change.value))

    async def take_back(self, sources: Sources, change: Change) -> None:
        await sources.admin.delete_policy(PolicyType.IP_PHONE, change.target)

    async def stands(self, sources: Sources, change: Change) -> bool:
        policies = by_name(await sources.admin.ip_phone_policies())
        found = policies.get(policy_key(change.target))
        return found is not None and found.common_area


class GrantCallingPolicy(AccountFix):
    """The assignment of a calling policy."""

    lead_time_hours = remedies.LEAD_HOURS

    def title(self, change: Change) -> str:
        return f"Assign the calling policy {change.value} to {change.target}."

    def powershell(self, change: Change) -> str:
        return remedies.grant_calling_policy(change.target, change.value)

    async def write(self, sources: Sources, change: Change, user: TeamsUser) -> str:
        await sources.admin.grant_policy(user, PolicyType.CALLING, change.value)
        return ""

    async def take_back(self, sources: Sources, change: Change, user: TeamsUser) -> None:
        await sources.admin.grant_policy(user, PolicyType.CALLING, change.before)

    def stands(self, change: Change, user: TeamsUser) -> bool | None:
        return _has(user.calling_policy, change.value)

    def before(self, user: TeamsUser) -> str | None:
        return _direct(user.calling_policy)


class GrantIPPhonePolicy(AccountFix):
    """The assignment of an IP-phone policy."""

    def title(self, change: Change) -> str:
        return f"Assign the IP-phone policy {change.value} to {change.target}."

    def powershell(self, change: Change) -> str:
        return remedies.grant_ip_phone_policy(change.target, change.value)

    async def write(self, sources: Sources, change: Change, user: TeamsUser) -> str:
        await sources.admin.grant_policy(user, PolicyType.IP_PHONE, change.value)
        return ""

    async def take_back(self, sources: Sources, change: Change, user: TeamsUser) -> None:
        await sources.admin.grant_policy(user, PolicyType.IP_PHONE, change.before)

    def stands(self, change: Change, user: TeamsUser) -> bool | None:
        return _has(user.ip_phone_policy, change.value)

    def before(self, user: TeamsUser) -> str | None:
        return _direct(user.ip_phone_policy)


class AssignNumber(AccountFix):
    """The assignment of a phone number, which the service carries out in its own time."""

    def title(self, change: Change) -> str:
        return f"Assign the number {change.value} ({self._type(change)}) to {change.target}."

    def powershell(self, change: Change) -> str:
        return remedies.assign_number(change.target, change.value, self._type(change))

    async def write(self, sources: Sources, change: Change, user: TeamsUser) -> str:
        return await graph(sources).assign_number(user, change.value, self._type(change))

    async def take_back(self, sources: Sources, change: Change, user: TeamsUser) -> None:
        await graph(sources).unassign_number(user, change.value, self._type(change))

    def stands(self, change: Change, user: TeamsUser) -> bool | None:
        if user.numbers is None:
            return None
        return change.value in {number.partition(";")[0] for number in user.numbers}

    @staticmethod
    def _type(change: Change) -> NumberType:
        return change.number_type or NumberType.DIRECT_ROUTING


TENANT_FIXES: dict[Kind, TenantFix] = {
    Kind.ENABLE_BULK_SIGN_IN: EnableBulkSignIn(),
    Kind.ADD_TRUSTED_IP: AddTrustedIP(),
    Kind.CREATE_CALLING_POLICY: CreateCallingPolicy(),
    Kind.CREATE_IP_PHONE_POLICY: CreateIPPhonePolicy(),
}
ACCOUNT_FIXES: dict[Kind, AccountFix] = {
    Kind.GRANT_CALLING_POLICY: GrantCallingPolicy(),
    Kind.GRANT_IP_PHONE_POLICY: GrantIPPhonePolicy(),
    Kind.ASSIGN_NUMBER: AssignNumber(),
}


def fix_kind(kind: Kind) -> TenantFix | AccountFix:
    """The object of a kind."""
    return TENANT_FIXES[kind] if kind in TENANT_FIXES else ACCOUNT_FIXES[kind]


def graph(sources: Sources) -> Directory:
    """Microsoft Graph. Raises `NotReachedError` where the profile's cloud has none."""
    if sources.directory is None:
        raise NotReachedError(
            "Numbers are assigned through Microsoft Graph, and this profile's cloud has none.",
            remedy="Run the PowerShell line instead.",
        )
    return sources.directory


def _has(assigned: Assigned | None, policy: str) -> bool | None:
    return None if assigned is None else policy_key(assigned.name) == policy_key(policy)


def _direct(assigned: Assigned | None) -> str:
    """The policy that was assigned to the account itself, which an undo puts back."""
    return assigned.name if assigned and assigned.how == "direct" else ""
