"""Preflight and fixes for the console: asked in a loop of their own, told in the screen's."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, TypeVar

from siptui.background_loop import BackgroundLoop
from siptui.domain.device import Device
from siptui.preflight.change_log import Record
from siptui.preflight.check import Preflight, check, evaluate, look
from siptui.preflight.finding import Report
from siptui.preflight.fix_plan import Fix, Wishes
from siptui.preflight.fix_runner import Fixer, FixOutcome
from siptui.preflight.read import Progress, Sources
from siptui.preflight.remedies import LEAD_HOURS

if TYPE_CHECKING:
    from siptui.tui.options import OnProgress

T = TypeVar("T")
#: Opens the sources to ask, and closes them.
Opening = Callable[[], "AbstractAsyncContextManager[Sources]"]


class ConsoleChecks:
    """The `Checks` of one tenant. `record` makes the record, with the account signed in now."""

    def __init__(
        self, opening: Opening, background: BackgroundLoop, record: Callable[[], Record]
    ) -> None:
        self._opening = opening
        self._background = background
        self._record = record

    async def check(
        self, devices: Sequence[Device], on_progress: "OnProgress", wishes: Wishes
    ) -> Preflight:
        """Read and judge; changes nothing."""

        def hear(progress: Progress) -> None:
            on_progress(progress.done, progress.of, progress.what)

        tell = _told(hear)
        return await self._background.ask(self._check(devices, tell, wishes))

    async def _check(
        self, devices: Sequence[Device], tell: Callable[[Progress], None], wishes: Wishes
    ) -> Preflight:
        changes = self._record().lately(LEAD_HOURS)
        async with self._opening() as sources:
            return await check(
                devices,
                sources,
                public_ips=wishes.public_ips,
                number_type=wishes.number_type,
                changes=changes,
                on_progress=tell,
            )

    async def evaluate(
        self, devices: Sequence[Device], made: Preflight, wishes: Wishes
    ) -> Preflight:
        """Judge what was read once more; nothing is read."""
        return await asyncio.to_thread(self._evaluate, devices, made, wishes)

    def _evaluate(self, devices: Sequence[Device], made: Preflight, wishes: Wishes) -> Preflight:
        ips, kind = wishes.public_ips, wishes.number_type
        changes = self._record().lately(LEAD_HOURS)
        report = evaluate(devices, made.facts, made.report.made, ips, changes, kind)
        return Preflight(made.facts, report)

    async def look(self, devices: Sequence[Device]) -> Report:
        """Look for personal accounts alone; changes nothing."""

        async def work() -> Report:
            async with self._opening() as sources:
                return await look(devices, sources)

        return await self._background.ask(work())

    async def fix(
        self,
        fixes: Sequence[Fix],
        named: Collection[str],
        on_outcome: Callable[[FixOutcome], None],
    ) -> Sequence[FixOutcome]:
        """Carry fixes out and read them back."""
        tell = _told(on_outcome)

        async def work() -> Sequence[FixOutcome]:
            async with self._opening() as sources:
                fixer = Fixer(sources, self._record(), on_outcome=tell)
                return await fixer.apply_all(fixes, named=named)

        return await self._background.ask(work())

    async def undo(
        self, fix_ids: Sequence[str], on_outcome: Callable[[FixOutcome], None]
    ) -> Sequence[FixOutcome]:
        """Take these back."""
        tell = _told(on_outcome)

        async def work() -> Sequence[FixOutcome]:
            async with self._opening() as sources:
                fixer = Fixer(sources, self._record(), on_outcome=tell)
                return await fixer.undo_all(fix_ids)

        return await self._background.ask(work())


def _told(hear: Callable[[T], None]) -> Callable[[T], None]:
    """`hear`, called in the loop of now, from whatever thread."""
    loop = asyncio.get_running_loop()

    def tell(what: T) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(hear, what)

    return tell
