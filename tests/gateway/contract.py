"""What every back end of bulk sign-in must do, whatever it is made of.

A test module makes a class from `BulkSignInContract` and gives it a `backend` fixture: a context
manager that opens a `BulkSignIn` on a tenant of its own which knows every account and device and
has nothing else alive.
"""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import pytest

from siptui.domain.device import Device
from siptui.domain.hardware_id import HardwareId
from siptui.domain.region import Region
from siptui.domain.user_name import UserName
from siptui.gateway.errors import Fate, GatewayError, RejectedError
from siptui.gateway.protocol import BatchStatus, BulkSignIn, Phase
from tests.support import emulated_time

#: Opens the back end on a tenant that knows these devices.
Open = Callable[[list[Device]], AbstractAsyncContextManager[BulkSignIn]]


def devices(count: int, region: Region = Region.EMEA, start: int = 1) -> list[Device]:
    """`count` devices of one region, no account and no hardware id twice."""
    return [
        Device(
            line=n + 1,
            user_name=UserName.parse(f"Lobby{n:04d}@contoso.com"),
            hardware_id=HardwareId.parse(f"0015650{n:05x}"),
            region=region,
        )
        for n in range(start, start + count)
    ]


async def over(service: BulkSignIn, batch_id: str, pause: float) -> BatchStatus:
    """The status of the batch once it is over, asked for every `pause` seconds."""
    for _ in range(2000):
        status = await service.batch_status(batch_id)
        if status.phase is not Phase.RUNNING:
            return status
        await asyncio.sleep(pause)
    raise AssertionError("the batch never ended")


class BulkSignInContract:
    """The contract."""

    #: Seconds between two looks at a batch that runs.
    PAUSE = 5.0

    @pytest.fixture
    def backend(self) -> Open:
        raise NotImplementedError

    @pytest.fixture
    def run(self) -> Callable[..., object]:
        """How a coroutine is run: in emulated time where no real I/O happens."""
        return emulated_time.run

    def test_a_batch_is_accepted_listed_and_ends(self, backend: Open, run: Callable) -> None:
        sent = devices(7)

        async def main() -> None:
            async with backend(sent) as service:
                before = await service.batch_summaries()
                accepted = await service.create_batch(Region.EMEA, sent)
                assert accepted.batch_id
                assert accepted.correlation_id
                assert accepted.count in (None, 7)
                status = await service.batch_status(accepted.batch_id)
                assert status.batch_id == accepted.batch_id
                status = await over(service, accepted.batch_id, self.PAUSE)
                assert {item.key for item in status.items} == {device.key for device in sent}
                assert all(item.phase is Phase.SUCCEEDED for item in status.items)
                after = await service.batch_summaries()
                (new,) = {s.batch_id for s in after} - {s.batch_id for s in before}
                assert new == accepted.batch_id
                (summary,) = (s for s in after if s.batch_id == new)
                assert summary.region in (None, Region.EMEA)
                assert summary.count in (None, 7)

        run(main())

    def test_batches_do_not_mix(self, backend: Open, run: Callable) -> None:
        first, second = devices(3), devices(4, start=100)

        async def main() -> None:
            async with backend([*first, *second]) as service:
                one = await service.create_batch(Region.EMEA, first)
                two = await service.create_batch(Region.EMEA, second)
                assert one.batch_id != two.batch_id
                assert one.correlation_id != two.correlation_id
                ended = await over(service, two.batch_id, self.PAUSE)
                assert {item.key for item in ended.items} == {device.key for device in second}

        run(main())

    def test_a_batch_nobody_knows_is_refused(self, backend: Open, run: Callable) -> None:
        async def main() -> None:
            async with backend(devices(1)) as service:
                with pytest.raises(GatewayError) as caught:
                    await service.batch_status("00000000-0000-4000-8000-000000000000")
                assert caught.value.fate is Fate.REFUSED

        run(main())

    def test_more_than_a_hundred_are_refused_and_nothing_is_accepted(
        self, backend: Open, run: Callable
    ) -> None:
        sent = devices(101)

        async def main() -> None:
            async with backend(sent) as service:
                before = await service.batch_summaries()
                with pytest.raises(RejectedError):
                    await service.create_batch(Region.EMEA, sent)
                assert await service.batch_summaries() == before

        run(main())
