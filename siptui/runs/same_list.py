"""Two jobs with the same list: the second leaves it to the first."""

from siptui.domain.text import visible
from siptui.host.locks import HeldError, Holder
from siptui.runs.events import RunPlanned
from siptui.runs.journal.journal import Journal
from siptui.runs.journal.locks import holder_of, lock_path


class ListHeldError(HeldError):
    """Another process works on a run of the same list (exit code 11)."""

    title = "The list is being worked on"
    code = "list_held"

    def __init__(self, journal: Journal, run: str, file: str, holder: Holder) -> None:
        super().__init__(
            lock_path(journal.path, run),
            holder,
            remedy=f"See how far it is: siptui show {run}. Follow it: siptui attach {run}",
        )
        self.message = (
            f"Run {run} of {visible(file)} is being worked on by {holder}. Nothing was submitted."
        )


def refuse_same_list(journal: Journal, source: str) -> None:
    """Raise `ListHeldError` while a process works on a run of the list at the path `source`."""
    if not source:
        return
    for run in journal.runs():
        holder = holder_of(journal.path, run)
        if holder is None:
            continue
        planned = journal.first_and_last(run)[0].event
        if isinstance(planned, RunPlanned) and planned.source == source:
            raise ListHeldError(journal, run, planned.file, holder)
