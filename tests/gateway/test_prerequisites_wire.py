"""The parsers of prerequisites: any JSON is read or refused, and nothing untold becomes a yes."""

from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siptui.domain.region import Region
from siptui.gateway import bulk_json, graph_json, inventory_json, tenant_json
from siptui.gateway.bulk_json import WireError, folded_keys
from siptui.gateway.json_fields import plans, skip_token
from siptui.gateway.tenant_model import Assigned, PolicyType, TrustedIP
from siptui.preflight.public_ip import network_of

NAMES = st.sampled_from(
    [
        *("users", "value", "Identity", "objectId", "userPrincipalName", "accountEnabled"),
        *("lineUri", "telephoneNumbers", "telephoneNumber", "assignmentCategory"),
        *("effectivePolicyAssignments", "policyType", "policyAssignment", "displayName"),
        *("assignmentType", "TeamsCallingPolicy", "TeamsIPPhonePolicy", "Name", "Authority"),
        *("assignedPlan", "capability", "capabilityStatus", "servicePlanId", "featureTypes"),
        *("AllowSIPDevicesCalling", "SignInMode", "IPAddress", "MaskBits", "verifiedDomains"),
        *("responses", "id", "status", "headers", "body", "conditions", "applications"),
        *("includeUsers", "includeApplications", "grantControls", "builtInControls"),
        *("devices", "macAddressInfos", "macAddress", "healthSummary", "healthState", "nextLink"),
        *("isEnabled", "principalId", "roleTemplateId", "perUserMfaState", "continuationToken"),
    ]
)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(max_size=8),
    st.sampled_from(["Enabled", "TeamsCallingPolicy", "Global", "tel:+441614960001", "Direct"]),
    st.sampled_from(["a@contoso.com", "00-15-65-00-00-01", "offline", "All", "mfa"]),
)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=6),
    max_leaves=25,
)
PARSERS = (
    tenant_json.tenant,
    tenant_json.instances,
    tenant_json.instance,
    tenant_json.calling_policies,
    tenant_json.ip_phone_policies,
    tenant_json.trusted_ips,
    tenant_json.sites,
    tenant_json.subnets,
    tenant_json.users,
    graph_json.parts,
    graph_json.page,
    graph_json.directory_user,
    graph_json.security_defaults,
    inventory_json.page,
)


@given(JSON)
def test_any_json_is_read_or_refused(value: Any) -> None:
    for parse in PARSERS:
        try:
            parse(value)
        except WireError:
            continue
    if isinstance(value, dict):
        policy = graph_json.access_policy(folded_keys(value))
        assert policy.state


@given(JSON)
def test_a_policy_that_holds_was_named_or_nothing_was_assigned(listed: Any) -> None:
    found = tenant_json.assigned(
        {"effectivepolicyassignments": listed, "userprincipalname": "a@b.c"}, PolicyType.CALLING
    )
    if found is None:
        return
    assert isinstance(listed, list)
    kinds = [str(folded_keys(entry)["policytype"]).strip().casefold() for entry in listed]
    mine = [kind for kind in kinds if kind == "teamscallingpolicy"]
    assert bool(mine) or found == Assigned("Global", "global")
    assert found.name


@given(JSON)
def test_numbers_are_told_only_where_digits_are(value: Any) -> None:
    for field in ("lineuri", "telephonenumbers"):
        for number in tenant_json.numbers({field: value}) or ():
            assert any(letter.isdigit() for letter in number)


@given(st.lists(JSON, max_size=4))
def test_half_a_list_of_plans_is_none(listed: list[Any]) -> None:
    found = plans(listed)
    if found is not None:
        states = [folded_keys(entry) for entry in listed]
        assert all("capabilitystatus" in one or "provisioningstatus" in one for one in states)


CALLING = "TeamsCallingPolicy"


def effective(*entries: tuple[str, str, str]) -> list[dict[str, Any]]:
    return [
        {"policyType": kind, "policyAssignment": {"displayName": name, "assignmentType": how}}
        for kind, name, how in entries
    ]


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"effectivePolicyAssignments": []}, Assigned("Global", "global")),
        (
            {"effectivePolicyAssignments": effective((CALLING, "Tag:SIP", "Direct"))},
            Assigned("SIP", "direct"),
        ),
        (
            {"effectivePolicyAssignments": effective(("TeamsIPPhonePolicy", "X", "Group"))},
            Assigned("Global", "global"),
        ),
        (
            {
                "effectivePolicyAssignments": effective(
                    (CALLING, "Of the group", "Group"), (CALLING, "Mine", "Direct")
                )
            },
            Assigned("Mine", "direct"),
        ),
        (
            {
                "effectivePolicyAssignments": effective(
                    (CALLING, "One", "Group"), (CALLING, "Two", "Group")
                )
            },
            None,
        ),
        ({"effectivePolicyAssignments": [{"policyType": CALLING}]}, None),
        ({"effectivePolicyAssignments": None}, None),
        ({"effectivePolicyAssignments": ["TeamsCallingPolicy"]}, None),
        ({"TeamsCallingPolicy": {"Authority": "Tenant", "Name": "Tag:SIP"}}, Assigned("SIP")),
        ({"teamscallingpolicy": None}, Assigned("Global", "global")),
        ({"TeamsCallingPolicy": {"authority": None, "name": None}}, Assigned("Global", "global")),
        ({"TeamsCallingPolicy": {}}, None),
        ({"TeamsCallingPolicy": 7}, None),
        ({}, None),
    ],
)
def test_which_policy_holds(fields: dict[str, Any], found: Assigned | None) -> None:
    assert tenant_json.assigned(folded_keys(fields), PolicyType.CALLING) == found


@pytest.mark.parametrize(
    ("fields", "numbers"),
    [
        ({"lineUri": "tel:+441614960001;ext=12"}, ("+441614960001;ext=12",)),
        ({"lineUri": None}, ()),
        ({"lineUri": ""}, ()),
        ({"lineUri": "sip:someone@contoso.com"}, None),
        ({"lineUri": {"x": 1}}, None),
        ({"telephoneNumbers": []}, ()),
        ({"telephoneNumbers": ["+441614960001"]}, ("+441614960001",)),
        ({"telephoneNumbers": [{"number": "+441614960001"}]}, None),
        (
            {
                "telephoneNumbers": [
                    {"telephoneNumber": "+442", "assignmentCategory": "Private"},
                    {"telephoneNumber": "+441", "assignmentCategory": "Primary"},
                ]
            },
            ("+441", "+442"),
        ),
        ({"telephoneNumbers": "none"}, None),
        ({}, None),
    ],
)
def test_which_numbers_an_account_has(
    fields: dict[str, Any], numbers: tuple[str, ...] | None
) -> None:
    assert tenant_json.numbers(folded_keys(fields)) == numbers


@pytest.mark.parametrize(
    ("listed", "found"),
    [
        ([], frozenset()),
        ([{"capability": "MCOEV", "capabilityStatus": "Enabled"}], frozenset({"mcoev"})),
        ([{"capability": "MCOEV", "capabilityStatus": "Deleted"}], frozenset()),
        ([{"servicePlanName": "MCOEV", "provisioningStatus": "Success"}], frozenset({"mcoev"})),
        ([{"capability": "MCOEV", "capabilityStatus": "Odd"}], None),
        ([{"capability": "MCOEV"}], None),
        (["MCOEV"], None),
        (None, None),
    ],
)
def test_which_plans_work(listed: Any, found: frozenset[str] | None) -> None:
    assert plans(listed) == found


def test_trusted_addresses_keep_their_masks_or_are_none() -> None:
    told = [
        {"Identity": "a", "IPAddress": "203.0.113.0", "MaskBits": 24},
        {"Identity": "203.0.113.9", "MaskBits": "32", "Description": None},
        {"Identity": "2001:db8::1"},
    ]
    assert tenant_json.trusted_ips(told) == (
        TrustedIP("203.0.113.0", 24),
        TrustedIP("203.0.113.9", 32),
        TrustedIP("2001:db8::1", None),
    )
    wrong = [{"IPAddress": "203.0.113.0", "MaskBits": "all"}, {"MaskBits": 32}, None, 7, {}]
    for one in wrong:
        first, second = tenant_json.trusted_ips([one, told[0]])
        assert {network_of(first), network_of(second)} == {None, ip_network("203.0.113.0/24")}


@pytest.mark.parametrize(
    ("told", "seen"),
    [
        ({}, {"users": {"All"}, "apps": {"All"}, "demands": {"block"}}),
        ({"grantControls": None}, {"demands": set()}),
        ({"grantControls": {"authenticationStrength": {"id": "x"}}}, {"demands": {"mfa"}}),
        ({"conditions": {"users": {"includeUsers": ["None"]}}}, {"users": {"None"}}),
        ({"conditions": {"platforms": {"includePlatforms": ["iOS"]}}}, {"narrowed": True}),
        ({"conditions": {"clientAppTypes": ["all"]}}, {"narrowed": False}),
        ({"conditions": {"clientAppTypes": ["browser"]}}, {"narrowed": True}),
        (
            {"conditions": {"authenticationFlows": {"transferMethods": "deviceCodeFlow,x"}}},
            {"transfer_methods": {"deviceCodeFlow", "x"}},
        ),
        (
            {"conditions": {"locations": {"includeLocations": ["All"], "excludeLocations": ["y"]}}},
            {"locations_excluded": True, "narrowed": False},
        ),
    ],
)
def test_an_access_policy_is_wide_where_it_is_not_understood(
    told: dict[str, Any], seen: dict[str, Any]
) -> None:
    policy = graph_json.access_policy(folded_keys(told))
    assert {name: getattr(policy, name) for name in seen} == seen


def test_a_link_to_a_next_page_gives_its_token_alone() -> None:
    assert skip_token("https://evil.example/users?$skiptoken=abc&x=1") == "abc"
    assert skip_token("abc") == "abc"
    assert skip_token("") == ""
    with pytest.raises(WireError):
        skip_token("https://evil.example/users?page=2")


def test_a_device_is_online_only_where_a_word_says_so() -> None:
    def device(word: object) -> bool | None:
        value = {
            "macAddressInfos": [{"macAddress": "0015650000aa"}],
            "healthSummary": {"healthState": word},
        }
        found = inventory_json.device(folded_keys(value))
        assert found
        assert found.hardware_id == "00-15-65-00-00-AA"
        return found.online

    assert [device(w) for w in ("Online", "offline", "critical", "", None, 7)] == [
        True,
        False,
        *[None] * 4,
    ]
    assert inventory_json.device({"macaddressinfos": [{"macAddress": "none"}]}) is None


def test_a_region_that_is_none_of_the_three_is_not_known() -> None:
    def region(word: object) -> Region | None:
        value = {"macAddressInfos": [{"macAddress": "0015650000aa"}], "configRef": {"region": word}}
        found = inventory_json.device(folded_keys(value))
        assert found
        return found.region

    assert [region(w) for w in ("apac", "Mars", "", None)] == [Region.APAC, None, None, None]


def test_names_without_measure_are_not_kept() -> None:
    kept = bulk_json._folded_names.cache_info().currsize
    many = {f"Name_{number}": number for number in range(5_000)}
    assert folded_keys(many)["name4999"] == 4_999
    assert folded_keys({"N_" * 50_000: 1, "An_Id": 2})["anid"] == 2
    assert bulk_json._folded_names.cache_info().currsize == kept


def test_texts_that_come_again_are_kept_short_few_and_without_secrets() -> None:
    token = "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJ4In0.c2ln"
    odd = (f"token {token}", "a\x1bb", " spaced ", "x" * 500)
    for _ in range(2):
        told = [bulk_json.text(one) for one in (*odd, "room1@contoso.example")]
    assert told == ["token [removed]", "a\\x1bb", "spaced", "x" * 500, "room1@contoso.example"]
    assert not {one for one in bulk_json._HARMLESS if token in one or one in odd}
    for number in range(45_000):
        assert bulk_json.text(f"word {number}") == f"word {number}"
    assert len(bulk_json._HARMLESS) <= 20_000
