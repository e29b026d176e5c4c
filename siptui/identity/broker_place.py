"""Whether the sign-in broker of the system can be used here, and what to do where it cannot.

Windows has one (WAM). Linux and macOS have theirs where Intune or Company Portal is installed on a
desktop: msal needs other redirect URIs for those, which the Teams module's client is not known to
have, and a jump host has neither.
"""

from enum import Enum
from importlib.util import find_spec

from msgspec import Struct

from siptui.domain.errors import Way
from siptui.host.desktop import Desktop, desktop

#: The package through which msal talks to the broker.
_RUNTIME = "pymsalruntime"
INSTALL = 'pip install "siptui[broker]"'


class _Why(Struct, frozen=True):
    sentence: str
    advice: str = ""


class Obstacle(Enum):
    """Why the broker cannot be used here."""

    OTHER_SYSTEM = _Why("Only Windows has a sign-in broker that siptui uses.")
    OVER_SSH = _Why("The broker of Windows shows a window, which is not seen over SSH.")
    NO_SESSION = _Why(
        "The broker of Windows shows a window, and this process has no desktop to show it on."
    )
    SERVER_CORE = _Why("Windows Server Core has no sign-in broker.")
    NOT_INSTALLED = _Why(
        f"The package “{_RUNTIME}”, which talks to the broker of Windows, is not installed.",
        f"Install it: `{INSTALL}`.",
    )

    @property
    def sentence(self) -> str:
        """For people."""
        return self.value.sentence

    @property
    def advice(self) -> str:
        """What to do about it, if that is possible."""
        return self.value.advice


_OBSTACLES = {
    Desktop.OTHER_SYSTEM: Obstacle.OTHER_SYSTEM,
    Desktop.OVER_SSH: Obstacle.OVER_SSH,
    Desktop.NO_SESSION: Obstacle.NO_SESSION,
    Desktop.SERVER_CORE: Obstacle.SERVER_CORE,
}


def obstacle() -> Obstacle | None:
    """Why a sign-in by the broker cannot be made here, or nothing."""
    if found := _OBSTACLES.get(desktop()):
        return found
    return None if find_spec(_RUNTIME) else Obstacle.NOT_INSTALLED


def has_broker() -> bool:
    """Whether this system can have one: a kept sign-in may be the broker's."""
    return desktop() is not Desktop.OTHER_SYSTEM


def way_by_broker() -> Way | None:
    """How to sign in by the broker, where that can be done here."""
    found = obstacle()
    if found is None:
        return Way.BROKER
    return Way.BROKER_INSTALLED if found is Obstacle.NOT_INSTALLED else None


def again_by_broker() -> Way:
    """How to sign in again to what the broker signed in to."""
    return Way.BROKER_AGAIN if obstacle() is None else Way.WITHOUT_BROKER
