"""What every back end of prerequisites must do: reads, writes that are read back, refusals.

A test module makes a class from `PrerequisitesContract` and gives it an `opened` fixture: a
context manager that opens the three sources on a tenant of the scenario it gets.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import TypeVar

import pytest

from siptui.domain.hardware_id import HardwareId
from siptui.domain.region import Region
from siptui.gateway.errors import AccessDeniedError, RejectedError
from siptui.gateway.tenant_model import (
    Assigned,
    CallingPolicy,
    Directory,
    Inventory,
    IPPhonePolicy,
    NetworkPlace,
    NumberType,
    PolicyType,
    TeamsUser,
    TenantAdmin,
    TrustedIP,
)
from tests.support import emulated_time

T = TypeVar("T")


@dataclass(frozen=True)
class Sources:
    """The three, and how a fresh one is had for another token."""

    admin: TenantAdmin
    directory: Directory
    inventory: Inventory


Opened = Callable[..., AbstractAsyncContextManager[Sources]]
MISSING, NUMBERLESS = "man-archive@contoso.com", "man-canteen@contoso.com"


class PrerequisitesContract:
    """The contract, over the scenario `prerequisites`."""

    #: Seconds between two looks at a change that is to be seen.
    PAUSE = 5.0

    @pytest.fixture
    def opened(self) -> Opened:
        raise NotImplementedError

    @pytest.fixture
    def run(self) -> Callable[..., object]:
        """How a coroutine is run: in emulated time where no real I/O happens."""
        return emulated_time.run

    async def _until(self, read: Callable[[], Awaitable[T]], good: Callable[[T], bool]) -> T:
        for _ in range(200):
            if good(found := await read()):
                return found
            await asyncio.sleep(self.PAUSE)
        raise AssertionError(f"never seen; last: {found}")

    def test_the_tenant_is_read(self, opened: Opened, run: Callable) -> None:
        async def main() -> None:
            async with opened() as sources:
                admin = sources.admin
                assert (await admin.tenant()).domains == ("contoso.com",)
                assert await admin.bulk_sign_in() == "Enabled"
                assert await admin.trusted_ips() == (TrustedIP("203.0.113.16", 28, "All sites"),)
                places = await admin.network_places()
                assert NetworkPlace("Denver") in places
                assert NetworkPlace("Denver", "10.41.0.0/16") in places
                calling = {policy.name: policy for policy in await admin.calling_policies()}
                assert calling["SIPDevices"] == CallingPolicy("SIPDevices", True, "Enabled")
                assert calling["SIPNoForward"].call_redirect == "Disabled"
                assert calling["Global"].allow_sip_devices is False
                phones = {policy.name: policy for policy in await admin.ip_phone_policies()}
                assert phones["Lobby Phones"].common_area
                assert not phones["Global"].common_area

        run(main())

    def test_accounts_are_read_from_both_sides(self, opened: Opened, run: Callable) -> None:
        async def main() -> None:
            async with opened() as sources:
                names = [
                    "MAN-Reception@contoso.com",
                    MISSING,
                    NUMBERLESS,
                    "bne-stores@contoso.com",
                    "den-roof-plant@contoso.com",
                ]
                found = {user.user_name: user for user in await sources.admin.users(names)}
                assert {name.casefold() for name in found} == {
                    name.casefold() for name in names if name != MISSING
                }
                well = next(user for name, user in found.items() if "eception" in name)
                assert well.enabled is True
                assert well.numbers == ("+441614960001",)
                assert well.calling_policy == Assigned("SIPDevices", "direct")
                assert "mcoev" in (well.plans or ())
                assert found[NUMBERLESS].numbers == ()
                grouped = found["bne-stores@contoso.com"]
                assert grouped.ip_phone_policy == Assigned("CommonAreaPhone", "group")
                assert found["den-roof-plant@contoso.com"].plans == frozenset()

                graph = {user.user_name: user for user in await sources.directory.users(names)}
                assert {name: user.object_id for name, user in graph.items()} == {
                    name: user.object_id for name, user in found.items()
                }
                teams = await sources.directory.teams_users(names)
                assert {user.user_name: user.numbers for user in teams} == {
                    name: user.numbers for name, user in found.items()
                }
                assert all(user.enabled is None for user in teams), "Graph does not tell it there"

        run(main())

    def test_the_directory_is_read(self, opened: Opened, run: Callable) -> None:
        async def main() -> None:
            async with opened() as sources:
                graph = sources.directory
                weak, strong = await graph.users(
                    ["den-guard-post@contoso.com", "man-first-aid@contoso.com"]
                )
                assert weak.object_id in await graph.administrators()
                assert strong.object_id not in await graph.administrators()
                assert await graph.mfa_states([weak.object_id, strong.object_id]) == {
                    weak.object_id: "disabled",
                    strong.object_id: "enforced",
                }
                assert "c4e39bd9-1100-46d3-8c65-fb160da0071f" in await graph.own_roles()
                assert await graph.role_end() is None  # none of them was activated for a time
                assert await graph.security_defaults() is False
                policies = {policy.state: policy for policy in await graph.access_policies()}
                (dock,) = await graph.users(["den-dock-2@contoso.com"])
                assert policies["enabled"].users == {dock.object_id}
                assert policies["enabled"].demands == {"mfa"}
                assert policies["enabledForReportingButNotEnforced"].users == {"All"}

        run(main())

    def test_the_inventory_is_read(self, opened: Opened, run: Callable) -> None:
        async def main() -> None:
            async with opened() as sources:
                devices = {one.hardware_id: one for one in await sources.inventory.sip_devices()}
                assert len(devices) == 39, "one phone was never signed in"
                assert devices[HardwareId.parse("48-7A-55-EB-D2-E6")].online is False
                assert devices[HardwareId.parse("70-6D-15-4E-4E-5A")].region is Region.NOAM

        run(main())

    def test_what_is_written_is_read_back(self, opened: Opened, run: Callable) -> None:
        async def main() -> None:
            async with opened() as sources:
                admin = sources.admin
                await admin.set_bulk_sign_in(False)
                await admin.create_calling_policy(CallingPolicy("Phones", True, "Enabled"))
                await admin.create_ip_phone_policy(IPPhonePolicy("Halls", "CommonAreaPhoneSignIn"))
                await admin.add_trusted_ip(TrustedIP("2001:db8::", 32, "IPv6"))
                await self._until(admin.bulk_sign_in, lambda word: word == "Disabled")
                calling = await self._until(admin.calling_policies, lambda all_: len(all_) == 5)
                assert calling[-1] == CallingPolicy("Phones", True, "Enabled")
                phones = await self._until(admin.ip_phone_policies, lambda all_: len(all_) == 5)
                assert phones[-1].common_area
                assert TrustedIP("2001:db8::", 32, "IPv6") in await self._until(
                    admin.trusted_ips, lambda all_: len(all_) == 2
                )
                with pytest.raises(RejectedError) as again:
                    await admin.create_calling_policy(CallingPolicy("phones", True, "Enabled"))
                assert again.value.status == 409
                await admin.delete_policy(PolicyType.CALLING, "PHONES")
                await admin.delete_policy(PolicyType.TRUSTED_IP, "2001:db8::")
                await self._until(admin.calling_policies, lambda all_: len(all_) == 4)
                await self._until(admin.trusted_ips, lambda all_: len(all_) == 1)

        run(main())

    def test_policies_and_numbers_are_assigned_and_taken_back(
        self, opened: Opened, run: Callable
    ) -> None:
        async def main() -> None:
            async with opened() as sources:
                admin, graph = sources.admin, sources.directory

                async def user() -> TeamsUser:
                    return (await admin.users([NUMBERLESS]))[0]

                one = await user()
                await admin.grant_policy(one, PolicyType.CALLING, "Sales")
                where = await graph.assign_number(
                    one, "+44 161 496 0003", NumberType.DIRECT_ROUTING
                )
                assert where
                await self._until(
                    lambda: graph.number_progress(where), lambda word: word == "succeeded"
                )
                changed = await self._until(user, lambda u: bool(u.numbers))
                assert changed.numbers == ("+441614960003",)
                assert changed.calling_policy == Assigned("Sales", "direct")
                await admin.grant_policy(one, PolicyType.CALLING, "")
                await graph.unassign_number(one, "+441614960003", NumberType.DIRECT_ROUTING)
                back = await self._until(user, lambda u: not u.numbers)
                assert back.calling_policy == Assigned("Global", "global")

        run(main())

    def test_without_a_role_each_source_says_whom_to_ask_for(
        self, opened: Opened, run: Callable
    ) -> None:
        async def main() -> None:
            async with opened(roles=["Authentication Administrator"]) as sources:
                with pytest.raises(AccessDeniedError, match="Access Denied") as teams:
                    await sources.admin.calling_policies()
                assert "Global Reader" in teams.value.remedy
                with pytest.raises(AccessDeniedError) as inventory:
                    await sources.inventory.sip_devices()
                assert "Teams Devices Administrator" in inventory.value.remedy
                with pytest.raises(AccessDeniedError, match="Insufficient") as policies:
                    await sources.directory.access_policies()
                assert "Policy.Read.All" in policies.value.remedy
                assert await sources.directory.own_roles() == {
                    "c4e39bd9-1100-46d3-8c65-fb160da0071f"
                }
                assert await sources.directory.users([NUMBERLESS])

        run(main())
