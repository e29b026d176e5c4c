"""What systemd does with a user's processes at logout (Linux).

A login is a session, whose processes are in a scope of their own: with `KillUserProcesses=yes`
(logind.conf(5)) they end with it. What the user's own service manager started, a terminal window of
a desktop among it, ends with the last session, unless the user may linger (loginctl(1)).
"""

import configparser
import pwd
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from msgspec import Struct

assert sys.platform != "win32"


from siptui.host.surrounding import WorkerEnd

_CGROUP = Path("/proc/self/cgroup")
_LINGER = Path("/var/lib/systemd/linger")
_SESSION = re.compile(r"/user-(?P<uid>\d+)\.slice/(?P<name>session-[^/]+\.scope)(?:/|$)")
_MANAGER = re.compile(r"/(?P<name>user@(?P<uid>\d+)\.service)(?:/|$)")
#: Programs of the system alone: the search path is the operator's.
_PROGRAMS = "/usr/bin:/bin:/run/current-system/sw/bin"
_QUESTION = (
    *("--system", "get-property", "org.freedesktop.login1", "/org/freedesktop/login1"),
    *("org.freedesktop.login1.Manager", "KillUserProcesses", "KillOnlyUsers", "KillExcludeUsers"),
)
_SECONDS = 3.0
#: Where the configuration is, a later place over an earlier one.
_FOLDERS = (Path("/usr/lib/systemd"), Path("/run/systemd"), Path("/etc/systemd"))


class Unit(Struct, frozen=True):
    """The unit of systemd that a process is in: of a session, or of the user's service manager."""

    name: str
    uid: int
    session: bool


class KillRules(Struct, frozen=True):
    """Whose processes logind ends with a session: all users', or those of `only`, but never those
    of `exclude`."""

    kill: bool
    only: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ("root",)

    def meets(self, user: str) -> bool:
        """Whether the processes of `user` are ended."""
        return self.kill and user not in self.exclude and (not self.only or user in self.only)


def unit_of_this() -> Unit | None:
    """The unit that this process is in, if logout may have to do with it."""
    try:
        return unit_of(_CGROUP.read_text(encoding="utf-8", errors="replace"))
    except OSError:  # not Linux
        return None


def unit_of(cgroups: str) -> Unit | None:
    """The unit by the table of control groups (cgroups(7)), of version 1 or 2."""
    for line in cgroups.splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if controllers not in ("", "name=systemd"):
            continue
        if found := _SESSION.search(path):
            return Unit(found["name"], int(found["uid"]), session=True)
        if found := _MANAGER.search(path):
            return Unit(found["name"], int(found["uid"]), session=False)
    return None


def worker_end(
    unit: Unit | None = None,
    *,
    rules: "Callable[[], KillRules] | None" = None,
    linger: Path = _LINGER,
) -> WorkerEnd:
    """What ends a worker that is started in `unit`, by default that of this process."""
    unit = unit or unit_of_this()
    if unit is None:
        return WorkerEnd.NOTHING
    user = _name(unit.uid)
    if unit.session:
        ends = (rules or kill_rules)().meets(user)
        return WorkerEnd.LOGOUT if ends else WorkerEnd.NOTHING
    try:
        lingers = (linger / user).exists()
    except OSError:
        lingers = False
    return WorkerEnd.NOTHING if lingers else WorkerEnd.LAST_LOGOUT


@cache
def kill_rules() -> KillRules:
    """The rules as logind has them, else as its configuration says; without both, none is ended.

    Asked once: an answer may take seconds, and whoever starts a worker relies on what was told.
    """
    if program := shutil.which("busctl", path=_PROGRAMS):
        try:
            done = subprocess.run(  # noqa: S603 - a program of the system
                [program, *_QUESTION],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=_SECONDS,
                check=True,
            )
            return rules_told(done.stdout)
        except (OSError, subprocess.SubprocessError, ValueError):
            pass
    return rules_written(_FOLDERS)


def rules_told(said: str) -> KillRules:
    """The rules from what busctl prints: a truth value and two lists, a line each. Raises
    `ValueError`."""
    kill, only, exclude = said.splitlines()[:3]
    if kill not in ("b true", "b false"):
        raise ValueError(kill)
    return KillRules(kill == "b true", _names(only), _names(exclude))


def _names(line: str) -> tuple[str, ...]:
    return tuple(re.findall(r'"([^"]*)"', line))


def rules_written(folders: tuple[Path, ...]) -> KillRules:
    """The rules from logind.conf and what lies in logind.conf.d, of `folders`."""
    found: dict[str, str] = {}
    for file in _files(folders):
        parser = configparser.ConfigParser(interpolation=None, strict=False, allow_no_value=True)
        try:
            parser.read_string(file.read_text(encoding="utf-8", errors="replace"))
        except (OSError, configparser.Error):
            continue
        if parser.has_section("Login"):
            found |= {name: value or "" for name, value in parser.items("Login")}
    kill = found.get("killuserprocesses", "").casefold() in ("yes", "true", "on", "1", "y", "t")
    return KillRules(
        kill,
        tuple(found.get("killonlyusers", "").split()),
        tuple(found.get("killexcludeusers", "root").split()),
    )


def _files(folders: tuple[Path, ...]) -> Iterator[Path]:
    """The files in the order in which they count, the last one most: one main file, then the others
    by name, of the same name the one of the last folder."""
    main = [place for f in folders if (place := f / "logind.conf").is_file()]
    yield from main[-1:]
    others: dict[str, Path] = {}
    for folder in folders:
        others |= {place.name: place for place in (folder / "logind.conf.d").glob("*.conf")}
    yield from (others[name] for name in sorted(others))


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
