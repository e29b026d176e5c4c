"""The tenant's own name, as far as the service tells it: asked for at a sign-in, then kept."""

import asyncio
import json

from siptui.app.session import Selected
from siptui.domain.errors import SiptuiError
from siptui.domain.text import visible
from siptui.gateway import tenant_json
from siptui.gateway.discovery import AdminApi
from siptui.gateway.http_client import read
from siptui.gateway.protocol import TokenSource
from siptui.host.private_files import private_folder, read_private, write_private
from siptui.transport import Watcher, open_client
from siptui.transport.messages import Call

#: Seconds that a name is worth.
_LIMIT = 10.0
_FILE = "tenant.json"
_MOST = 80


def kept_name(selected: Selected) -> str:
    """The name that was told last, for this tenant; nothing where none was."""
    try:
        found = json.loads(read_private(selected.store_folder / _FILE))
        if found["tenant"] == selected.profile.tenant:
            return visible(str(found["name"]))[:_MOST]
    except (OSError, ValueError, LookupError, TypeError, SiptuiError):
        pass  # it is asked for again
    return ""


def label(selected: Selected) -> str:
    """The tenant for people: its name where that is known, and what the profile calls it."""
    name, tenant = kept_name(selected), selected.profile.tenant
    return f"{name} ({tenant})" if name and name != tenant else tenant


async def learn_name(selected: Selected, api: AdminApi) -> str:
    """Ask for the name once and keep it. Nothing where the service does not tell it: the roles of
    bulk sign-in need not be allowed to read it."""
    try:
        async with asyncio.timeout(_LIMIT):
            answer, correlation_id = await api.call(Call.READ, "GET", "/Teams.Tenant/tenants")
        info = read(answer, correlation_id, tenant_json.tenant)
        name = visible(info.display_name)[:_MOST]
        if name:
            content = json.dumps({"tenant": selected.profile.tenant, "name": name})
            folder = private_folder(selected.store_folder)
            write_private(folder / _FILE, content.encode())
    except (TimeoutError, OSError, SiptuiError):
        return ""
    return name


async def ask_name(selected: Selected, tokens: TokenSource, watchers: tuple[Watcher, ...]) -> str:
    """`learn_name` with a connection of its own."""
    try:
        async with open_client(watchers=watchers) as http:
            address = selected.profile.cloud.admin_api
            api = AdminApi(http, address, tokens, throttle=selected.throttle("admin_api"))
            return await learn_name(selected, api)
    except SiptuiError:
        return ""
