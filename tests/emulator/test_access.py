"""Who is let in."""

import pytest

from siptui.emulator.access import Caller as Somebody
from tests.emulator.support import BULK, calling, devices
from tests.support import emulated_time

LISTED = """
    [auth]
    accept = "listed"
    [[auth.tokens]]
    token = "good"
    user = "ana@contoso.com"
    expires = 3600
    [[auth.tokens]]
    token = "no-role"
    role = false
"""
READS = [
    "/Teams.Tenant/serviceDiscovery",
    f"{BULK}/batchsummaries",
    f"{BULK}/batchstatus?batchid=x",
]


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic good", "good", "Bearer other"])
@pytest.mark.parametrize("path", READS)
def test_without_a_good_token_nobody_comes_in(header: str, path: str) -> None:
    async def main() -> None:
        async with calling(LISTED) as caller:
            answer = await caller.client.get(path, headers={"Authorization": header})
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"] == "Bearer"

    emulated_time.run(main())


def test_a_token_expires_and_nothing_is_submitted_with_it() -> None:
    async def main() -> None:
        async with calling(LISTED) as caller:
            good = {"Authorization": "bearer good"}
            assert (await caller.submit(devices(1), headers=good)).status_code == 200
            assert caller.ledger.submits[0].by == "ana@contoso.com"
            caller.pass_time(3600)
            assert (await caller.submit(devices(1, 1), headers=good)).status_code == 401
            assert len(caller.ledger.submits) == 1

    emulated_time.run(main())


def test_without_a_role_the_answer_is_the_known_one_whatever_the_casing() -> None:
    async def main() -> None:
        async with calling('wire.casing = "pascal"\n' + LISTED) as caller:
            caller.client.headers["Authorization"] = "Bearer no-role"
            for answer in (
                await caller.submit(devices(1)),
                await caller.client.get(f"{BULK}/batchsummaries"),
            ):
                assert answer.status_code == 403
                assert answer.json() == {
                    "code": "Forbidden",
                    "message": "Access Denied.",
                    "action": "Provide different credential or request access.",
                }
            assert (await caller.client.get(READS[0])).status_code == 200
            assert caller.ledger.submits == []

    emulated_time.run(main())


def test_sessions_may_be_ended_and_an_authority_may_decide() -> None:
    async def main() -> None:
        async with calling() as caller:
            await caller.summaries()
            caller.emulator.access.revoke()
            assert (await caller.submit(devices(1))).status_code == 401
            caller.client.headers["Authorization"] = "Bearer renewed"
            assert (await caller.submit(devices(1))).status_code == 200
            caller.emulator.access.verify = lambda token, date: (
                Somebody("jo@contoso.com") if token == "minted" else None
            )
            assert (await caller.submit(devices(1, 1))).status_code == 401
            caller.client.headers["Authorization"] = "Bearer minted"
            assert (await caller.submit(devices(1, 1))).status_code == 200
            assert caller.ledger.submits[-1].by == "jo@contoso.com"

    emulated_time.run(main())
