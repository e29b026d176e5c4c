"""Reports in which some accounts may be personal, fail, or could not be read."""

from collections.abc import Sequence
from typing import Any

from siptui.domain.device import Device
from siptui.gateway.tenant_model import Assigned, InventoryDevice
from siptui.preflight.check import evaluate
from siptui.preflight.facts import Facts, Lookup
from siptui.preflight.finding import Report
from tests.preflight.made import DENIED, NOW, USER, facts
from tests.runs.engine.engine_harness import device
from tests.support.replace import replace

SHARED, PERSONAL, OTHER = device(0), device(1), device(2)
TWICE = device(9, user="ROOM1@contoso.example")  # another phone of the second account
THREE = [SHARED, PERSONAL, OTHER]
OWN = Assigned("Global", "global")


def made(
    devices: Sequence[Device],
    personal: Sequence[Device] = (),
    unclear: Sequence[Device] = (),
    failing: Sequence[Device] = (),
    not_now: bool = False,
    **tenant: Any,
) -> Report:
    """A report in which only these accounts are amiss."""
    users, missing = {}, {}
    for one in devices:
        user = replace(USER, user_name=str(one.user_name), object_id=f"id-{one.user_name.key}")
        if one in personal:
            user = replace(user, ip_phone_policy=OWN)
        if one in failing:
            user = replace(user, numbers=())
        users[one.user_name.key] = user
        if one in unclear:
            del users[one.user_name.key]
            missing[one.user_name.key] = replace(DENIED, passing=not_now)
    found = Facts(
        tenant=replace(facts().tenant, **tenant),
        users=Lookup(found=users, missing=missing),
        mfa=Lookup(found=dict.fromkeys((u.object_id for u in users.values()), "disabled")),
        devices={
            str(one.hardware_id): InventoryDevice(
                str(one.hardware_id), online=True, region=one.region
            )
            for one in devices
        },
        calls={"users": 3},
    )
    return evaluate(devices, found, NOW)
