"""Changing the profiles of config.toml; what else is there stays as it is, comments too.

Processes take turns. The whole of the new file is checked before anything is written, and it is
written at once or not at all. A link to a file kept elsewhere stays a link.
"""

import os
import tomllib
from collections.abc import Callable
from pathlib import Path

from siptui.domain.errors import UsageError
from siptui.domain.file_names import not_on_windows
from siptui.domain.region import Region
from siptui.domain.text import visible
from siptui.host.files import read_plain
from siptui.host.locks import file_lock
from siptui.host.private_files import private_folder, read_trusted, write_private
from siptui.settings.config_text import (
    UneditableError,
    bare_or_quoted,
    quoted,
    renamed,
    with_default,
    without,
)
from siptui.settings.folders import Folders
from siptui.settings.load import Settings, parse
from siptui.settings.profile_name import NAME

#: The file, in the state folder, whose lock is held while the configuration is changed.
_LOCK = ".config.lock"
#: Seconds to wait for another process that changes it.
_PATIENCE = 10.0
_BOM = "\ufeff"


def add_profile(
    folders: Folders,
    name: str,
    tenant: str,
    *,
    cloud: str = "public",
    region: Region | None = None,
    client_id: str = "",
    accent: str = "",
) -> Settings:
    """Add a profile to the configuration file, as the default one if there is none yet.

    Returns the settings as they are then; raises `UsageError` for a name that is taken or a
    value that is not allowed.
    """
    values = {
        "tenant": tenant,
        "cloud": cloud,
        "region": region.value if region else "",
        "client_id": client_id,
        "accent": accent,
    }

    def add(old: str, before: Settings) -> str:
        _refuse_name(before, name)
        end = "\r\n" if "\r\n" in old else "\n"
        lines = [f"[profiles.{bare_or_quoted(name)}]"]
        lines += [f"{key} = {quoted(value)}" for key, value in values.items() if value]
        text = "".join(line + end for line in lines)
        if old.strip():
            text = old.rstrip("\r\n") + end + end + text
        if "default_profile" not in tomllib.loads(old) and not before.profiles:
            text = with_default(text, name)
        try:
            tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:  # a table beside an inline one of all profiles
            raise UneditableError(str(error)) from error
        return text

    return _changed(folders, add)


def use_profile(folders: Folders, name: str) -> Settings:
    """Make `name` the default profile. Raises `UsageError` where it is not there."""

    def use(old: str, before: Settings) -> str:
        require_profile(before, name)
        return with_default(old, name)

    return _changed(folders, use)


def rename_profile(folders: Folders, old_name: str, name: str) -> Settings:
    """Call a profile otherwise; its other settings and its place in the file stay."""

    def rename(old: str, before: Settings) -> str:
        require_profile(before, old_name)
        if name.casefold() != old_name.casefold():
            _refuse_name(before, name)
        return renamed(old, old_name, name)

    return _changed(folders, rename)


def remove_profile(folders: Folders, name: str) -> Settings:
    """Take a profile out of the file; if it was the default one, there is none then."""

    def remove(old: str, before: Settings) -> str:
        require_profile(before, name)
        return without(old, name)

    return _changed(folders, remove)


def _changed(folders: Folders, change: Callable[[str, Settings], str]) -> Settings:
    path = folders.config_file
    target = Path(os.path.realpath(path))  # links in a circle are told where it is read
    private_folder(folders.state)
    try:
        with file_lock(folders.state / _LOCK, wait=_PATIENCE):
            try:
                raw = read_trusted(path)  # before the folder is closed: others may have written it
            except FileNotFoundError:
                raw = b""
            private_folder(folders.config)
            text = raw.decode("utf-8-sig")
            before = parse(text, folders)
            try:
                new = change(text, before)
            except UneditableError as error:
                raise UsageError(
                    f"{path}: its profiles are not written as tables [profiles.NAME], so it cannot "
                    "be changed without a loss.",
                    title="The configuration was not changed",
                    code="config_form",
                    remedy="Change it with an editor.",
                ) from error
            after = _read_back(new, folders)
            _refuse_read_only(target)
            bom = _BOM if raw.startswith(_BOM.encode()) else ""
            _refuse_edited(path, raw)
            write_private(target, (bom + new).encode())
            return after
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: it is not in UTF-8.", title="Settings", code="config") from error
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {error.strerror}. Nothing was changed.",
            title="The configuration was not changed",
            code="config_read_only",
            remedy="Make the folder writable, or name another one in SIPTUI_CONFIG_DIR.",
        ) from error


def _read_back(new: str, folders: Folders) -> Settings:
    """The settings in the new text; the error where they cannot be blames what was to be written,
    not the file, which does not have it."""
    try:
        return parse(new, folders)
    except UsageError as error:
        raise UsageError(
            error.message.removeprefix(f"{folders.config_file}: "),
            title="The configuration was not changed",
            code=error.code,
            remedy=f"Give another value. Nothing was written to {folders.config_file}.",
        ) from error


def _refuse_read_only(target: Path) -> None:
    """A file that its owner closed to writing is not replaced, though the folder allows it."""
    if target.exists() and not (target.stat().st_mode & 0o200 and os.access(target, os.W_OK)):
        raise UsageError(
            f"{target} is read-only. Nothing was changed.",
            title="The configuration was not changed",
            code="config_read_only",
            remedy=f"Change it where it is managed, or make it writable: chmod u+w {target}",
        )


def _refuse_edited(path: Path, raw: bytes) -> None:
    """An editor takes no lock."""
    if (read_plain(path) if path.exists() else b"") != raw:
        raise UsageError(
            f"{path} was changed by another program just now. Nothing was changed.",
            title="The configuration was not changed",
            code="config_changed",
            remedy="Try again.",
        )


def require_profile(settings: Settings, name: str) -> None:
    """Raise `UsageError` where there is no profile `name`."""
    if name not in settings.profiles:
        listed = ", ".join(settings.profiles)
        known = f"known: {listed}" if listed else "there is none yet"
        raise UsageError(
            f"There is no profile {visible(name)!r}; {known}.",
            remedy="“siptui profiles” lists them.",
            code="no_profile",
        )


def _refuse_name(settings: Settings, name: str) -> None:
    if NAME.fullmatch(name) and (fault := not_on_windows(name)):  # it may be taken there
        raise UsageError(
            f"A profile cannot be called {visible(name)!r}: {fault}.",
            remedy="Choose another name.",
            code="profile_name",
        )
    if name.casefold() in {known.casefold() for known in settings.profiles}:
        raise UsageError(
            f"There is a profile {visible(name)!r} in {settings.folders.config_file} already.",
            code="profile_exists",
        )
