"""Where things lie on this machine."""

import contextlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from msgspec import Struct

from siptui.domain.errors import UsageError
from siptui.domain.text import visible
from siptui.host.private_files import private_folder

#: Folders of the state folder that are not a profile's.
RESERVED = frozenset({"log", "logs"})


class Folders(Struct, frozen=True):
    """The folders of this user. None is made before something is put into it."""

    config: Path
    state: Path
    logs: Path

    @property
    def config_file(self) -> Path:
        """The configuration; it need not exist."""
        return self.config / CONFIG_FILE

    @property
    def themes(self) -> Path:
        """The user's own themes."""
        return self.config / "themes"

    @property
    def waits(self) -> Path:
        """Where the waits that services asked for are kept, for all profiles, on a host whose
        folder for short notes is another user's. No profile can have that name."""
        return self.state / ".waits"

    def profile(self, name: str) -> Path:
        """The state folder of a profile, made if needed, for this user alone."""
        private_folder(self.state)
        return private_folder(self.state / name)

    def journal(self, name: str) -> Path:
        """The journal of a profile; its folder is there, the file need not be."""
        return self.profile(name) / "journal.db"

    def log_folder(self) -> Path:
        """The folder of the logs, made if needed, for this user alone."""
        if self.logs.is_relative_to(self.state):
            private_folder(self.state)
        return private_folder(self.logs)


def folders(environ: Mapping[str, str] | None = None) -> Folders:
    """The user's folders as the platform has them; `SIPTUI_CONFIG_DIR` and `SIPTUI_STATE_DIR`
    override, the latter for state and logs both."""
    environ = os.environ if environ is None else environ
    config, state = config_folder(environ), environ.get("SIPTUI_STATE_DIR")
    if state:
        return Folders(config, given(state), given(state) / "logs")
    from platformdirs import user_log_path, user_state_path

    state_folder, logs = (
        platform_folder(find, "SIPTUI_STATE_DIR")
        for find in (
            lambda: user_state_path("siptui", appauthor=False),
            lambda: user_log_path("siptui", appauthor=False),
        )
    )
    return Folders(config, state_folder, logs)


CONFIG_FILE = "config.toml"


def config_folder(environ: Mapping[str, str] | None = None) -> Path:
    """The user's folder as the platform has it, unless `SIPTUI_CONFIG_DIR` names one.

    Raises `UsageError` where it cannot be told.
    """
    named = (os.environ if environ is None else environ).get("SIPTUI_CONFIG_DIR")
    if named:
        return given(named)
    from platformdirs import user_config_path

    return platform_folder(lambda: user_config_path("siptui", appauthor=False), "SIPTUI_CONFIG_DIR")


def given(text: str) -> Path:
    """A folder named in a setting or variable. Raises `UsageError` for one that cannot be told."""
    try:
        return Path(text).expanduser().absolute()
    except RuntimeError:  # the home folder of a user who is not there
        raise UsageError(
            f"{visible(text)} is no folder: whose home folder that is is not known.",
            remedy="Write the path in full.",
            code="folder",
        ) from None
    except OSError:
        raise UsageError(
            f"{visible(text)} cannot be found: the folder that siptui was started in is gone.",
            remedy="Start it in another folder, or write the path in full.",
            code="folder",
        ) from None


def platform_folder(find: Callable[[], Path], variable: str) -> Path:
    """The folder that the platform has for it.

    Raises `UsageError` where there is no home folder: a relative path, which would be taken from
    wherever siptui is started, is none.
    """
    with contextlib.suppress(RuntimeError):
        if (path := find()).is_absolute():
            return path
    raise UsageError(
        "There is no folder to keep things in: it is not known which home folder is yours.",
        remedy=f"Set HOME to it, or {variable} to a folder of your own.",
        code="folder",
    )
