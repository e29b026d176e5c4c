"""What other runs say of devices that are about to go out."""

from collections.abc import Callable, Sequence

from siptui.domain.device import Device
from siptui.runs import conflicts
from siptui.runs.conflicts import Overlap
from siptui.runs.host_tenant import HostTenant
from siptui.runs.journal.journal import Journal
from siptui.runs.state import RunState

#: Later than every time of a journal: an order that is given now covers all there is.
_NOW = "~"


class OtherRuns:
    """The runs of a journal, and of what else `host` says there is of the tenant.

    It looks; that nothing changes until it is acted on is up to who asks (`RunService.deciding`).
    """

    def __init__(self, journal: Journal, host: Callable[[], HostTenant]) -> None:
        self._journal = journal
        self._host = host

    def seen(self, devices: Sequence[Device], run: str = "") -> list[Overlap]:
        """What those other than `run` say of `devices`."""
        return conflicts.seen(self._journal, devices, besides=run, host=self._host())

    def free(
        self, devices: Sequence[Device], state: RunState | None = None, *, again: bool
    ) -> list[Overlap]:
        """The same where none of `devices` is taken. Raises `BusyDevicesError`."""
        known = self.seen(devices, state.run if state else "")
        conflicts.refuse_busy(known, again_at=_NOW if again else state.again_at if state else "")
        return known

    def done(
        self, known: Sequence[Overlap], devices: Sequence[Device], state: RunState | None
    ) -> list[Overlap]:
        """Those of `known` that are signed in as the list wants it, since the run of `state` last
        submitted them."""
        if not known:
            return []
        wanted = dict.fromkeys(devices, "")
        if state is None:
            return conflicts.signed_in(known, wanted)
        of_run = {r.device.hardware_id: r.earliest_submit for r in state.devices}
        wanted = {device: of_run.get(device.hardware_id, "") for device in wanted}
        return conflicts.signed_in(known, wanted, again_at=state.again_at)
