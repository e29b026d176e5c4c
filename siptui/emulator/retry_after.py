"""Who was told to wait, until when, and who came all the same: kept in the ledger."""

from datetime import UTC
from email.utils import parsedate_to_datetime

from msgspec import Struct
from starlette.types import Message, Send

from siptui.emulator.call_log import Early
from siptui.emulator.paths import Source
from siptui.emulator.tenant import Tenant


class _Told(Struct):
    at: float
    until: float


class RetryAfterLog:
    """The waits of each service, by its `Retry-After` headers. A tenant is one caller."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self._told: dict[str, _Told] = {}

    def met(self, source: Source, call: str) -> None:
        """A request came. One of the very moment in which the wait was told was on its way."""
        told, now = self._told.get(_service(source)), self._tenant.settle()
        if told is not None and told.at < now < told.until:
            self._tenant.ledger.early.append(Early(now, call, told.at, told.until))

    def heard(self, source: Source, send: Send) -> Send:
        """`send`, listened to."""

        async def listened(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] >= 300:
                headers = {k.decode("latin-1").lower(): v for k, v in message.get("headers", ())}
                if value := headers.get("retry-after"):
                    self._tell(source, value.decode("latin-1"))
            await send(message)

        return listened

    def _tell(self, source: Source, value: str) -> None:
        clock, now = self._tenant.clock, self._tenant.settle()
        try:
            seconds = float(value)
        except ValueError:
            try:
                when = parsedate_to_datetime(value)
                seconds = (when.replace(tzinfo=UTC) - clock.date()).total_seconds()
            except (ValueError, TypeError, OverflowError):
                return  # cannot be followed
        told = self._told.setdefault(_service(source), _Told(now, now))
        if now >= told.until:
            told.at = now
        told.until = max(told.until, now + seconds * clock.speed)


def _service(source: Source) -> str:
    """Bulk sign-in is a part of the admin API."""
    return Source.ADMIN if source is Source.BULK else source
