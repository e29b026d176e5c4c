"""Who gives orders from this computer."""

import socket

from siptui.host.user import user_name
from siptui.runs.events import Actor


def this_actor(account: str = "") -> Actor:
    """Who is at this computer, signed in to the tenant as `account`."""
    return Actor(account=account, os_user=user_name(), host=socket.gethostname())
