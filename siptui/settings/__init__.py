"""Settings: profiles, clouds, folders, and which of flag, environment and file wins."""

from siptui.settings.folders import Folders, folders
from siptui.settings.load import Settings, load
from siptui.settings.model import BUILT_IN_CLOUDS, Cloud, Profile
from siptui.settings.write import add_profile

__all__ = [
    "BUILT_IN_CLOUDS",
    "Cloud",
    "Folders",
    "Profile",
    "Settings",
    "add_profile",
    "folders",
    "load",
]
