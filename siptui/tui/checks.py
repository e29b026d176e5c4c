"""What the console asks about prerequisites: a check of devices, and what sets them right."""

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Protocol

from siptui.domain.device import Device

if TYPE_CHECKING:
    from siptui.preflight.apply import FixOutcome
    from siptui.preflight.check import Preflight
    from siptui.preflight.finding import Report
    from siptui.preflight.fixes import Fix, Wishes

#: Hears how far a check is: calls answered, calls known to be needed, what the last was about.
OnProgress = Callable[[int, int, str], None]


class Checks(Protocol):
    """One tenant's prerequisites. All raise `SiptuiError`; what they tell, they tell in the loop
    of whoever asked."""

    async def check(
        self, devices: Sequence[Device], on_progress: OnProgress, wishes: "Wishes"
    ) -> "Preflight":
        """Read and judge; changes nothing."""
        ...

    async def judge(
        self, devices: Sequence[Device], made: "Preflight", wishes: "Wishes"
    ) -> "Preflight":
        """Judge what was read once more, going by other wishes; nothing is read."""
        ...

    async def look(self, devices: Sequence[Device]) -> "Report":
        """Look for personal accounts alone, which takes few calls; changes nothing."""
        ...

    async def fix(
        self,
        fixes: "Sequence[Fix]",
        named: Collection[str],
        on_outcome: "Callable[[FixOutcome], None]",
    ) -> "Sequence[FixOutcome]":
        """Carry fixes out and read them back; `named` are accounts whose names were typed."""
        ...

    async def undo(self, fix_id: str) -> "FixOutcome":
        """Take one back."""
        ...
