"""Forgetting runs and people: out of the journal and of what else siptui keeps on this host."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec import Struct

from siptui.app.session import Selected
from siptui.domain.errors import SiptuiError, UsageError
from siptui.domain.forgotten_text import ForgottenNames, is_stand_in, names_of
from siptui.domain.text import folded, plural, visible
from siptui.host.files import read_plain
from siptui.host.locks import HeldError
from siptui.logs.removal import remove_names
from siptui.preflight.change_log import Record, Recorded
from siptui.runs.forgetting import Obstacle, RunToForget, judged, remembered
from siptui.runs.host_tenant import HostTenant
from siptui.runs.journal.forget import Forgetting
from siptui.runs.journal.journal import Journal
from siptui.runs.journal.locks import holder_of, lock_path
from siptui.runs.state_load import load
from siptui.runs.this_actor import this_actor
from siptui.runs.worker import take

#: Journals and copies of them that were set aside as they were found, or left half written.
_SET_ASIDE = (
    *("journal.db.damaged-*", "journal.db.copy.other-*"),
    *("journal.db.building*", "journal.db.restoring*", "journal.db.copy.building"),
)
_COPIED_TEXT = "copied.txt"


class KeptError(UsageError):
    """What was named is not forgotten, and why. Nothing was."""

    title = "Nothing was forgotten"
    code = "kept"


class NotRemovedError(SiptuiError):
    """The system refused it; the journal is as it was."""

    title = "Nothing was forgotten"
    code = "not_removed"


class Removed(Struct, frozen=True):
    """What was forgotten, or with `dry_run` would be: whole runs, or of runs the rows of a person;
    `kept` are runs that stay, `files` other files that lost names, `changes` how many changes of
    `fix` left their record, or their names there."""

    runs: Sequence[RunToForget] = ()
    rows: Sequence[tuple[str, int]] = ()
    kept: Sequence[RunToForget] = ()
    files: Sequence[Path] = ()
    changes: int = 0

    def __bool__(self) -> bool:
        return bool(self.runs or self.rows or self.files or self.changes)


class DataRemoval:
    """Forgets runs and people of one profile. `journal` is open for writing.

    With `dry_run` nothing is changed; with `no_fingerprints` nothing at all is known afterwards of
    what was forgotten (see `runs/journal/forgotten.py`).
    """

    def __init__(
        self,
        selected: Selected,
        journal: Journal,
        *,
        dry_run: bool = False,
        no_fingerprints: bool = False,
        host: HostTenant | None = None,
        now: datetime | None = None,
    ) -> None:
        self._host = host or selected.host
        self._selected = selected
        self._journal = journal
        self._dry_run = dry_run
        self._no_fingerprints = no_fingerprints
        self._now = now or datetime.now(UTC)
        self._record = Record(selected.store_folder)
        self._changes = self._record.changes()

    def find(self, name: str) -> str:
        """The run that goes by `name`; `NoSuchRunError` otherwise."""
        return self._journal.find(name)

    def forget(self, runs: Iterable[str], *, force: bool = False) -> Removed:
        """Forget these runs. Raises `KeptError` for what is not to be forgotten unless `force`, and
        `HeldError` for a run that a process works on."""
        with self._host.deciding():
            wanted = [self._judged(run) for run in dict.fromkeys(runs)]
            for one in wanted:
                self._refuse_held(one)
            if not force and (kept := [one for one in wanted if one.obstacle]):
                raise KeptError(
                    f"Run {kept[0].run} is kept: {kept[0].why}."
                    + (f" So are {len(kept) - 1} more." if len(kept) > 1 else ""),
                    remedy="Look at it: siptui show "
                    f"{kept[0].run}. To forget it all the same: siptui forget {kept[0].run} "
                    "--force",
                )
            return self._remove(wanted)

    def prune(self, older_than: timedelta | None, keep_last: int | None) -> Removed:
        """Forget the runs that ended so long ago, apart from the newest `keep_last` and from what
        is live, unfinished, unknown or undoable only with what is kept."""
        cut = _before(self._now, older_than) if older_than is not None else None
        with self._host.deciding():
            old = [self._judged(run) for run in self._journal.runs()[keep_last or 0 :]]
            if cut is not None:
                old = [one for one in old if one.ended <= cut]
            gone = [one for one in old if not one.obstacle]
            kept = [one for one in old if one.obstacle]
            changes = {
                fix
                for fix, one in self._changes.items()
                if cut is not None and not one.holds and one.steps[-1][1] <= cut
            }
            return self._remove(gone, kept=kept, changes=changes)

    def forget_user(self, user: str, *, force: bool = False) -> Removed:
        """Make the rows of `user` in ended runs unreadable; how many devices had which outcome
        stays known. Raises `KeptError` where they are in a run that is not ended, or changes of
        the account can be undone; with `force` the former stay and the latter go."""
        key = folded(user.strip())
        with self._host.deciding():
            naming = set(self._journal.runs_naming(names_of([key], ())))  # who ordered it, say
            found = [(one, rows) for one, rows in self._rows_of(key) if rows or one.run in naming]
            open_runs = [one for one, _ in found if one.obstacle not in (None, Obstacle.UNDOABLE)]
            undoable = key in self._undoable()
            if open_runs and not force:
                raise KeptError(
                    f"{visible(user)} is in run {open_runs[0].run}, which is kept: "
                    f"{open_runs[0].why}.",
                    remedy="Wait until it has ended. To forget the name in the ended runs at once: "
                    f"siptui forget --user {visible(user)} --force",
                )
            if undoable and not force:
                raise KeptError(
                    f"Changes of {visible(user)} can be undone, by their record alone.",
                    remedy="Undo them with “siptui fix --undo ID”, or forget the name all the same "
                    "with --force: they can then be undone by hand only.",
                )
            ended = [(one, rows) for one, rows in found if one not in open_runs]
            return self._remove_rows(key, ended, open_runs)

    def _rows_of(self, key: str) -> Iterator[tuple[RunToForget, list[int]]]:
        for run in self._journal.runs():
            one = self._judged(run)
            yield (
                one,
                [r.index for r in one.state.devices if any(user == key for user, _ in r.keys)],
            )

    def _judged(self, run: str) -> RunToForget:
        holder = holder_of(self._journal.path, run)
        return judged(
            load(self._journal, run),
            self._journal.read(run),
            held_by=str(holder) if holder else "",
            undoable=self._undoable(),
        )

    def _undoable(self) -> set[str]:
        return {
            one.change.target.casefold()
            for one in self._changes.values()
            if one.change.of_account and one.holds
        }

    def _refuse_held(self, one: RunToForget) -> None:
        holder = holder_of(self._journal.path, one.run)
        if holder is not None:
            raise HeldError(
                lock_path(self._journal.path, one.run),
                holder,
                remedy=f"Nothing was forgotten. Stop it first, or wait for its end: siptui stop "
                f"{one.run}",
            )

    def _remove(
        self,
        runs: Sequence[RunToForget],
        *,
        kept: Sequence[RunToForget] = (),
        changes: Iterable[str] = (),
    ) -> Removed:
        names = self._names_of(runs)
        gone = {one.run for one in runs}
        fixes = {*changes, *(fix for fix, one in self._changes.items() if _of(one, names))}
        what = Forgetting(
            at=self._now,
            runs=sorted(gone),
            names=names,
            plans={
                one.state.plan.plan: one.run
                for one in runs
                if one.state.plan and one.state.plan.plan
            },
            remembered=[known for one in runs for known in remembered(one.state)],
            no_fingerprints=self._no_fingerprints,
        )
        files, changed = self._carry_out(what, runs, names, fixes)
        return Removed(runs, (), kept, files, changed)

    def _names_of(self, runs: Sequence[RunToForget]) -> ForgottenNames:
        """The names that no other run of the profile has."""
        records = [r for one in runs for r in one.state.devices]
        devices = [r.device for r in records]
        devices += [was.device for r in records for was in r.corrections]
        users = {d.user_name.key for d in devices if not is_stand_in(d.user_name)}
        hardware = {str(d.hardware_id) for d in devices if not is_stand_in(d.hardware_id)}
        gone = {one.run for one in runs}
        for run in self._journal.runs() if users else ():
            if run not in gone:
                records = load(self._journal, run).devices
                others = [r.device for r in records]
                others += [was.device for r in records for was in r.corrections]
                users -= {d.user_name.key for d in others}
                hardware -= {str(d.hardware_id) for d in others}
        return names_of(users, hardware)

    def _remove_rows(
        self,
        user: str,
        found: Sequence[tuple[RunToForget, list[int]]],
        kept: Sequence[RunToForget],
    ) -> Removed:
        hardware = {
            hardware_id
            for one, rows in found
            for i in rows
            for _, hardware_id in one.state.devices[i].keys
        }
        names = names_of([user], hardware)
        fixes = {fix for fix, one in self._changes.items() if _of(one, names)} if not kept else ()
        what = Forgetting(
            at=self._now,
            rows={one.run: rows for one, rows in found},
            names=names,
            actor=this_actor(),
            remembered=[k for one, rows in found for k in remembered(one.state, set(rows))],
            no_fingerprints=self._no_fingerprints,
        )
        files, changed = self._carry_out(what, [one for one, _ in found], names, fixes)
        return Removed((), [(one.run, len(rows)) for one, rows in found], kept, files, changed)

    def _carry_out(
        self,
        what: Forgetting,
        runs: Sequence[RunToForget],
        names: ForgottenNames,
        fixes: Iterable[str],
    ) -> tuple[list[Path], int]:
        """The other files first: once the journal has forgotten the names, no one knows what to
        look for."""
        fixes = set(fixes)
        logs = self._selected.settings.folders.logs
        beside = list(self._files_with(names))
        if self._dry_run:
            return [*beside, *remove_names(logs, names, dry_run=True)], len(fixes)
        self._refuse_unread_warning()
        with ExitStack() as held:
            for one in runs:
                held.enter_context(take(self._journal.path, one.run))
            try:
                for path in beside:
                    path.unlink(missing_ok=True)
                files = [*beside, *remove_names(logs, names)]
                changed = self._record.remove(fixes, names) if fixes or names else 0
            except OSError as error:
                raise NotRemovedError(
                    f"{visible(error.filename or str(logs))} cannot be written without the names: "
                    f"{error.strerror}. Nothing was forgotten yet.",
                    remedy="Free some space, or see to the rights of the file, and try again.",
                ) from error
            if runs or what.no_fingerprints:
                self._journal.forget(what, unless=lambda: self._refuse_changed(runs))
        return files, changed

    def _files_with(self, names: ForgottenNames) -> Iterator[Path]:
        """Files of the profile that are removed as a whole where a name stands in them."""
        folder = self._journal.path.parent
        words = [one.encode() for one in (*names.users, *_spellings(names.hardware))]
        for path in sorted({*(p for form in _SET_ASIDE for p in folder.glob(form))}):
            data = read_plain(path).lower()
            if any(word.lower() in data for word in words):
                yield path
        copied = folder / _COPIED_TEXT
        if copied.is_file() and names.in_text(read_plain(copied).decode(errors="replace")):
            yield copied

    def _refuse_unread_warning(self) -> None:
        if self._journal.notice:
            raise KeptError(
                "The journal was found damaged, and no one has confirmed that yet.",
                remedy="Read what may be lost and confirm it: siptui runs --acknowledge",
            )

    def _refuse_changed(self, runs: Sequence[RunToForget]) -> None:
        for one in runs:
            if self._journal.first_and_last(one.run)[1].seq != one.state.last_seq:
                raise KeptError(
                    f"Run {one.run} was changed by another process just now.",
                    remedy="Try again.",
                )


def _before(now: datetime, age: timedelta) -> datetime:
    try:
        return now - age
    except OverflowError:  # older than any calendar
        return datetime.min.replace(tzinfo=UTC)


def _of(one: Recorded, names: ForgottenNames) -> bool:
    return one.change.of_account and one.change.target.casefold() in names.users


def _spellings(digits: Iterable[str]) -> Iterator[str]:
    for one in digits:
        yield "-".join(one[i : i + 2] for i in range(0, 12, 2))


def removed_words(found: Removed) -> str:
    """What was forgotten, for people."""
    if found.rows:
        devices = sum(count for _, count in found.rows)
        what = plural(devices, "device") if devices else "the name"
        return f"{what} in {plural(len(found.rows), 'run')}"
    return plural(len(found.runs), "run")
