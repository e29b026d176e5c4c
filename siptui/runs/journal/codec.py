"""Events and devices as the journal's rows have them, and back."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import get_args

import msgspec

from siptui.domain.device import Device
from siptui.domain.hardware_id import HardwareId
from siptui.domain.region import Region
from siptui.domain.text import visible
from siptui.domain.user_name import UserName
from siptui.runs.events import AnyEvent, Event, Note, Stored

#: line, user name, hardware id, region, further columns as JSON or nothing
DeviceRow = tuple[int, str, str, str, str | None]

_encode = msgspec.json.Encoder().encode
_decoder = msgspec.json.Decoder(AnyEvent)
_decode = _decoder.decode
_extra = msgspec.json.Decoder(dict[str, str]).decode
_regions = {region.value: region for region in Region}
_types = {kind.__struct_config__.tag for kind in get_args(AnyEvent)}


class _Typed(msgspec.Struct):
    type: str


_type = msgspec.json.Decoder(_Typed).decode


def timestamp(when: datetime) -> str:
    """`when` as the journal writes it: RFC 3339, UTC, milliseconds."""
    return when.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def devices_digest(devices: Iterable[Device]) -> str:
    """A digest of the rows of `devices`, their further columns apart."""
    rows = (f"{d.line}\t{d.user_name}\t{d.hardware_id}\t{d.region.value}" for d in devices)
    return hashlib.blake2b(
        "\n".join(rows).encode(errors="surrogatepass"), digest_size=8
    ).hexdigest()


def event_body(event: Event) -> str:
    """`event` as the journal writes it: JSON."""
    return _encode(event).decode()


def known_event(seq: int, at: str, body: str) -> Stored:
    """The event of a row that this version could have written; `ValueError` for all others."""
    return Stored(seq, at, _decode(body))


def stored_event(seq: int, at: str, body: str) -> Stored:
    """The event of a row.

    A kind of event, or an order, that only a newer siptui knows becomes a note that says so: it
    is not acted upon. What else cannot be read raises `ValueError`: to pass over an entry that
    is damaged could mean to submit something twice.
    """
    try:
        return known_event(seq, at, body)
    except msgspec.ValidationError:
        kind = _type(body).type
        if kind in _types and kind != "order":
            raise
        text = f"An entry of a newer siptui was passed over ({visible(kind)})."
        return Stored(seq, at, Note(level="warning", text=text))


def stored_events(rows: Sequence[tuple[int, str, str]]) -> list[Stored] | None:
    """The events of many rows at once, which takes a third of the time; None where one of them
    wants a closer look (see `stored_event`)."""
    try:
        events = _decoder.decode_lines("\n".join([body for _, _, body in rows]))
    except (msgspec.DecodeError, UnicodeEncodeError):
        return None
    if len(events) != len(rows):
        return None  # a body that is no single line is damaged
    return [Stored(seq, at, event) for (seq, at, _), event in zip(rows, events, strict=True)]


def device_row(device: Device) -> DeviceRow:
    """`device` as a row."""
    extra = _encode(dict(device.extra)).decode() if device.extra else None
    return device.line, device.user_name, device.hardware_id, device.region.value, extra


def stored_device(row: DeviceRow) -> Device:
    """The device of a row; `ValueError` or `KeyError` when it is not one."""
    line, user, hardware_id, region, extra = row
    names = UserName(user), HardwareId(hardware_id)
    if extra is None:
        return Device(line, *names, _regions[region])
    return Device(line, *names, _regions[region], _extra(extra))
