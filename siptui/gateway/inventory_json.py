"""Answers of the Teams admin center's device API, read leniently.

Field names as public scripts use them (`devices`, `macAddressInfos`, `healthSummary`,
`signInInfo`, `lastLoggedInUserRef`); no field is known for the region of SIP Gateway, so
several likely names are looked for.
"""

import contextlib
import re
from collections.abc import Mapping
from typing import Any

from siptui.domain.hardware_id import HardwareId, HardwareIdError
from siptui.domain.region import Region
from siptui.gateway.bulk_json import WireError, folded_keys, folded_word
from siptui.gateway.json_fields import first, further, record, rows, skip_token, word
from siptui.gateway.tenant_model import InventoryDevice

#: Words of health. Graph has `offline`, `critical`, `nonUrgent`, `healthy` and `unknown`: that a
#: device needs attention does not say that it cannot be reached.
_ONLINE = {"online": True, "healthy": True, "offline": False}
_SIGNED_IN = {"signedin": True, "loggedin": True, "signedout": False, "loggedout": False}
_REGIONS = ("region", "serviceregion", "sipgatewayregion", "sdgregion")
_HEX = re.compile(r"[0-9A-Fa-f]{12}")


def page(value: Any) -> tuple[tuple[InventoryDevice, ...], str]:
    """The SIP devices of a page and the token of the next (or nothing).

    A device without any address of hardware is left out: nothing could be matched to it.
    """
    outer = record(value, "the answer")
    listed = rows(value, "devices")
    token = further(outer, ("continuationtoken", "nextcontinuationtoken"))
    if not token:
        with contextlib.suppress(WireError):
            token = skip_token(further(outer, ("nextlink", "@odata.nextlink")), "continuationtoken")
    return tuple(found for one in listed if (found := device(one)) is not None), token


def device(found: Mapping[str, Any]) -> InventoryDevice | None:
    """One device, with names without case."""
    hardware_id = _hardware_id(found.get("macaddressinfos"))
    if hardware_id is None:
        return None
    model, user = _inner(found, "devicemodelref"), _inner(found, "lastloggedinuserref")
    health, sign_in = _inner(found, "healthsummary"), _inner(found, "signininfo")
    state = word(health.get("healthstate"))
    return InventoryDevice(
        hardware_id,
        online=_ONLINE.get(folded_word(state)),
        region=_region({**found, **_inner(found, "configref"), **_inner(found, "baseinfo")}),
        model=" ".join(filter(None, (word(model.get("manufacturer")), word(model.get("model"))))),
        user_name=first(user, ("upn", "username")),
        signed_in=_SIGNED_IN.get(folded_word(word(sign_in.get("signinstate")))),
        public_ip=first(found, ("publicipaddress", "publicip")),
        health=state,
    )


def _hardware_id(infos: Any) -> str | None:
    listed = (
        [folded_keys(one) for one in infos or [] if isinstance(one, dict)]
        if isinstance(infos, list)
        else []
    )
    listed.sort(key=lambda one: "eth" not in folded_word(word(one.get("interfacetype"))))
    for one in listed:
        text = word(one.get("macaddress")).strip()
        if _HEX.fullmatch(text):
            text = "-".join(text[place : place + 2] for place in range(0, 12, 2))
        try:
            return HardwareId.parse(text)
        except HardwareIdError:
            continue
    return None


def _inner(found: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = found.get(name)
    return folded_keys(value) if isinstance(value, dict) else {}


def _region(found: Mapping[str, Any]) -> Region | None:
    said = first(found, _REGIONS)
    try:
        return Region.parse(said) if said else None
    except ValueError:
        return None
