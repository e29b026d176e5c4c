"""Reading config.toml: every mistake in it is named with file, key and what is allowed."""

import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Struct, field

from siptui.domain.columns import Mapped
from siptui.domain.errors import SignInNeededError, UsageError
from siptui.domain.guid import is_guid
from siptui.domain.limits import MAX_BATCH_SIZE, MAX_LIVE_BATCHES
from siptui.domain.region import Region
from siptui.domain.text import visible
from siptui.host.command_line import has_folder, split
from siptui.host.private_files import PrivateFileError, read_trusted
from siptui.settings.accent import accent_colour
from siptui.settings.address import checked_address
from siptui.settings.allowed import ALLOWED
from siptui.settings.audit import audit_place
from siptui.settings.columns import ColumnsError, read_columns
from siptui.settings.folders import Folders, folders
from siptui.settings.model import (
    BUILT_IN_CLOUDS,
    LOG_LEVELS,
    NUMBER_TYPES,
    REDIRECT_PORT,
    Cloud,
    Profile,
)
from siptui.settings.profile_name import NAME, NAME_RULE, name_fault

T = TypeVar("T", bound=msgspec.Struct)
_TENANT = re.compile(r"[0-9A-Za-z](?:[0-9A-Za-z.-]{0,252}[0-9A-Za-z])?")

Port = Annotated[int, msgspec.Meta(ge=1024, le=65535)]
BatchSize = Annotated[int, msgspec.Meta(ge=1, le=MAX_BATCH_SIZE)]
Slots = Annotated[int, msgspec.Meta(ge=1, le=MAX_LIVE_BATCHES)]
KeepDays = Annotated[int, msgspec.Meta(ge=0, le=36500)]


class _File(msgspec.Struct):
    default_profile: str = ""
    theme: str = ""
    read_only: bool = False
    mouse: bool = True
    notify_terminal: bool = False
    notify_command: str | list[str] = ""
    redirect_port: Port = REDIRECT_PORT
    log_level: str = "info"
    audit_log: str = ""
    keys: dict[str, str | list[str]] = {}
    profiles: dict[str, dict[str, Any]] = {}
    clouds: dict[str, dict[str, Any]] = {}


class _ProfileTable(msgspec.Struct):
    tenant: str
    cloud: str = "public"
    region: str = ""
    client_id: str = ""
    theme: str = ""
    batch_size: BatchSize = MAX_BATCH_SIZE
    slots: Slots = MAX_LIVE_BATCHES
    read_only: bool | None = None
    require_plan: bool = False
    redirect_port: Port | None = None
    public_ips: str | list[str] = ""
    number_type: str = NUMBER_TYPES[0]
    columns: dict[str, Any] = {}
    keep_days: KeepDays = 0
    audit_log: str | None = None
    accent: str = ""


class _CloudTable(msgspec.Struct):
    authority: str
    admin_api: str
    graph: str | None = None
    devices: str | None = None


class Settings(Struct, frozen=True):
    """config.toml as it was read; without a file, what holds then."""

    folders: Folders
    exists: bool = False
    default_profile: str = ""
    profiles: Mapping[str, Profile] = field(default_factory=dict)
    clouds: Mapping[str, Cloud] = field(default_factory=lambda: BUILT_IN_CLOUDS)
    theme: str = ""
    read_only: bool = False
    mouse: bool = True
    notify_terminal: bool = False
    notify_command: tuple[str, ...] = ()
    redirect_port: int = REDIRECT_PORT
    log_level: str = "info"
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def profile(self, flag: str | None = None, environ: Mapping[str, str] | None = None) -> Profile:
        """The profile to use: of the flag, else `SIPTUI_PROFILE`, else `default_profile`, else
        the only one there is.

        Raises `UsageError` for a name that is not there or a choice that is open, and
        `SignInNeededError` when there is no profile at all.
        """
        environ = os.environ if environ is None else environ
        path = self.folders.config_file
        for name, origin in (
            (flag, "--profile"),
            (environ.get("SIPTUI_PROFILE"), "SIPTUI_PROFILE"),
            (self.default_profile, f"{path}: default_profile"),
        ):
            if name:
                return self._named(name, origin)
        if len(self.profiles) == 1:
            return next(iter(self.profiles.values()))
        if self.profiles:
            raise UsageError(
                f"There are several profiles: {_listed(self.profiles)}.",
                remedy="Choose one with --profile NAME or SIPTUI_PROFILE, "
                f"or set default_profile in {path}.",
                code="no_profile",
            )
        raise SignInNeededError(
            f"{path} has no profile, so the tenant is not known.",
            title="No profile yet",
            remedy="Start siptui to make one, or write one into that file:\n"
            '[profiles.NAME]\ntenant = "the tenant\'s id or domain"\n'
            "siptui demo needs none.",
            code="no_profile",
        )

    def _named(self, name: str, origin: str) -> Profile:
        if found := self.profiles.get(name):
            return found
        known = f"known: {_listed(self.profiles)}" if self.profiles else "there is none yet"
        raise UsageError(
            f"{origin} names the profile {visible(name)!r}, which is not there; {known}.",
            remedy=f"Profiles are tables [profiles.NAME] of {self.folders.config_file}.",
            code="no_profile",
        )


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of this user. A missing file is an empty one.

    Raises `UsageError` naming file, key and what is allowed.
    """
    where = folders(environ)
    try:
        text = read_trusted(where.config_file).decode("utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        return Settings(where)
    except PrivateFileError as error:
        raise UsageError(
            error.message, title="The configuration is not used", code="config", remedy=error.remedy
        ) from error
    except OSError as error:
        raise UsageError(
            f"{where.config_file} cannot be read: {error.strerror}.", code="config"
        ) from error
    except UnicodeDecodeError as error:
        raise _wrong(where.config_file, "it is not in UTF-8") from error
    return parse(text, where)


def parse(text: str, where: Folders) -> Settings:
    """The settings in `text`, which stands in the configuration file of `where`."""
    path = where.config_file
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise _wrong(path, f"not TOML: {visible(str(error))}") from error
    file = _table(path, "", data, _File)
    if file.log_level.lower() not in LOG_LEVELS:
        raise _bad(path, "", "log_level", file.log_level)
    clouds = dict(BUILT_IN_CLOUDS)
    for name, table in file.clouds.items():
        clouds[name] = _cloud(path, name, table)
    profiles: dict[str, Profile] = {}
    for name, table in file.profiles.items():
        profiles[name] = _profile(path, name, table, clouds, file)
        if len({known.casefold() for known in profiles}) < len(profiles):
            raise _wrong(path, f"profiles.{name}: another profile's name differs in case only")
    if file.default_profile and file.default_profile not in profiles:
        near = _near(file.default_profile, profiles)
        raise _wrong(
            path,
            f"default_profile names {visible(file.default_profile)!r}, "
            f"but there is no [profiles.{visible(file.default_profile)}]{near}",
        )
    command = file.notify_command
    return Settings(
        folders=where,
        exists=True,
        default_profile=file.default_profile,
        profiles=MappingProxyType(profiles),
        clouds=MappingProxyType(clouds),
        theme=file.theme,
        read_only=file.read_only,
        mouse=file.mouse,
        notify_terminal=file.notify_terminal,
        notify_command=_from_folder(
            where.config, command if isinstance(command, list) else _words(path, command)
        ),
        redirect_port=file.redirect_port,
        log_level=file.log_level.lower(),
        keys=MappingProxyType(
            {
                action: (key,) if isinstance(key, str) else tuple(key)
                for action, key in file.keys.items()
            }
        ),
    )


def _words(path: Path, command: str) -> list[str]:
    try:
        return split(command)
    except ValueError as error:
        raise _bad(path, "", "notify_command", command) from error


def _from_folder(folder: Path, command: list[str]) -> tuple[str, ...]:
    """`command`, whose program, if it is a relative path, lies relative to `folder`: never to the
    folder that siptui is started from, where a stranger may have put one of that name."""
    if command and has_folder(command[0]):
        return (str(folder / command[0]), *command[1:])
    return tuple(command)


def _cloud(path: Path, name: str, data: dict[str, Any]) -> Cloud:
    where = f"clouds.{name}"
    if name in BUILT_IN_CLOUDS:
        raise _wrong(path, f"{where}: this name is built in; choose another")
    if not NAME.fullmatch(name):
        raise _wrong(path, f"{visible(where)}: {NAME_RULE}")
    table = _table(path, where, data, _CloudTable)
    authority = checked_address(table.authority, f"{path}: {where}.authority")
    if not authority.startswith("https://"):
        raise _wrong(path, f"{where}.authority: sign-in is always https, on this machine too")

    def optional(address: str | None, key: str) -> str | None:
        return checked_address(address, f"{path}: {where}.{key}") if address else None

    return Cloud(
        name=name,
        authority=authority,
        admin_api=checked_address(table.admin_api, f"{path}: {where}.admin_api"),
        graph=optional(table.graph, "graph"),
        devices=optional(table.devices, "devices"),
    )


def _profile(
    path: Path, name: str, data: dict[str, Any], clouds: Mapping[str, Cloud], file: _File
) -> Profile:
    where = f"profiles.{name}"
    if fault := name_fault(name):
        raise _wrong(path, f"{visible(where)}: {fault}")
    table = _table(path, where, data, _ProfileTable)
    if not _TENANT.fullmatch(table.tenant):
        raise _bad(path, where, "tenant", table.tenant)
    if table.client_id and not is_guid(table.client_id):
        raise _bad(path, where, "client_id", table.client_id)
    if table.cloud not in clouds:
        raise _wrong(
            path,
            f"{where}.cloud is {visible(table.cloud)!r}; allowed: {_listed(clouds)}"
            f"{_near(table.cloud, clouds)}",
        )
    try:
        region = Region.parse(table.region) if table.region else None
    except ValueError as error:
        raise _bad(path, where, "region", table.region) from error
    if table.audit_log is None:
        log = _audit_log(path, "", file.audit_log)
    else:
        log = _audit_log(path, where, table.audit_log)
    return Profile(
        name=name,
        tenant=table.tenant,
        cloud=clouds[table.cloud],
        region=region,
        client_id=table.client_id,
        theme=table.theme or file.theme,
        batch_size=table.batch_size,
        slots=table.slots,
        read_only=file.read_only if table.read_only is None else table.read_only,
        require_plan=table.require_plan,
        redirect_port=table.redirect_port or file.redirect_port,
        public_ips=_addresses(path, where, table.public_ips),
        number_type=_number_type(path, where, table.number_type),
        columns=_columns(path, where, table.columns),
        keep_days=table.keep_days,
        audit_log=log,
        accent=_accent(path, where, table.accent),
    )


def _audit_log(path: Path, where: str, given: str) -> str:
    try:
        return audit_place(given)
    except ValueError as error:
        raise _bad(path, where, "audit_log", given) from error


def _accent(path: Path, where: str, given: str) -> str:
    try:
        return accent_colour(given) if given.strip() else ""
    except ValueError as error:
        raise _bad(path, where, "accent", given) from error


def _columns(path: Path, where: str, table: dict[str, Any]) -> Mapped:
    try:
        return read_columns(table, f"[{where}.columns] of {path}")
    except ColumnsError as error:
        raise _wrong(path, f"{_dotted(f'{where}.columns', error.key)} {error.why}") from error


def _addresses(path: Path, where: str, given: str | list[str]) -> tuple[str, ...]:
    if not given:
        return ()
    from siptui.domain.public_address import parse_all, shown  # ipaddress takes its time

    text = given if isinstance(given, str) else " ".join(given)
    try:
        return tuple(shown(one) for one in parse_all(text))
    except UsageError as error:
        raise _wrong(path, f"{where}.public_ips: {visible(error.message.rstrip('.'))}") from error


def _number_type(path: Path, where: str, given: str) -> str:
    for known in NUMBER_TYPES:
        if known.casefold() == given.strip().casefold():
            return known
    raise _bad(path, where, "number_type", given)


def _table(path: Path, where: str, data: dict[str, Any], kind: type[T]) -> T:
    """`data` as a `kind`; `where` is the table's name in the file, empty for the top."""
    fields = {field.name: field for field in msgspec.structs.fields(kind)}
    for key in data:
        if key not in fields:
            raise _wrong(
                path,
                f"{_dotted(where, key)} is not a setting{_near(key, fields)}; "
                f"allowed here: {_listed(fields)}",
            )
    for key, known in fields.items():
        if known.required and key not in data:
            raise _wrong(path, f"{_dotted(where, key)} is missing; it is {ALLOWED[key]}")
    for key, value in data.items():
        try:
            msgspec.convert(value, fields[key].type)
        except msgspec.ValidationError as error:
            raise _bad(path, where, key, value) from error
    return msgspec.convert(data, kind)


def _bad(path: Path, where: str, key: str, value: object) -> UsageError:
    shown = visible(repr(value) if isinstance(value, str) else str(value))[:80]
    if key == "notify_command":  # it may hold a secret
        shown = "no command that can be run"
    return _wrong(path, f"{_dotted(where, key)} is {shown}; allowed: {ALLOWED.get(key, 'a text')}")


def _dotted(where: str, key: str) -> str:
    return visible(f"{where}.{key}" if where else key)


def _near(name: str, known: Iterable[str]) -> str:
    import difflib

    near = difflib.get_close_matches(name, list(known), n=1)
    return f" (did you mean {near[0]!r}?)" if near else ""


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)


def _wrong(path: Path, what: str) -> UsageError:
    return UsageError(
        f"{path}: {what}.", title="Settings", code="config", remedy=f"Correct it in {path}."
    )
