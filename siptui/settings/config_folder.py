"""Where the configuration lies. By itself, for who wants to know only whether there is one."""

import os
from collections.abc import Mapping
from pathlib import Path

CONFIG_FILE = "config.toml"


def config_folder(environ: Mapping[str, str] | None = None) -> Path:
    """The user's folder as the platform has it, unless `SIPTUI_CONFIG_DIR` names one."""
    named = (os.environ if environ is None else environ).get("SIPTUI_CONFIG_DIR")
    if named:
        return given(named)
    from platformdirs import user_config_path

    return user_config_path("siptui")


def given(text: str) -> Path:
    """A folder that somebody wrote down."""
    return Path(text).expanduser().absolute()
