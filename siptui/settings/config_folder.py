"""Where the configuration lies. By itself, for who wants to know only whether there is one."""

import contextlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from siptui.domain.errors import UsageError
from siptui.domain.text import visible

CONFIG_FILE = "config.toml"


def config_folder(environ: Mapping[str, str] | None = None) -> Path:
    """The user's folder as the platform has it, unless `SIPTUI_CONFIG_DIR` names one.

    Raises `UsageError` where it cannot be told.
    """
    named = (os.environ if environ is None else environ).get("SIPTUI_CONFIG_DIR")
    if named:
        return given(named)
    from platformdirs import user_config_path

    return platform_folder(lambda: user_config_path("siptui"), "SIPTUI_CONFIG_DIR")


def given(text: str) -> Path:
    """A folder that somebody wrote down. Raises `UsageError` for one that cannot be told."""
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
