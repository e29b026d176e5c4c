"""Writing a new profile into config.toml; what is there stays as it is, comments too."""

import json
import tomllib
from pathlib import Path

from siptui.domain.errors import UsageError
from siptui.domain.region import Region
from siptui.host.private_files import private_folder, read_trusted, write_private
from siptui.settings.folders import Folders
from siptui.settings.load import Settings, parse


def add_profile(
    folders: Folders,
    name: str,
    tenant: str,
    *,
    cloud: str = "public",
    region: Region | None = None,
    client_id: str = "",
) -> Settings:
    """Add a profile to the configuration file, as the default one if there is none yet.

    The whole of it is checked before anything is written, and written at once or not at all.
    Returns the settings as they are then; raises `UsageError` for a name that is taken or a
    value that is not allowed.
    """
    path = folders.config_file
    try:
        old = read_trusted(path).decode("utf-8-sig")
    except FileNotFoundError:
        old = ""
    before = parse(old, folders)
    if name.casefold() in {known.casefold() for known in before.profiles}:
        raise UsageError(f"There is a profile {name!r} in {path} already.", code="profile_exists")
    values = {
        "tenant": tenant,
        "cloud": cloud,
        "region": region.value if region else "",
        "client_id": client_id,
    }
    lines = [f"[profiles.{_quoted(name)}]"]
    lines += [f"{key} = {_quoted(value)}" for key, value in values.items() if value]
    text = "\n".join(lines) + "\n"
    if old.strip():
        text = old.rstrip("\n") + "\n\n" + text
    if "default_profile" not in tomllib.loads(old) and not before.profiles:
        # at the very top, since a key behind a table's header would belong to that table
        text = f"default_profile = {_quoted(name)}\n\n" + text
    after = parse(text, folders)
    private_folder(folders.config)
    write_private(_target(path), text.encode())
    return after


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)  # a TOML basic string has JSON's escapes


def _target(path: Path) -> Path:
    """The file itself: a configuration kept elsewhere through a link stays there."""
    return path.resolve()
