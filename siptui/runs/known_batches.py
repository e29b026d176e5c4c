"""The service's batches that runs of this host submitted, by the service's ids."""

import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path

from msgspec import Struct, field

from siptui.domain.state import DeviceState
from siptui.runs.journal.journal import Journal
from siptui.runs.journal.sqlite_file import JournalError
from siptui.runs.state_load import load

_LOG = logging.getLogger(__name__)

#: Of a device in one of these states the service has taken the last submit, unless it refused it.
_TAKEN = frozenset({DeviceState.RUNNING, DeviceState.SUCCEEDED, DeviceState.FAILED})


class _Read(Struct):
    """What was read of one journal: up to where, which batches were sent, and whose an id is."""

    up_to: int = 0
    sent: set[tuple[str, int]] = field(default_factory=set)
    runs: dict[str, str] = field(default_factory=dict)


class KnownBatches:
    """Reads the ids from `own` and from the journals that `beside` names, only what is new.

    A batch that a run merely follows is not one that it submitted.
    """

    def __init__(self, own: Journal | None, beside: Callable[[], Sequence[Path]]) -> None:
        self._own = own
        self._beside = beside
        self._read: dict[Path, _Read] = {}

    def last_submits(self, hardware_ids: Collection[str], run: str) -> dict[str, str]:
        """When other runs than `run` last submitted each of `hardware_ids` at the earliest, by the
        journal's clock; empty for those that none of them did.

        A submit that the service refused, or perhaps never got, has not undone what was before.
        """
        last = dict.fromkeys(hardware_ids, "")
        for journal in self._journals():
            for name in journal.runs_with(hardware_ids):
                if name == run:
                    continue
                for record in load(journal, name).devices:
                    hardware_id = str(record.device.hardware_id)
                    if hardware_id in last:
                        taken = record.state in _TAKEN and not record.refused
                        moment = record.earliest_submit if taken else record.taken_at
                        last[hardware_id] = max(last[hardware_id], moment)
        return last

    def of_others(self, run: str) -> frozenset[str]:
        """The ids, in lower case, of the batches that other runs than `run` submitted."""
        for journal in self._journals():
            self._look(journal)
        return frozenset(
            batch_id
            for read in self._read.values()
            for batch_id, submitter in read.runs.items()
            if submitter != run
        )

    def _journals(self) -> Iterator[Journal]:
        if self._own is not None:
            yield self._own
        for path in self._beside():
            try:
                with Journal(path, read_only=True) as journal:
                    yield journal
            except JournalError as error:
                _LOG.warning("the journal of another profile cannot be read: %s", error.message)

    def _look(self, journal: Journal) -> None:
        read = self._read.setdefault(journal.path, _Read())
        for seq, run, number, batch_id in journal.batches(read.up_to):
            read.up_to = seq
            if not batch_id:
                read.sent.add((run, number))
            elif (run, number) in read.sent:
                read.runs[batch_id.casefold()] = run
