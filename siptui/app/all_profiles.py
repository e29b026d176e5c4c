"""All profiles of this host at once: what each has going on, and whose a run is. No network."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from siptui.app.new_profile import cloud_notes, make_profile
from siptui.app.session import Selected, select
from siptui.domain.errors import UsageError
from siptui.domain.region import Region
from siptui.runs.journal.journal import Journal, NoSuchRunError
from siptui.runs.journal.sqlite_file import JournalError
from siptui.runs.overview import ProfileOverview, ProfileReader
from siptui.settings.load import Settings
from siptui.settings.load import load as load_settings
from siptui.settings.model import Profile


def journal_of(settings: Settings, profile: Profile) -> Path:
    """Where the profile's journal is or would be; nothing is made."""
    return settings.folders.state / profile.name / "journal.db"


class HostProfiles:
    """Every profile of the configuration, by name, as often as it is looked. Let go of with
    `close`."""

    def __init__(self) -> None:
        self._readers: dict[Path, ProfileReader] = {}

    def look(self) -> list[ProfileOverview]:
        """All of them as they are now. Raises `SiptuiError` where the configuration cannot be
        read."""
        settings = load_settings(os.environ)
        found = []
        for name in sorted(settings.profiles):
            profile = settings.profiles[name]
            path = journal_of(settings, profile)
            if path not in self._readers:
                self._readers[path] = ProfileReader(profile.name, profile.tenant, path)
            found.append(self._readers[path].look())
        return found

    def close(self) -> None:
        """Let go of all journals."""
        for reader in self._readers.values():
            reader.close()
        self._readers.clear()

    def clouds(self) -> Mapping[str, str]:
        """The clouds a further one may be in, each with what is to be known of it."""
        return cloud_notes(load_settings(os.environ))

    def config(self) -> Path:
        """The file that a further one is written to."""
        return load_settings(os.environ).folders.config_file

    def add(self, tenant: str, cloud: str, region: Region | None) -> str:
        """Make a further one; its name. Raises `SiptuiError` for what is not allowed."""
        return make_profile(tenant, cloud, region)


def overview() -> list[ProfileOverview]:
    """Every profile of the configuration, by name, once."""
    profiles = HostProfiles()
    try:
        return profiles.look()
    finally:
        profiles.close()


def select_with_run(profile: str | None, run: str | None) -> Selected:
    """The profile to use for `run`: the one that is chosen, or where none is or it has no such run,
    the only other one whose journal has it. Errors as `select`.

    A profile that was named is taken as it is.
    """
    chosen: Selected | None = None
    why: UsageError | None = None
    try:
        chosen = select(profile)
    except UsageError as error:
        why = error
    if profile or not run or run.startswith("@"):
        if chosen is None:
            assert why is not None
            raise why
        return chosen
    if chosen is not None and _has(journal_of(chosen.settings, chosen.profile), run):
        return chosen
    found = list(_with_run(run))
    if len(found) == 1:
        return select(found[0])
    if chosen is not None:
        return chosen  # which says that it has no such run
    if len(found) > 1:
        raise NoSuchRunError(
            f"more than one profile has a run called {run!r}: {', '.join(found)}",
            remedy="Name one with --profile.",
        )
    assert why is not None
    raise why


def _with_run(run: str) -> Iterator[str]:
    settings = load_settings(os.environ)
    for name in sorted(settings.profiles):
        if _has(journal_of(settings, settings.profiles[name]), run):
            yield name


def _has(path: Path, run: str) -> bool:
    if not path.exists():
        return False
    try:
        with Journal(path, read_only=True) as journal:
            journal.find(run)
    except (NoSuchRunError, JournalError):
        return False
    return True
