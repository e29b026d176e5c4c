"""Orders to the worker of a run, given by a command: what came of them, for people and programs."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import click
from msgspec import Struct

from siptui.app.all_profiles import select_with_run
from siptui.cli.journal_notice import told
from siptui.cli.profile_hint import named
from siptui.cli.profile_rules import refuse_read_only
from siptui.domain.state import DeviceState
from siptui.domain.text import plural
from siptui.host.locks import Holder
from siptui.runs.service import RunService
from siptui.runs.state import RunState
from siptui.runs.state_load import load


class OrderedRun(Struct, frozen=True):
    """The run that an order is for, as it stood before, and the process that works on it."""

    service: RunService
    state: RunState
    holder: Holder | None

    @property
    def run(self) -> str:
        """The run's id."""
        return self.state.run

    def idle(self) -> str:
        """Why no order is needed, since nothing is submitted; or nothing.

        A run without a worker whose end the journal does not say may have one that is starting:
        that one must find the order.
        """
        if self.state.finished is not None:
            return f"Run {self.run} is finished; nothing is left to submit."
        if self.holder is None and self.state.stopped is not None:
            return f"{self.without_worker()} {self.live()}"
        return ""

    def without_worker(self) -> str:
        """That no process works on it."""
        return f"No process works on run {self.run}; nothing of it is submitted."

    def ordered(self, word: str) -> str:
        """What the order does to the run, which is `word` by it."""
        if self.holder is None:
            return (
                f"No process works on run {self.run} now; one that is starting submits nothing. "
                f"{self.live()}"
            )
        return f"Run {self.run} is {word}: no further batch is submitted. {self.live()}"

    def live(self) -> str:
        """What goes on all the same."""
        count = len(self.state.open_batches())
        if not count:
            return "No batch is live."
        if self.holder is None:
            return f"{plural(count, 'live batch')} {'is' if count == 1 else 'are'} not followed."
        return f"{plural(count, 'live batch')} {'is' if count == 1 else 'are'} followed to the end."

    def resume(self) -> str:
        """What goes on with it; nothing for a run that is finished."""
        return "" if self.state.finished else f"Go on with: siptui resume {self.run}"

    def tell(self, text: str, following: str, *, ordered: bool, as_json: bool) -> int:
        """Print what came of it, and what to do next. It did what it says: 0."""
        if as_json:
            after = load(self.service.journal, self.run)
            body = {
                "run": self.run,
                "ordered": ordered,
                "paused": after.paused,
                "stopping": after.stopping,
                "queued": after.counts[DeviceState.QUEUED],
                "live_batches": len(after.open_batches()),
                "held_by": str(self.holder) if self.holder else "",
                "message": text,
                "next": named(following),
            }
            click.echo(json.dumps(body, ensure_ascii=False))
        else:
            click.echo(text)
            if following:
                click.echo(named(following))
        return 0


@contextmanager
def run_to_order(run: str, profile: str | None) -> Iterator[OrderedRun]:
    """The run that goes by this name, of the profile that has it. Raises `NoSuchRunError`, and
    `ForbiddenError` where the profile is read-only."""
    selected = select_with_run(profile, run)
    refuse_read_only(selected)
    service = told(RunService(selected.journal, tenant=selected.profile.tenant))
    try:
        found = service.find(run)
        holder = service.holder(found)
        yield OrderedRun(service, load(service.journal, found), holder)
    finally:
        service.close()
