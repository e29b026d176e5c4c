"""The desk: what a view may ask of runs. Views decide nothing; they read, and leave orders."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol

from siptui.domain.device import Device
from siptui.domain.list_options import NOT_KNOWN, ReadFrom
from siptui.host.locks import Holder
from siptui.runs.events import Options
from siptui.runs.follower import Changes
from siptui.runs.orders import UNCHANGED, Changed
from siptui.runs.service import RunHead
from siptui.runs.state import RunState

if TYPE_CHECKING:
    from siptui.runs.conflicts import Overlap


class Following(Protocol):
    """A run being read from the journal. `poll` is cheap when nothing is new."""

    @property
    def state(self) -> RunState:
        """The run as far as it was read."""
        ...

    def poll(self) -> Changes:
        """Read what is new into `state`."""
        ...

    def check(self) -> None:
        """Raise `JournalGoneError` if the journal is no longer the one at its path."""
        ...

    def close(self) -> None:
        """Let go of the journal."""
        ...


class Desk(Protocol):
    """All that a console needs of runs in one tenant. Every call is quick and may be made from
    the screen's loop; errors are `SiptuiError`s."""

    @property
    def tenant(self) -> str:
        """Name of the tenant, for people."""
        ...

    @property
    def account(self) -> str:
        """The account signed in, or nothing."""
        ...

    @property
    def notice(self) -> str:
        """What was found wrong with the journal and nobody acknowledged, for people; or nothing."""
        ...

    def acknowledge(self) -> str:
        """The operator has read the notice, which is not told any more; what it was."""
        ...

    def create(
        self,
        devices: Sequence[Device],
        *,
        file: str,
        sha256: str,
        skipped: int,
        options: Options,
        again: bool = False,
        read_from: ReadFrom = NOT_KNOWN,
    ) -> str:
        """Plan a run and write it down; the run's id. Nothing is submitted yet.

        With `again` also what is signed in as the list wants it. `read_from` says from where the
        list was read.
        """
        ...

    def deciding(self) -> AbstractContextManager[None]:
        """While the block runs, no other process of this host decides what goes out."""
        ...

    def notes(self, devices: Sequence[Device], *, run: str = "", again: bool = False) -> list[str]:
        """What runs other than `run` say of these devices, for whoever is asked to confirm."""
        ...

    def done(self, devices: Sequence[Device], *, run: str = "") -> "list[Overlap]":
        """Those that another run than `run` signed in as the list wants it."""
        ...

    def resume(self, run: str, *, again: bool = False) -> None:
        """Have the run go on, and submit what waits in it; `again` is as in `create`."""
        ...

    def start(self, run: str) -> None:
        """See to it that somebody works on the run: a worker process, or this one."""
        ...

    def pause(self, run: str, *, how: str = "") -> None:
        """Stop submitting for a while; following goes on. `how` tells people by what it was
        ordered."""
        ...

    def go_on(self, run: str, *, how: str = "") -> None:
        """Go on submitting."""
        ...

    def try_now(self, run: str) -> None:
        """End the waits of the run and of the service: what is due is tried at once."""
        ...

    def signed_in(self, run: str) -> None:
        """Tell whoever works on the run that there is a new sign-in."""
        ...

    def retry(
        self,
        run: str,
        devices: Sequence[int],
        changes: Changed = UNCHANGED,
        *,
        again: bool = False,
    ) -> None:
        """Submit these failed devices once more, and start the run if nobody works on it; `again`
        is as in `create`."""
        ...

    def adopt(self, run: str, batch: int, batch_id: str) -> None:
        """The operator's word: the lost batch is the one the service calls `batch_id`."""
        ...

    def give_up(self, run: str, batch: int) -> None:
        """The operator's word: this live batch never ends; it is not followed any more."""
        ...

    def resubmit(self, run: str, batch: int, *, again: bool = False) -> None:
        """The operator's word: submit the unsettled batch once more; `again` as in `create`."""
        ...

    def follow(self, run: str) -> Following:
        """Read the run from its beginning, then what is new at each poll."""
        ...

    def holder(self, run: str) -> Holder | None:
        """The process that works on the run, or none. A glance at its lock."""
        ...

    def runs(self) -> list[RunHead]:
        """The runs in the journal, newest first."""
        ...

    def close(self) -> None:
        """Let go of everything. Work that a worker process does goes on."""
        ...
