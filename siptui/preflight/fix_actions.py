"""Each kind of change in terms of the service: write it, look whether it stands, take it back."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import msgspec

from siptui.domain.errors import SignInNeededError, SiptuiError
from siptui.gateway.errors import NotReachedError, RejectedError, TokenRefusedError
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
from siptui.preflight.change_log import Change, Kind
from siptui.preflight.policies import by_name, policy_key
from siptui.preflight.public_ip import network_of
from siptui.preflight.read import PER_ADMIN_CALL, Sources

_LOG = logging.getLogger("siptui.preflight")
#: Changes of an account; the others are of the tenant.
OF_ACCOUNTS = frozenset({Kind.GRANT_CALLING_POLICY, Kind.GRANT_IP_PHONE_POLICY, Kind.ASSIGN_NUMBER})
_GRANTED = {
    Kind.GRANT_CALLING_POLICY: PolicyType.CALLING,
    Kind.GRANT_IP_PHONE_POLICY: PolicyType.IP_PHONE,
}
_MADE = {
    Kind.CREATE_CALLING_POLICY: PolicyType.CALLING,
    Kind.CREATE_IP_PHONE_POLICY: PolicyType.IP_PHONE,
}


async def write(sources: Sources, change: Change, user: TeamsUser | None) -> str:
    """Send the change, once; where its progress can be read, or nothing.

    Errors as the gateway's; `user` is the account of a change that has one.
    """
    admin = sources.admin
    match change.kind:
        case Kind.ENABLE_BULK_SIGN_IN:
            await admin.set_bulk_sign_in(True)
        case Kind.ADD_TRUSTED_IP:
            await admin.add_trusted_ip(_trusted(change))
        case Kind.CREATE_CALLING_POLICY:
            await admin.create_calling_policy(CallingPolicy(change.target, True, "Enabled"))
        case Kind.CREATE_IP_PHONE_POLICY:
            await admin.create_ip_phone_policy(IPPhonePolicy(change.target, change.value))
        case Kind.GRANT_CALLING_POLICY | Kind.GRANT_IP_PHONE_POLICY:
            await admin.grant_policy(_known(user), _GRANTED[change.kind], change.value)
        case Kind.ASSIGN_NUMBER:
            number_type = _number_type(change)
            return await _graph(sources).assign_number(_known(user), change.value, number_type)
    return ""


async def refused(sources: Sources, where: str) -> bool:
    """Whether the service itself says of what goes on at `where` that it failed."""
    word = ""
    with _no_answer():
        word = await _graph(sources).number_progress(where)
    return word.casefold() == "failed"


async def take_back(sources: Sources, change: Change, user: TeamsUser | None) -> None:
    """Send what puts things back as they were before the change, once."""
    admin = sources.admin
    match change.kind:
        case Kind.ENABLE_BULK_SIGN_IN:
            await admin.set_bulk_sign_in(False)
        case Kind.ADD_TRUSTED_IP:
            await admin.delete_policy(PolicyType.TRUSTED_IP, change.target)
        case Kind.CREATE_CALLING_POLICY | Kind.CREATE_IP_PHONE_POLICY:
            await admin.delete_policy(_MADE[change.kind], change.target)
        case Kind.GRANT_CALLING_POLICY | Kind.GRANT_IP_PHONE_POLICY:
            await admin.grant_policy(_known(user), _GRANTED[change.kind], change.before)
        case Kind.ASSIGN_NUMBER:
            await _graph(sources).unassign_number(_known(user), change.value, _number_type(change))


def with_before(change: Change, user: TeamsUser) -> Change:
    """The change with what the account has now as what it had before."""
    if change.kind not in _GRANTED:
        return change
    assigned = _policy_of(user, change.kind)
    direct = assigned.name if assigned and assigned.how == "direct" else ""
    return msgspec.structs.replace(change, before=direct)


async def stands(sources: Sources, change: Change, user: TeamsUser | None) -> bool:
    """Whether what the change gave is there now. Errors as the gateway's."""
    if change.kind in OF_ACCOUNTS:
        return user is not None and bool(_account_stands(change, user))
    return await _tenant_stands(sources, change)


async def standing(sources: Sources, changes: Mapping[str, Change]) -> dict[str, bool | None]:
    """Which of these changes (by id) are there now; `None` where that could not be read.

    Accounts are read fifty a call. A read that fails is no answer; the sign-in alone is fatal.
    """
    found: dict[str, bool | None] = {}
    accounts = {fix: change for fix, change in changes.items() if change.kind in OF_ACCOUNTS}
    for fix, change in changes.items():
        if fix not in accounts:
            found[fix] = None
            with _no_answer():
                found[fix] = await _tenant_stands(sources, change)
    names = list({c.target.casefold(): c.target for c in accounts.values()}.values())
    for at in range(0, len(names), PER_ADMIN_CALL):
        part = names[at : at + PER_ADMIN_CALL]
        try:
            users = await sources.admin.users(part)
        except (SignInNeededError, TokenRefusedError):
            raise
        except RejectedError as error:
            _LOG.info("Reading back: %s", error.message)
            continue
        except SiptuiError as error:
            _LOG.info("Reading back: %s", error.message)
            break  # whoever does not answer now is not asked for the others in the same look
        known = {user.user_name.casefold(): user for user in users}
        for fix, change in accounts.items():
            if (user := known.get(change.target.casefold())) is not None:
                found[fix] = _account_stands(change, user)
    return found


@contextmanager
def _no_answer() -> Iterator[None]:
    """Lets errors of a read pass, but for those of the sign-in."""
    try:
        yield
    except (SignInNeededError, TokenRefusedError):
        raise
    except SiptuiError as error:
        _LOG.info("Reading back: %s", error.message)


async def _tenant_stands(sources: Sources, change: Change) -> bool:
    admin, wanted = sources.admin, policy_key(change.target)
    match change.kind:
        case Kind.ENABLE_BULK_SIGN_IN:
            return (await admin.bulk_sign_in()).casefold() == "enabled"
        case Kind.ADD_TRUSTED_IP:
            network = network_of(_trusted(change))
            return network in [network_of(one) for one in await admin.trusted_ips()]
        case Kind.CREATE_CALLING_POLICY:
            calling = by_name(await admin.calling_policies()).get(wanted)
            return calling is not None and calling.allow_sip_devices is True
        case _:
            phone = by_name(await admin.ip_phone_policies()).get(wanted)
            return phone is not None and phone.common_area


def _account_stands(change: Change, user: TeamsUser) -> bool | None:
    if change.kind is Kind.ASSIGN_NUMBER:
        if user.numbers is None:
            return None
        return change.value in {number.partition(";")[0] for number in user.numbers}
    assigned = _policy_of(user, change.kind)
    if assigned is None:
        return None
    return policy_key(assigned.name) == policy_key(change.value)


def _policy_of(user: TeamsUser, kind: Kind) -> Assigned | None:
    return user.calling_policy if kind is Kind.GRANT_CALLING_POLICY else user.ip_phone_policy


def _trusted(change: Change) -> TrustedIP:
    return TrustedIP(change.target, int(change.value), "SIP phones")


def _number_type(change: Change) -> NumberType:
    return change.number_type or NumberType.DIRECT_ROUTING


def _known(user: TeamsUser | None) -> TeamsUser:
    assert user is not None, "changes of accounts are sent for accounts that were read"
    return user


def _graph(sources: Sources) -> Directory:
    if sources.directory is None:
        raise NotReachedError(
            "Numbers are assigned through Microsoft Graph, and this profile's cloud has none.",
            remedy="Run the PowerShell line instead.",
        )
    return sources.directory
