"""When the role that bulk sign-in takes ends, as far as Microsoft Graph tells it."""

import asyncio

from siptui.app.session import Selected, open_session
from siptui.domain.errors import SiptuiError
from siptui.gateway.tenant_model import RoleEnd

#: Seconds that it is worth.
_LIMIT = 5.0


async def ask_role_end(selected: Selected) -> RoleEnd | None:
    """When it ends; None where it lasts, or where Graph may not be read or does not answer soon:
    nothing depends on it but a sentence."""
    if not selected.profile.cloud.graph:
        return None
    try:
        async with asyncio.timeout(_LIMIT), open_session(selected) as session:
            graph = session.directory
            return await graph.role_end() if graph is not None else None
    except (TimeoutError, SiptuiError):
        return None


def read_role_end(selected: Selected) -> RoleEnd | None:
    """As `ask_role_end`, but blocking."""
    if not selected.profile.cloud.graph:
        return None
    return asyncio.run(ask_role_end(selected))
