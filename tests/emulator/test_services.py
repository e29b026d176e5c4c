"""The further services as HTTP: who is let in, how fast, in pages and batches, with faults."""

from typing import Any

import pytest

from siptui.emulator.access import Caller as Somebody
from tests.emulator.support import Caller, calling
from tests.support import emulated_time

USERS = "/Teams.User/users?psfilter=userprincipalname%20eq%20%27a@contoso.com%27"
ROLES = "/v1.0/me/transitiveMemberOf/microsoft.graph.directoryRole"
POLICIES = "/v1.0/identity/conditionalAccess/policies"
DEVICES = "/api/v2/devices?limit=50"
TEAMS_API = "48ac35b8-9aa8-4d74-927d-1f4a14a0b239"
ACCESS_DENIED = {
    "code": "Forbidden",
    "message": "Access Denied.",
    "action": "Provide different credential or request access.",
}


async def batch(caller: Caller, *paths: str) -> dict[str, Any]:
    requests = [{"id": str(n), "method": "GET", "url": path} for n, path in enumerate(paths)]
    answer = await caller.client.post("/v1.0/$batch", json={"requests": requests})
    return {one["id"]: one for one in answer.raise_for_status().json()["responses"]}


@pytest.mark.parametrize("path", [USERS, ROLES, DEVICES, "/Teams.Tenant/tenants"])
def test_without_a_token_nobody_comes_in(path: str) -> None:
    async def main() -> None:
        async with calling() as caller:
            answer = await caller.client.get(path, headers={"Authorization": "Basic x"})
            assert answer.status_code == 401

    emulated_time.run(main())


def test_a_token_opens_only_the_service_it_is_for() -> None:
    async def main() -> None:
        async with calling() as caller:
            for audience, opens in (
                (TEAMS_API, [USERS]),
                ("https://graph.microsoft.com", [ROLES]),
                ("http://127.0.0.1:9080", [ROLES]),
                ("https://devicemgmt.teams.microsoft.com", [DEVICES]),
            ):
                caller.emulator.access.verify = lambda token, date, aud=audience: Somebody(
                    "a@contoso.com", audience=aud
                )
                answers = {path: await caller.client.get(path) for path in (USERS, ROLES, DEVICES)}
                opened = [path for path, answer in answers.items() if answer.status_code == 200]
                assert opened == opens

    emulated_time.run(main())


@pytest.mark.parametrize(
    ("roles", "statuses"),
    [
        (["Authentication Administrator"], [403, 200, 403, 403]),
        (["Teams Administrator"], [200, 200, 403, 200]),
        (["Global Reader"], [200, 200, 200, 200]),
        (["Conditional Access Administrator"], [403, 200, 200, 403]),
        ([], [403, 200, 403, 403]),
    ],
)
def test_roles_decide_what_is_read(roles: list[str], statuses: list[int]) -> None:
    async def main() -> None:
        async with calling(f"auth = {{roles = {roles!r}}}") as caller:
            answers = [await caller.client.get(p) for p in (USERS, ROLES, POLICIES, DEVICES)]
            assert [answer.status_code for answer in answers] == statuses
            if statuses[0] == 403:
                assert answers[0].json() == ACCESS_DENIED
            if statuses[2] == 403:
                assert answers[2].json()["error"]["code"] == "Authorization_RequestDenied"
            bulk = await caller.client.get("/Teams.SipDevicesGatewayManagement/v1/batchsummaries")
            may = any("Authentication Administrator" in role for role in roles)
            assert bulk.status_code == (200 if may else 403)

    emulated_time.run(main())


def test_reading_does_not_allow_writing() -> None:
    async def main() -> None:
        async with calling('auth = {roles = ["Global Reader"]}') as caller:
            one = "/Skype.Policy/configurations/TeamsSipDevicesConfiguration/configuration/Global"
            assert (await caller.client.get(one)).status_code == 200
            assert (await caller.client.put(one, json={})).json() == ACCESS_DENIED

    emulated_time.run(main())


def test_permissions_of_graph_decide_too() -> None:
    async def main() -> None:
        async with calling('auth = {graph = ["User.Read.All"]}') as caller:
            assert (await caller.client.get("/v1.0/users/a@contoso.com")).status_code == 200
            assert (await caller.client.get(POLICIES)).status_code == 403

    emulated_time.run(main())


def test_each_service_is_throttled_and_counted_by_itself() -> None:
    async def main() -> None:
        async with calling("limits = {admin_per_minute = 2, graph_per_minute = 3}") as caller:
            statuses = [(await caller.client.get(USERS)).status_code for _ in range(3)]
            assert statuses == [200, 200, 429]
            parts = await batch(caller, *["/users/a@contoso.com"] * 4)
            assert sorted(one["status"] for one in parts.values()) == [200, 200, 200, 429]
            late = next(one for one in parts.values() if one["status"] == 429)
            assert late["headers"]["Retry-After"] == "60"
            assert (await caller.client.get(DEVICES)).status_code == 200
            caller.pass_time(60)
            assert (await caller.client.get(USERS)).status_code == 200
            ledger = (await caller.client.get("/_emulator/ledger")).json()
            assert ledger["throttled"] == {"admin": 1, "graph": 1}
            assert ledger["busiest"] == {"admin": 2, "graph": 3, "inventory": 1}
            assert ledger["calls"] == {"users": 4, "graphBatch": 1, "devices": 1}
            assert ledger["parts"] == {"graphUser": 4}

    emulated_time.run(main())


def test_faults_befall_these_calls_and_the_parts_of_a_batch() -> None:
    text = """
        [[faults]]
        kind = "status"
        status = 429
        retry_after = 20
        call = "graphUser"
        nth = 2
        [[faults]]
        kind = "html"
        call = "configurations"
        times = 1
    """

    async def main() -> None:
        async with calling(text) as caller:
            parts = await batch(caller, *[f"/users/{n}@contoso.com" for n in "abc"])
            assert [parts[n]["status"] for n in "012"] == [200, 429, 200]
            assert parts["1"]["headers"]["Retry-After"] == "20"
            path = "/Skype.Policy/configurations/TeamsCallingPolicy"
            assert "text/html" in (await caller.client.get(path)).headers["content-type"]
            assert (await caller.client.get(path)).json()

    emulated_time.run(main())


def test_a_batch_takes_twenty_and_no_batch_inside() -> None:
    async def main() -> None:
        async with calling() as caller:
            requests = [{"id": str(n), "method": "GET", "url": "/users/a@b"} for n in range(21)]
            answer = await caller.client.post("/v1.0/$batch", json={"requests": requests})
            assert answer.status_code == 400
            parts = await batch(caller, "/$batch", "/users/nobody%40contoso.com", "/nothing")
            assert [parts[n]["status"] for n in "012"] == [404, 200, 404]

    emulated_time.run(main())


def test_long_lists_come_in_pages() -> None:
    async def main() -> None:
        async with calling("limits = {page = 2}") as caller:
            names = [f"userprincipalname eq '{n}@contoso.com'" for n in "abcde"]
            query = {"psfilter": " or ".join(names)}
            found: list[str] = []
            address = "/Teams.User/users"
            answer = await caller.client.get(address, params=query)
            while True:
                page = answer.json()
                found += [user["userPrincipalName"] for user in page["users"]]
                if "nextLink" not in page:
                    break
                answer = await caller.client.get(page["nextLink"])
            assert found == [f"{n}@contoso.com" for n in "abcde"]

    emulated_time.run(main())


def test_a_filter_that_is_none_and_quotes_in_names() -> None:
    async def main() -> None:
        async with calling() as caller:
            for wrong in ("", "displayname eq 'x'", "userprincipalname eq 'a' or 1 eq 1"):
                answer = await caller.client.get("/Teams.User/users", params={"psfilter": wrong})
                assert answer.status_code == 400
            query = {"psfilter": "UserPrincipalName eq 'o''neill@contoso.com'"}
            answer = await caller.client.get("/Teams.User/users", params=query)
            (found,) = answer.json()["users"]
            assert found["userPrincipalName"] == "o'neill@contoso.com"
            assert (await caller.client.get(f"/Teams.User/users/{found['objectId']}")).json() == (
                found
            )

    emulated_time.run(main())


def test_numbers_belong_to_one_account_and_to_their_kind() -> None:
    text = '[[numbers]]\nnumber = "+441614960200"\n[[accounts]]\nnumber = false'
    base = "/v1.0/admin/teams/telephoneNumberManagement"

    async def main() -> None:
        async with calling(text) as caller:

            async def assign(name: str, number: str, kind: str) -> str:
                target = (await caller.client.get(f"/v1.0/users/{name}")).json()["id"]
                fields = {"telephoneNumber": number, "numberType": kind}
                answer = await caller.client.post(
                    f"{base}/numberAssignments/assignNumber",
                    json={**fields, "assignmentTargetId": target},
                )
                assert answer.status_code == 202
                operation = (await caller.client.get(answer.headers["location"])).json()
                return str(operation["status"])

            assert await assign("a@contoso.com", "+441614960200", "directRouting") == "failed"
            assert await assign("a@contoso.com", "+441614960200", "callingPlan") == "succeeded"
            assert await assign("b@contoso.com", "+44 161 496 0200", "callingPlan") == "failed"
            assert await assign("b@contoso.com", "+441614960201", "directRouting") == "succeeded"

    emulated_time.run(main())


def test_numbers_are_listed_and_policies_assigned_through_graph_too() -> None:
    text = '[[numbers]]\nnumber = "+441614960200"\n[[accounts]]\nphone_number = "+441614960001"'
    text += "\nsip_calling = false"
    assign = "/v1.0/admin/teams/policy/userAssignments/assign"
    read = "/Skype.TelephoneNumberMgmt/cmdlet/assignments"

    async def main() -> None:
        async with calling(text) as caller:
            free = (await caller.client.get(read)).json()
            assert [(row["TelephoneNumber"], row["PstnAssignmentStatus"]) for row in free] == [
                ("+441614960200", "Unassigned")
            ]
            query = {"AssignedPstnTargetId": "a@contoso.com"}
            (mine,) = (await caller.client.get(read, params=query)).json()
            assert mine["TelephoneNumber"] == "+441614960001"

            user = (await caller.client.get("/Teams.User/users/a@contoso.com")).json()
            row = {"userId": user["objectId"], "policyType": "TeamsCallingPolicy"}
            for policy, status in (("SIPDevices", 204), ("Nothing", 400)):
                body = {"value": [{**row, "policyId": policy}]}
                assert (await caller.client.post(assign, json=body)).status_code == status
            again = (await caller.client.get("/Teams.User/users/a@contoso.com")).json()
            kinds = [
                {one["policyType"] for one in row["effectivePolicyAssignments"]}
                for row in (user, again)
            ]
            assert kinds[1] - kinds[0] == {"TeamsCallingPolicy"}

    emulated_time.run(main())
