"""Faults on the way, in-process: what the client meets, and whether the service has acted."""

import asyncio
import email.utils

import pytest

from tests.emulator.support import BULK, Caller, calling, devices
from tests.support import emulated_time
from tests.transport import web


def fault(kind: str, moment: str = "before", more: str = "") -> str:
    return f'[[faults]]\ncall = "createbatch"\nkind = "{kind}"\nmoment = "{moment}"\n{more}\n'


async def met(caller: Caller) -> type[web.TransportError] | None:
    try:
        await caller.submit(devices(3))
    except web.TransportError as error:
        return type(error)
    return None


BREAKING = [
    ("cut", "before", web.RemoteProtocolError),
    ("cut", "after", web.RemoteProtocolError),
    ("reset", "before", web.ReadError),
    ("reset", "after", web.ReadError),
    ("cut_body", "before", web.RemoteProtocolError),
    ("cut_body", "after", web.RemoteProtocolError),
    ("hang", "before", web.ReadTimeout),
    ("hang", "after", web.ReadTimeout),
    ("refused", "before", web.ConnectError),
    ("connect_timeout", "before", web.ConnectTimeout),
]


@pytest.mark.parametrize(("kind", "moment", "error"), BREAKING)
def test_a_broken_line(kind: str, moment: str, error: type[Exception]) -> None:
    async def main() -> None:
        async with calling(fault(kind, moment, "times = 1")) as caller:
            assert await met(caller) is error
            assert len(caller.ledger.submits) == (moment == "after")
            assert len(await caller.summaries()) == (moment == "after")
            assert await met(caller) is None

    emulated_time.run(main())


@pytest.mark.parametrize(("kind", "waited"), [("hang", 30), ("connect_timeout", 30), ("cut", 0)])
def test_time_outs_take_the_clients_own_time(kind: str, waited: float) -> None:
    async def main() -> None:
        async with calling(fault(kind)) as caller:
            await met(caller)
            assert asyncio.get_running_loop().time() == pytest.approx(waited)

    emulated_time.run(main())


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_slow_answer_comes_unless_the_client_is_tired_of_waiting(moment: str) -> None:
    async def main() -> None:
        async with calling(fault("slow", moment, "seconds = 20\ntimes = 1")) as caller:
            assert (await caller.submit(devices(1))).status_code == 200
            assert asyncio.get_running_loop().time() == pytest.approx(20)
        async with calling(fault("slow", moment, "seconds = 45")) as caller:
            assert await met(caller) is web.ReadTimeout
            assert len(caller.ledger.submits) == (moment == "after")

    emulated_time.run(main())


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize(
    ("kind", "more", "status", "content"),
    [
        ("status", "status = 503", 503, "application/json; charset=utf-8"),
        ("status", "status = 401", 401, "application/json; charset=utf-8"),
        ("html", "", 200, "text/html; charset=utf-8"),
        ("html", "status = 502", 502, "text/html; charset=utf-8"),
        ("garbage", "", 200, "application/json; charset=utf-8"),
        ("empty", "", 200, "application/json; charset=utf-8"),
        ("redirect", "", 302, "text/html"),
    ],
)
def test_another_answer_than_the_services(
    kind: str, more: str, status: int, content: str, moment: str
) -> None:
    async def main() -> None:
        async with calling(fault(kind, moment, more)) as caller:
            answer = await caller.submit(devices(1))
            assert (answer.status_code, answer.headers["content-type"]) == (status, content)
            assert bool(answer.content) == (kind not in {"empty", "redirect"})
            if kind in {"html", "garbage"}:
                with pytest.raises(ValueError, match=r"."):
                    answer.json()
            assert ("location" in answer.headers) == (kind == "redirect")
            assert len(caller.ledger.submits) == (moment == "after")

    emulated_time.run(main())


@pytest.mark.parametrize(
    ("more", "seconds"),
    [("retry_after = 20", 20), ('retry_after = 20\nretry_after_form = "date"', 20), ("", None)],
)
def test_throttling_names_a_wait_as_seconds_as_date_or_not_at_all(
    more: str, seconds: int | None
) -> None:
    async def main() -> None:
        async with calling(fault("status", "before", f"status = 429\n{more}")) as caller:
            header = (await caller.submit(devices(1))).headers.get("retry-after")
            if header and not header.isdigit():
                wait = email.utils.parsedate_to_datetime(header) - emulated_time.START
                header = str(round(wait.total_seconds()))
            assert header == (str(seconds) if seconds else None)

    emulated_time.run(main())


async def broken(caller: Caller, count: int, region: str = "EMEA") -> list[int]:
    """Which of so many submits (counted from 1) met a fault."""
    return [
        place
        for place in range(1, count + 1)
        if (await caller.submit([], region)).status_code == 500
    ]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("nth = 3", [3]),
        ("nth = [1, 4]", [1, 4]),
        ("every = 3", [3, 6]),
        ("times = 2", [1, 2]),
        ("every = 2\ntimes = 1", [2]),
        ("probability = 0", []),
        ("probability = 1", [1, 2, 3, 4, 5, 6]),
        ('region = "NOAM"', []),
        ('region = "EMEA"\nnth = 2', [2]),
    ],
)
def test_which_occurrences_are_met(more: str, expected: list[int]) -> None:
    async def main() -> None:
        async with calling(fault("status", "before", f"status = 500\n{more}")) as caller:
            assert await broken(caller, 6) == expected

    emulated_time.run(main())


def test_chance_is_the_seeds_and_about_as_great_as_said() -> None:
    async def once(seed: int) -> list[int]:
        text = fault("status", "before", "status = 500\nprobability = 0.25")
        async with calling(text, seed=seed) as caller:
            return await broken(caller, 200)

    first, again, other = (emulated_time.run(once(seed)) for seed in (1, 1, 2))
    assert first == again != other
    assert 30 < len(first) < 70


def test_a_fault_has_its_time() -> None:
    async def main() -> None:
        text = fault("status", "before", "status = 500\nsince = 60\nuntil = 120")
        async with calling(text) as caller:
            assert await broken(caller, 2) == []
            caller.pass_time(60)
            assert await broken(caller, 2) == [1, 2]
            caller.pass_time(60)
            assert await broken(caller, 2) == []

    emulated_time.run(main())


def test_status_reads_are_met_by_the_region_of_their_batch() -> None:
    text = '[[faults]]\ncall = ["batchstatus"]\nkind = "status"\nstatus = 502\nregion = "APAC"'

    async def main() -> None:
        async with calling(text) as caller:
            for region, status in (("APAC", 502), ("NOAM", 200)):
                batch_id = (await caller.submit(devices(1), region)).json()["batchId"]
                answer = await caller.client.get(
                    f"{BULK}/batchstatus", params={"batchid": batch_id}
                )
                assert answer.status_code == status

    emulated_time.run(main())


def test_the_first_rule_decides_and_inspection_meets_none() -> None:
    text = '[[faults]]\nkind = "empty"\ntimes = 1\n[[faults]]\nkind = "status"\nstatus = 500'

    async def main() -> None:
        async with calling(text) as caller:
            statuses = [(await caller.client.get(f"{BULK}/batchsummaries")).status_code] * 1
            statuses.append((await caller.client.get(f"{BULK}/batchsummaries")).status_code)
            assert statuses == [200, 500]
            assert (await caller.client.get("/_emulator/ledger")).status_code == 200
            assert caller.ledger.calls == {"batchsummaries": 2}

    emulated_time.run(main())
