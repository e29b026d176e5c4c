"""When the role that bulk sign-in takes ends, as far as Microsoft Graph tells it."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial

from siptui.app.session import Selected, Session, open_session
from siptui.domain.errors import SiptuiError
from siptui.gateway.tenant_model import RoleEnd

#: Seconds that it is worth.
_LIMIT = 5.0


async def ask_role_end(
    opening: Callable[[], AbstractAsyncContextManager[Session]],
) -> RoleEnd | None:
    """When it ends, by a session that is opened for it; None where it lasts, or where Graph may
    not be read or does not answer soon: nothing depends on it but a sentence."""
    try:
        async with asyncio.timeout(_LIMIT), opening() as session:
            graph = session.directory
            return await graph.role_end() if graph is not None else None
    except (TimeoutError, SiptuiError):
        return None


def read_role_end(selected: Selected) -> RoleEnd | None:
    """As `ask_role_end`, but blocking."""
    if not selected.profile.cloud.graph:
        return None
    return asyncio.run(ask_role_end(partial(open_session, selected)))
