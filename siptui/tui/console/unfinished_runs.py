"""Runs that did not end: offered when the console opens."""

from msgspec import Struct

from siptui.domain.text import plural
from siptui.domain.times import minute
from siptui.runs.run_head import RunHead
from siptui.runs.service import RunService
from siptui.runs.state import RunState
from siptui.tui.sentences import list_name

#: More are not looked at: each is read from its beginning.
_MOST = 5


class Unfinished(Struct, frozen=True):
    """A run that can be attached to, and where it stands in one sentence."""

    head: RunHead
    about: str

    @property
    def name(self) -> str:
        """The run as its operator knows it: the list's name."""
        return list_name(self.head.file) or self.head.run


def unfinished(run_service: RunService) -> list[Unfinished]:
    """The newest runs of the journal that are not finished. Raises `SiptuiError`."""
    heads = [head for head in run_service.runs() if head.state != "finished"]
    return [Unfinished(head, _about(run_service, head)) for head in heads[:_MOST]]


def _about(run_service: RunService, head: RunHead) -> str:
    following = run_service.follow(head.run)
    try:
        following.poll()
        return standing(following.state, head)
    finally:
        following.close()


def standing(run: RunState, head: RunHead) -> str:
    """`3 batches open since 2026-03-02 14:02, 1 batch not submitted; 40 of 400 signed in, 2 failed;
    running`."""
    open_ = run.open_batches()
    parts = []
    if open_:
        since = min((b.submitted_at for b in open_ if b.submitted_at), default=head.started)
        parts.append(f"{plural(len(open_), 'batch')} open since {minute(since)}")
        running = sum(1 for batch in open_ if batch.batch_id)
        if running != len(open_):
            parts.append(f"{running} of them accepted")
    else:
        parts.append(f"begun {minute(head.started)}")
    if waiting := len(run.queued_batches()):
        parts.append(f"{plural(waiting, 'batch')} not submitted")
    if unsettled := len(run.unsettled_batches()):
        parts.append(f"{unsettled} to be decided")
    done = f"{head.succeeded:,} of {head.devices:,} signed in"
    if head.failed:
        done += f", {head.failed:,} failed"
    now = "running" if head.state == "running" else "no worker"
    return f"{', '.join(parts)}; {done}; {now}"
