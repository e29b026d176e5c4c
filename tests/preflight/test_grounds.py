"""For all facts: nothing passes and nothing fails without grounds."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import fields

from siptui.gateway.tenant_model import (
    Assigned,
    DirectoryUser,
    TeamsUser,
)
from siptui.preflight.facts import Facts, Lookup, Missing, TenantFacts
from siptui.preflight.finding import Check, Result
from tests.preflight.made import DENIED, KEY, TENANT, USER, facts, report

_ASSIGNED = st.one_of(
    st.none(),
    st.builds(
        Assigned,
        st.sampled_from(["Global", "SIPDevices", "CommonAreaPhone", "Gone", ""]),
        st.sampled_from(["direct", "group", "global", ""]),
    ),
)
_BOOL = st.none() | st.booleans()
_WORDS = st.none() | st.frozensets(st.sampled_from(["mcoev", "teams", "phonesystem", "x"]))
_USERS = st.builds(
    TeamsUser,
    object_id=st.sampled_from(["", USER.object_id]),
    user_name=st.just(USER.user_name),
    enabled=_BOOL,
    account_type=st.sampled_from(["", "User", "Guest"]),
    numbers=st.none() | st.sampled_from([(), ("+4930123456",)]),
    calling_policy=_ASSIGNED,
    ip_phone_policy=_ASSIGNED,
    plans=_WORDS,
    features=_WORDS,
    ad_synced=_BOOL,
)
_DIRECTORY = st.builds(
    DirectoryUser,
    object_id=st.just(USER.object_id),
    user_name=st.just(USER.user_name),
    enabled=_BOOL,
    ad_synced=_BOOL,
    plans=_WORDS,
)


def _looked_up(values: st.SearchStrategy[Any], key: str) -> st.SearchStrategy[Lookup[Any]]:
    return st.one_of(
        st.just(Lookup()),
        st.just(Lookup(missing={key: DENIED})),
        st.just(Lookup(asked=frozenset({key}))),
        values.map(lambda value: Lookup(frozenset({key}), {key: value})),
    )


_TENANTS = st.builds(
    TenantFacts,
    **{
        field.name: st.sampled_from([DENIED, getattr(TENANT, field.name)])
        for field in fields(TenantFacts)
    },
)
_FACTS = st.builds(
    Facts,
    tenant=_TENANTS,
    users=_looked_up(_USERS, KEY),
    graph_users=_looked_up(_USERS, KEY),
    directory=_looked_up(_DIRECTORY, KEY),
    mfa=_looked_up(st.sampled_from(["disabled", "enabled", "odd"]), USER.object_id),
    devices=st.sampled_from([DENIED, {}, facts().devices]),
)
#: What each check of an account rests on; without it there is nothing to pass or fail by.
_GROUNDS: dict[Check, Any] = {
    Check.ENABLED: lambda user, entra, f: _told(user, "enabled") or _told(entra, "enabled"),
    Check.PHONE_NUMBER: lambda user, entra, f: _told(user, "numbers"),
    Check.CALLING_POLICY: lambda user, entra, f: (
        _told(user, "calling_policy") and not isinstance(f.tenant.calling_policies, Missing)
    ),
    Check.IP_PHONE_POLICY: lambda user, entra, f: (
        _told(user, "ip_phone_policy") and not isinstance(f.tenant.ip_phone_policies, Missing)
    ),
    Check.LICENCE: lambda user, entra, f: (
        _told(user, "plans") or _told(user, "features") or _told(entra, "plans")
    ),
    Check.MFA: lambda user, entra, f: bool(f.mfa.found),
    Check.AD_SYNCED: lambda user, entra, f: _told(user, "ad_synced") or _told(entra, "ad_synced"),
    Check.ADMINISTRATOR: lambda user, entra, f: not isinstance(f.tenant.administrators, Missing),
    Check.DEVICE: lambda user, entra, f: bool(f.devices) and not isinstance(f.devices, Missing),
}
_TENANT_GROUNDS = {
    Check.BULK_SIGN_IN: "bulk_sign_in",
    Check.TRUSTED_IP: "trusted_ips",
    Check.CALLING_POLICY: "calling_policies",
    Check.IP_PHONE_POLICY: "ip_phone_policies",
    Check.OPERATOR_ROLES: "own_roles",
    Check.CONDITIONAL_ACCESS: "access_policies",
    Check.NETWORK_SITES: "network_places",
}


def _told(source: Any, name: str) -> bool:
    return getattr(source, name, None) is not None


@given(_FACTS)
def test_nothing_passes_and_nothing_fails_without_grounds(found: Facts) -> None:
    made = report(found)
    for finding in made.tenant:
        ground = getattr(found.tenant, _TENANT_GROUNDS[finding.check])
        assert (finding.result is Result.UNKNOWN) or not isinstance(ground, Missing)
        assert finding.result is not Result.FAIL, "each part of the tenant is healthy or unread"
    (one,) = made.accounts
    user, entra = found.teams_user(KEY), found.directory.get(KEY)
    there = one.of(Check.EXISTS)
    assert there is not None
    if there.result is Result.FAIL:
        assert user is None or entra is None
        assert not isinstance(user, TeamsUser)
        assert not isinstance(entra, DirectoryUser)
        return
    if there.result is Result.PASS:
        assert isinstance(user, TeamsUser) or isinstance(entra, DirectoryUser)
    for finding in one.findings:
        if finding.check in _GROUNDS and finding.result is not Result.UNKNOWN:
            assert _GROUNDS[finding.check](user, entra, found), finding
    if one.personal is not None:
        assert _GROUNDS[Check.IP_PHONE_POLICY](user, entra, found)
    assert sum(made.counts().values()) == len(made.tenant) + len(one.findings)


@given(_FACTS)
def test_what_could_not_be_checked_says_what_to_ask_for(found: Facts) -> None:
    """Wherever a role or permission is known to be lacking, the finding names it."""
    for finding in report(found).tenant:
        ground = getattr(found.tenant, _TENANT_GROUNDS[finding.check])
        if isinstance(ground, Missing):
            assert "Global Reader" in finding.remedy
            assert finding.detail.startswith("Could not check")
