"""`TenantAdmin` over the Teams admin API: what a preflight reads there, what a fix writes.

Reads are tried again where that may help; a write is sent once, but for a 429, with which nothing
was taken. Where its answer is lost the error's `fate` is unknown: the caller reads back what
became of it.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from siptui.gateway import tenant_json
from siptui.gateway.discovery import AdminApi
from siptui.gateway.errors import AnswerUnreadableError, RejectedError
from siptui.gateway.http_client import read
from siptui.gateway.json_fields import word
from siptui.gateway.json_lists import Listed
from siptui.gateway.tenant_model import (
    GLOBAL,
    CallingPolicy,
    IPPhonePolicy,
    NetworkPlace,
    PolicyType,
    TeamsUser,
    TenantInfo,
    TrustedIP,
)
from siptui.transport.messages import Call

T = TypeVar("T")
#: The most accounts of one search. The module's own filter has this form; 20 to 50 go well.
MOST_USERS = 50
_MOST_PAGES = 100
_CONFIGURATIONS = "/Skype.Policy/configurations"
#: Microsoft Learn, Get-CsTeamsSipDevicesConfiguration and its Set: who may read, who may write.
READS = (
    "Reading policies and accounts of Teams needs the role Global Reader, Teams Administrator or "
    "Teams Communications Administrator."
)
WRITES = (
    "Changing policies of Teams needs the role Teams Administrator or Teams Communications "
    "Administrator."
)


class TenantAdminClient(AdminApi):
    """`TenantAdmin` over HTTP."""

    async def tenant(self) -> TenantInfo:
        """Who the tenant is."""
        return await self._get("/Teams.Tenant/tenants", tenant_json.tenant)

    async def bulk_sign_in(self) -> str:
        """`BulkSignIn` of the Global TeamsSipDevicesConfiguration, or nothing if not told."""
        found = await self._get(_path(PolicyType.SIP_DEVICES, GLOBAL), tenant_json.instance)
        return word(found.get("bulksignin"))

    async def trusted_ips(self) -> tuple[TrustedIP, ...]:
        """The tenant's trusted public addresses."""
        return await self._get(_path(PolicyType.TRUSTED_IP), tenant_json.trusted_ips)

    async def network_places(self) -> tuple[NetworkPlace, ...]:
        """Network sites and subnets, in two calls."""
        sites = await self._get(_path(PolicyType.NETWORK_SITE), tenant_json.sites)
        return sites + await self._get(_path(PolicyType.NETWORK_SUBNET), tenant_json.subnets)

    async def calling_policies(self) -> tuple[CallingPolicy, ...]:
        """Every calling policy."""
        return await self._get(_path(PolicyType.CALLING), tenant_json.calling_policies)

    async def ip_phone_policies(self) -> tuple[IPPhonePolicy, ...]:
        """Every IP-phone policy."""
        return await self._get(_path(PolicyType.IP_PHONE), tenant_json.ip_phone_policies)

    async def users(self, user_names: Sequence[str]) -> Listed[TeamsUser]:
        """Those of 1 to 50 accounts that exist, each once; with a gap where others may exist."""
        if not 1 <= len(user_names) <= MOST_USERS:
            raise ValueError(f"1 to {MOST_USERS} accounts at once, not {len(user_names)}")
        wanted = " or ".join(f"userprincipalname eq '{quoted(name)}'" for name in user_names)
        asked = {"defaultpropertyset": "Extended", "psfilter": wanted, "pagesize": len(user_names)}
        parameters: dict[str, str] = {key: str(value) for key, value in asked.items()}
        names = {name.casefold() for name in user_names}
        found: dict[str, TeamsUser] = {}
        lost = 0
        odd: list[str] = []
        for _ in range(_MOST_PAGES):
            path = f"/Teams.User/users?{urlencode(parameters, quote_via=quote)}"
            page, further = await self._get(path, tenant_json.users)
            lost, odd = lost + page.lost, [*odd, *page.odd]
            for user in page:
                if user.user_name.casefold() in names:
                    found.setdefault(user.user_name.casefold(), user)
            if len(found) == len(names):
                return Listed(found.values(), odd=odd)
            if not further:
                return Listed(found.values(), lost=lost, more=page.more, odd=odd)
            if further == parameters.get("skiptoken"):
                break
            parameters["skiptoken"] = further
        # An account that is on none of the pages that were had is not known to be missing.
        raise AnswerUnreadableError("The search of accounts does not end.")

    async def set_bulk_sign_in(self, enabled: bool) -> None:
        """Set `BulkSignIn` of the Global configuration. Inferred from the generic form."""
        state = "Enabled" if enabled else "Disabled"
        await self._change(PolicyType.SIP_DEVICES, GLOBAL, {"BulkSignIn": state})

    async def create_calling_policy(self, policy: CallingPolicy) -> None:
        """Make a calling policy."""
        await self._create(
            PolicyType.CALLING,
            {
                "Identity": policy.name,
                "AllowSIPDevicesCalling": bool(policy.allow_sip_devices),
                "AllowCallRedirect": policy.call_redirect or "Enabled",
            },
        )

    async def create_ip_phone_policy(self, policy: IPPhonePolicy) -> None:
        """Make an IP-phone policy."""
        fields = {"Identity": policy.name, "SignInMode": policy.sign_in_mode}
        await self._create(PolicyType.IP_PHONE, fields)

    async def add_trusted_ip(self, trusted: TrustedIP) -> None:
        """Add a trusted public address; without a mask the service takes it for a single one."""
        fields: dict[str, Any] = {"IPAddress": trusted.address}
        if trusted.mask_bits is not None:
            fields["MaskBits"] = trusted.mask_bits
        if trusted.description:
            fields["Description"] = trusted.description
        await self._create(PolicyType.TRUSTED_IP, fields)

    async def delete_policy(self, kind: PolicyType, name: str) -> None:
        """Take away a policy or a trusted address, by the identity the service knows it by.

        `RejectedError` where there is none of this name.
        """
        identity = await self._identity(kind, name)
        await self._write("DELETE", _path(kind, identity))

    async def grant_policy(self, user: TeamsUser, kind: PolicyType, name: str) -> None:
        """Assign a policy directly; an empty `name` takes the assignment away.

        The form of the Teams module first; where the service has no such path (404, 405), which
        says that nothing was done, the form that go-teams uses.
        """
        who = quote(user.object_id or user.user_name, safe="")
        path = f"/Skype.Policy/users/{who}"
        given = name or None
        try:
            await self._write("PATCH", f"{path}/policies/{kind}", {"PolicyName": given})
        except RejectedError as error:
            if error.status not in (404, 405):
                raise
            await self._write("PUT", path, {"PolicyType": kind, "PolicyName": given})

    async def _change(self, kind: PolicyType, name: str, changed: Mapping[str, Any]) -> None:
        """PUT what changed, with the instance's `Identity` and `Key` where it has a key."""
        raw = await self._get(_path(kind, name), tenant_json.instance)
        fields = dict(changed)
        if raw.get("key") is not None:
            fields = {"Identity": raw.get("identity", name), "Key": raw["key"], **fields}
        await self._write("PUT", _path(kind, name), fields)

    async def _identity(self, kind: PolicyType, name: str) -> str:
        wanted = name.casefold()
        for one in await self._get(_path(kind), tenant_json.instances):
            names = (tenant_json.plain_name(one.get(key)) for key in ("identity", "ipaddress"))
            if wanted in {found.casefold() for found in names} and one.get("identity"):
                return word(one["identity"])
        raise RejectedError(f"There is no {kind} named {name}.", status=404)

    async def _create(self, kind: PolicyType, fields: Mapping[str, Any]) -> None:
        await self._write("POST", _path(kind), fields)

    async def _get(self, path: str, parse: Callable[[Any], T]) -> T:
        async def once() -> T:
            answer, correlation_id = await self.call(Call.READ, "GET", path, needs=READS)
            return read(answer, correlation_id, parse)

        return await self.retried(once)

    async def _write(self, method: str, path: str, fields: Mapping[str, Any] | None = None) -> None:
        body = b"" if fields is None else json.dumps(fields).encode()
        await self.let_in(lambda: self.call(Call.SUBMIT, method, path, body, needs=WRITES))


def quoted(name: str) -> str:
    """`name` for the inside of a quoted text of a filter: an apostrophe is doubled."""
    return name.replace("'", "''")


def _path(kind: PolicyType, name: str = "") -> str:
    one = f"/configuration/{quote(name, safe=':')}" if name else ""
    return f"{_CONFIGURATIONS}/{kind}{one}"
