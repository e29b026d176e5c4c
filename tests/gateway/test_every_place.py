"""Any JSON at every place of every answer: read or refused in words, and the neighbours stay."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siptui.domain.region import Region
from siptui.gateway import bulk_json, graph_json, inventory_json, tenant_json
from siptui.gateway.bulk_json import WireError
from siptui.gateway.errors import GatewayError
from tests.gateway.contract import devices
from tests.gateway.service import Service
from tests.support import emulated_time
from tests.support.places import ODD, places, with_odd, without
from tests.transport import web

_ITEM = {"userName": "a@x.com", "hardwareId": "00-15-65-00-00-0{}", "status": "Success"}
_BATCH = {
    "batchStatus": "Completed",
    "region": "EMEA",
    "requestTime": "2026-11-20T08:15:00Z",
    "userId": "u",
    "batchItemsCount": 3,
}
_ASSIGNMENT = {"assignmentType": "direct", "displayName": "P"}
_USER = {
    "objectId": "o",
    "userPrincipalName": "a{}@x.com",
    "accountEnabled": True,
    "lineUri": "tel:+441614960001",
    "assignedPlan": [{"capability": "MCOEV", "capabilityStatus": "Enabled"}],
    "effectivePolicyAssignments": [
        {"policyType": "TeamsCallingPolicy", "policyAssignment": _ASSIGNMENT}
    ],
}
_DEVICE = {
    "macAddressInfos": [{"interfaceType": "eth", "macAddress": "0015650000A{}"}],
    "healthSummary": {"healthState": "online"},
    "deviceModelRef": {"manufacturer": "Poly", "model": "VVX"},
    "lastLoggedInUserRef": {"upn": "x@x.com"},
    "signInInfo": {"signInState": "signedIn"},
}
_ACCESS = {
    "id": "i",
    "displayName": "P{}",
    "state": "enabled",
    "conditions": {"users": {"includeUsers": ["All"]}, "applications": {}},
    "grantControls": {"builtInControls": ["mfa"]},
}


def _three(entry: dict[str, Any]) -> list[Any]:
    return [json.loads(json.dumps(entry).replace("{}", str(n))) for n in range(1, 4)]


def _rows(parse: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: parse(graph_json.page(value)[0])


#: An answer of each kind, who reads it, and how many entries of its list are to be found.
_ANSWERS: dict[str, tuple[Any, Callable[[Any], Any], Callable[[Any], int] | None]] = {
    "createbatch": ({"batchId": "b-1", "batchItemsCount": 3}, bulk_json.accepted, None),
    "batchstatus": (
        {"batchId": "b-1", **_BATCH, "batchItems": _three(_ITEM)},
        lambda value: bulk_json.batch_status(value, "b-1"),
        lambda found: len(found.items),
    ),
    "batchsummaries": (_three({"batchId": "b-{}", **_BATCH}), bulk_json.batch_summaries, len),
    "users": ({"users": _three(_USER)}, tenant_json.users, lambda found: len(found[0])),
    "user": (_three(_USER)[0], lambda value: tenant_json.users([value]), None),
    "tenant": (
        {"tenantId": "t", "displayName": "n", "verifiedDomains": [{"name": "x.com"}]},
        tenant_json.tenant,
        None,
    ),
    "calling": (
        _three({"Identity": "Tag:P{}", "AllowSIPDevicesCalling": True, "AllowCallRedirect": "x"}),
        tenant_json.calling_policies,
        len,
    ),
    "phone": (
        _three({"Identity": "Tag:P{}", "SignInMode": "CommonAreaPhoneSignIn"}),
        tenant_json.ip_phone_policies,
        len,
    ),
    "trusted": (
        _three({"Identity": "203.0.113.{}", "IPAddress": "203.0.113.{}", "MaskBits": 32}),
        tenant_json.trusted_ips,
        len,
    ),
    "sites": (_three({"Identity": "s{}", "NetworkSiteID": "s{}"}), tenant_json.sites, None),
    "subnets": (_three({"SubnetID": "10.0.{}.0", "MaskBits": 24}), tenant_json.subnets, None),
    "inventory": (
        {"devices": _three(_DEVICE), "continuationToken": None},
        inventory_json.page,
        lambda found: len(found[0]),
    ),
    "directory": (
        {"id": "o", "userPrincipalName": "a@x.com", "assignedPlans": [], "accountEnabled": True},
        graph_json.directory_user,
        None,
    ),
    "access": ({"value": _three(_ACCESS)}, _rows(graph_json.access_policies), len),
    "roles": ({"value": _three({"roleTemplateId": "r{}"})}, _rows(graph_json.role_ids), len),
    "holders": ({"value": _three({"principalId": "p{}"})}, _rows(graph_json.principals), len),
    "batch": (
        {"responses": _three({"id": "{}", "status": 200, "headers": {}, "body": {"value": []}})},
        graph_json.parts,
        len,
    ),
    "defaults": ({"isEnabled": False}, graph_json.security_defaults, None),
}
_PAGED = ("nextLink", "@odata.nextLink", "continuationToken", "skipToken", "hasMore", "totalCount")


@pytest.mark.parametrize("name", _ANSWERS)
def test_each_place_with_each_odd_value_and_without(name: str) -> None:
    whole, parse, count = _ANSWERS[name]
    for path in places(whole):
        cases = [with_odd(whole, path, odd) for odd in ODD]
        cases += [without(whole, path)] if path else []
        for value in cases:
            try:
                found = parse(value)
            except WireError as error:
                told = str(error)
                assert count is None or len(path) < 2, (path, value)
            else:
                told = str(found)
                if count and len(path) > 1:
                    assert count(found) >= 2, (path, value)
            assert "\x1b" not in told


@pytest.mark.parametrize("name", [n for n, (_, _, count) in _ANSWERS.items() if count])
def test_an_odd_entry_more_leaves_the_others(name: str) -> None:
    whole, parse, count = _ANSWERS[name]
    assert count
    listed = (
        whole
        if isinstance(whole, list)
        else next(part for part in whole.values() if isinstance(part, list))
    )
    for odd in ODD:
        for at in range(4):
            entries = [*listed[:at], odd, *listed[at:]]
            value = (
                entries
                if isinstance(whole, list)
                else {key: entries if part is listed else part for key, part in whole.items()}
            )
            assert count(parse(value)) >= 3, value


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_any_json_at_any_place_is_read_or_refused(data: st.DataObject) -> None:
    whole, parse, _ = _ANSWERS[data.draw(st.sampled_from(sorted(_ANSWERS)))]
    value = whole
    for _ in range(data.draw(st.integers(1, 3))):
        value = with_odd(value, data.draw(st.sampled_from(list(places(value)))), data.draw(_JSON))
    if isinstance(value, dict):
        value = {**value, data.draw(st.sampled_from(_PAGED)): data.draw(_JSON)}
    try:
        told = str(parse(value))
    except WireError as error:
        told = str(error)
    assert "\x1b" not in told


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_through_the_client_only_errors_of_the_gateway_come_out(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(["createbatch", "batchstatus", "batchsummaries"]))
    value = _ANSWERS[name][0]
    value = with_odd(value, data.draw(st.sampled_from(list(places(value)))), data.draw(_JSON))
    if isinstance(value, list):
        value = {"value": value}
    if isinstance(value, dict):
        value = {**value, data.draw(st.sampled_from(_PAGED)): data.draw(_JSON)}
    service = Service(lambda _: web.Response(200, content=json.dumps(value).encode()))

    async def main() -> None:
        client = service.client()
        for call in (
            lambda: client.create_batch(Region.APAC, devices(1)),
            lambda: client.batch_status("b-1"),
            client.batch_summaries,
        ):
            try:
                await call()
            except GatewayError:
                continue
        assert {str(request.url.host) for request in service.calls} <= {"admin.example"}

    emulated_time.run(main())
