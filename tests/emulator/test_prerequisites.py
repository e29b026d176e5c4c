"""What bulk sign-in says follows from the policies, numbers and addresses that can be read."""

import csv
import io
from importlib import resources
from typing import Any

import pytest

from siptui.emulator.device_outcome import INVENTED
from siptui.emulator.scenario import load_scenario
from tests.emulator.support import Caller, calling, devices, scenario
from tests.support import emulated_time

CONFIGURATIONS = "/Skype.Policy/configurations"
NUMBERS = "/v1.0/admin/teams/telephoneNumberManagement/numberAssignments"


async def user(caller: Caller, name: str) -> Any:
    query = {"psfilter": f"userprincipalname eq '{name}'"}
    answer = await caller.client.get("/Teams.User/users", params=query)
    (found,) = answer.raise_for_status().json()["users"]
    return found


async def errors(caller: Caller, count: int = 1, region: str = "EMEA") -> list[str | None]:
    return await caller.errors(devices(count), region)


@pytest.mark.parametrize(
    ("rule", "seen", "error"),
    [
        ("number = false", {"lineUri": None, "telephoneNumbers": []}, "phone number assignment"),
        ("sip_calling = false", {}, "AllowSIPDevicesCalling"),
        ("calling_policy = 'Sales'", {}, "AllowSIPDevicesCalling"),
        ("common_area = false", {}, "CAP policy"),
        ("ip_phone_policy = 'Rooms'", {}, "CAP policy"),
        ("enabled = false", {"accountEnabled": False}, INVENTED["disabled"]),
        ("licence = false", {"assignedPlan": [], "featureTypes": []}, INVENTED["licence"]),
        ("mfa = 'enforced'", {}, INVENTED["mfa"]),
        ("administrator = true", {}, INVENTED["administrator"]),
        ("on_premises = 'writeback'", {"userDirSyncEnabled": True}, "Password writeback"),
        ("synced = true", {"userDirSyncEnabled": True}, None),
        ("calling_policy = 'NoForward'", {}, None),
        ("ip_phone_policy = 'Lobby'", {}, None),
        ("phone_number = '+441614960999'", {"lineUri": "tel:+441614960999"}, None),
    ],
)
def test_an_account_fails_for_what_can_be_read_of_it(
    rule: str, seen: dict[str, Any], error: str | None
) -> None:
    text = f"""
        [[calling_policies]]
        name = "Sales"
        allow_sip_devices = false
        [[calling_policies]]
        name = "NoForward"
        call_redirect = "Disabled"
        [[ip_phone_policies]]
        name = "Rooms"
        sign_in_mode = "MeetingSignIn"
        [[ip_phone_policies]]
        name = "Lobby"
        sign_in_mode = "commonareaphonesignin"
        [[accounts]]
        match = "room-0@*"
        {rule}
    """

    async def main() -> None:
        async with calling(text) as caller:
            told = await user(caller, "room-0@contoso.com")
            assert {key: told[key] for key in seen} == seen
            first, second = await errors(caller, 2)
            assert (error in (first or "")) if error else first is None
            assert second is None

    emulated_time.run(main())


def test_a_fix_through_the_service_makes_the_next_batch_pass() -> None:
    text = """
        [tenant]
        bulk_sign_in = "Disabled"
        [[accounts]]
        sip_calling = false
        common_area = false
        number = false
        [[devices]]
        public_ip = "198.51.100.9"
    """

    async def main() -> None:
        async with calling(text) as caller:
            client = caller.client

            async def wrote(method: str, path: str, body: Any) -> None:
                (await client.request(method, path, json=body)).raise_for_status()

            found = await user(caller, "room-0@contoso.com")
            grants = f"/Skype.Policy/users/{found['objectId']}/policies"
            assert await errors(caller) == ["Public IP not configured as Trusted IP."]
            trusted = {"IPAddress": "198.51.100.0", "MaskBits": 24}
            await wrote("POST", f"{CONFIGURATIONS}/TenantTrustedIPAddress", trusted)
            assert await errors(caller) == [INVENTED["bulk_sign_in"]]
            one = f"{CONFIGURATIONS}/TeamsSipDevicesConfiguration/configuration/Global"
            await wrote("PUT", one, {"BulkSignIn": "Enabled"})
            assert await errors(caller) == ["User missing phone number assignment."]
            number = {
                "telephoneNumber": "+44 161 496 0001",
                "numberType": "directRouting",
                "assignmentTargetId": found["objectId"],
            }
            await wrote("POST", f"{NUMBERS}/assignNumber", number)
            assert await errors(caller) == ["User missing AllowSIPDevicesCalling policy assignment"]
            await wrote("PATCH", f"{grants}/TeamsCallingPolicy", {"PolicyName": "SIPDevices"})
            assert await errors(caller) == ["User missing CAP policy assignment."]
            made = {"Identity": "Halls", "SignInMode": "CommonAreaPhoneSignIn"}
            await wrote("POST", f"{CONFIGURATIONS}/TeamsIPPhonePolicy", made)
            await wrote("PATCH", f"{grants}/TeamsIPPhonePolicy", {"PolicyName": "Halls"})
            assert await errors(caller) == [None]
            # Taking the policy away again, the account is what it was.
            await client.delete(f"{CONFIGURATIONS}/TeamsIPPhonePolicy/configuration/Tag:Halls")
            assert await errors(caller) == ["User missing CAP policy assignment."]

    emulated_time.run(main())


def test_reads_and_bulk_sign_in_learn_of_a_change_each_in_its_time() -> None:
    text = """
        [lag]
        policy = 40
        bulk = 3600
        [[accounts]]
        common_area = false
        [timing]
        device = [10, 20]
    """

    async def main() -> None:
        async with calling(text) as caller:
            path = "/Skype.Policy/users/room-0@contoso.com/policies/TeamsIPPhonePolicy"
            body = {"PolicyName": "CommonAreaPhone"}
            assert (await caller.client.patch(path, json=body)).status_code == 200

            async def named() -> list[str]:
                held = (await user(caller, "room-0@contoso.com"))["effectivePolicyAssignments"]
                return [one["policyAssignment"]["displayName"] for one in held]

            assert "CommonAreaPhone" not in await named()
            caller.pass_time(39)
            assert "CommonAreaPhone" not in await named()
            caller.pass_time(1)
            assert "CommonAreaPhone" in await named()
            batch = (await caller.submit(devices(1))).json()["batchId"]
            caller.pass_time(600)
            (item,) = (await caller.status(batch))["batchItems"]
            assert item["error"] == "User missing CAP policy assignment."
            caller.pass_time(3600)
            assert await errors(caller) == [None]

    emulated_time.run(main())


def test_replicas_differ_until_the_last_has_learned() -> None:
    async def main() -> None:
        async with calling("lag = {policy = 40, replicas = 4}") as caller:
            one = f"{CONFIGURATIONS}/TeamsSipDevicesConfiguration/configuration/Global"
            await caller.client.put(one, json={"BulkSignIn": "Disabled"})

            async def words() -> set[str]:
                answers = [(await caller.client.get(one)).json() for _ in range(30)]
                return {answer["BulkSignIn"] for answer in answers}

            caller.pass_time(20)
            assert await words() == {"Enabled", "Disabled"}
            caller.pass_time(20)
            assert await words() == {"Disabled"}

    emulated_time.run(main())


@pytest.mark.parametrize(
    ("policy", "error"),
    [
        ("", INVENTED["access"]),
        ("apps = ['61c8fd69-c13e-4ee6-aaa6-24ff71c09bca']", INVENTED["access"]),
        ("users = ['room-0@contoso.com']\ndemands = ['block']", INVENTED["access"]),
        ("users = []\ngroups = ['Rooms']", INVENTED["access"]),
        ("apps = ['00000002-0000-0ff1-ce00-000000000000']", None),
        ("excluded_apps = ['cc15fd57-2c6c-4117-a88c-83b1d56b4bbe']", None),
        ("excluded_users = ['ROOM-0@contoso.com']", None),
        ("excluded_groups = ['Rooms']", None),
        ("excluded_locations = ['Offices']", None),
        ("state = 'disabled'", None),
        ("demands = ['termsOfUse']", None),
    ],
)
def test_conditional_access_stops_whom_it_is_about(policy: str, error: str | None) -> None:
    text = f"""
        [[groups]]
        name = "Rooms"
        members = "room-*"
        [[access_policies]]
        name = "A policy"
        {policy}
    """

    async def main() -> None:
        async with calling(text) as caller:
            assert await errors(caller) == [error]

    emulated_time.run(main())


def test_who_may_reset_an_administrator_signs_it_in() -> None:
    text = """
        [auth]
        roles = ["Privileged Authentication Administrator"]
        [[accounts]]
        administrator = true
    """

    async def main() -> None:
        async with calling(text) as caller:
            assert await errors(caller) == [None]

    emulated_time.run(main())


def test_the_packed_list_fails_where_its_scenario_says_and_nowhere_else() -> None:
    """The causes by account, as a preflight can foretell them."""
    text = (resources.files("siptui.emulator") / "prerequisites.csv").read_text("utf-8")
    rows = list(csv.DictReader(io.StringIO(text)))
    expected = {
        "man-archive": "User not found",
        "cgn-lager": "disabled",
        "man-canteen": "phone number",
        "den-kitchen-n": "phone number",
        "man-guard-post": "AllowSIPDevicesCalling",
        "bne-clinic": "AllowSIPDevicesCalling",
        "den-copy-center": "AllowSIPDevicesCalling",
        "man-workshop": "CAP policy",
        "den-lab-b": "CAP policy",
        "den-roof-plant": "license",
        "man-first-aid": "multi-factor",
        "bne-car-park": "multi-factor",
        "den-guard-post": "administrator",
        "den-dock-2": "Conditional Access",
        "den-kitchen-s": "offline",
        "bne-kitchen": "not found in records",
        "cgn-archiv": "Trusted IP",
    }

    async def main() -> None:
        async with calling(load_scenario("prerequisites")) as caller:
            failed: dict[str, str] = {}
            for region in ("EMEA", "NOAM", "APAC"):
                mine = [r for r in rows if r["Region"] == region]
                sent = [(r["Username"], r["HardwareId"]) for r in mine]
                for row, error in zip(mine, await caller.errors(sent, region), strict=True):
                    if error:
                        failed[row["Username"].partition("@")[0]] = error
            assert failed.keys() == expected.keys()
            assert all(expected[name] in error for name, error in failed.items())

    assert len(rows) == 40
    emulated_time.run(main())


def test_in_an_unprepared_tenant_nothing_passes() -> None:
    async def main() -> None:
        async with calling(load_scenario("unprepared")) as caller:
            assert await errors(caller) == ["Public IP not configured as Trusted IP."]
            policies = (await caller.client.get(f"{CONFIGURATIONS}/TeamsCallingPolicy")).json()
            assert [one["Identity"] for one in policies] == ["Global"]
            # A policy of the usual name that is made now is assigned to nobody.
            body = {"Identity": "SIPDevices", "AllowSIPDevicesCalling": True}
            made = await caller.client.post(f"{CONFIGURATIONS}/TeamsCallingPolicy", json=body)
            assert made.status_code == 200
            caller.pass_time(60)
            held = (await user(caller, "man-reception@contoso.com"))["effectivePolicyAssignments"]
            assert held == []

    emulated_time.run(main())


def test_a_slip_in_a_scenario_is_named() -> None:
    from siptui.emulator.scenario import ScenarioError

    for text, named in (
        ("[auth]\nroles = ['Janitor']", "auth.roles"),
        ("[[faults]]\nkind = 'cut'\ncall = 'nothing'", "faults[0].call"),
        ("[[access_policies]]\nname = 'x'\nstate = 'on'", "access_policies[0].state"),
        ("[[trusted_ips]]\naddress = '1.2.3.4'\nmask_bits = 999", "trusted_ips[0].mask_bits"),
        ("[[trusted_ips]]\naddress = '1.2.3.4'\nmask_bits = 64", "trusted_ips[0]"),
        ("[[trusted_ips]]\naddress = 'here'", "trusted_ips[0]"),
        ("[[sites]]\nname = 'x'\nsubnets = ['10.0.0.0/99']", "sites[0].subnets"),
        ("[tenant]\nlist = '/etc/passwd'", "tenant.list"),
        ("[[accounts]]\nmfa = 'yes'", "accounts[0].mfa"),
    ):
        with pytest.raises(ScenarioError) as caught:
            scenario(text)
        assert named in caught.value.message
