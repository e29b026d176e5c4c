"""What siptui keeps on this host: where it lies, since when, how big. Changes nothing."""

import contextlib
import os
import re
import stat
from collections.abc import Iterator, Set
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct, field

from siptui.host.files import read_plain
from siptui.host.private_files import PrivateFileError, runtime_place
from siptui.runs.journal.oldest_run import oldest_run
from siptui.settings.folders import CONFIG_FILE, RESERVED, Folders

#: The kinds by file name, in a profile's folder; the first that fits. A folder's name ends in /.
_OF_PROFILE = (
    (r"journal\.db\.copy", "journal copy"),
    (r"journal\.db\.(forgetting|repair)\.lock", "locks"),
    (r"journal\.db(-wal|-shm|-journal|\.warnings\.json)?", "journal"),
    (r"journal\.db.*|.*\.repair\.lock", "journal set aside"),
    (r"\.?tokens\..*", "sign-in"),
    (r"\.?fixes\..*", "record of changes"),
    (r"console\.json", "preferences"),
    (r"copied\.txt", "copied text"),
    (r"tenant\.json", "tenant name"),
    (r"held/|.*\.lock", "locks"),
)
_OF_LOGS = ((r"\.?siptui\.log.*", "logs"), (r"crash-.*\.txt", "crash reports"))
_OF_CONFIG = ((re.escape(CONFIG_FILE), "configuration"), (r"themes/", "themes"))
_OF_STATE = ((r"\.waits/|.*\.lock", "locks"),)
#: What is in each kind, for the person who answers for personal data.
HOLDS = {
    "journal": "runs: user names, hardware ids, outcomes, who submitted; fingerprints",
    "journal copy": "the same as the journal, as text",
    "journal set aside": "damaged journals as they were found",
    "sign-in": "tokens of the person who signed in",
    "record of changes": "changes of fix: user names, values, who changed them",
    "preferences": "theme, columns, answers about lists",
    "copied text": "the text that was last copied in the console",
    "tenant name": "the name of the tenant",
    "locks": "process ids, times to wait",
    "logs": "calls and errors",
    "crash reports": "traces of faults of siptui",
    "configuration": "profiles, tenants",
    "themes": "colours",
    "other": "files that siptui does not know",
}
#: A moment as all of siptui's files write it, and the bytes in which the first one is looked for.
_MOMENT = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)")
_START = 65_536
_DATED = frozenset({"journal copy", "record of changes", "logs"})


class Kept(Struct):
    """Files of one kind. `profile` is the name of the folder, None for what is common to all.

    `since` is the oldest moment that is written in them, where they have any; `changed` the last
    time that one was written.
    """

    kind: str
    profile: str | None
    folder: Path
    names: list[str] = field(default_factory=list)
    size: int = 0
    since: datetime | None = None
    changed: datetime | None = None

    def add(self, name: str, files: list[tuple[Path, os.stat_result]]) -> None:
        """Count an entry of the folder with the files in it."""
        self.names.append(name)
        for path, found in files:
            self.size += found.st_size
            when = datetime.fromtimestamp(found.st_mtime, UTC)
            self.changed = max(self.changed or when, when)
            moment = _first_moment(self.kind, path, found.st_mode)
            if moment and (self.since is None or moment < self.since):
                self.since = moment


def kept_data(folders: Folders) -> list[Kept]:
    """All that lies on this host: what is common first, then by profile; also of profiles that the
    configuration no longer has."""
    profiles = _profiles(folders)
    without = set(profiles)
    runtime: Path | None = None
    with contextlib.suppress(OSError, PrivateFileError):  # another user's: nothing of this one
        runtime = runtime_place()
    if runtime and runtime.parent == folders.state:  # so it is on Windows
        without |= {runtime.name}
    if folders.config == folders.state:  # so it is on macOS and Windows
        found = _sorted_out(folders.state, None, _OF_CONFIG + _OF_STATE, without=without)
    else:
        found = _sorted_out(folders.config, None, _OF_CONFIG, without={folders.state.name})
        kept_elsewhere = without | {folders.config.name}
        found += _sorted_out(folders.state, None, _OF_STATE, without=kept_elsewhere)
    found += _sorted_out(folders.logs, None, _OF_LOGS)
    if runtime:
        found += _sorted_out(runtime, None, ((r".*", "locks"),))
    for name in sorted(profiles):
        found += _sorted_out(folders.state / name, name, _OF_PROFILE)
    return found


def _profiles(folders: Folders) -> set[str]:
    """The names of the folders of profiles."""
    others = (folders.config, folders.logs, folders.themes)
    return {
        entry.name
        for entry in _entries(folders.state)
        if entry.is_dir(follow_symlinks=False)
        and not entry.name.startswith(".")
        and entry.name.casefold() not in RESERVED
        and Path(entry.path) not in others
    }


def _sorted_out(
    folder: Path,
    profile: str | None,
    kinds: tuple[tuple[str, str], ...],
    without: Set[str] = frozenset(),
) -> list[Kept]:
    found: dict[str, Kept] = {}
    for entry in _entries(folder):
        is_folder = entry.is_dir(follow_symlinks=False)
        if is_folder and (entry.name in without or entry.name.casefold() in RESERVED):
            continue
        name = f"{entry.name}/" if is_folder else entry.name
        kind = next((kind for form, kind in kinds if re.fullmatch(form, name)), "other")
        one = found.setdefault(kind, Kept(kind, profile, folder))
        one.add(name, list(_files(Path(entry.path))))
    order = list(HOLDS)
    return sorted(found.values(), key=lambda one: order.index(one.kind))


def _entries(folder: Path) -> list["os.DirEntry[str]"]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return []


def _files(path: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """The files at or below `path`; links are not followed."""
    try:
        found = path.lstat()
    except OSError:
        return
    if stat.S_ISDIR(found.st_mode):
        for entry in _entries(path):
            yield from _files(Path(entry.path))
    else:
        yield path, found


def _first_moment(kind: str, path: Path, mode: int) -> datetime | None:
    if not stat.S_ISREG(mode):
        return None
    if kind == "journal":
        return _moment(oldest_run(path)) if path.suffix == ".db" else None
    if kind not in _DATED:
        return None
    try:
        found = _MOMENT.search(read_plain(path, _START))
    except OSError:
        return None
    return _moment(found[0].decode()) if found else None


def _moment(text: str | None) -> datetime | None:
    with contextlib.suppress(ValueError):
        return datetime.fromisoformat(text).astimezone(UTC) if text else None
    return None
