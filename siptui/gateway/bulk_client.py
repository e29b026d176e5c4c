"""Bulk sign-in over HTTP: the three calls, each with a fresh correlation id."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

from msgspec.structs import replace

from siptui.domain.device import Device
from siptui.domain.region import Region
from siptui.gateway import bulk_json
from siptui.gateway.discovery import AdminApi
from siptui.gateway.http_client import read
from siptui.gateway.json_lists import Listed
from siptui.gateway.paging import Further, Page, all_pages, further
from siptui.gateway.protocol import BatchAccepted, BatchStatus, BatchSummary, ItemStatus
from siptui.transport.messages import Call

T = TypeVar("T")
_BASE = "/Teams.SipDevicesGatewayManagement/v1"


class BulkSignInClient(AdminApi):
    """`BulkSignIn` over the admin API."""

    async def ready(self) -> None:
        """See to it that the sign-in is good for a submit; `SignInNeededError` otherwise."""
        await self.token(lasting=True)

    async def create_batch(
        self,
        region: Region,
        devices: Sequence[Device],
        *,
        leaving: Callable[[], None] = lambda: None,
    ) -> BatchAccepted:
        """Submit `devices` (1 to 100). Resets their accounts' passwords; sent exactly once.

        The one exception: a 401 or 403 says that nothing was accepted, so the same is sent once
        more with a new token. Every error has a `fate`; one raised before the submit (discovery,
        token) is never `Fate.UNKNOWN`. `SignInNeededError` of the token source passes through,
        and so does what `leaving` raises, which is asked last before the submit leaves.
        """
        if not devices:
            raise ValueError("a batch has at least one device")
        path = f"{_BASE}/createbatch?TargetRegion={region}"
        body = bulk_json.submit_body(devices)
        answer, correlation_id = await self.call(Call.SUBMIT, "POST", path, body, leaving=leaving)
        batch_id, count = read(answer, correlation_id, bulk_json.accepted)
        return BatchAccepted(batch_id, count, correlation_id)

    async def batch_status(self, batch_id: str, *, retry: bool = False) -> BatchStatus:
        """The batch and each of its devices; with `retry`, passing errors are tried again."""
        path = f"{_BASE}/batchstatus?batchid={quote(batch_id, safe='')}"

        async def once() -> BatchStatus:
            heads: list[BatchStatus] = []

            async def page(path: str) -> Page[ItemStatus]:
                answer, correlation_id = await self.call(Call.READ, "GET", path)
                status, then = read(
                    answer,
                    correlation_id,
                    lambda value: (
                        bulk_json.batch_status(value, batch_id),
                        self._further(value, path),
                    ),
                )
                heads.append(status)
                return Listed(status.items), then

            items = await all_pages(path, page, lambda item: item)
            odd = dict.fromkeys(text for head in heads for text in head.odd)
            gaps = dict.fromkeys([*(head.gap for head in heads if head.gap), items.more])
            return replace(
                heads[0], items=tuple(items), odd=tuple(odd), gap="; ".join(filter(None, gaps))
            )

        return await self._maybe_retried(once, retry)

    async def batch_summaries(self, *, retry: bool = False) -> Listed[BatchSummary]:
        """The tenant's batches of the past 30 days, of all operators; `retry` as above."""

        async def page(path: str) -> Page[BatchSummary]:
            answer, correlation_id = await self.call(Call.READ, "GET", path)
            if answer.status == 204 and not answer.body:
                return Listed(), None
            return read(
                answer,
                correlation_id,
                lambda value: (
                    found := bulk_json.batch_summaries(value),
                    self._further(value, path, len(found) + found.lost),
                ),
            )

        async def once() -> Listed[BatchSummary]:
            return await all_pages(
                f"{_BASE}/batchsummaries", page, lambda one: one.batch_id.casefold()
            )

        return await self._maybe_retried(once, retry)

    def _further(self, value: Any, path: str, count: int | None = None) -> Further | None:
        return further(value, path, host=urlsplit(self._base).netloc, read=count)

    async def _maybe_retried(self, once: Callable[[], Awaitable[T]], retry: bool) -> T:
        return await self.retried(once) if retry else await once()
