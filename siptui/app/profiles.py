"""The profiles of this user: what is known of each, and renaming and removing one with its state.

No network: who is signed in is what the stored tokens say.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict

from siptui.app.all_profiles import journal_of, overview
from siptui.app.kept_data import Kept, kept_data
from siptui.app.session import Selected, select
from siptui.app.sign_out import sign_out
from siptui.domain.errors import SiptuiError, UsageError
from siptui.domain.text import plural
from siptui.host.locks import HeldError
from siptui.identity.store import FileStore, StoreKind, existing_store
from siptui.identity.stored_tokens import StoredTokens
from siptui.identity.token_source import registration_of
from siptui.runs.host_tenant import HostTenant
from siptui.runs.journal.journal import Journal
from siptui.runs.journal.locks import holder_of, lock_path
from siptui.runs.run_head import RunHead
from siptui.runs.state import RunState
from siptui.runs.state_load import load as load_state
from siptui.settings.load import Settings, load
from siptui.settings.model import Profile
from siptui.settings.write import remove_profile, rename_profile, require_profile

#: What stays on this host when a profile is removed, in the order in which it is told.
_STAYS = ("journal", "journal copy", "journal set aside", "record of changes", "other")


class ProfileRow(Struct, frozen=True):
    """A profile as `siptui profiles` lists it. `signed_in_as` is empty where no one is, `problem`
    says why that cannot be told; `is_default` is that of the file, `in_use` what a command without
    `--profile` takes."""

    profile: Profile
    is_default: bool
    in_use: bool
    signed_in_as: str = ""
    problem: str = ""
    last_run: RunHead | None = None

    def as_object(self) -> dict[str, Any]:
        """As `profiles --json` has it."""
        region = self.profile.region
        return {
            "profile": self.profile.name,
            "tenant": self.profile.tenant,
            "cloud": self.profile.cloud.name,
            "region": region.value if region else None,
            "default": self.is_default,
            "in_use": self.in_use,
            "signed_in_as": self.signed_in_as or None,
            "problem": self.problem or None,
            "accent": self.profile.accent or None,
            "last_run": asdict(self.last_run) if self.last_run else None,
        }


def profile_rows() -> list[ProfileRow]:
    """Every profile, by name."""
    settings = load()
    last = {one.profile: one.last_run for one in overview()}
    in_use = ""
    with contextlib.suppress(SiptuiError):
        in_use = select().profile.name
    rows = []
    for name in sorted(settings.profiles):
        profile = settings.profiles[name]
        account, problem = _signed_in(settings, profile)
        default = name == settings.default_profile
        rows.append(ProfileRow(profile, default, name == in_use, account, problem, last.get(name)))
    return rows


def _signed_in(settings: Settings, profile: Profile) -> tuple[str, str]:
    """Who is signed in by the stored tokens, and why that is not known."""
    store = existing_store(settings.folders.state / profile.name)
    if store is None:
        return "", ""
    try:
        account = StoredTokens(registration_of(profile), lambda: store).account()
    except SiptuiError as error:
        return "", error.message
    return (account.user if account else ""), ""


def rename(old: str, name: str) -> Selected:
    """Call a profile otherwise, with its runs and its sign-in; the renamed profile.

    Raises `HeldError` where a run is worked on, `UsageError` for a name that cannot be had.
    """
    chosen = _named(old)
    settings = chosen.settings
    folders = settings.folders
    source, target = folders.state / old, folders.state / name
    with _none_at_work(chosen, "rename it"):
        same = old.casefold() == name.casefold()
        if target.exists() and not same and any(target.iterdir()):
            raise UsageError(
                f"{target} has the runs of an earlier profile of that name.",
                code="profile_folder",
                remedy="Choose another name, or move that folder away.",
            )
        content, kind = _sign_in(source)
        rename_profile(folders, old, name)
        try:
            if source.exists():
                if target.exists() and not same:
                    target.rmdir()
                source.rename(target)
        except OSError as error:
            rename_profile(folders, name, old)
            raise UsageError(
                f"{source} cannot be renamed: {error.strerror}. Nothing was changed.",
                code="profile_folder",
            ) from error
    if content is not None and kind is StoreKind.KEYRING:
        _move_key(source, target, content)
    return select(name)


def _sign_in(folder: Path) -> tuple[bytes | None, StoreKind | None]:
    store = existing_store(folder)
    if store is None:
        return None, None
    try:
        return store.read(), store.kind
    except SiptuiError:
        return None, store.kind


def _move_key(source: Path, target: Path, content: bytes) -> None:
    """The key of encrypted tokens goes by the folder's name in the keyring."""
    store = FileStore(target, StoreKind.KEYRING)
    with contextlib.suppress(SiptuiError):
        with store.locked():
            store.path.unlink(missing_ok=True)
            store.write(content)
        FileStore(source, StoreKind.KEYRING).forget_key()


class RemovedProfile(Struct, frozen=True):
    """A profile that was removed: whether someone was signed out, what stays where, and whether it
    was the default one."""

    name: str
    signed_out: bool
    folder: Path
    stays: tuple[Kept, ...]
    was_default: bool


def remove(name: str, *, force: bool = False) -> RemovedProfile:
    """Remove a profile from the configuration and sign it out; its runs stay where they are.

    Raises `HeldError` where a run is worked on, and, unless `force`, `UsageError` where the service
    has batches of it or a run is not finished.
    """
    chosen = _named(name)
    settings = chosen.settings
    with _none_at_work(chosen, "remove it"):
        if not force and (open_runs := [s for s in _states(chosen) if s.finished is None]):
            state = open_runs[0]
            live = state.open_batches()
            why = f"the service has {plural(len(live), 'batch')} of" if live else "there is more in"
            raise UsageError(
                f"Profile {name} is kept: {why} run {state.run}, which is not finished.",
                title="The profile was not removed",
                code="profile_live",
                remedy=f"Go on with it: siptui resume {state.run} --profile {name}. To remove the "
                f"profile all the same: siptui profiles remove {name} --force",
            )
        was_default = settings.default_profile == name
        remove_profile(settings.folders, name)
        signed_out = chosen.store_folder.exists() and sign_out(chosen).found
    stays = tuple(
        one for one in kept_data(settings.folders) if one.profile == name and one.kind in _STAYS
    )
    return RemovedProfile(name, signed_out, chosen.store_folder, stays, was_default)


def _named(name: str) -> Selected:
    require_profile(load(), name)
    return select(name)


@contextlib.contextmanager
def _none_at_work(chosen: Selected, what: str) -> Iterator[None]:
    """While the block runs no process begins a run. Raises `HeldError` where one is at work."""
    path = journal_of(chosen.settings, chosen.profile)
    host = HostTenant(chosen.profile.tenant, chosen.settings.folders.state, path)
    with host.deciding():
        for lock in sorted((path.parent / "held").glob("[!.]*.lock")):
            if holder := holder_of(path, lock.stem):
                raise HeldError(
                    lock_path(path, lock.stem),
                    holder,
                    remedy=f"Nothing was changed. Wait for the end of run {lock.stem} to {what}, "
                    f"or stop it: siptui stop {lock.stem} --profile {chosen.profile.name}",
                )
        yield


def _states(chosen: Selected) -> Iterator[RunState]:
    path = journal_of(chosen.settings, chosen.profile)
    if path.exists():
        with Journal(path, read_only=True) as journal:
            for run in journal.runs():
                yield load_state(journal, run)
