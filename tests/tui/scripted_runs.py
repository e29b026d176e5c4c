"""Runs in a real journal whose events a test writes, as a worker would have written them."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from siptui.domain.device import Device
from siptui.domain.hardware_id import HardwareId
from siptui.domain.region import Region
from siptui.domain.state import DeviceState
from siptui.domain.user_name import UserName
from siptui.host.locks import Holder
from siptui.runs import events as ev
from siptui.runs.service import RunService

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


class Clock:
    """A time that goes on when it is told to."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class ScriptedRuns(RunService):
    """The service of runs that a console is given, without workers.

    The journal is real. A run that the console starts is noted in `started`; the test then writes
    what its worker would have written, with `accept`, `finish` and `write`.
    """

    def __init__(
        self, folder: Path, *, tenant: str = "Contoso Ltd", file: str = "journal.sqlite"
    ) -> None:
        self.clock = Clock()
        self.started: list[str] = []
        self.attended = True
        self.asked = ""
        super().__init__(
            folder / file,
            tenant=tenant,
            account="admin@contoso.com",
            start_work=self.started.append,
            now=self.clock,
        )

    @property
    def newest(self) -> str:
        return self.journal.runs()[0]

    def holder(self, run: str) -> Holder | None:
        """The test, as long as it says so."""
        return Holder(1, asked=self.asked) if self.attended else None

    def answered(self) -> None:
        """The worker had an answer that brought nothing new."""
        self.asked = self.clock().isoformat()

    def write(self, *events: ev.Event, seconds: float = 1.0, run: str = "") -> None:
        self.clock.pass_(seconds)
        self.journal.append(run or self.newest, list(events), self.clock())

    def accept(self, batch: int, batch_id: str = "", region: Region = Region.EMEA) -> None:
        count = 100
        self.write(ev.BatchSubmitting(batch=batch, region=region, devices=count))
        self.write(ev.BatchAccepted(batch=batch, batch_id=batch_id or f"0000-batch-{batch}"))

    def end_batch(self, batch: int, *, succeeded: int, failed: int) -> None:
        self.write(
            ev.BatchFinished(
                batch=batch,
                batch_id=f"0000-batch-{batch}",
                succeeded=succeeded,
                failed=failed,
            )
        )

    def finish(
        self, devices: Iterable[int], batch: int = 1, *, error: str = "", seconds: float = 1.0
    ) -> None:
        state = DeviceState.FAILED if error else DeviceState.SUCCEEDED
        word = "Failed" if error else "Success"
        self.write(
            *(
                ev.DeviceChanged(device=i, batch=batch, state=state, word=word, error=error)
                for i in devices
            ),
            seconds=seconds,
        )


def make_devices(count: int, *, region: Region = Region.EMEA) -> list[Device]:
    return [
        Device(
            line=i + 2,
            user_name=UserName.parse(f"lobby.{i:05}@contoso.com"),
            hardware_id=HardwareId.parse(f"0004F2{i:06X}"),
            region=region,
        )
        for i in range(count)
    ]


def list_text(devices: Sequence[Device], *, region: bool = True) -> str:
    head = "Username,HardwareId" + (",Region" if region else "")
    rows = [f"{d.user_name},{d.hardware_id}" + (f",{d.region}" if region else "") for d in devices]
    return "\n".join((head, *rows, ""))
