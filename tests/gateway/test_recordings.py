"""Every recording in `recordings/` is read by the client to the last answer.

A recording of a real tenant that is put there becomes a test by that alone.
"""

import contextlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from siptui.domain.device import Device
from siptui.domain.hardware_id import HardwareId
from siptui.domain.user_name import UserName
from siptui.emulator.emulator import BASE_URL, Emulator
from siptui.emulator.recording import Recorded, load_recording
from siptui.emulator.replay import replaying
from siptui.gateway.bulk_client import BulkSignInClient
from siptui.gateway.errors import AnswerUnreadableError, GatewayError
from siptui.transport import open_client
from tests.gateway.service import Tokens
from tests.support import emulated_time

RECORDINGS = sorted((Path(__file__).parent / "recordings").glob("*.jsonl"))


def submitted(one: Recorded) -> list[Device]:
    assert one.region is not None
    return [
        Device(line, UserName.parse(user), HardwareId.parse(hardware_id), one.region)
        for line, (user, hardware_id) in enumerate(one.submitted, 2)
    ]


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_the_client_reads_every_answer_of_it(path: Path) -> None:
    recording = load_recording(path)
    read: list[Any] = []

    async def ask(one: Recorded, call: Callable[[], Any]) -> None:
        """As the recording has it: an answer that can be read, or an error that is known."""
        refused = one.failure or not 200 <= one.status < 300
        # A page of a proxy or a half of an answer is no answer of the service.
        strange = one.answer is None
        caught = contextlib.suppress(GatewayError if refused else AnswerUnreadableError)
        with caught if refused or strange else contextlib.nullcontext():
            read.append(await call())

    async def main() -> None:
        emulator = replaying(recording, Emulator("healthy"))
        async with open_client(transport=emulator.transport()) as http:
            client = BulkSignInClient(http, BASE_URL.replace("http:", "https:"), Tokens())
            for one in recording.exchanges:
                if one.call == "createbatch" and one.region:
                    await ask(one, partial(client.create_batch, one.region, submitted(one)))
                elif one.call == "batchstatus":
                    await ask(one, partial(client.batch_status, one.parameters["batchid"]))
                elif one.call == "batchsummaries":
                    await ask(one, client.batch_summaries)

    emulated_time.run(main())
    good = [one for one in recording.exchanges if one.good and one.call != "serviceDiscovery"]
    assert len(read) >= len([one for one in good if one.answer is not None]) > 0


def test_there_is_one() -> None:
    assert RECORDINGS
